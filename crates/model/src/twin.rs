//! A naive store in memory behind all the doors, for tests of everything that stands on them.
//!
//! It keeps a list of rows per stream and scans it for every question. It is the measure of what
//! the doors promise: the tests of the real store compare with it, and the tests of `query` and
//! `api` run on it. With [`Twin::scattered`] the same rows come in other runs and another order,
//! as they would from heads, blocks and replicas.

use crate::append::{Ack, Append};
use crate::batch::Batch;
use crate::labels::Labels;
use crate::row::{RowColumns, RowRef};
use crate::select::{
    BoxFuture, Direction, Follow, Followed, Operate, Run, RunFacts, RunStream, Select, Selection,
    StreamFacts, StreamQuery,
};
use crate::signal::Signal;
use crate::stream::Stream;
use crate::tenant::Tenant;
use base::Result;
use bytes::Bytes;
use futures_channel::mpsc;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Batches that a follower may be behind before some are counted as missed.
const FOLLOWER_QUEUE: usize = 1024;

/// The store. Cloning gives the same one.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    state: Arc<Mutex<State>>,
    /// `None`: one run per stream, in strict order.
    scatter: Option<u64>,
}

#[derive(Debug, Default)]
struct State {
    streams: BTreeMap<(Tenant, Signal, Labels), Kept>,
    followers: Vec<Follower>,
    flushes: u64,
}

/// The rows of one stream, oldest first; rows of one time in the order they came.
#[derive(Debug)]
struct Kept {
    stream: Arc<Stream>,
    rows: Vec<Row>,
    duplicates: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    ts_ns: i64,
    text: Bytes,
    metadata: Labels,
}

#[derive(Debug)]
struct Follower {
    tenant: Tenant,
    queue: mpsc::Sender<Followed>,
    missed: u64,
}

impl Row {
    fn as_line(&self) -> RowRef<'_> {
        RowRef { ts_ns: self.ts_ns, body: &self.text, metadata: self.metadata.as_ref() }
    }
}

impl Twin {
    /// An empty store that gives each stream as one run.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same rows, cut into runs at places and given in an order that depend on `seed`.
    #[must_use]
    pub fn scattered(&self, seed: u64) -> Self {
        Self { state: self.state.clone(), scatter: Some(seed) }
    }

    /// How often [`Operate::flush`] was called.
    pub fn flushes(&self) -> u64 {
        self.state.lock().flushes
    }

    /// Rows kept, over all tenants.
    pub fn row_count(&self) -> usize {
        self.state.lock().streams.values().map(|kept| kept.rows.len()).sum()
    }

    fn runs(&self, selection: &Selection) -> Vec<Run> {
        let state = self.state.lock();
        let mut chance = self.scatter.map(Chance);
        let mut runs = Vec::new();
        for ((tenant, signal, labels), kept) in &state.streams {
            let asked = *tenant == selection.tenant && *signal == selection.signal;
            if asked && selection.matchers.iter().all(|matcher| matcher.matches_labels(labels.as_ref())) {
                let rows = kept.passing(selection);
                runs.extend(cut(&rows, &mut chance).map(|rows| kept.run(rows, selection)));
            }
        }
        drop(state);
        order(&mut runs, selection, &mut chance);
        let mut known = HashSet::new();
        runs.iter_mut().for_each(|run| run.new_streams = known.insert(run.stream.labels.clone()).into());
        runs
    }
}

impl Kept {
    /// Keeps `row` unless it is there already. Says whether it was new.
    fn insert(&mut self, row: RowRef<'_>) -> bool {
        let from = self.rows.partition_point(|kept| kept.ts_ns < row.ts_ns);
        let to = self.rows.partition_point(|kept| kept.ts_ns <= row.ts_ns);
        if self.rows[from..to].iter().any(|kept| kept.as_line() == row) {
            self.duplicates += 1;
            return false;
        }
        let (text, metadata) = (Bytes::copy_from_slice(row.body), row.metadata.to_owned());
        self.rows.insert(to, Row { ts_ns: row.ts_ns, text, metadata });
        true
    }

    fn passing(&self, selection: &Selection) -> Vec<&Row> {
        let stats = &selection.stats;
        let in_range = self.rows.iter().filter(|row| selection.range.contains(row.ts_ns));
        let rows: Vec<&Row> = in_range
            .inspect(|row| {
                let metadata_bytes =
                    row.metadata.iter().map(|(n, v)| (n.len() + v.len()) as u64).sum::<u64>();
                stats.head_rows.fetch_add(1, Ordering::Relaxed);
                stats.head_bytes.fetch_add(row.text.len() as u64 + metadata_bytes, Ordering::Relaxed);
                stats.metadata_bytes.fetch_add(metadata_bytes, Ordering::Relaxed);
            })
            .filter(|row| selection.predicates.iter().all(|wanted| wanted.matches(&row.as_line())))
            .collect();
        stats.rows_passed.fetch_add(rows.len() as u64, Ordering::Relaxed);
        stats.duplicates.fetch_add(self.duplicates, Ordering::Relaxed);
        rows
    }

    fn run(&self, rows: &[&Row], selection: &Selection) -> Run {
        let mut columns = RowColumns::from_rows(rows.iter().map(|row| row.as_line()));
        if !selection.projection.body {
            columns.bodies = Bytes::new();
        }
        if !selection.projection.metadata {
            columns.metadata = Bytes::new();
            columns.metadata_ends = Vec::new();
        }
        Run { stream: self.stream.clone(), rows: columns, new_streams: 0, bound_ns: 0 }
    }
}

