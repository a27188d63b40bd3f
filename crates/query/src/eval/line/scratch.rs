//! What a thread reuses from line to line.

use super::json::JsonScratch;
use super::labels::LabelSet;
use crate::template::TemplateScratch;

/// Buffers of one thread. Keep one per thread and pass it with every line.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) labels: LabelSet,
    /// The text after the last stage that rewrote it.
    pub(super) text: Vec<u8>,
    /// What the next such stage writes.
    pub(super) next: Vec<u8>,
    pub(super) buffers: Buffers,
    /// Canonical label bytes for the caller.
    pub(super) answer: Vec<u8>,
}

/// Buffers of the stages.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) json: JsonScratch,
    pub(super) name: String,
    pub(super) suffixed: String,
    pub(super) formatted: String,
    pub(super) template: TemplateScratch,
    /// What templates take for the present, Unix nanoseconds.
    pub(super) now_ns: i64,
}

impl Scratch {
    /// Buffers for queries that take `now_ns`, Unix nanoseconds, for the present. With the default
    /// that is 1970; only templates that call `now` see it.
    pub fn at(now_ns: i64) -> Self {
        Self { buffers: Buffers { now_ns, ..Buffers::default() }, ..Self::default() }
    }
}
