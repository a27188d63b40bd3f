//! When the lines lie that a log query will give, told from fields of texts: what is not among them need not be put
//! together.
//!
//! The pipeline itself judges, on digests ([`model::Digest`]): it sees the fields that its filters read, or the
//! whole line where fields cannot be told. A line that it keeps may still be dropped later; one that it drops is
//! dropped for sure.

use super::alike::{Classes, Memo};
use super::gather::{Cost, Gather, Given, Question, Work};
use crate::eval::line::{Pipeline, Scratch};
use base::{Lease, Result};
use model::filter::Times;
use model::{Direction, Projection, RowColumns, TimeRange};
use parking_lot::Mutex;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Times of lines that may be given.
pub(super) struct Judged {
    /// The part of the question's range of which all are known; no lines that may be given lie nearer.
    pub range: TimeRange,
    /// Them.
    pub times: Times,
}

/// The times of the first `limit` lines of `question`, or of all when there are fewer; none where the pipeline
/// does not drop lines by fields.
///
/// # Errors
/// As [`Gather::run`].
pub(super) async fn judge(
    gather: &Gather<'_>,
    pipeline: &Pipeline,
    question: &Question<'_>,
    limit: usize,
) -> Result<Option<Judged>> {
    let Some(digest) = pipeline.judged_by() else { return Ok(None) };
    let direction = question.direction;
    let work = Arc::new(Judging {
        pipeline: pipeline.clone(),
        named: digest.names.clone(),
        parts: Mutex::default(),
        direction,
        limit,
        worst_key: AtomicI64::new(i64::MIN),
        cost: gather.cost.clone(),
        held: Mutex::new((BinaryHeap::new(), gather.budget.lease(0)?)),
    });
    let question = Question {
        matchers: question.matchers,
        predicates: question.predicates.clone(),
        on_labels: question.on_labels.clone(),
        range: question.range,
        projection: Projection::ALL,
        digest: Some(Arc::new(digest.clone())),
        direction,
        limit_hint: question.limit_hint,
        nearest: None,
    };
    gather.run(&question, work.clone()).await?;
    let keys = std::mem::take(&mut work.held.lock().0).into_vec();
    let range = match work.worst_key.load(Ordering::Relaxed) {
        i64::MIN => question.range,
        key => nearer(question.range, direction, key),
    };
    let times = keys.into_iter().map(|std::cmp::Reverse(key)| time_of(direction, key));
    Ok(Some(Judged { range, times: Times::new(times.collect()) }))
}

/// Of times what is greater, the nearer they are.
fn key_of(direction: Direction, ts_ns: i64) -> i64 {
    if direction == Direction::Backward { ts_ns } else { !ts_ns }
}

fn time_of(direction: Direction, key: i64) -> i64 {
    key_of(direction, key)
}

/// The part of `range` up to the time of `key`, this included.
fn nearer(range: TimeRange, direction: Direction, key: i64) -> TimeRange {
    let ts_ns = time_of(direction, key);
    match direction {
        Direction::Backward => TimeRange::new(ts_ns.max(range.start_ns), range.end_ns),
        Direction::Forward => TimeRange::new(range.start_ns, ts_ns.saturating_add(1).min(range.end_ns)),
    }
}

impl Judged {
    /// The part of `whole` that was not judged.
    pub fn rest_of(&self, whole: TimeRange, direction: Direction) -> TimeRange {
        match direction {
            Direction::Backward => TimeRange::new(whole.start_ns, self.range.start_ns),
            Direction::Forward => TimeRange::new(self.range.end_ns, whole.end_ns),
        }
    }
}

/// What is known of streams and rows.
#[derive(Default)]
struct Part {
    classes: Classes,
    /// Whether rows are kept.
    memo: Memo<bool>,
}

/// Classes that are remembered from one job to the next, at most.
const CLASSES_MAX: usize = 16_384;

/// Collects the times of lines that the pipeline keeps.
struct Judging {
    pipeline: Pipeline,
    /// As in [`model::Digest::names`].
    named: Option<Vec<String>>,
    /// What is known from runs before, one for each thread that takes runs.
    parts: Mutex<Vec<Part>>,
    direction: Direction,
    limit: usize,
    /// Key of the last time that is held, once there are enough.
    worst_key: AtomicI64,
    cost: Arc<Cost>,
    /// Keys, the farthest on top, and the memory for them.
    held: Mutex<(BinaryHeap<std::cmp::Reverse<i64>>, Lease)>,
}

impl Work for Judging {
    fn take(&self, runs: &[Given]) -> Result<()> {
        let mut kept = Vec::new();
        let mut part = self.parts.lock().pop().unwrap_or_default();
        for Given { labels, run, .. } in runs {
            let class = part.classes.class(&self.pipeline, self.named.as_deref(), labels);
            self.judge(&mut part, class, &run.rows, &mut kept);
        }
        if part.classes.count() <= CLASSES_MAX {
            self.parts.lock().push(part);
        }
        self.keep(kept)
    }

    fn is_done(&self, bound_ns: i64) -> bool {
        let worst_key = self.worst_key.load(Ordering::Relaxed);
        worst_key > i64::MIN && key_of(self.direction, bound_ns) < worst_key
    }
}

impl Judging {
    /// Appends the keys of rows that are kept. Rows that share their content are judged once.
    fn judge(&self, part: &mut Part, class: usize, rows: &RowColumns, kept: &mut Vec<i64>) {
        let Some(pipeline) = part.classes.pipeline(class) else { return };
        let mut scratch = Scratch::default();
        let keys = part.memo.keys(class, rows, true);
        let mut verdicts = match &keys {
            Some(keys) => part.memo.find(class, keys),
            None => vec![None; if rows.contents.is_empty() { 0 } else { rows.content_count() }],
        };
        for (at, ts_ns) in rows.ts_ns.iter().enumerate() {
            let key = key_of(self.direction, *ts_ns);
            if key < self.worst_key.load(Ordering::Relaxed) {
                continue;
            }
            if self.cost.is_stopped() {
                return;
            }
            let mut passes = || pipeline.line(&mut scratch, rows.row(at)).is_some();
            let content = rows.content(at);
            let is_kept = match verdicts.get_mut(content) {
                Some(Some(verdict)) => *verdict,
                Some(unknown) => {
                    let is_kept = *unknown.insert(passes());
                    if let Some(key) = keys.as_ref().and_then(|keys| keys.get(content)) {
                        part.memo.remember(class, *key, is_kept);
                    }
                    is_kept
                }
                None => passes(),
            };
            if is_kept {
                kept.push(key);
            }
        }
    }

    fn keep(&self, kept: Vec<i64>) -> Result<()> {
        let mut held = self.held.lock();
        let (keys, lease) = &mut *held;
        for key in kept {
            if keys.len() < self.limit {
                lease.grow(size_of::<i64>() as u64)?;
                keys.push(std::cmp::Reverse(key));
            } else if let Some(mut worst) = keys.peek_mut().filter(|worst| worst.0 < key) {
                worst.0 = key;
            }
        }
        if keys.len() >= self.limit
            && let Some(worst) = keys.peek()
        {
            self.worst_key.store(worst.0, Ordering::Relaxed);
        }
        Ok(())
    }
}
