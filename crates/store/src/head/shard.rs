//! The streams of one shard of a head.

use super::incoming::Incoming;
use super::pieces::Pieces;
use super::run::{OpenRun, Run};
use super::{Inserted, StreamKey};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::batch::BatchStream;
use model::{Matcher, RunFacts, Stream, TimeRange};
use page::Seek;
use std::hash::BuildHasher;
use std::sync::Arc;

/// What a stream costs besides its rows: its slot here, its identity and two allocations.
const STREAM_BYTES: u64 = size_of::<Slot>() as u64 + 96;
/// What a full run costs besides its columns.
const RUN_BYTES: u64 = size_of::<Run>() as u64 + 48;

/// A stream with its runs, seen at one moment.
#[derive(Clone, Debug)]
pub struct StreamView {
    /// Where it is.
    pub key: StreamKey,
    /// Which it is.
    pub stream: Arc<Stream>,
    /// Its runs in the order they came.
    pub runs: Vec<RunView>,
}

/// A run, seen at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunView {
    /// Its place among the runs of the stream.
    pub run: u32,
    /// What was known about it; it may have grown since.
    pub facts: RunFacts,
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Places in `slots`, by fingerprint.
    table: HashTable<u32>,
    /// Places depend on a number drawn for this shard, so that clients cannot fill one place.
    places: RandomState,
    slots: Pieces<Slot>,
    held_bytes: u64,
    runs: u64,
}

#[derive(Debug)]
struct Slot {
    stream: Arc<Stream>,
    full: Vec<Arc<Run>>,
    open: OpenRun,
}

impl Shard {
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    pub fn run_count(&self) -> u64 {
        self.runs
    }

    /// Inserts the rows of a stream.
    pub fn insert(&mut self, batch: &BatchStream<'_>) -> Inserted {
        let index = self.find_or_add(batch);
        let mut inserted = Inserted::default();
        let Some(slot) = self.slots.get_mut(index) else { return inserted };
        let open_before = slot.open.held_bytes();
        let mut full_bytes = 0;
        let mut rows = Incoming::new(batch);
        loop {
            inserted.duplicates += slot.open.take(&mut rows);
            let Some(row) = rows.next() else { break };
            let (text_bytes, row_count) = (batch.bodies.len(), batch.row_count as usize);
            let next = OpenRun::with_room(text_bytes, row_count, slot.open.room(), row.len);
            let full = std::mem::replace(&mut slot.open, next);
            if !full.is_empty() {
                let full = full.close();
                full_bytes += full.held_bytes + RUN_BYTES;
                slot.full.push(Arc::new(full));
            }
            inserted.runs += 1;
        }
        self.held_bytes = (self.held_bytes + full_bytes + slot.open.held_bytes()).saturating_sub(open_before);
        self.runs += inserted.runs;
        inserted
    }

    fn find_or_add(&mut self, batch: &BatchStream<'_>) -> usize {
        let (labels, fingerprint) = (batch.labels.bytes(), batch.fingerprint());
        let same = |index: &u32| {
            self.slots.get(*index as usize).is_some_and(|slot| slot.stream.labels.bytes() == labels)
        };
        if let Some(index) = self.table.find(self.places.hash_one(fingerprint), same) {
            return *index as usize;
        }
        let index = self.slots.len();
        let stream = Arc::new(Stream { labels: batch.labels.to_owned(), fingerprint });
        self.held_bytes += STREAM_BYTES + labels.len() as u64;
        self.slots.push(Slot { stream, full: Vec::new(), open: OpenRun::default() });
        let place = self.places.hash_one(fingerprint);
        let rehash = |index: &u32| {
            let fingerprint = self.slots.get(*index as usize).map_or(0, |slot| slot.stream.fingerprint);
            self.places.hash_one(fingerprint)
        };
        self.table.insert_unique(place, index as u32, rehash);
        index
    }

    /// Gives the matching streams that have runs in `range` to `found`.
    pub fn view(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        mut found: impl FnMut(u32, Arc<Stream>, Vec<RunView>),
    ) {
        for (index, slot) in self.slots.iter().enumerate() {
            let labels = slot.stream.labels.as_ref();
            if !matchers.iter().all(|matcher| matcher.matches_labels(labels)) {
                continue;
            }
            let open = (!slot.open.is_empty()).then(|| slot.open.facts());
            let facts = slot.full.iter().map(|run| run.facts).chain(open);
            let runs: Vec<RunView> = (0..)
                .zip(facts)
                .filter(|(_, facts)| range.overlaps(facts.min_ns, facts.max_ns))
                .map(|(run, facts)| RunView { run, facts })
                .collect();
            if !runs.is_empty() {
                found(index as u32, slot.stream.clone(), runs);
            }
        }
    }

    /// The rows of a run that were there when it was seen.
    pub fn read(&self, index: u32, seen: &RunView) -> Option<Arc<Run>> {
        let slot = self.slots.get(index as usize)?;
        let rows = usize::try_from(seen.facts.rows).ok()?;
        match slot.full.get(seen.run as usize) {
            Some(run) if run.facts.rows == seen.facts.rows => Some(run.clone()),
            Some(run) => Some(Arc::new(run.first(rows))),
            None => Some(Arc::new(slot.open.copy(rows))),
        }
    }

    /// Bytes of the texts of the run that grows, which was run `run` when it was seen, if no row of it has what `seek` looks
    /// for. It may be full by now: then nothing is known.
    pub fn open_without(&self, index: u32, run: u32, seek: &Seek<'_>) -> Option<u64> {
        let slot = self.slots.get(index as usize)?;
        let is_open = slot.full.len() == run as usize;
        (is_open && !slot.open.may_hold(seek)).then(|| slot.open.text_bytes())
    }

    pub fn close_all(&mut self) {
        for slot in self.slots.iter_mut() {
            if !slot.open.is_empty() {
                let full = std::mem::take(&mut slot.open).close();
                slot.full.push(Arc::new(full));
            }
        }
    }

    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.slots.iter().map(|slot| slot.stream.clone()).collect()
    }

    pub fn runs(&self, index: u32) -> Vec<Arc<Run>> {
        self.slots.get(index as usize).map(|slot| slot.full.clone()).unwrap_or_default()
    }
}
