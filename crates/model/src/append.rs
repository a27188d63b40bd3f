//! The first door: what is to be kept goes in here.

use crate::batch::Batch;
use crate::select::BoxFuture;
use base::Result;

/// Takes batches. An acknowledged batch survives `kill -9` and power loss (as far as the sync
/// setting promises).
pub trait Append: Send + Sync {
    /// Keeps `batch`, except the streams named in the acknowledgement.
    ///
    /// Appending the same batch twice leaves its rows once.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when nothing was kept and a later retry may succeed (full disk,
    /// memory budget, no quorum).
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Ack>>;
}

/// What was not kept; empty when all was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ack {
    /// Streams that were refused as a whole, in the order of the batch.
    pub refused: Vec<Refused>,
}

/// A refused stream of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Position of the stream in the batch.
    pub stream: usize,
    /// Why.
    pub why: Refusal,
}

/// Why a stream was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The tenant has as many active streams as it may.
    StreamLimit {
        /// The tenant's `max_global_streams_per_user` or `max_streams_per_user`.
        limit: u64,
    },
    /// The stream's own byte rate is too high.
    StreamRate {
        /// The tenant's `per_stream_rate_limit` in bytes per second.
        limit_bytes: u64,
        /// Bytes that were to be added.
        asked_bytes: u64,
    },
}
