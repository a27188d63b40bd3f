//! The async door of queries: check, plan, ask the store, merge, answer.

mod alike;
mod ask;
pub mod checks;
mod ending;
pub mod explain;
mod gather;
mod judged;
mod lines;
mod numbers;
pub mod promql;
mod root;
mod uniform;

pub use ask::{Answered, Cursor, InstantQuery, Partial, QueryStats, RangeQuery, ScanCounts};

use crate::eval::binary::Operand;
use crate::eval::series::{StepSeries, into_matrix, into_vector};
use crate::eval::window::Steps;
use crate::logql;
use crate::plan::{MetricPlan, Plan};
use base::{ByteBudget, Error, Kind, Pool, Result};
use gather::{Cost, Gather};
use model::{Answer, Limits, Select, Tenant};
use parking_lot::Mutex;
use root::Root;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Answers queries from a [`Select`]. Cloning gives the same engine.
#[derive(Clone)]
pub struct Engine {
    select: Arc<dyn Select>,
    pool: Pool,
}

impl Engine {
    /// An engine that asks `select` and computes on `pool`.
    pub fn new(select: Arc<dyn Select>, pool: Pool) -> Self {
        Self { select, pool }
    }

    /// Answers a query over a range of time. `limits` are those of the tenant, or the strictest of
    /// several tenants. The caller sets a deadline; dropping the future stops the work.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] and [`base::Kind::Limit`] in Loki's words; [`base::Kind::Bug`] where
    /// Loki answers a wrong query with 500; whatever the store says.
    pub async fn range(&self, query: RangeQuery, limits: &Limits) -> Result<Answered> {
        let started = Instant::now();
        checks::resolution(query.start_ns, query.end_ns, query.step_ns)?;
        let plan = Plan::new(logql::parse(&query.query)?)?;
        if matches!(plan, Plan::Log(_)) {
            checks::entries(limits, query.limit)?;
        }
        checks::length(limits, query.start_ns, query.end_ns)?;
        check_plan(limits, &query.query, &plan, false)?;
        let gather = self.gather(limits, &query.tenants, query.partial);
        let mut next = None;
        let start_ns = checks::lookback(limits, query.start_ns, query.end_ns, query.now_ns);
        let answer = match (&plan, start_ns) {
            (Plan::Log(_), None) => Answer::Streams(Vec::new()),
            (Plan::Log(log), Some(start_ns)) => {
                let (streams, rest) = lines::answer(&gather, log, &query, start_ns).await?;
                next = rest;
                Answer::Streams(streams)
            }
            (Plan::Metric(_), None) => Answer::Matrix(Vec::new()),
            (Plan::Metric(plan), Some(start_ns)) => {
                let steps = Steps { start_ns, end_ns: query.end_ns, step_ns: query.step_ns };
                let steps = if query.align { steps.aligned() } else { steps };
                let series = match metric(&gather, plan, steps, false).await? {
                    Operand::Vector(series) => series,
                    Operand::Scalar(number) => vec![StepSeries::constant(number, steps.count())],
                };
                Answer::Matrix(into_matrix(series, &steps))
            }
        };
        Ok(Answered { next, ..gather.answered(answer, started) })
    }

    /// Answers a query at one point of time.
    ///
    /// # Errors
    /// As [`Engine::range`].
    pub async fn instant(&self, query: InstantQuery, limits: &Limits) -> Result<Answered> {
        let started = Instant::now();
        let plan = Plan::new(logql::parse(&query.query)?)?;
        check_plan(limits, &query.query, &plan, true)?;
        let Plan::Metric(plan) = plan else {
            return Err(Error::invalid(
                "log queries are not supported as an instant query type, please change your query to a range \
                 query type",
            ));
        };
        let ts_ns = query.time_ns;
        let gather = self.gather(limits, &query.tenants, query.partial);
        let seen = checks::lookback(limits, ts_ns, ts_ns, query.now_ns).is_some();
        let answer = if seen {
            metric(&gather, &plan, Steps::instant(ts_ns), true).await?
        } else {
            Operand::Vector(vec![])
        };
        let answer = match answer {
            Operand::Scalar(value) => Answer::Scalar { ts_ns, value },
            Operand::Vector(series) => Answer::Vector(into_vector(series, ts_ns, plan.sorts)),
        };
        Ok(gather.answered(answer, started))
    }

    fn gather<'a>(
        &'a self,
        limits: &'a Limits,
        tenants: &'a [Tenant],
        partial: Option<Partial>,
    ) -> Gather<'a> {
        Gather {
            select: &*self.select,
            pool: &self.pool,
            limits,
            tenants,
            partial,
            warnings: Mutex::default(),
            budget: ByteBudget::new("query", limits.max_query_memory.0),
            scan: Arc::default(),
            cost: Arc::<Cost>::default(),
        }
    }
}

/// What limits refuse of a plan, whatever its time range.
fn check_plan(limits: &Limits, query: &str, plan: &Plan, instant: bool) -> Result<()> {
    checks::blocked(limits, query, plan)?;
    for selector in plan.selectors() {
        checks::matchers(limits, selector)?;
    }
    let Plan::Metric(plan) = plan else { return Ok(()) };
    checks::range(limits, plan, instant)?;
    if plan.estimates && !instant {
        // Loki's words and status, for what it can estimate only at one point of time.
        return Err(Error::new(Kind::Bug, "count min sketches are only supported on instant queries"));
    }
    Ok(())
}

/// The numbers of a metric plan at `steps`.
async fn metric(gather: &Gather<'_>, plan: &MetricPlan, steps: Steps, instant: bool) -> Result<Operand> {
    let (mut leaves, mut leases) = (Vec::new(), Vec::new());
    for leaf in &plan.leaves {
        // Where Loki puts pieces together, labels without value are lost.
        let loses_empty = instant && checks::is_split(gather.limits, plan, leaf);
        let (series, lease) = numbers::series(gather, leaf, &steps, loses_empty).await?;
        leaves.push(series);
        leases.push(lease);
    }
    let root = Root {
        steps,
        leaves,
        max_series: gather.limits.max_query_series,
        split_ns: gather.limits.split_queries_by_interval.ns(),
    };
    let node = plan.root.clone();
    let evaluated = gather.pool.run(move || {
        let operand = root.evaluate(&node)?;
        if let Operand::Vector(series) = &operand {
            root.check_answer(series)?;
        }
        drop(leases);
        Ok(operand)
    });
    evaluated.await?
}

impl Gather<'_> {
    fn answered(&self, answer: Answer, started: Instant) -> Answered {
        let cost = &self.cost;
        let entries = match &answer {
            Answer::Streams(streams) => streams.iter().map(|stream| stream.lines.len()).sum(),
            Answer::Matrix(matrix) => matrix.iter().map(|series| series.points.len()).sum(),
            Answer::Vector(vector) => vector.len(),
            Answer::Scalar { .. } => 1,
        };
        let stats = QueryStats {
            exec_seconds: started.elapsed().as_secs_f64(),
            compute_seconds: cost.compute_ns.load(Ordering::Relaxed) as f64 / 1e9,
            selections: cost.selections.load(Ordering::Relaxed),
            runs: cost.runs.load(Ordering::Relaxed),
            entries_returned: entries as u64,
            lines_passed: cost.lines_passed.load(Ordering::Relaxed),
            peak_memory_bytes: self.budget.peak_bytes(),
            scan: ScanCounts::from(&*self.scan),
        };
        Answered { answer, warnings: self.warnings.lock().clone(), next: None, stats }
    }
}

#[cfg(test)]
mod tests;
