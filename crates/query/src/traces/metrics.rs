//! TraceQL's metrics: series made of spans, over the windows, folds and operators that LogQL's and PromQL's
//! are made with.
//!
//! Each aggregate of a query (`{ … } | rate() by(…)`) is a [`leaf::Leaf`]: [`gather`] reads its spans and keeps of
//! them what its function needs, and gives its series; [`combine`] does what the query says between and after
//! aggregates. A window is right-closed, so at step `t` a span counts that started in `(t - step, t]`. Where a
//! series has spans at all, counts and rates are 0 at steps without any; other functions have no value there.
//!
//! Where each span tells by itself whether it counts, rows are evaluated as they come; otherwise whole traces
//! are, [`super::TRACES_MAX`] at most, the newest.
//!
//! Labels hold attributes with their types, as `model::attribute` writes them into pairs: `by(span.a)` has text,
//! numbers and `nil` for spans without it. Durations count in seconds.

mod combine;
mod gather;
mod leaf;

use crate::eval::series::into_matrix;
use crate::eval::window::Steps;
use crate::traceql::ast::{MetricsAggregate, MetricsExpr};
use crate::traces::{Cost, Traces};
use base::Result;
use gather::Gathered;
use leaf::Leaf;
use model::{Limits, Series, Tenant};

/// The label that tells the quantile.
pub const QUANTILE_LABEL: &str = "p";

/// The label that tells the upper bound of a histogram's bucket.
pub const BUCKET_LABEL: &str = "__bucket";

/// Which series are asked for.
#[derive(Clone, Debug)]
pub struct SpanMetrics {
    /// Whose spans.
    pub tenants: Vec<Tenant>,
    /// What is made of them.
    pub expr: MetricsExpr,
    /// When; a single step for an instant.
    pub steps: Steps,
    /// How much time before a step counts at it, in nanoseconds; the step itself unless there is but one.
    pub range_ns: i64,
}

/// Series of spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanSeries {
    /// Ordered by labels, which are pairs of attributes.
    pub series: Vec<Series>,
    /// Why spans are missing; none when all were counted.
    pub partial: Option<String>,
    /// What it cost.
    pub cost: Cost,
}

impl Traces {
    /// The series that `asked` names.
    ///
    /// # Errors
    /// Of the store; [`base::Kind::Limit`] beyond `max_query_memory`, `max_querier_bytes_read` and
    /// `max_query_series`; [`base::Kind::Invalid`] for `compare()`, which is to come.
    pub async fn metrics(&self, asked: SpanMetrics, limits: &Limits) -> Result<SpanSeries> {
        let SpanMetrics { tenants, expr, steps, range_ns } = asked;
        let reader = self.reader(&tenants, limits);
        let (mut given, mut leases, mut partial, mut cost) = (Vec::new(), Vec::new(), None, Cost::default());
        for aggregate in aggregates(&expr) {
            let leaf = Leaf::new(aggregate, &steps, range_ns)?;
            let Gathered { series, lease, traces, candidates, partial: missing } =
                gather::gather(&reader, leaf).await?;
            given.push(series);
            leases.push(lease);
            cost.traces += traces;
            cost.candidates += candidates;
            partial = partial.or(missing);
        }
        let combining = self.pool.run(move || {
            let combined = combine::combined(&expr, given, steps.count())?;
            drop(leases);
            Ok::<_, base::Error>(into_matrix(combined, &steps))
        });
        let series = combining.await??;
        Ok(SpanSeries {
            series,
            partial,
            cost: Cost { traces: cost.traces, candidates: cost.candidates, ..reader.cost() },
        })
    }
}

/// The aggregates of a query, from left to right.
fn aggregates(expr: &MetricsExpr) -> Vec<&MetricsAggregate> {
    match expr {
        MetricsExpr::Aggregate(aggregate) => vec![aggregate],
        MetricsExpr::Number(_) => Vec::new(),
        MetricsExpr::Binary(binary) => [aggregates(&binary.left), aggregates(&binary.right)].concat(),
        MetricsExpr::Refined(of, _) => aggregates(of),
    }
}

#[cfg(test)]
mod tests;
