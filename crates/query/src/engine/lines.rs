//! Log queries: the first lines over all streams, in the query's direction.

use super::ending::{Ending, Ranked};
use super::gather::{Compiled, Cost, Gather, Given, Question, Work, compile};
use super::judged::judge;
use super::{Cursor, RangeQuery, checks};
use crate::eval::line::{Pipeline, Processed, Scratch, Wanted};
use crate::logql::ast::{LogExpr, Stage};
use base::{ByteBudget, Lease, Result};
use bytes::Bytes;
use hashbrown::HashMap;
use indexmap::IndexMap;
use model::{AnsweredLine, AnsweredStream, Direction, Labels, LabelsRef, Limits, Predicate, TimeRange};
use parking_lot::Mutex;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The lines that `query` asks for, and where the rest of them begins where that was asked.
pub(super) async fn answer(
    gather: &Gather<'_>,
    log: &LogExpr,
    query: &RangeQuery,
    start_ns: i64,
) -> Result<(Vec<AnsweredStream>, Option<Cursor>)> {
    let (stages, ending) = Ending::split(&log.stages);
    checks::cursor(query, &ending)?;
    let range = checks::line_range(start_ns, query.end_ns);
    let range = query.cursor.map_or(range, |cursor| cursor.rest_of(range, query.direction));
    let compiled = compile(stages, Wanted::Lines);
    let Some(compiled) = gather.needed(compiled, &log.matchers, range).await? else {
        return Ok(Default::default());
    };
    gather.check_bytes(&log.matchers, range).await?;
    let given = query.cursor.map_or(0, |cursor| cursor.given);
    let limit = if query.limit == 0 { usize::MAX } else { query.limit.saturating_add(given) };
    let asked = Asked { gather, log, query, ending: &ending, compiled: &compiled };
    let mut hits = Vec::new();
    for piece in pieces(range, query, gather.limits) {
        let left = limit - hits.len();
        if left == 0 {
            break;
        }
        // Thinning chooses among all lines of a piece, and an ending among all of them.
        let most = if query.interval_ns > 0 { usize::MAX } else { left };
        let mut piece = asked.first(piece, most).await?;
        if query.interval_ns > 0 {
            thin(&mut piece, query.interval_ns);
        }
        piece.truncate(left);
        hits.append(&mut piece);
    }
    let next = query.cursor.and_then(|cursor| cursor.after(&mut hits, limit));
    Ok((into_streams(hits, ending.sorts()), next))
}

/// A query for lines whose stages are compiled.
struct Asked<'a> {
    gather: &'a Gather<'a>,
    log: &'a LogExpr,
    query: &'a RangeQuery,
    ending: &'a Ending,
    compiled: &'a Compiled,
}

impl Asked<'_> {
    /// The first `most` lines in `range`. Where fields tell which lines may be given, no others are put together.
    async fn first(&self, range: TimeRange, most: usize) -> Result<Vec<Hit>> {
        let question = self.question(range, most);
        // A part of an answer is made of lines, not of where they would lie.
        let may_judge = self.ending.is_none() && self.query.interval_ns == 0 && self.gather.partial.is_none();
        if !may_judge {
            return self.run(question, most).await;
        }
        let Some(judged) = judge(self.gather, &self.compiled.pipeline, &question, most).await? else {
            return self.run(question, most).await;
        };
        let rest = judged.rest_of(range, self.query.direction);
        let mut hits = Vec::new();
        if !judged.times.is_empty() {
            let mut question = self.question(judged.range, most);
            question.predicates.push(Predicate::Times(judged.times));
            hits = self.run(question, most).await?;
        }
        if hits.len() < most && rest.start_ns < rest.end_ns {
            let most = most - hits.len();
            hits.append(&mut self.run(self.question(rest, most), most).await?);
        }
        Ok(hits)
    }

    fn question(&self, range: TimeRange, most: usize) -> Question<'_> {
        let Compiled { predicates, on_labels, pipeline, rest, .. } = self.compiled;
        let limit_hint = Some(most).filter(|most| *most < usize::MAX && self.ending.is_none());
        Question {
            matchers: &self.log.matchers,
            predicates: predicates.clone(),
            on_labels: on_labels.clone(),
            range,
            projection: pipeline.projection(),
            digest: None,
            direction: self.query.direction,
            limit_hint,
            nearest: limit_hint.filter(|_| rest.iter().all(Stage::only_adds_labels)),
        }
    }

    async fn run(&self, question: Question<'_>, most: usize) -> Result<Vec<Hit>> {
        let direction = self.query.direction;
        let first = Arc::new(First {
            pipeline: self.compiled.pipeline.clone(),
            ending: self.ending.clone(),
            categorize: self.query.categorize,
            direction,
            limit: most,
            worst_ns: AtomicI64::new(end_of_time(direction)),
            cost: self.gather.cost.clone(),
            budget: self.gather.budget.clone(),
            held: Mutex::new(Held::new(self.gather.budget.lease(0)?)),
        });
        self.gather.run(&question, first.clone()).await?;
        let mut held = first.held.lock();
        let mut hits = held.taken();
        hits.truncate(most);
        Ok(hits)
    }
}

