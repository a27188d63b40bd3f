//! What jobs make of runs: each row through the pipeline of its stream, and rows that say the same once.

use super::{Failure, Windowed};
use crate::engine::alike::{Classes, Memo};
use crate::engine::uniform::RowValue;
use crate::eval::aggregate::group_labels;
use crate::eval::kept::{Keeps, Kept, KeptRow};
use crate::eval::line::{Scratch, StreamPipeline};
use hashbrown::HashMap;
use model::{Form, Labels, LabelsBuilder, LabelsRef, RowColumns};
use std::sync::Arc;

/// What some runs give, and what is known from runs before.
#[derive(Default)]
pub(super) struct Part {
    /// Positions in `series` by canonical label bytes.
    known: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    series: Vec<(Labels, Kept)>,
    /// Which of these have rows, each at least once.
    touched: Vec<usize>,
    pub failure: Option<Failure>,
    classes: Classes,
    /// Of each class the series of rows that metadata does not change.
    plain: Vec<Option<usize>>,
    memo: Memo<Sampled>,
    /// The last form of numbers of a class, and the series of its numbers, if that is known to be one.
    form: Option<(usize, Arc<Form>, Option<usize>)>,
}

/// Label sets that a part remembers from one job to the next, at most.
const KNOWN_MAX: usize = 16_384;

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
    pipeline: &'a StreamPipeline,
    lines: &'a RowColumns,
}

impl Part {
    /// Series with what was kept of their rows; nothing stays here.
    pub fn taken(&mut self, keeps: Keeps) -> impl Iterator<Item = (Labels, Kept)> {
        self.touched.sort_unstable();
        self.touched.dedup();
        let series = &mut self.series;
        self.touched.drain(..).filter_map(move |at| {
            let (labels, kept) = series.get_mut(at)?;
            Some((labels.clone(), std::mem::replace(kept, keeps.nothing())))
        })
    }

    /// Whether what it knows may be kept for the next runs.
    pub fn is_worth_keeping(&self) -> bool {
        self.known.len() + self.classes.count() <= KNOWN_MAX
    }

    /// The class of the stream of `labels`.
    pub fn class(&mut self, of: &Windowed, labels: &Labels) -> usize {
        self.classes.class(&of.pipeline, of.named.as_deref(), labels)
    }

    /// Takes the rows in, oldest first; says how many passed the pipeline. Rows that share their content are put
    /// through it once.
    pub fn fill(&mut self, of: &Windowed, class: usize, lines: &RowColumns) -> u64 {
        let Some(pipeline) = self.classes.pipeline(class) else { return 0 };
        if let Some(numbers) = &lines.numbers {
            return match self.series_of(of, class, &pipeline, lines, &numbers.form) {
                Some(series) => self.fill_numbers(of, series, lines, &numbers.of),
                None => self.fill(of, class, &lines.clone().with_texts()),
            };
        }
        let Windowed { windows, keeps, several, .. } = of;
        let rows = Rows { of, pipeline: &pipeline, lines };
        let mut scratch = Scratch::default();
        let (mut pane, mut pane_end_ns) = (None, i64::MIN);
        let mut last = usize::MAX;
        let keys = self.memo.keys(class, lines, !of.by_metadata);
        let mut of_contents = match &keys {
            Some(keys) => self.memo.find(class, keys),
            None => vec![None; if lines.contents.is_empty() { 0 } else { lines.content_count() }],
        };
        let mut passed = 0;
        for (at, ts_ns) in lines.ts_ns.iter().enumerate() {
            if *ts_ns > pane_end_ns {
                (pane, pane_end_ns) = (windows.pane(*ts_ns), windows.pane_end(*ts_ns));
            }
            let Some(pane) = pane else { continue };
            if of.cost.is_stopped() {
                break;
            }
            let content = lines.content(at);
            let sampled = match of_contents.get_mut(content) {
                Some(Some(sampled)) => *sampled,
                Some(unknown) => {
                    let sampled = *unknown.insert(self.sample(&rows, &mut scratch, (at, pane), last));
                    if let Some(key) = keys.as_ref().and_then(|keys| keys.get(content)) {
                        self.memo.remember(class, *key, sampled);
                    }
                    sampled
                }
                None => self.sample(&rows, &mut scratch, (at, pane), last),
            };
            let count = lines.count(at);
            passed += u64::from(count) * u64::from(!matches!(sampled, Sampled::Nothing));
            if let Sampled::Value(series, value) = sampled
                && let Some((_, kept)) = self.series.get_mut(series)
            {
                if last != series {
                    self.touched.push(series);
                    last = series;
                }
                let (value, count) = several.of_row(value, count);
                kept.take(*keeps, pane, KeptRow { ts_ns: *ts_ns, value, count });
            }
        }
        passed
    }

