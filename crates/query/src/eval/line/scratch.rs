//! What a thread reuses from line to line.

use super::json::JsonScratch;
use super::labels::LabelSet;
use crate::template::TemplateScratch;
use base::Clock;

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
    /// What templates take the present from.
    pub(super) clock: Clock,
}

impl Scratch {
    /// Buffers with which templates take the present from `clock` instead of the machine's.
    pub fn with_clock(clock: Clock) -> Self {
        Self { buffers: Buffers { clock, ..Buffers::default() }, ..Self::default() }
    }
}