/// Cuts the rows of a stream into runs: one, or by chance several; rows of one time stay together.
fn cut<'a>(rows: &'a [&'a Row], chance: &mut Option<Chance>) -> impl Iterator<Item = &'a [&'a Row]> {
    let mut starts = vec![0];
    for at in 1..rows.len() {
        let apart = rows[at - 1].ts_ns < rows[at].ts_ns;
        if apart && chance.as_mut().is_some_and(|chance| chance.below(4) == 0) {
            starts.push(at);
        }
    }
    starts.push(rows.len());
    let pieces: Vec<_> = starts.windows(2).map(|pair| &rows[pair[0]..pair[1]]).collect();
    pieces.into_iter().filter(|piece| !piece.is_empty())
}

/// Puts runs in the selection's direction, by chance only roughly, and sets their bounds.
fn order(runs: &mut [Run], selection: &Selection, chance: &mut Option<Chance>) {
    let span = |run: &Run| {
        let lines = &run.rows;
        let ends = lines.ts_ns.first().copied().zip(lines.ts_ns.last().copied());
        ends.unwrap_or((selection.range.start_ns, selection.range.start_ns))
    };
    match selection.direction {
        Direction::Backward => runs.sort_by_key(|run| std::cmp::Reverse(span(run).1)),
        Direction::Forward => runs.sort_by_key(|run| span(run).0),
    }
    if let Some(chance) = chance {
        for at in 1..runs.len() {
            let other = at - (chance.below(4) as usize).min(at);
            runs.swap(at, other);
        }
    }
    let mut bound = match selection.direction {
        Direction::Backward => selection.range.start_ns,
        Direction::Forward => selection.range.end_ns,
    };
    for run in runs.iter_mut().rev() {
        run.bound_ns = bound;
        let (oldest, newest) = span(run);
        bound = match selection.direction {
            Direction::Backward => bound.max(newest),
            Direction::Forward => bound.min(oldest),
        };
    }
}

/// A repeatable sequence of numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        xxhash_rust::xxh3::xxh3_64(&self.0.to_le_bytes()) % limit
    }
}

impl Append for Twin {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Ack>> {
        let mut state = self.state.lock();
        for stream in batch.streams() {
            let labels = stream.labels.to_owned();
            let key = (batch.tenant().clone(), batch.signal(), labels.clone());
            let kept = state.streams.entry(key).or_insert_with(|| Kept {
                stream: Arc::new(Stream::new(labels)),
                rows: Vec::new(),
                duplicates: 0,
            });
            for line in stream.rows() {
                kept.insert(line);
            }
        }
        state.followers.retain_mut(|follower| follower.tell(&batch));
        drop(state);
        Box::pin(std::future::ready(Ok(Ack::default())))
    }
}

impl Follower {
    /// Says whether the follower still listens.
    fn tell(&mut self, batch: &Batch) -> bool {
        if self.tenant != *batch.tenant() {
            return !self.queue.is_closed();
        }
        if self.missed > 0 && self.queue.try_send(Followed::Missed(self.missed)).is_ok() {
            self.missed = 0;
        }
        match self.queue.try_send(Followed::Batch(batch.clone())) {
            Ok(()) => true,
            Err(full) => {
                self.missed += 1;
                !full.is_disconnected()
            }
        }
    }
}

impl Select for Twin {
    fn select(&self, selection: Selection) -> RunStream {
        Box::pin(futures_util::stream::iter(self.runs(&selection).into_iter().map(Ok)))
    }

    fn streams(&self, query: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>> {
        let state = self.state.lock();
        let mut facts = Vec::new();
        for ((tenant, signal, labels), kept) in &state.streams {
            let asked = *tenant == query.tenant && *signal == query.signal;
            if asked && query.matchers.iter().all(|matcher| matcher.matches_labels(labels.as_ref())) {
                let runs: Vec<RunFacts> = kept
                    .facts()
                    .into_iter()
                    .filter(|run| query.range.overlaps(run.min_ns, run.max_ns))
                    .collect();
                if !runs.is_empty() {
                    facts.push(StreamFacts { stream: kept.stream.clone(), runs });
                }
            }
        }
        Box::pin(std::future::ready(Ok(facts)))
    }
}

impl Kept {
    /// The whole stream as one stored run.
    fn facts(&self) -> Option<RunFacts> {
        let row_bytes = |row: &Row| {
            row.text.len() as u64 + row.metadata.iter().map(|(n, v)| (n.len() + v.len()) as u64).sum::<u64>()
        };
        Some(RunFacts {
            min_ns: self.rows.first()?.ts_ns,
            max_ns: self.rows.last()?.ts_ns,
            rows: self.rows.len() as u64,
            bytes: self.rows.iter().map(row_bytes).sum(),
        })
    }
}

impl Follow for Twin {
    fn follow(&self, tenant: &Tenant) -> Pin<Box<dyn futures_util::Stream<Item = Followed> + Send>> {
        let (queue, listener) = mpsc::channel(FOLLOWER_QUEUE);
        self.state.lock().followers.push(Follower { tenant: tenant.clone(), queue, missed: 0 });
        Box::pin(listener)
    }
}

impl Operate for Twin {
    fn flush(&self, _tenant: Option<Tenant>) -> BoxFuture<'_, Result<()>> {
        self.state.lock().flushes += 1;
        Box::pin(std::future::ready(Ok(())))
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
