//! Rows of one tenant that are not in a block yet.
//!
//! ```text
//! Head ─ 16 shards by fingerprint, each behind a lock that is held for one stream's rows at a time
//!   └─ streams of the shard: identity, full runs (shared, never changed), one run that grows
//! ```
//!
//! A question takes a view: which runs there are and how many rows each has. It reads them later,
//! one by one: full runs are shared, of the growing one the rows that were there are copied (at most
//! 64 KiB of text). So nobody waits for a question, and a question sees one moment. Where it needs bytes that few
//! rows have, runs without them are left out before ([`Head::sift`]). A head that is being flushed is *frozen*: nothing is
//! inserted any more, questions still read it until its blocks are in the catalogue.

mod incoming;
mod memory;
mod pieces;
mod run;
mod sets;
mod shard;
mod sift;

pub use memory::Memory;
pub use run::Run;
pub use shard::{RunView, StreamView};

use model::{Batch, Matcher, RunFacts, Stream, TimeRange};
use parking_lot::Mutex;
use shard::Shard;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wal::Position;

/// Shards of a head; a power of two.
const SHARDS: usize = 16;

/// The rows. Dropping it gives its memory back.
#[derive(Debug)]
pub struct Head {
    shards: [Mutex<Shard>; SHARDS],
    mark: Mutex<Mark>,
    memory: Memory,
    held_bytes: AtomicU64,
}

/// Where the rows of a head stand in the write-ahead log, and when they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Every row is in a record behind this position. None: there was no append yet.
    pub needed_from: Option<Position>,
    /// The last record inserted.
    pub through: Option<Position>,
    /// When the first and the last batch were received.
    pub received_ns: Option<(i64, i64)>,
}

/// What inserting a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Runs begun.
    pub runs: u64,
    /// Rows that repeated the row before them and were dropped.
    pub duplicates: u64,
}

/// Where a stream is in its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey {
    shard: u32,
    index: u32,
}

impl Head {
    /// An empty head that takes its bytes from `memory`.
    pub fn new(memory: Memory) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(Shard::default()));
        Self { shards, mark: Mutex::default(), memory, held_bytes: AtomicU64::new(0) }
    }

    /// Notes that an append begins whose record will be behind `position`. The first note counts:
    /// later appends come later in the log.
    pub fn expect_after(&self, position: Position) {
        self.mark.lock().needed_from.get_or_insert(position);
    }

    /// Inserts the rows of `batch`, whose record is at `position`.
    pub fn insert(&self, batch: &Batch, position: Position) -> Inserted {
        let mut inserted = Inserted::default();
        let (mut before_bytes, mut now_bytes) = (0, 0);
        for stream in batch.streams() {
            let mut shard = self.shards[shard_of(stream.fingerprint())].lock();
            before_bytes += shard.held_bytes();
            inserted += shard.insert(&stream);
            now_bytes += shard.held_bytes();
        }
        self.recount(before_bytes, now_bytes);
        let mut mark = self.mark.lock();
        mark.needed_from.get_or_insert(position);
        mark.through = mark.through.max(Some(position));
        let received_ns = batch.received_ns();
        mark.received_ns = Some(mark.received_ns.map_or((received_ns, received_ns), |(first, last)| {
            (first.min(received_ns), last.max(received_ns))
        }));
        inserted
    }

    /// Counts memory that grew, or shrank when a run was closed.
    fn recount(&self, before_bytes: u64, now_bytes: u64) {
        if now_bytes >= before_bytes {
            self.held_bytes.fetch_add(now_bytes - before_bytes, Ordering::Relaxed);
            self.memory.hold(now_bytes - before_bytes);
        } else {
            self.held_bytes.fetch_sub(before_bytes - now_bytes, Ordering::Relaxed);
            self.memory.release(before_bytes - now_bytes);
        }
    }

    /// Where its rows stand.
    pub fn mark(&self) -> Mark {
        *self.mark.lock()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.mark.lock().through.is_none()
    }

    /// Bytes of memory.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Runs in it.
    pub fn run_count(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().run_count()).sum()
    }

    /// The streams that match all `matchers`, with their runs that touch `range` as they are now.
    /// Streams without such runs are left out.
    pub fn view(&self, matchers: &[Matcher], range: TimeRange) -> Vec<StreamView> {
        let mut views = Vec::new();
        for (shard, locked) in self.shards.iter().enumerate() {
            locked.lock().view(matchers, range, |index, stream, runs| {
                views.push(StreamView { key: StreamKey { shard: shard as u32, index }, stream, runs });
            });
        }
        views
    }

    /// What is known about the streams that match all `matchers` in `range`.
    pub fn facts(&self, matchers: &[Matcher], range: TimeRange) -> Vec<(Arc<Stream>, Vec<RunFacts>)> {
        let facts = |view: StreamView| (view.stream, facts_of(&view.runs));
        self.view(matchers, range).into_iter().map(facts).collect()
    }

    /// The rows of `run` of the stream at `key`, as many as `view` saw.
    pub fn read(&self, key: StreamKey, run: &RunView) -> Option<Arc<Run>> {
        self.shards.get(key.shard as usize)?.lock().read(key.index, run)
    }

    /// Closes every growing run. To be called once nothing is inserted any more.
    pub fn freeze(&self) {
        for shard in &self.shards {
            shard.lock().close_all();
        }
    }

    /// Every stream of a frozen head.
    pub fn streams(&self) -> Vec<(StreamKey, Arc<Stream>)> {
        let mut all = Vec::new();
        for (shard, locked) in self.shards.iter().enumerate() {
            let shard_streams = locked.lock().streams();
            all.extend(
                shard_streams
                    .into_iter()
                    .enumerate()
                    .map(|(index, stream)| (StreamKey { shard: shard as u32, index: index as u32 }, stream)),
            );
        }
        all
    }

    /// The runs of a stream of a frozen head, in the order they came.
    pub fn runs(&self, key: StreamKey) -> Vec<Arc<Run>> {
        let shard = self.shards.get(key.shard as usize);
        shard.map(|shard| shard.lock().runs(key.index)).unwrap_or_default()
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        self.memory.release(self.held_bytes());
    }
}

impl std::ops::AddAssign for Inserted {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.duplicates += other.duplicates;
    }
}

/// By the upper bits; the lower ones place a stream in its shard's table.
fn shard_of(fingerprint: u64) -> usize {
    (fingerprint >> 60) as usize % SHARDS
}

/// Runs follow each other closely; told one by one they would look like many small pieces. So
/// neighbours are told as one, up to the size of a chunk in Loki, which statistics count by.
fn facts_of(runs: &[RunView]) -> Vec<RunFacts> {
    const TOLD_BYTES: u64 = 3 << 19;
    let mut told: Vec<RunFacts> = Vec::new();
    for run in runs {
        match told.last_mut() {
            Some(last) if last.bytes + run.facts.bytes <= TOLD_BYTES => {
                last.min_ns = last.min_ns.min(run.facts.min_ns);
                last.max_ns = last.max_ns.max(run.facts.max_ns);
                last.rows += run.facts.rows;
                last.bytes += run.facts.bytes;
            }
            _ => told.push(run.facts),
        }
    }
    told
}

#[cfg(test)]
mod tests;
