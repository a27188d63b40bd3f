//! Leaves of metric queries: from lines to numbers per step.

use super::checks;
use super::gather::{Compiled, Cost, Gather, Given, Question, Work, compile};
use super::uniform::{RowValue, is_uniform};
use crate::eval::aggregate::group_labels;
use crate::eval::function::Function;
use crate::eval::kept::{Keeps, Kept, KeptSeries};
use crate::eval::line::{ERROR_LABEL, Pipeline, SampleValue, Scratch, StreamPipeline, Wanted};
use crate::eval::series::StepSeries;
use crate::eval::window::{Steps, Windows};
use crate::logql::ast::{Grouping, RangeOp, Unwrap};
use crate::plan::Leaf;
use base::{ByteBudget, Error, Lease, Result};
use hashbrown::HashMap;
use model::{Digest, Direction, Labels, LabelsBuilder, LabelsRef, MatchOp, Matcher, RowColumns, varint};
use parking_lot::Mutex;
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
            named: digest.and_then(|digest| digest.metadata.clone()),
            by_metadata: digest.is_some() && !pipeline.projection().body,
            row_value: RowValue::new(range.op, &rest).filter(|_| range.unwrap.is_none()),
            grouping: leaf.grouping.clone(),
            aggregates: leaf.aggregates,
            loses_empty,
            windows,
            keeps: function.keeps(),
            max_series: gather.limits.max_query_series,
            cost: gather.cost.clone(),
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

/// What suffices of rows. Where they are only counted, they need no times of their own.
pub(super) fn digest(leaf: &Leaf, pipeline: &Pipeline, windows: &Windows) -> Option<Digest> {
    let range = &leaf.range;
    let counts = matches!(range.op, RangeOp::CountOverTime | RangeOp::Rate | RangeOp::AbsentOverTime);
    let cells = (counts && range.unwrap.is_none()).then(|| windows.cells());
    Some(Digest { cells, ..pipeline.digest()?.clone() })
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
    max_series: usize,
    cost: Arc<Cost>,
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
        let mut part = Part::default();
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
        held.merge(part).map_err(|full| {
            // Of two refusals the one that says how to mend the query.
            if self.max_series > 0 && held.kept.count() > self.max_series {
                checks::too_many_series(self.max_series)
            } else {
                full
            }
        })
    }

    fn is_done(&self, _bound_ns: i64) -> bool {
        false
    }
}

/// What some runs give.
#[derive(Default)]
struct Part {
    /// Positions in `series` by canonical label bytes.
    known: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    series: Vec<(Labels, Kept)>,
    failure: Option<Failure>,
    /// Positions in `classes` by the bytes of the labels that are asked for.
    class_of: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    classes: Vec<Class>,
    /// To put labels together.
    scratch: Vec<u8>,
}

/// Streams that the query cannot tell apart.
struct Class {
    pipeline: Arc<StreamPipeline>,
    /// The series of rows that metadata does not change.
    plain: Option<usize>,
    /// What becomes of rows that share their metadata, by its bytes.
    sampled: HashMap<Box<[u8]>, Sampled, foldhash::fast::RandomState>,
}

/// Metadata of a class whose samples are remembered, at most.
const SAMPLED_MAX: usize = 256;

/// What the pipeline makes of a row.
#[derive(Clone, Copy)]
enum Sampled {
    Nothing,
    /// The query fails with it.
    Failed,
    /// A number of the series at this position.
    Value(usize, f64),
}

/// Rows of a stream, and what is done with them.
struct Rows<'a> {
    of: &'a Windowed,
    class: usize,
    pipeline: &'a StreamPipeline,
    lines: &'a RowColumns,
}

impl Part {
    /// The class of the stream of `labels`.
    fn class(&mut self, of: &Windowed, labels: &Labels) -> usize {
        self.scratch.clear();
        let is_named = |name: &str| of.named.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
        for (name, value) in labels.iter().filter(|(name, _)| is_named(name)) {
            varint::put_bytes(&mut self.scratch, name.as_bytes());
            varint::put_bytes(&mut self.scratch, value.as_bytes());
        }
        if let Some(known) = self.class_of.get(self.scratch.as_slice()) {
            return *known;
        }
        let labels = LabelsRef::trusted(&self.scratch).to_owned();
        let pipeline = Arc::new(of.pipeline.for_stream(&labels));
        self.classes.push(Class { pipeline, plain: None, sampled: HashMap::default() });
        self.class_of.insert(self.scratch.as_slice().into(), self.classes.len() - 1);
        self.classes.len() - 1
    }

