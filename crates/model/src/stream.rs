//! A stream: the rows of one tenant that share a label set.

use crate::labels::Labels;

/// A stream's identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Its labels.
    pub labels: Labels,
    /// xxh3-64 of the canonical label bytes.
    pub fingerprint: u64,
}

impl Stream {
    /// The stream of `labels`.
    pub fn new(labels: Labels) -> Self {
        let fingerprint = fingerprint(labels.bytes());
        Self { labels, fingerprint }
    }
}

/// xxh3-64 of canonical label bytes. Stored; never change it.
pub fn fingerprint(label_bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(label_bytes)
}