impl Cursor {
    /// The part of `range` that it leaves.
    fn rest_of(self, range: TimeRange, direction: Direction) -> TimeRange {
        match direction {
            Direction::Forward => TimeRange::new(range.start_ns.max(self.ts_ns), range.end_ns),
            Direction::Backward => {
                TimeRange::new(range.start_ns, range.end_ns.min(self.ts_ns.saturating_add(1)))
            }
        }
    }

    /// Takes from `hits`, of which there are `limit` at most, those that were given before. Where the next
    /// ones begin; none when these are the last.
    fn after(self, hits: &mut Vec<Hit>, limit: usize) -> Option<Self> {
        let more = hits.len() >= limit;
        let known = hits.iter().take(self.given).take_while(|hit| hit.ts_ns == self.ts_ns).count();
        let last_ns = hits.last().filter(|_| more).map(|hit| hit.ts_ns);
        let next = last_ns.map(|ts_ns| {
            let given = hits.iter().rev().take_while(|hit| hit.ts_ns == ts_ns).count();
            Self { ts_ns, given }
        });
        hits.drain(..known);
        next
    }
}

/// The time ranges that are asked one after the other: the whole, or for a query with an interval
/// the pieces that Loki cuts it into, since thinning starts anew in each.
fn pieces(range: TimeRange, query: &RangeQuery, limits: &Limits) -> Vec<TimeRange> {
    let split_ns = limits.split_queries_by_interval.ns();
    if query.interval_ns <= 0 || split_ns <= 0 {
        return vec![range];
    }
    let mut pieces = Vec::new();
    let mut start_ns = range.start_ns;
    while start_ns < range.end_ns {
        let next_ns = start_ns.saturating_sub(start_ns.rem_euclid(split_ns)).saturating_add(split_ns);
        let end_ns = next_ns.min(range.end_ns);
        pieces.push(TimeRange::new(start_ns, end_ns));
        start_ns = end_ns;
    }
    if query.direction == Direction::Backward {
        pieces.reverse();
    }
    pieces
}

/// Keeps lines that are at least `interval_ns` from the line kept before.
fn thin(hits: &mut Vec<Hit>, interval_ns: i64) {
    let mut kept: Option<i64> = None;
    hits.retain(|hit| {
        let far = kept.is_none_or(|kept| hit.ts_ns.abs_diff(kept) >= interval_ns.unsigned_abs());
        if far {
            kept = Some(hit.ts_ns);
        }
        far
    });
}

/// A line that may be answered. Ordered as the answer is: the first line is the least.
struct Hit {
    /// What `sort by` compares; empty without it.
    place: Box<[Ranked]>,
    /// What `distinct` compares; empty without it.
    key: Box<[u8]>,
    ts_ns: i64,
    /// Orders streams: a hash of the labels, and the position of the tenant.
    rank: (u64, usize),
    /// Position in its run. Rows of one time and stream are in one run.
    row: usize,
    direction: Direction,
    labels: Labels,
    line: AnsweredLine,
}

