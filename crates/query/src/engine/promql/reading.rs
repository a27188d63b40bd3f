//! Reads the samples that a query needs: of each set of matchers every span of time once, however often the
//! query names it.

use super::{MetricQuery, duration};
use crate::eval::sample::Samples;
use crate::promql::ast::{At, Expr, Modifiers, RangeSelector, Selector, Subquery};
use base::{ByteBudget, Error, Lease, Pool, Result};
use futures_util::StreamExt as _;
use hashbrown::HashMap;
use model::{
    Direction, Labels, LabelsBuilder, Matcher, Projection, Run, ScanStats, Select, Selection, Signal, Tenant,
    TimeRange,
};
use std::sync::Arc;

/// Label that says whose series it is, when several tenants are asked.
const TENANT_LABEL: &str = "__tenant_id__";
/// What a label called like [`TENANT_LABEL`] in the data is called then.
const ORIGINAL_TENANT_LABEL: &str = "original___tenant_id__";
/// Bytes of a series besides its labels and samples.
const SERIES_BYTES: u64 = 160;

/// Which samples are needed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Need {
    matchers: Vec<Matcher>,
    range: TimeRange,
}

/// What was read for a [`Need`].
#[derive(Debug)]
struct Read {
    need: Need,
    series: Vec<Series>,
}

/// A series with its samples.
#[derive(Debug)]
pub(super) struct Series {
    pub labels: Labels,
    /// With what says that it ended.
    pub samples: Samples,
    /// Without, where there was any.
    plain: Option<Samples>,
}

impl Series {
    /// Its samples as functions of windows see them.
    pub fn plain(&self) -> &Samples {
        self.plain.as_ref().unwrap_or(&self.samples)
    }
}

/// All that a query reads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    reads: Vec<Read>,
    /// Selections asked of the store.
    pub selections: u64,
    /// Samples held.
    pub samples: u64,
    leases: Vec<Lease>,
}

impl Reads {
    /// The series of `matchers` with their samples in `(before_ns, end_ns]` and perhaps others.
    pub fn series(&self, matchers: &[Matcher], before_ns: i64, end_ns: i64) -> Result<&[Series]> {
        let holds = |read: &&Read| {
            let (range, wanted) = (read.need.range, after(before_ns, end_ns));
            read.need.matchers == matchers
                && range.start_ns <= wanted.start_ns
                && wanted.end_ns <= range.end_ns
        };
        let read = self.reads.iter().find(holds);
        read.map(|read| read.series.as_slice()).ok_or_else(|| Error::bug("a selector was not read"))
    }
}

/// Bytes held are given back with the samples.
impl Drop for Reads {
    fn drop(&mut self) {
        self.reads.clear();
        self.leases.clear();
    }
}

fn after(before_ns: i64, end_ns: i64) -> TimeRange {
    TimeRange::new(before_ns.saturating_add(1), end_ns.saturating_add(1))
}

/// What has to be read for `query`.
///
/// # Errors
/// [`base::Kind::Invalid`] for a duration that cannot be calculated.
pub(super) fn plan(query: &MetricQuery) -> Result<Vec<Need>> {
    let mut planner = Planner { query, needs: Vec::new() };
    let steps = &query.steps;
    if steps.count() > 0 {
        let last_ns = steps.ts_ns(steps.count() - 1);
        planner.expr(&query.expr, (steps.start_ns, last_ns))?;
    }
    Ok(planner.needs)
}

/// The time that `modifiers` make of evaluation at `ts_ns`.
///
/// # Errors
/// [`base::Kind::Invalid`] for an offset that cannot be calculated.
pub(super) fn moved(modifiers: &Modifiers, query: &MetricQuery, ts_ns: i64) -> Result<i64> {
    let at_ns = match modifiers.at {
        None => ts_ns,
        Some(At::Time(ms)) => ms.saturating_mul(1_000_000),
        Some(At::Start) => query.steps.start_ns,
        Some(At::End) => query.steps.end_ns,
    };
    let offset_ns = modifiers.offset.as_ref().map_or(Ok(0), |offset| duration::ns(offset, query))?;
    Ok(at_ns.saturating_sub(offset_ns))
}

