//! Labels to streams (`docs/format/block.md`, "index"): a sorted dictionary of names and values, for
//! each value the streams that have it, and for each stream its labels. Built once per block from the
//! streams in their order; a stream's number in that order is its *ordinal*. Pure: bytes and values.

mod encode;
mod read;

pub use encode::encode;
pub use read::Index;

/// Magic and version in front of an encoded index.
const MAGIC: &[u8; 4] = b"TFX\x01";

/// The most bytes an index may decode to: some millions of streams.
const DECODED_BYTES_MAX: usize = 256 << 20;

/// Bytes of the counts in front of the tables.
const HEAD_BYTES: usize = 28;

#[cfg(test)]
mod tests;
