//! What jobs make of runs: each row through the pipeline of its stream, and rows that say the same once.

use super::{Failure, Several, Windowed};
use crate::engine::alike::{Classes, Memo};
use crate::engine::uniform::RowValue;
use crate::eval::aggregate::group_labels;
use crate::eval::kept::{Keeps, Kept, KeptRow};
use crate::eval::line::{Scratch, StreamPipeline};
use hashbrown::HashMap;
use model::{Labels, LabelsBuilder, LabelsRef, RowColumns};

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
                let (value, count) = match several {
                    Several::Sum => (value * f64::from(count), 1),
                    Several::Once => (value, 1),
                    Several::Each => (value, count),
                };
                kept.take(*keeps, pane, KeptRow { ts_ns: *ts_ns, value, count });
            }
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