struct Planner<'a> {
    query: &'a MetricQuery,
    needs: Vec<Need>,
}

impl Planner<'_> {
    /// Of `expr` at times from the first to the last of `times`.
    fn expr(&mut self, expr: &Expr, times: (i64, i64)) -> Result<()> {
        match expr {
            Expr::Number(_) | Expr::Text(_) => Ok(()),
            Expr::Selector(selector) => self.need(selector, self.query.lookback_ns, times),
            Expr::Range(RangeSelector { selector, range, .. }) => {
                self.need(selector, duration::positive_ns(range, self.query)?, times)
            }
            Expr::Subquery(subquery) => self.subquery(subquery, times),
            Expr::Call(call) => call.args.iter().try_for_each(|arg| self.expr(arg, times)),
            Expr::Aggregation(aggregation) => {
                aggregation.parameter.iter().try_for_each(|parameter| self.expr(parameter, times))?;
                self.expr(&aggregation.inner, times)
            }
            Expr::Unary(unary) => self.expr(&unary.expr, times),
            Expr::Paren(paren) => self.expr(&paren.expr, times),
            Expr::Binary(binary) => {
                self.expr(&binary.left, times)?;
                self.expr(&binary.right, times)
            }
        }
    }

    fn subquery(&mut self, subquery: &Subquery, times: (i64, i64)) -> Result<()> {
        let range_ns = duration::positive_ns(&subquery.range, self.query)?;
        let first_ns = moved(&subquery.modifiers, self.query, times.0)?.saturating_sub(range_ns);
        let last_ns = moved(&subquery.modifiers, self.query, times.1)?;
        self.expr(&subquery.expr, (first_ns, last_ns))
    }

    fn need(&mut self, selector: &Selector, back_ns: i64, times: (i64, i64)) -> Result<()> {
        let before_ns = moved(&selector.modifiers, self.query, times.0)?.saturating_sub(back_ns);
        let end_ns = moved(&selector.modifiers, self.query, times.1)?;
        let mut range = after(before_ns, end_ns);
        // Spans that touch are read as one; others may be far apart, as with an offset of a week.
        let touches = |need: &Need, range: TimeRange| {
            need.matchers == selector.matchers
                && need.range.start_ns <= range.end_ns
                && range.start_ns <= need.range.end_ns
        };
        while let Some(at) = self.needs.iter().position(|need| touches(need, range)) {
            let known = self.needs.swap_remove(at).range;
            range = TimeRange::new(known.start_ns.min(range.start_ns), known.end_ns.max(range.end_ns));
        }
        self.needs.push(Need { matchers: selector.matchers.clone(), range });
        Ok(())
    }
}

/// Reads.
pub(super) struct Reader<'a> {
    pub select: &'a dyn Select,
    pub pool: &'a Pool,
    pub tenants: &'a [Tenant],
    pub budget: ByteBudget,
    pub scan: Arc<ScanStats>,
    /// Most series of a selector; 0 is no limit.
    pub series_max: usize,
    /// Most samples of all selectors.
    pub samples_max: u64,
}

