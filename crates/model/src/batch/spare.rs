//! Buffers of batches that nobody reads any more, for those that come: the system would clear new memory for each
//! batch, which costs about as much as filling it.

use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// Buffers that are kept at most.
const KEPT_BUFFERS: usize = 4;
/// Bytes of the smallest and the largest buffer that is kept.
const KEPT_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=4 << 20;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// An empty buffer for about `bytes`, if there is one.
pub fn take(bytes: usize) -> Option<Vec<u8>> {
    if !KEPT_BYTES.contains(&bytes) {
        return None;
    }
    SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// `buffer`, which is kept when the last reader is gone.
pub fn shared(buffer: Vec<u8>) -> Bytes {
    match KEPT_BYTES.contains(&buffer.capacity()) {
        true => Bytes::from_owner(Kept(buffer)),
        false => buffer.into(),
    }
}

struct Kept(Vec<u8>);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        buffer.clear();
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < KEPT_BUFFERS {
            spare.push(buffer);
        }
    }
}
