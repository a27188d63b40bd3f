//! What the catalogue keeps of a block.

use model::{Signal, Tenant, TimeRange};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// All that is needed to decide whether to open a block, and to open it with one ranged read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockMeta {
    /// Key in the bucket: `<tenant>/<signal>/<day of the oldest row>/<hash of the content>.block`.
    pub name: String,
    /// Whose.
    pub tenant: Tenant,
    /// Of what kind.
    pub signal: Signal,
    /// Oldest row.
    pub min_ns: i64,
    /// Newest row.
    pub max_ns: i64,
    /// When the first of its rows was received.
    pub received_min_ns: i64,
    /// When the last of its rows was received.
    pub received_max_ns: i64,
    /// Rows.
    pub rows: u64,
    /// Streams.
    pub streams: u32,
    /// Bytes of text and structured metadata.
    pub raw_bytes: u64,
    /// Bytes of the object.
    pub size_bytes: u64,
    /// Bytes at the end of the object that [`super::Block::open`] needs.
    pub tail_bytes: u64,
}

impl BlockMeta {
    /// Where the tail lies in the object.
    pub fn tail_range(&self) -> Range<u64> {
        self.size_bytes.saturating_sub(self.tail_bytes)..self.size_bytes
    }

    /// Whether a row may lie in `range`.
    pub fn overlaps(&self, range: TimeRange) -> bool {
        range.overlaps(self.min_ns, self.max_ns)
    }
}
