//! Leaves of metric queries: from lines to numbers per step.

mod part;

use super::checks;
use super::gather::{Compiled, Cost, Gather, Given, Question, Work, compile};
use super::uniform::{RowValue, is_uniform};
use crate::eval::function::Function;
use crate::eval::kept::{Keeps, KeptSeries};
use crate::eval::line::{ERROR_LABEL, Pipeline, SampleValue, Wanted};
use crate::eval::series::StepSeries;
use crate::eval::window::{Steps, Windows};
use crate::logql::ast::{Grouping, RangeAggregation, RangeOp, Unwrap};
use crate::plan::Leaf;
use base::{ByteBudget, Error, Lease, Result};
use model::{Digest, Direction, Labels, LabelsBuilder, MatchOp, Matcher};
use parking_lot::Mutex;
use part::Part;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The series of `leaf`, without labels that have no value where it `loses_empty` ones, and the
/// lease on their memory.
pub(super) async fn series(
    gather: &Gather<'_>,
    leaf: &Leaf,
    steps: &Steps,
    loses_empty: bool,
) -> Result<(Vec<StepSeries>, Lease)> {
    let range = &leaf.range;
    let windows = Windows::new(steps, range.range_ns, range.offset_ns.unwrap_or(0));
    let function = Function::new(range.op, range.parameter, range.range_ns);
    let (matchers, time_range) = (&range.log.matchers, windows.time_range());
    let compiled = compiled(leaf);
    let absent = (range.op == RangeOp::AbsentOverTime).then(|| absent_labels(matchers));
    let Some(compiled) = gather.needed(compiled, matchers, time_range).await? else {
        let series = absent.map(|labels| absence(&[], labels, windows.count()));
        return Ok((series.into_iter().collect(), gather.budget.lease(0)?));
    };
    let Compiled { predicates, on_labels, rest, pipeline, .. } = compiled;
    gather.check_bytes(matchers, time_range).await?;
    let mut question = Question {
        matchers,
        predicates,
        on_labels,
        range: time_range,
        projection: pipeline.projection(),
        digest: digest(leaf, &pipeline, &windows).map(Arc::new),
        direction: Direction::Forward,
        limit_hint: None,
        nearest: None,
    };
    let windowed = |digest: Option<&Digest>| -> Result<_> {
        Ok(Arc::new(Windowed {
            pipeline: pipeline.clone(),
            named: digest.and_then(|digest| digest.names.clone()),
            by_metadata: digest.is_some() && !pipeline.projection().body,
            row_value: RowValue::new(range.op, &rest).filter(|_| range.unwrap.is_none()),
            grouping: leaf.grouping.clone(),
            aggregates: leaf.aggregates,
            loses_empty,
            windows,
            keeps: function.keeps(),
            several: Several::of(range).unwrap_or(Several::Sum),
            max_series: gather.limits.max_query_series,
            cost: gather.cost.clone(),
            parts: Mutex::default(),
            held: Mutex::new(Held { kept: KeptSeries::new(gather.budget.lease(0)?), failure: None }),
        }))
    };
    let mut work = windowed(question.digest.as_deref())?;
    gather.run(&question, work.clone()).await?;
    if question.digest.is_some() && work.held.lock().failure.is_some() {
        // The words of a failure have all labels of its line, a digest does not.
        (question.digest, work) = (None, windowed(None)?);
        gather.run(&question, work.clone()).await?;
    }
    let (held, budget) = (work.held.lock().taken(gather.budget.lease(0)?), gather.budget.clone());
    gather.pool.run(move || held.finish(&function, &windows, absent, &budget)).await?
}

/// What suffices of rows. Where it does not matter in which order they come, they need no times of their own.
pub(super) fn digest(leaf: &Leaf, pipeline: &Pipeline, windows: &Windows) -> Option<Digest> {
    let cells = Several::of(&leaf.range).map(|_| windows.cells());
    Some(Digest { cells, numbers: pipeline.takes_numbers(), ..pipeline.digest()?.clone() })
}

/// What a row gives that stands for several with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Several {
    /// Their sum.
    Sum,
    /// The value, so many times.
    Each,
    /// The value.
    Once,
}

impl Several {
    /// None where rows must come one by one: the order matters, or sums of fractions would depend on it.
    fn of(range: &RangeAggregation) -> Option<Self> {
        match range.op {
            RangeOp::CountOverTime | RangeOp::Rate | RangeOp::AbsentOverTime => {
                range.unwrap.is_none().then_some(Self::Sum)
            }
            RangeOp::QuantileOverTime => Some(Self::Each),
            RangeOp::MinOverTime | RangeOp::MaxOverTime | RangeOp::CountDistinctOverTime => Some(Self::Once),
            _ => None,
        }
    }

    /// The value of a row that stands for `count` with `value`, and how often it is there.
    fn of_row(self, value: f64, count: u32) -> (f64, u32) {
        match self {
            Self::Sum => (value * f64::from(count), 1),
            Self::Once => (value, 1),
            Self::Each => (value, count),
        }
    }
}

/// The stages of `leaf`, compiled.
///
/// # Errors
/// As [`compile`].
pub(super) fn compiled(leaf: &Leaf) -> Result<Compiled> {
    let value = sample_value(leaf.range.op, leaf.range.unwrap.as_ref());
    compile(&leaf.range.log.stages, Wanted::Samples { value, grouping: leaf.grouping.as_ref() })
}

fn sample_value(op: RangeOp, unwrap: Option<&Unwrap>) -> SampleValue<'_> {
    match (op, unwrap) {
        (RangeOp::BytesOverTime | RangeOp::BytesRate, _) => SampleValue::Bytes,
        (_, Some(unwrap)) => SampleValue::Unwrap(unwrap),
        (_, None) => SampleValue::Count,
    }
}