impl Hit {
    fn held_bytes(&self) -> u64 {
        let labels = [&self.labels, &self.line.metadata, &self.line.parsed];
        let labels: usize = labels.iter().map(|labels| labels.bytes().len()).sum();
        let ending = 2 * self.key.len() + self.place.iter().map(Ranked::held_bytes).sum::<usize>();
        (size_of::<Self>() + self.line.text.len() + labels + ending) as u64
    }
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (time, row) = (self.ts_ns.cmp(&other.ts_ns), self.row.cmp(&other.row));
        let rank = self.rank.cmp(&other.rank);
        let in_time = match self.direction {
            Direction::Forward => time.then(rank).then(row),
            Direction::Backward => time.reverse().then(rank).then(row.reverse()),
        };
        let places = self.place.iter().zip(&other.place).map(|(own, other)| own.cmp(other));
        places.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(in_time)
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hit {}

/// Collects the first lines.
struct First {
    pipeline: Pipeline,
    ending: Ending,
    categorize: bool,
    direction: Direction,
    limit: usize,
    /// Time of the last line that is held, once there are enough; lines beyond it cannot be answered.
    worst_ns: AtomicI64,
    cost: Arc<Cost>,
    budget: ByteBudget,
    held: Mutex<Held>,
}

struct Held {
    /// The last line on top.
    heap: BinaryHeap<Hit>,
    /// With `distinct` instead: the first line of each key.
    by_key: HashMap<Box<[u8]>, Hit>,
    lease: Lease,
}

impl Held {
    fn new(lease: Lease) -> Self {
        Self { heap: BinaryHeap::new(), by_key: HashMap::new(), lease }
    }

    /// All that is held, in order.
    fn taken(&mut self) -> Vec<Hit> {
        let mut hits = std::mem::take(&mut self.heap).into_vec();
        hits.extend(std::mem::take(&mut self.by_key).into_values());
        hits.sort_unstable();
        hits
    }

    /// Takes a line in, unless another of its key comes first.
    fn keep_distinct(&mut self, hit: Hit) -> Result<()> {
        match self.by_key.get_mut(&hit.key) {
            Some(known) if *known <= hit => {}
            Some(known) => {
                self.lease.grow(hit.held_bytes())?;
                self.lease.shrink(known.held_bytes());
                *known = hit;
            }
            None => {
                self.lease.grow(hit.held_bytes())?;
                self.by_key.insert(hit.key.clone(), hit);
            }
        }
        Ok(())
    }

    /// Drops all but the first `limit` keys; gives the time of the last one left. A key that is dropped
    /// can come back only with a line that goes before.
    fn prune(&mut self, limit: usize) -> Option<i64> {
        let mut hits: Vec<Hit> = std::mem::take(&mut self.by_key).into_values().collect();
        hits.sort_unstable();
        for hit in hits.drain(limit.min(hits.len())..) {
            self.lease.shrink(hit.held_bytes());
        }
        let last_ns = hits.last().map(|hit| hit.ts_ns);
        self.by_key.extend(hits.into_iter().map(|hit| (hit.key.clone(), hit)));
        last_ns
    }
}

fn end_of_time(direction: Direction) -> i64 {
    if direction == Direction::Forward { i64::MAX } else { i64::MIN }
}

/// Whether `a_ns` comes after `b_ns`.
fn is_beyond(direction: Direction, a_ns: i64, b_ns: i64) -> bool {
    if direction == Direction::Forward { a_ns > b_ns } else { a_ns < b_ns }
}

impl Work for First {
    fn take(&self, runs: &[Given]) -> Result<()> {
        runs.iter().try_for_each(|given| self.take_run(given))
    }

