//! What is asked of the engine and what it gives back.

use model::{Answer, Direction, Tenant};
use serde::Serialize;
use std::time::Instant;

/// A query over a range of time.
#[derive(Clone, Debug)]
pub struct RangeQuery {
    /// Whose lines; with several, each label set gets a `__tenant_id__`.
    pub tenants: Vec<Tenant>,
    /// LogQL.
    pub query: String,
    /// First nanosecond asked for.
    pub start_ns: i64,
    /// End: exclusive for lines, the last possible step for numbers.
    pub end_ns: i64,
    /// Distance of steps; positive.
    pub step_ns: i64,
    /// Least distance of answered lines; 0 answers all.
    pub interval_ns: i64,
    /// Most lines answered; 0 is no limit of the asker's.
    pub limit: usize,
    /// Which lines first.
    pub direction: Direction,
    /// Keep stream labels, structured metadata and parsed labels apart.
    pub categorize: bool,
    /// Move start and end of a metric query to multiples of the step.
    pub align: bool,
    /// Where to go on, for who reads page by page; also asks for the next one in [`Answered::next`]. Not
    /// with an interval, `distinct` or `sort by`.
    pub cursor: Option<Cursor>,
    /// When a limit, the deadline or the store ends the work early, what was found until then is the answer,
    /// with a warning.
    pub partial: Option<Partial>,
    /// Time of day.
    pub now_ns: i64,
}

/// A place between two lines of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last line that was given.
    pub ts_ns: i64,
    /// How many lines of that time were given.
    pub given: usize,
}

impl Cursor {
    /// Before the first line that is given in `direction`.
    pub fn before_all(direction: Direction) -> Self {
        let ts_ns = if direction == Direction::Forward { i64::MIN } else { i64::MAX };
        Self { ts_ns, given: 0 }
    }
}

/// Leave to answer with a part.
#[derive(Clone, Copy, Debug)]
pub struct Partial {
    /// When to stop reading.
    pub deadline: Instant,
}

/// A query at one point of time.
#[derive(Clone, Debug)]
pub struct InstantQuery {
    /// Whose lines; with several, each label set gets a `__tenant_id__`.
    pub tenants: Vec<Tenant>,
    /// LogQL.
    pub query: String,
    /// When.
    pub time_ns: i64,
    /// As in [`RangeQuery::partial`].
    pub partial: Option<Partial>,
    /// Time of day.
    pub now_ns: i64,
}

/// An answer with what it cost.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// What the asker should know about it.
    pub warnings: Vec<String>,
    /// Where the next lines begin; none after the last ones, or where no cursor was asked for.
    pub next: Option<Cursor>,
    /// What it cost.
    pub stats: QueryStats,
}

/// What a query cost, for the statistics block of an answer and for the query log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStats {
    /// Seconds from question to answer.
    pub exec_seconds: f64,
    /// Seconds of compute, over all threads.
    pub compute_seconds: f64,
    /// Selections asked of the store.
    pub selections: u64,
    /// Runs that came back.
    pub runs: u64,
    /// Lines or points in the answer.
    pub entries_returned: u64,
    /// Lines that passed the whole pipeline.
    pub lines_passed: u64,
    /// Most bytes held at once.
    pub peak_memory_bytes: u64,
    /// What the store did.
    pub scan: ScanCounts,
}

impl QueryStats {
    /// Lines looked at, in heads and blocks.
    pub fn lines_processed(&self) -> u64 {
        self.scan.head_rows + self.scan.block_rows
    }

    /// Bytes of text and metadata looked at, in heads and blocks.
    pub fn bytes_processed(&self) -> u64 {
        self.scan.head_bytes + self.scan.block_bytes
    }
}

/// [`model::ScanStats`] as they were when the query ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // each field is the counter of its name
pub struct ScanCounts {
    pub blocks: u64,
    pub pages_considered: u64,
    pub pages_skipped: u64,
    pub pages_counted: u64,
    pub pages_read: u64,
    pub fetched_bytes: u64,
    pub bucket_requests: u64,
    pub bucket_rounds: u64,
    pub scan_ns: u64,
    pub compressed_bytes: u64,
    pub block_bytes: u64,
    pub block_rows: u64,
    pub head_bytes: u64,
    pub head_rows: u64,
    pub metadata_bytes: u64,
    pub rows_passed: u64,
    pub duplicates: u64,
}

impl From<&model::ScanStats> for ScanCounts {
    fn from(stats: &model::ScanStats) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Self {
            blocks: get(&stats.blocks),
            pages_considered: get(&stats.pages_considered),
            pages_skipped: get(&stats.pages_skipped),
            pages_counted: get(&stats.pages_counted),
            pages_read: get(&stats.pages_read),
            fetched_bytes: get(&stats.fetched_bytes),
            bucket_requests: get(&stats.bucket_requests),
            bucket_rounds: get(&stats.bucket_rounds),
            scan_ns: get(&stats.scan_ns),
            compressed_bytes: get(&stats.compressed_bytes),
            block_bytes: get(&stats.block_bytes),
            block_rows: get(&stats.block_rows),
            head_bytes: get(&stats.head_bytes),
            head_rows: get(&stats.head_rows),
            metadata_bytes: get(&stats.metadata_bytes),
            rows_passed: get(&stats.rows_passed),
            duplicates: get(&stats.duplicates),
        }
    }
}