/// Labels of what `absent_over_time` gives: those that a matcher sets to one value, and no other.
fn absent_labels(matchers: &[Matcher]) -> Labels {
    let mut labels = LabelsBuilder::default();
    for (at, matcher) in matchers.iter().enumerate() {
        let alone = matchers.iter().enumerate().all(|(other, m)| other == at || m.name != matcher.name);
        if alone && matcher.op == MatchOp::Equal && !matcher.value.is_empty() {
            labels.set(&matcher.name, &matcher.value);
        }
    }
    labels.build()
}

/// Puts rows into windows.
struct Windowed {
    pipeline: Pipeline,
    /// The labels that it asks anything of, where they are known: streams alike in these are alike to it.
    named: Option<Vec<String>>,
    /// Whether labels and metadata alone say what becomes of a row.
    by_metadata: bool,
    /// What every row counts for, where no row has to be looked at.
    row_value: Option<RowValue>,
    /// As in [`Leaf`].
    grouping: Option<Grouping>,
    aggregates: bool,
    loses_empty: bool,
    windows: Windows,
    keeps: Keeps,
    several: Several,
    max_series: usize,
    cost: Arc<Cost>,
    /// Empty parts that know streams and contents of runs before, one for each thread that takes runs.
    parts: Mutex<Vec<Part>>,
    held: Mutex<Held>,
}

/// What the runs so far gave.
struct Held {
    kept: KeptSeries,
    failure: Option<Failure>,
}

/// A line with an error, in the first window that holds one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Failure {
    step: u32,
    labels: Labels,
}

impl Failure {
    fn note(known: &mut Option<Self>, new: Self) {
        if known.as_ref().is_none_or(|known| new < *known) {
            *known = Some(new);
        }
    }

    fn error(&self) -> Error {
        let name = self.labels.get(ERROR_LABEL).unwrap_or("");
        Error::invalid(format!(
            "pipeline error: '{name}' for series: '{}'.\n\
             Use a label filter to intentionally skip this error. (e.g | {ERROR_LABEL}!=\"{name}\").\n\
             To skip all potential errors you can match empty errors.(e.g {ERROR_LABEL}=\"\")\n\
             The label filter can also be specified after unwrap. (e.g | unwrap latency | {ERROR_LABEL}=\"\" )\n",
            self.labels
        ))
    }
}

impl Work for Windowed {
    fn take(&self, runs: &[Given]) -> Result<()> {
        let mut part = self.parts.lock().pop().unwrap_or_default();
        let mut passed = 0;
        for Given { labels, run, .. } in runs {
            let lines = &run.rows;
            let class = part.class(self, labels);
            let uniform = self.row_value.filter(|_| is_uniform(labels, lines, self.grouping.as_ref()));
            passed += match uniform {
                Some(value) => part.fill_at_once(self, class, lines, value),
                None => part.fill(self, class, lines),
            };
        }
        self.cost.lines_passed.fetch_add(passed, Ordering::Relaxed);
        let mut held = self.held.lock();
        held.merge(&mut part, self.keeps).map_err(|full| {
            // Of two refusals the one that says how to mend the query.
            if self.max_series > 0 && held.kept.count() > self.max_series {
                checks::too_many_series(self.max_series)
            } else {
                full
            }
        })?;
        drop(held);
        if part.is_worth_keeping() {
            self.parts.lock().push(part);
        }
        Ok(())
    }

    fn is_done(&self, _bound_ns: i64) -> bool {
        false
    }
}

impl Held {
    /// Takes what `part` has; what it knows stays in it.
    fn merge(&mut self, part: &mut Part, keeps: Keeps) -> Result<()> {
        if let Some(failure) = part.failure.take() {
            Failure::note(&mut self.failure, failure);
        }
        part.taken(keeps).try_for_each(|(labels, new)| self.kept.merge(labels, new))
    }

    /// All that is held; what stays behind is empty with the lease `empty`.
    fn taken(&mut self, empty: Lease) -> Self {
        Self { kept: self.kept.taken(empty), failure: self.failure.take() }
    }

    /// The numbers at each step. `absent` are the labels of `absent_over_time`, which gives 1 where
    /// there is nothing.
    fn finish(
        self,
        function: &Function,
        windows: &Windows,
        absent: Option<Labels>,
        budget: &ByteBudget,
    ) -> Result<(Vec<StepSeries>, Lease)> {
        if let Some(failure) = self.failure {
            return Err(failure.error());
        }
        let mut lease = budget.lease(0)?;
        let mut series = Vec::with_capacity(self.kept.count());
        self.kept.give(|labels, kept| {
            let points = function.evaluate(kept, windows);
            if !points.is_empty() {
                let one = StepSeries::new(labels, points);
                lease.grow(one.held_bytes())?;
                series.push(one);
            }
            Ok(())
        })?;
        if let Some(labels) = absent {
            series = vec![absence(&series, labels, windows.count())];
        }
        // A map gives its entries in any order; answers shall not depend on it.
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok((series, lease))
    }
}

/// 1 at every step at which no series has a point.
fn absence(series: &[StepSeries], labels: Labels, count: u32) -> StepSeries {
    let mut present = vec![false; count as usize];
    for (step, _) in series.iter().flat_map(|one| &one.points) {
        if let Some(present) = present.get_mut(*step as usize) {
            *present = true;
        }
    }
    let steps = (0..count).zip(present).filter(|(_, present)| !present);
    StepSeries::new(labels, steps.map(|(step, _)| (step, 1.0)).collect())
}
