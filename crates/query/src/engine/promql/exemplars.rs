//! Exemplars: observations that stand for others, kept beside the samples of their series.

use super::reading::Reader;
use crate::engine::Engine;
use crate::promql::ast::Expr;
use base::{ByteBudget, Result};
use futures_util::StreamExt as _;
use model::sample::Sample;
use model::{Direction, Labels, Limits, Matcher, Projection, Selection, Signal, Tenant, TimeRange};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A question for the exemplars of all series that a query names.
#[derive(Clone, Debug)]
pub struct ExemplarQuery {
    /// Whose.
    pub tenants: Vec<Tenant>,
    /// The query; its selectors count, not what is made of them.
    pub expr: Expr,
    /// When.
    pub range: TimeRange,
}

/// An exemplar.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Its own labels, as `trace_id`.
    pub labels: Labels,
    /// What was observed.
    pub value: f64,
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
}

impl Engine {
    /// The exemplars that `query` asks for: by series, each in the order of time.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] for more bytes than a query may hold; whatever the store says.
    pub async fn exemplars(
        &self,
        query: &ExemplarQuery,
        limits: &Limits,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>> {
        let budget = ByteBudget::new("query", limits.max_query_memory.0);
        let reader = Reader {
            select: &*self.select,
            pool: &self.pool,
            tenants: &query.tenants,
            budget: budget.clone(),
            scan: Arc::default(),
            series_max: limits.cardinality_limit,
            samples_max: u64::MAX,
        };
        let mut lease = budget.lease(0)?;
        let mut found: BTreeMap<Labels, BTreeSet<(i64, u64, Labels)>> = BTreeMap::new();
        for (tenant, matchers) in asked(&reader, &query.expr) {
            let mut runs = self.select.select(Selection {
                tenant: tenant.clone(),
                signal: Signal::Sample,
                range: query.range,
                matchers,
                predicates: Vec::new(),
                projection: Projection::ALL,
                digest: None,
                direction: Direction::Forward,
                limit_hint: None,
                nearest: None,
                budget: budget.clone(),
                stats: reader.scan.clone(),
            });
            while let Some(run) = runs.next().await {
                let run = run?;
                let labels = reader.labels(tenant, &run.stream.labels);
                for row in run.rows.rows() {
                    let Some(Sample::Exemplar(value)) = Sample::read(row.body) else { continue };
                    lease.grow((size_of::<Exemplar>() + row.metadata.bytes().len()) as u64)?;
                    let exemplars = found.entry(labels.clone()).or_default();
                    exemplars.insert((row.ts_ns, value.to_bits(), row.metadata.to_owned()));
                }
            }
        }
        let exemplar = |(ts_ns, bits, labels)| Exemplar { labels, value: f64::from_bits(bits), ts_ns };
        let found = found.into_iter().map(|(series, all)| (series, all.into_iter().map(exemplar).collect()));
        Ok(found.collect())
    }
}

/// What is asked of each tenant for all selectors of `expr`.
fn asked<'a>(reader: &Reader<'a>, expr: &Expr) -> Vec<(&'a Tenant, Vec<Matcher>)> {
    let mut selectors: Vec<&[Matcher]> = Vec::new();
    collect(expr, &mut selectors);
    let mut asked = Vec::new();
    for matchers in selectors {
        for tenant in reader.tenants {
            asked.extend(reader.asked(tenant, matchers).map(|own| (tenant, own)));
        }
    }
    asked
}

/// The matchers of all selectors of `expr`, each once.
fn collect<'e>(expr: &'e Expr, selectors: &mut Vec<&'e [Matcher]>) {
    let mut add = |matchers: &'e [Matcher]| {
        if !selectors.contains(&matchers) {
            selectors.push(matchers);
        }
    };
    match expr {
        Expr::Number(_) | Expr::Text(_) => {}
        Expr::Selector(selector) => add(&selector.matchers),
        Expr::Range(range) => add(&range.selector.matchers),
        Expr::Subquery(subquery) => collect(&subquery.expr, selectors),
        Expr::Call(call) => call.args.iter().for_each(|arg| collect(arg, selectors)),
        Expr::Aggregation(aggregation) => {
            aggregation.parameter.iter().for_each(|parameter| collect(parameter, selectors));
            collect(&aggregation.inner, selectors);
        }
        Expr::Unary(unary) => collect(&unary.expr, selectors),
        Expr::Paren(paren) => collect(&paren.expr, selectors),
        Expr::Binary(binary) => {
            collect(&binary.left, selectors);
            collect(&binary.right, selectors);
        }
    }
}
