//! PromQL: the async door, from a tree to an answer over the samples that a [`model::Select`] gives.
//!
//! First every selector of the tree is read, once for each set of matchers and span of time
//! (`reading`); then the tree is evaluated on the pool, over all steps at once (`evaluator`). The
//! vector matching, grouping, quantiles, extrapolation and relabelling under it are those of LogQL, in
//! [`crate::eval`]; here is what PromQL makes of them.
//!
//! Names are shed at the end of a query: `rate(x[5m])` has a name until then, which can be grouped by.

mod aggregation;
mod annotation;
mod binary;
mod call;
mod classic;
mod duration;
mod evaluator;
mod exemplars;
mod labels;
mod over_time;
mod reading;
mod selecting;

pub use annotation::Annotations;
pub use exemplars::{Exemplar, ExemplarQuery};

use super::Engine;
use crate::eval::sample::Value;
use crate::eval::series::StepSeries;
use crate::eval::window::Steps;
use crate::promql::ast::Expr;
use base::{ByteBudget, Result};
use evaluator::{Evaluator, Operand};
use model::{Labels, Limits, ScanStats, Tenant};
use reading::Reader;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::ask::{QueryStats, ScanCounts};

/// How far back an instant looks for the last sample, unless asked otherwise.
pub const LOOKBACK_NS: i64 = 5 * 60 * 1_000_000_000;

/// The step of a subquery that does not say it: Prometheus's default evaluation interval.
pub const SUBQUERY_STEP_NS: i64 = 60 * 1_000_000_000;

/// Most samples that a query may hold at once, as Prometheus's `query.max-samples`.
pub const SAMPLES_MAX: u64 = 50_000_000;

/// A PromQL query.
#[derive(Clone, Debug)]
pub struct MetricQuery {
    /// Whose samples; with several, each label set gets a `__tenant_id__`.
    pub tenants: Vec<Tenant>,
    /// The query's text, for the places in annotations.
    pub text: String,
    /// What [`crate::promql::parse`] made of it.
    pub expr: Expr,
    /// When; a single step for an instant.
    pub steps: Steps,
    /// Whether it is asked at an instant: its answer is of the expression's type, else a matrix.
    pub instant: bool,
    /// How far back an instant looks.
    pub lookback_ns: i64,
    /// Most samples held at once.
    pub samples_max: u64,
}

/// What a PromQL query gives.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricAnswer {
    /// A number at a time.
    Scalar(i64, f64),
    /// A text at a time.
    Text(i64, String),
    /// Series with one value each, in the order to be shown.
    Vector(Vec<MetricSeries>),
    /// Series ordered by labels.
    Matrix(Vec<MetricSeries>),
}

/// A series of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// Its labels.
    pub labels: Labels,
    /// Unix nanoseconds and values, ascending.
    pub points: Vec<(i64, Value)>,
}

/// An answer with what is to be known about it.
#[derive(Clone, Debug)]
pub struct MetricAnswered {
    /// The answer.
    pub answer: MetricAnswer,
    /// Warnings and infos.
    pub annotations: Annotations,
    /// What it cost.
    pub stats: QueryStats,
}

/// Tells the jobs of a query that nobody waits any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Engine {
    /// Answers a PromQL query. `limits` are those of the tenant, or the strictest of several. The caller
    /// sets a deadline; dropping the future stops the work.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] and [`base::Kind::Limit`] for what cannot be executed, in Prometheus's words;
    /// whatever the store says.
    pub async fn metrics(&self, query: MetricQuery, limits: &Limits) -> Result<MetricAnswered> {
        let started = Instant::now();
        let scan: Arc<ScanStats> = Arc::default();
        let budget = ByteBudget::new("query", limits.max_query_memory.0);
        let reader = Reader {
            select: &*self.select,
            pool: &self.pool,
            tenants: &query.tenants,
            budget: budget.clone(),
            scan: scan.clone(),
            series_max: limits.cardinality_limit,
            samples_max: query.samples_max,
        };
        let stop = Stop(Arc::default());
        let reads = reader.read(reading::plan(&query)?).await?;
        let (selections, stopped) = (reads.selections, stop.0.clone());
        let lease = budget.lease(0)?;
        let evaluated = self.pool.run(move || {
            let began = Instant::now();
            let evaluator = Evaluator::new(&query, &reads, &stopped, lease);
            let operand = evaluator.whole()?;
            let answer = answer(operand, &query)?;
            Ok::<_, base::Error>((answer, evaluator.annotations(), began.elapsed()))
        });
        let (answer, annotations, computed) = evaluated.await??;
        let entries = match &answer {
            MetricAnswer::Scalar(..) | MetricAnswer::Text(..) => 1,
            MetricAnswer::Vector(series) | MetricAnswer::Matrix(series) => {
                series.iter().map(|series| series.points.len()).sum()
            }
        };
        let stats = QueryStats {
            exec_seconds: started.elapsed().as_secs_f64(),
            compute_seconds: computed.as_secs_f64(),
            selections,
            entries_returned: entries as u64,
            peak_memory_bytes: budget.peak_bytes(),
            scan: ScanCounts::from(&*scan),
            ..QueryStats::default()
        };
        Ok(MetricAnswered { answer, annotations, stats })
    }
}

fn answer(operand: Operand, query: &MetricQuery) -> Result<MetricAnswer> {
    let steps = query.steps;
    let timed = |series: StepSeries<Value>| MetricSeries {
        labels: series.labels,
        points: series.points.into_iter().map(|(step, value)| (steps.ts_ns(step), value)).collect(),
    };
    Ok(match operand {
        Operand::Text(text) => MetricAnswer::Text(steps.start_ns, text),
        Operand::Matrix(series) => MetricAnswer::Matrix(sorted(series)),
        Operand::Scalar(values) if query.instant => {
            MetricAnswer::Scalar(steps.start_ns, values.first().copied().unwrap_or(f64::NAN))
        }
        Operand::Scalar(values) => {
            let points = (0u32..).zip(values).map(|(step, value)| (step, Value::Float(value))).collect();
            MetricAnswer::Matrix(vec![timed(StepSeries::new(Labels::default(), points))])
        }
        Operand::Vector(series) => {
            let series = evaluator::shed_names(series)?.into_iter().map(timed).collect();
            match query.instant {
                true if evaluator::orders(&query.expr) => MetricAnswer::Vector(series),
                true => MetricAnswer::Vector(sorted(series)),
                false => MetricAnswer::Matrix(sorted(series)),
            }
        }
    })
}

fn sorted(mut series: Vec<MetricSeries>) -> Vec<MetricSeries> {
    series.retain(|series| !series.points.is_empty());
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

#[cfg(test)]
mod tests;