    fn is_done(&self, bound_ns: i64) -> bool {
        is_beyond(self.direction, bound_ns, self.worst_ns.load(Ordering::Relaxed))
    }
}

impl First {
    fn take_run(&self, given: &Given) -> Result<()> {
        let (lines, rank) = (&given.run.rows, given.rank());
        let pipeline = self.pipeline.for_stream(&given.labels);
        let (mut scratch, mut names) = (Scratch::default(), Names::default());
        let mut found = Vec::new();
        // A pipeline may make long lines of short ones.
        let mut lease = self.budget.lease(0)?;
        for at in 0..lines.len() {
            let row = if self.direction == Direction::Forward { at } else { lines.len() - 1 - at };
            let line = lines.row(row);
            let worst_ns = self.worst_ns.load(Ordering::Relaxed);
            let enough = is_beyond(self.direction, line.ts_ns, worst_ns)
                || (found.len() >= self.limit && self.ending.is_none());
            if enough || self.cost.is_stopped() {
                break;
            }
            let Some(mut processed) = pipeline.line(&mut scratch, line) else { continue };
            let (place, key) = match self.ending.is_none() {
                true => Default::default(),
                false => {
                    let labels = processed.labels();
                    (self.ending.place(labels), self.ending.key(labels))
                }
            };
            let (labels, line) = names.answered(&mut processed, line.ts_ns, self.categorize);
            let hit =
                Hit { place, key, ts_ns: line.ts_ns, rank, row, direction: self.direction, labels, line };
            if !repeats(&found, &hit) {
                lease.grow(hit.line.text.len() as u64)?;
                found.push(hit);
            }
        }
        self.cost.lines_passed.fetch_add(found.len() as u64, Ordering::Relaxed);
        self.keep(found)
    }
}

/// Whether `hit` cannot be told from a line of its time and stream that was found already. Stored
/// lines differ, but a pipeline may have taken away what they differ in.
fn repeats(found: &[Hit], hit: &Hit) -> bool {
    let of_time = found.iter().rev().take_while(|known| known.ts_ns == hit.ts_ns);
    of_time.into_iter().any(|known| known.labels == hit.labels && known.line == hit.line)
}

impl First {
    fn keep(&self, found: Vec<Hit>) -> Result<()> {
        let mut held = self.held.lock();
        if self.ending.is_distinct() {
            return self.keep_distinct(&mut held, found);
        }
        let Held { heap, lease, .. } = &mut *held;
        for hit in found {
            if heap.len() < self.limit {
                lease.grow(hit.held_bytes())?;
                heap.push(hit);
            } else if let Some(mut last) = heap.peek_mut().filter(|last| hit < **last) {
                lease.grow(hit.held_bytes())?;
                lease.shrink(last.held_bytes());
                *last = hit;
            }
        }
        if heap.len() >= self.limit
            && !self.ending.sorts()
            && let Some(last) = heap.peek()
        {
            self.worst_ns.store(last.ts_ns, Ordering::Relaxed);
        }
        Ok(())
    }

    fn keep_distinct(&self, held: &mut Held, found: Vec<Hit>) -> Result<()> {
        for hit in found {
            held.keep_distinct(hit)?;
        }
        // Sorting all keys costs; so there may be twice as many.
        if held.by_key.len() / 2 >= self.limit
            && let Some(last_ns) = held.prune(self.limit)
            && !self.ending.sorts()
        {
            self.worst_ns.store(last_ns, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Label sets of the line before: neighbouring lines mostly share them.
#[derive(Default)]
struct Names {
    all: Labels,
    metadata: Labels,
    parsed: Labels,
}

fn same(known: &mut Labels, labels: LabelsRef<'_>) -> Labels {
    if known.as_ref() != labels {
        *known = labels.to_owned();
    }
    known.clone()
}

impl Names {
    fn answered(&mut self, line: &mut Processed<'_>, ts_ns: i64, categorize: bool) -> (Labels, AnsweredLine) {
        let text = Bytes::copy_from_slice(line.text());
        if categorize {
            let labels = same(&mut self.all, line.stream_labels());
            let metadata = same(&mut self.metadata, line.metadata_labels());
            let parsed = same(&mut self.parsed, line.parsed_labels());
            return (labels, AnsweredLine { ts_ns, text, metadata, parsed });
        }
        let labels = same(&mut self.all, line.labels());
        (labels, AnsweredLine { ts_ns, text, metadata: Labels::default(), parsed: Labels::default() })
    }
}

/// Lines grouped by label set: the sets in the order of their text, or as they come first where lines are
/// `sorted` by labels.
fn into_streams(hits: Vec<Hit>, sorted: bool) -> Vec<AnsweredStream> {
    let mut streams: IndexMap<Labels, Vec<AnsweredLine>> = IndexMap::new();
    for hit in hits {
        streams.entry(hit.labels).or_default().push(hit.line);
    }
    let streams = streams.into_iter().map(|(labels, lines)| AnsweredStream { labels, lines });
    let mut streams: Vec<AnsweredStream> = streams.collect();
    if !sorted {
        streams.sort_by_cached_key(|stream| stream.labels.to_string());
    }
    streams
}