    /// The series of all numbers of `form` in lines of the stream of `class`; none where that is not known to be one.
    fn series_of(
        &mut self,
        of: &Windowed,
        class: usize,
        pipeline: &StreamPipeline,
        lines: &RowColumns,
        form: &Arc<Form>,
    ) -> Option<usize> {
        // Metadata may say which series a row belongs to.
        if !lines.metadata_ends.is_empty() {
            return None;
        }
        if let Some((known_class, known_form, series)) = &self.form
            && (*known_class, known_form) == (class, form)
        {
            return *series;
        }
        let labels = pipeline.series_of(&mut Scratch::default(), form);
        let series = labels.map(|labels| self.position(of, labels.as_ref()));
        self.form = Some((class, form.clone(), series));
        series
    }

    /// Takes the rows in, whose bodies say `numbers`, all of one series; says how many lie in windows.
    fn fill_numbers(&mut self, of: &Windowed, series: usize, lines: &RowColumns, numbers: &[u64]) -> u64 {
        let Some((_, kept)) = self.series.get_mut(series) else { return 0 };
        let (mut pane, mut pane_end_ns) = (None, i64::MIN);
        let mut passed = 0;
        for (at, ts_ns) in lines.ts_ns.iter().enumerate() {
            if *ts_ns > pane_end_ns {
                (pane, pane_end_ns) = (of.windows.pane(*ts_ns), of.windows.pane_end(*ts_ns));
            }
            let (Some(pane), Some(number)) = (pane, numbers.get(lines.content(at))) else { continue };
            let count = lines.count(at);
            passed += u64::from(count);
            let (value, count) = of.several.of_row(*number as f64, count);
            kept.take(of.keeps, pane, KeptRow { ts_ns: *ts_ns, value, count });
        }
        if passed > 0 {
            self.touched.push(series);
        }
        passed
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
    pub fn fill_at_once(&mut self, of: &Windowed, class: usize, lines: &RowColumns, value: RowValue) -> u64 {
        let Some(pipeline) = self.classes.pipeline(class) else { return 0 };
        let mut series = self.plain.get(class).copied().flatten();
        let passed = value.sums(lines, &of.windows, |pane, row, sum| {
            // The first row in a window gives the series.
            series = series.or_else(|| {
                let mut scratch = Scratch::default();
                let sample = pipeline.sample(&mut scratch, lines.row(row), lines.body_len(row))?;
                Some(self.position(of, sample.labels))
            });
            let kept = series.and_then(|at| self.series.get_mut(at));
            if let (Some((_, kept)), Some(ts_ns)) = (kept, lines.ts_ns.get(row)) {
                kept.take(of.keeps, pane, KeptRow { ts_ns: *ts_ns, value: sum, count: 1 });
            }
        });
        self.touched.extend(series.filter(|_| passed > 0));
        if self.plain.len() <= class {
            self.plain.resize(class + 1, None);
        }
        if let Some(plain) = self.plain.get_mut(class) {
            *plain = series;
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
