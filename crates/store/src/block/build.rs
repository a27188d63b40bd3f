//! Building: streams in their order, cut into pages, one object.

use super::BlockMeta;
use base::{Error, Result};
use bytes::Bytes;
use model::{Rows, Signal, Stream, Tenant};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Builds a block stream by stream. Besides the object it holds at most one page of rows.
#[derive(Debug)]
pub struct Builder {}

impl Builder {
    /// A block of `signal` rows of `tenant` that were received in `received_ns`.
    pub fn new(tenant: Tenant, signal: Signal, received_ns: RangeInclusive<i64>) -> Self {
        let _ = (tenant, signal, received_ns);
        Self {}
    }

    /// Appends rows of `stream`, sorted by time, text and metadata and without duplicates. Streams
    /// come in [`super::stream_order`]; a stream may come in several pieces, oldest first.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] when streams or rows are out of order.
    pub fn push(&mut self, stream: &Arc<Stream>, rows: &Rows) -> Result<()> {
        let _ = (stream, rows);
        Err(Error::bug("blocks are not written yet"))
    }

    /// Bytes of text and structured metadata so far.
    pub fn raw_bytes(&self) -> u64 {
        0
    }

    /// The object and what the catalogue keeps of it.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] without rows, or when a page does not read back as it was written.
    pub fn finish(self) -> Result<(BlockMeta, Bytes)> {
        Err(Error::bug("blocks are not written yet"))
    }
}

/// Builds a block of `streams`, given in any order, each once, its rows sorted by time, text and
/// metadata and without duplicates. The same rows give the same bytes and so the same name.
///
/// # Errors
/// As [`Builder::finish`].
pub fn build(
    tenant: Tenant,
    signal: Signal,
    mut streams: Vec<(Arc<Stream>, Rows)>,
    received_ns: RangeInclusive<i64>,
) -> Result<(BlockMeta, Bytes)> {
    streams.sort_by(|a, b| super::stream_order(&a.0.labels, &b.0.labels));
    let mut builder = Builder::new(tenant, signal, received_ns);
    for (stream, rows) in streams {
        builder.push(&stream, &rows)?;
    }
    builder.finish()
}
