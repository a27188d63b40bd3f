//! Reading the tail of a block.

use super::BlockMeta;
use base::{Error, Result};
use bytes::Bytes;
use model::{Matcher, RunFacts, Stream, StreamFacts, TimeRange};
use std::sync::Arc;

/// Bytes of the footer, the last ones of an object.
pub const FOOTER_BYTES: usize = 192;

/// Length of the tail, read from the last [`FOOTER_BYTES`] of an object: for who has no
/// [`BlockMeta`], as when a catalogue is rebuilt.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn tail_len(footer: &[u8]) -> Result<u64> {
    let _ = footer;
    Err(Error::bug("blocks are not read yet"))
}

/// The catalogue's entry of the object called `name` of `size_bytes`, from its tail.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn describe(name: &str, size_bytes: u64, tail: &Bytes) -> Result<BlockMeta> {
    let _ = (name, size_bytes, tail);
    Err(Error::bug("blocks are not read yet"))
}

/// An open block: its tables, not its rows. Streams are numbered in the block's order; such a
/// number is an *ordinal*.
#[derive(Debug)]
pub struct Block {
    pub(super) meta: BlockMeta,
}

impl Block {
    /// Reads and checks the tables in `tail`, the bytes at [`BlockMeta::tail_range`].
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(meta: BlockMeta, tail: Bytes) -> Result<Self> {
        let _ = tail;
        Ok(Self { meta })
    }

    /// What the catalogue keeps of it.
    pub fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Bytes held in memory, for caches.
    pub fn held_bytes(&self) -> u64 {
        0
    }

    /// Ordinals, ascending, of the streams that match all `matchers` and have rows in `range`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn matching(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<u32>> {
        let _ = (matchers, range);
        Err(Error::bug("blocks are not read yet"))
    }

    /// The stream of `ordinal`.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] when there is no such stream.
    pub fn stream(&self, ordinal: u32) -> Result<Arc<Stream>> {
        Err(Error::bug(format!("block {} has no stream {ordinal}", self.meta.name)))
    }

    /// What is known about the runs of `ordinal` that touch `range`.
    pub fn runs(&self, ordinal: u32, range: TimeRange) -> Vec<RunFacts> {
        let _ = (ordinal, range);
        Vec::new()
    }

    /// What is known about the stream of `ordinal` in `range`.
    ///
    /// # Errors
    /// As [`Block::stream`].
    pub fn facts(&self, ordinal: u32, range: TimeRange) -> Result<StreamFacts> {
        Ok(StreamFacts { stream: self.stream(ordinal)?, runs: self.runs(ordinal, range) })
    }
}
