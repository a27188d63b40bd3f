//! The second door: what was kept comes out here.

use crate::batch::Batch;
use crate::digest::Digest;
use crate::estimate::{Estimate, RowsEstimate};
use crate::filter::Predicate;
use crate::matcher::Matcher;
use crate::row::RowColumns;
use crate::signal::Signal;
use crate::stream::Stream;
use crate::tenant::Tenant;
use crate::time::TimeRange;
use base::{ByteBudget, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs as they come; dropping it stops the work behind it.
pub type RunStream = Pin<Box<dyn futures_util::Stream<Item = Result<Run>> + Send>>;

/// Gives what was kept.
pub trait Select: Send + Sync {
    /// The rows that `selection` asks for.
    ///
    /// Runs of one stream do not overlap in time and hold no duplicates (same time, text and
    /// metadata), whether rows lie in heads, blocks or both. Runs come roughly in the selection's
    /// direction; [`Run::bound_ns`] says how far the rest can still reach.
    fn select(&self, selection: Selection) -> RunStream;

    /// What is known about the streams that match, without reading rows.
    fn streams(&self, query: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>>;

    /// What `selection` would read, without reading rows; what finding that out costs is counted in its
    /// statistics. A store that knows no more than its streams tells what they hold.
    fn estimate(&self, selection: Selection) -> BoxFuture<'_, Result<Estimate>> {
        let Selection { tenant, signal, range, matchers, .. } = selection;
        let streams = self.streams(StreamQuery { tenant, signal, range, matchers });
        Box::pin(async move {
            let streams = streams.await?;
            let mut heads = RowsEstimate::default();
            for run in streams.iter().flat_map(|stream| &stream.runs) {
                heads.add(RowsEstimate { rows: run.rows, bytes: run.bytes });
            }
            Ok(Estimate { streams: streams.len() as u64, heads, ..Estimate::default() })
        })
    }
}

/// Gives what is being appended, as it comes.
pub trait Follow: Send + Sync {
    /// Batches of `tenant` from now on, after they were acknowledged.
    fn follow(&self, tenant: &Tenant) -> Pin<Box<dyn futures_util::Stream<Item = Followed> + Send>>;
}

/// What a follower sees.
#[derive(Clone, Debug)]
pub enum Followed {
    /// An acknowledged batch.
    Batch(Batch),
    /// So many batches were lost because the follower was too slow.
    Missed(u64),
}

/// What operators ask of a node that stores.
pub trait Operate: Send + Sync {
    /// Moves everything in memory (of one tenant, or of all) into blocks.
    fn flush(&self, tenant: Option<Tenant>) -> BoxFuture<'_, Result<()>>;

    /// Merges small blocks, where there are any.
    fn compact(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// `Err` says in one line why the node cannot serve yet.
    fn ready(&self) -> Result<(), String>;
}

/// Which end of time comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Newest first.
    #[default]
    Backward,
    /// Oldest first.
    Forward,
}

/// What a question needs of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// The bodies; without them only their lengths are given.
    pub body: bool,
    /// Structured metadata.
    pub metadata: bool,
}

impl Projection {
    /// Everything.
    pub const ALL: Self = Self { body: true, metadata: true };
}

/// A question for rows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whose.
    pub tenant: Tenant,
    /// Of what kind.
    pub signal: Signal,
    /// When.
    pub range: TimeRange,
    /// Of which streams; all must match.
    pub matchers: Vec<Matcher>,
    /// Which rows; all must hold, and every row given has been checked.
    pub predicates: Vec<Predicate>,
    /// What of them.
    pub projection: Projection,
    /// What suffices of the rows, when not all of them is wanted: a hint to read little.
    pub digest: Option<Arc<Digest>>,
    /// Which end first.
    pub direction: Direction,
    /// How many rows the asker will take at most, when it knows: a hint to read little at first.
    pub limit_hint: Option<usize>,
    /// So many rows suffice, those at the first end: a hint to leave others out. At the last of their times it does not say
    /// of which streams these are.
    pub nearest: Option<usize>,
    /// What the question may hold in memory.
    pub budget: ByteBudget,
    /// What the work cost.
    pub stats: Arc<ScanStats>,
}

/// Rows of one stream, oldest first.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which stream.
    pub stream: Arc<Stream>,
    /// Its rows. With a digest they may be those of several streams ([`Digest::cells`]).
    pub rows: RowColumns,
    /// Streams of which this selection has given no rows before.
    pub new_streams: u32,
    /// No later run has a row newer (backward) or older (forward) than this.
    pub bound_ns: i64,
}

/// A question about streams.
#[derive(Clone, Debug)]
pub struct StreamQuery {
    /// Whose.
    pub tenant: Tenant,
    /// Of what kind.
    pub signal: Signal,
    /// When.
    pub range: TimeRange,
    /// Which; all must match.
    pub matchers: Vec<Matcher>,
}

/// What is known about one stream in a time range.
#[derive(Clone, Debug)]
pub struct StreamFacts {
    /// Which.
    pub stream: Arc<Stream>,
    /// Its runs that touch the range, in no order.
    pub runs: Vec<RunFacts>,
}

/// What is known about one stored run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// Oldest row.
    pub min_ns: i64,
    /// Newest row.
    pub max_ns: i64,
    /// Rows.
    pub rows: u64,
    /// Bytes of text and structured metadata.
    pub bytes: u64,
}

/// What answering cost; counted while the work goes on.
#[derive(Debug, Default)]
pub struct ScanStats {
    /// Blocks that might hold rows.
    pub blocks: AtomicU64,
    /// Pages in these blocks that might hold rows by time and stream.
    pub pages_considered: AtomicU64,
    /// Pages that a filter proved empty.
    pub pages_skipped: AtomicU64,
    /// Pages whose counts answered without their rows.
    pub pages_counted: AtomicU64,
    /// Pages decoded.
    pub pages_read: AtomicU64,
    /// Bytes fetched from the bucket, the cache included.
    pub fetched_bytes: AtomicU64,
    /// Requests to the bucket that the cache could not answer.
    pub bucket_requests: AtomicU64,
    /// The most of these that had to wait for each other, of any block.
    pub bucket_rounds: AtomicU64,
    /// Nanoseconds of threads that searched and decoded rows.
    pub scan_ns: AtomicU64,
    /// Bytes of pages as stored.
    pub compressed_bytes: AtomicU64,
    /// Bytes of text and metadata looked at in blocks.
    pub block_bytes: AtomicU64,
    /// Rows looked at in blocks.
    pub block_rows: AtomicU64,
    /// Bytes looked at in heads.
    pub head_bytes: AtomicU64,
    /// Rows looked at in heads.
    pub head_rows: AtomicU64,
    /// Bytes of structured metadata looked at.
    pub metadata_bytes: AtomicU64,
    /// Rows that passed the predicates.
    pub rows_passed: AtomicU64,
    /// Rows dropped as duplicates.
    pub duplicates: AtomicU64,
}