    /// Takes the rows in, oldest first; says how many passed the pipeline. Rows that share their content are put
    /// through it once.
    fn fill(&mut self, of: &Windowed, class: usize, lines: &RowColumns) -> u64 {
        let Some(pipeline) = self.classes.get(class).map(|class| class.pipeline.clone()) else { return 0 };
        let Windowed { windows, keeps, .. } = of;
        let rows = Rows { of, class, pipeline: &pipeline, lines };
        let mut scratch = Scratch::default();
        let (mut pane, mut pane_end_ns) = (None, i64::MIN);
        let mut last = usize::MAX;
        let shared = if lines.contents.is_empty() { 0 } else { lines.content_count() };
        let mut of_contents = vec![None; shared];
        let mut passed = 0;
        for (at, ts_ns) in lines.ts_ns.iter().enumerate() {
            if *ts_ns > pane_end_ns {
                (pane, pane_end_ns) = (windows.pane(*ts_ns), windows.pane_end(*ts_ns));
            }
            let Some(pane) = pane else { continue };
            if of.cost.is_stopped() {
                break;
            }
            let known = of_contents.get_mut(lines.content(at));
            let sampled = match known {
                Some(Some(sampled)) => *sampled,
                Some(unknown) => *unknown.insert(self.sample_shared(&rows, &mut scratch, (at, pane), last)),
                None => self.sample(&rows, &mut scratch, (at, pane), last),
            };
            let count = lines.count(at);
            passed += u64::from(count) * u64::from(!matches!(sampled, Sampled::Nothing));
            if let Sampled::Value(series, value) = sampled
                && let Some((_, kept)) = self.series.get_mut(series)
            {
                last = series;
                kept.take(*keeps, pane, *ts_ns, value * f64::from(count));
            }
        }
        passed
    }

    /// As [`Part::sample`], of a row whose content many may have.
    fn sample_shared(
        &mut self,
        rows: &Rows<'_>,
        scratch: &mut Scratch,
        (at, pane): (usize, u64),
        last: usize,
    ) -> Sampled {
        if !rows.of.by_metadata {
            return self.sample(rows, scratch, (at, pane), last);
        }
        let metadata = rows.lines.row(at).metadata.bytes();
        let known = self.classes.get(rows.class).and_then(|class| class.sampled.get(metadata));
        if let Some(known) = known {
            return *known;
        }
        let sampled = self.sample(rows, scratch, (at, pane), last);
        if let Some(class) =
            self.classes.get_mut(rows.class).filter(|class| class.sampled.len() < SAMPLED_MAX)
        {
            class.sampled.insert(metadata.into(), sampled);
        }
        sampled
    }

    /// Puts row `at`, in `pane`, through the pipeline; `last` is the series of the one before.
    fn sample(
        &mut self,
        rows: &Rows<'_>,
        scratch: &mut Scratch,
        (at, pane): (usize, u64),
        last: usize,
    ) -> Sampled {
        let Rows { of, pipeline, lines, .. } = rows;
        let Some(sample) = pipeline.sample(scratch, lines.row(at), lines.body_len(at)) else {
            return Sampled::Nothing;
        };
        if sample.failed {
            let step = of.windows.steps(pane).start;
            if self.failure.as_ref().is_none_or(|known| step <= known.step) {
                Failure::note(&mut self.failure, Failure { step, labels: sample.labels.to_owned() });
            }
            return Sampled::Failed;
        }
        // Neighbouring lines are mostly of one series.
        let is_last = self.series.get(last).is_some_and(|(labels, _)| labels.as_ref() == sample.labels);
        let series = if is_last { last } else { self.position(of, sample.labels) };
        Sampled::Value(series, sample.value)
    }

    /// Takes the rows in, all of one series; says how many lie in windows.
    fn fill_at_once(&mut self, of: &Windowed, class: usize, lines: &RowColumns, value: RowValue) -> u64 {
        let Some((pipeline, mut series)) = self.classes.get(class).map(|c| (c.pipeline.clone(), c.plain))
        else {
            return 0;
        };
        let passed = value.sums(lines, &of.windows, |pane, row, sum| {
            // The first row in a window gives the series.
            series = series.or_else(|| {
                let mut scratch = Scratch::default();
                let sample = pipeline.sample(&mut scratch, lines.row(row), lines.body_len(row))?;
                Some(self.position(of, sample.labels))
            });
            let kept = series.and_then(|at| self.series.get_mut(at));
            if let (Some((_, kept)), Some(ts_ns)) = (kept, lines.ts_ns.get(row)) {
                kept.take(of.keeps, pane, *ts_ns, sum);
            }
        });
        if let Some(class) = self.classes.get_mut(class) {
            class.plain = series;
        }
        passed as u64
    }

    fn position(&mut self, of: &Windowed, labels: LabelsRef<'_>) -> usize {
        if let Some(at) = self.known.get(labels.bytes()) {
            return *at;
        }
        let own = match of.grouping.as_ref().filter(|_| of.aggregates) {
            Some(grouping) => group_labels(labels, Some(grouping.into()), &mut LabelsBuilder::default()),
            None => labels.to_owned(),
        };
        let own = match of.loses_empty {
            true => Labels::from_pairs(own.iter().filter(|(_, value)| !value.is_empty())),
            false => own,
        };
        let known = self.known.get(own.bytes()).copied();
        let at = known.unwrap_or_else(|| {
            self.known.insert(own.bytes().into(), self.series.len());
            self.series.push((own, of.keeps.nothing()));
            self.series.len() - 1
        });
        self.known.insert(labels.bytes().into(), at);
        at
    }
}

impl Held {
    fn merge(&mut self, part: Part) -> Result<()> {
        if let Some(failure) = part.failure {
            Failure::note(&mut self.failure, failure);
        }
        part.series.into_iter().try_for_each(|(labels, new)| self.kept.merge(labels, new))
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