impl Reader<'_> {
    /// Reads all `needs`.
    ///
    /// # Errors
    /// Of the store, and [`base::Kind::Limit`] for too many series, samples or bytes.
    pub async fn read(&self, needs: Vec<Need>) -> Result<Reads> {
        let mut reads = Reads::default();
        for need in needs {
            let mut held: HashMap<Labels, Samples> = HashMap::new();
            let mut lease = self.budget.lease(0)?;
            for tenant in self.tenants {
                let Some(matchers) = self.asked(tenant, &need.matchers) else { continue };
                reads.selections += 1;
                self.read_tenant(tenant, matchers, need.range, &mut held, &mut lease, &mut reads).await?;
            }
            let series = self.pool.run(move || settled(held)).await?;
            // A series that ended is held a second time without its ends.
            let plain = series.iter().filter_map(|one| one.plain.as_ref());
            lease.grow(plain.map(Samples::held_bytes).sum())?;
            reads.leases.push(lease);
            reads.reads.push(Read { need, series });
        }
        Ok(reads)
    }

    async fn read_tenant(
        &self,
        tenant: &Tenant,
        matchers: Vec<Matcher>,
        range: TimeRange,
        held: &mut HashMap<Labels, Samples>,
        lease: &mut Lease,
        reads: &mut Reads,
    ) -> Result<()> {
        let runs = self.select.select(Selection {
            tenant: tenant.clone(),
            signal: Signal::Sample,
            range,
            matchers,
            predicates: Vec::new(),
            projection: Projection { body: true, metadata: false },
            digest: None,
            direction: Direction::Forward,
            limit_hint: None,
            nearest: None,
            budget: self.budget.clone(),
            stats: self.scan.clone(),
        });
        // Decoding is work for the pool, some runs at a time.
        let decoded = runs.map(|run| {
            let job = |run: Run| self.pool.run(move || (run.stream.clone(), Samples::read(&run.rows)));
            let job = run.map(job);
            async move { job?.await }
        });
        let mut decoded = Box::pin(decoded.buffer_unordered(self.pool.threads() * 2));
        while let Some(run) = decoded.next().await {
            let (stream, samples) = run?;
            let samples = samples?;
            if samples.count() == 0 {
                continue;
            }
            reads.samples += samples.count();
            if reads.samples > self.samples_max {
                return Err(too_many_samples(self.samples_max));
            }
            lease.grow(samples.held_bytes())?;
            let labels = self.labels(tenant, &stream.labels);
            if !held.contains_key(&labels) {
                lease.grow(labels.bytes().len() as u64 + SERIES_BYTES)?;
                if self.series_max > 0 && held.len() >= self.series_max {
                    return Err(Error::limit(format!(
                        "the query reads more than {} series of a selector; add label matchers",
                        self.series_max
                    )));
                }
            }
            held.entry(labels).or_default().append(samples);
        }
        Ok(())
    }

    /// The matchers on a tenant's own labels; none when the others do not let it pass.
    pub fn asked(&self, tenant: &Tenant, matchers: &[Matcher]) -> Option<Vec<Matcher>> {
        let several = self.tenants.len() > 1;
        let (on_tenant, own): (Vec<Matcher>, Vec<Matcher>) =
            matchers.iter().cloned().partition(|matcher| several && matcher.name == TENANT_LABEL);
        on_tenant.iter().all(|matcher| matcher.matches(tenant.as_str())).then_some(own)
    }

    /// A series' labels as the query sees them.
    pub fn labels(&self, tenant: &Tenant, labels: &Labels) -> Labels {
        if self.tenants.len() <= 1 {
            return labels.clone();
        }
        let mut builder = LabelsBuilder::from(labels.as_ref());
        if let Some(original) = labels.get(TENANT_LABEL) {
            builder.set(ORIGINAL_TENANT_LABEL, original);
        }
        builder.set(TENANT_LABEL, tenant.as_str());
        builder.build()
    }
}

/// In Prometheus's words.
pub(super) fn too_many_samples(limit: u64) -> Error {
    Error::limit(format!(
        "query processing would load too many samples into memory in query execution (limit {limit}); \
         ask for a shorter time or fewer series"
    ))
}

/// The series in the order of their labels, their samples in the order of time.
fn settled(held: HashMap<Labels, Samples>) -> Vec<Series> {
    let settled = held.into_iter().map(|(labels, mut samples)| {
        samples.settle();
        let plain = samples.without_ends();
        let plain = Some(plain).filter(|plain| plain.count() != samples.count());
        Series { labels, samples, plain }
    });
    let mut series: Vec<Series> = settled.collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}
