//! The filters of a page: which long ids, which metadata values and which words may be in it.
//!
//! Bytes (`docs/format/page.md`, "FILTER", "WORD FILTER"): a binary fuse filter with 8-bit fingerprints over 64-bit
//! keys. The `xorf` crate builds it; bytes and look-up are our own, so that stored filters do not
//! depend on a crate's serialisation.

pub mod gram;
pub mod word;

use base::{Error, Result};
use xorf::BinaryFuse8;

/// Bytes in front of the fingerprints.
const HEADER_BYTES: usize = 16;

/// The key of a whole metadata value.
pub fn value_key(name: &str, value: &str) -> u64 {
    /// Setting up a hasher takes longer than copying so many bytes.
    const SHORT: usize = 128;
    let (name, value) = (name.as_bytes(), value.as_bytes());
    let mut bytes = [0xff; SHORT];
    let end = name.len() + 1 + value.len();
    if end <= SHORT {
        bytes[..name.len()].copy_from_slice(name);
        bytes[name.len() + 1..end].copy_from_slice(value);
        return xxhash_rust::xxh3::xxh3_64(&bytes[..end]);
    }
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(name);
    hasher.update(&[0xff]);
    hasher.update(value);
    hasher.digest()
}

/// The key of the bytes by which rows are looked up: xxh3 (64 bit, seed 0) of byte 0xff and them. No name begins
/// with that byte, so no [`value_key`] is of the same bytes.
pub fn row_key(key: &[u8]) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(&[0xff]);
    hasher.update(key);
    hasher.digest()
}

/// The stored filter of distinct `keys`; none when building fails, which duplicates would cause.
pub fn build(keys: &[u64]) -> Option<Vec<u8>> {
    if keys.is_empty() {
        return Some(vec![0; HEADER_BYTES]);
    }
    let filter = BinaryFuse8::try_from(keys).ok()?;
    let mut out = Vec::with_capacity(HEADER_BYTES + filter.fingerprints.len());
    out.extend_from_slice(&filter.descriptor.seed.to_le_bytes());
    out.extend_from_slice(&filter.descriptor.segment_length.to_le_bytes());
    out.extend_from_slice(&filter.descriptor.segment_count_length.to_le_bytes());
    out.extend_from_slice(&filter.fingerprints);
    Some(out)
}

/// A stored filter, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    seed: u64,
    segment_len: u32,
    segments_len: u32,
    fingerprints: &'a [u8],
}

impl<'a> Filter<'a> {
    /// Reads what [`build`] gave.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let corrupt = || Error::corrupt(format!("filter of {} bytes", bytes.len()));
        let (seed, rest) = bytes.split_first_chunk::<8>().ok_or_else(corrupt)?;
        let (segment_len, rest) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let (segments_len, fingerprints) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let (segment_len, segments_len) =
            (u32::from_le_bytes(*segment_len), u32::from_le_bytes(*segments_len));
        let expected = u64::from(segments_len) + 2 * u64::from(segment_len);
        let whole = match segment_len {
            0 => segments_len == 0,
            _ => segment_len.is_power_of_two() && segments_len.is_multiple_of(segment_len),
        };
        if !whole || expected != fingerprints.len() as u64 {
            return Err(corrupt());
        }
        Ok(Self { seed: u64::from_le_bytes(*seed), segment_len, segments_len, fingerprints })
    }

    /// Whether `key` may be among the keys; false is certain, true is wrong once in 256.
    pub fn may_contain(&self, key: u64) -> bool {
        if self.fingerprints.is_empty() {
            return false;
        }
        let hash = murmur_mix(key.wrapping_add(self.seed));
        let mask = self.segment_len.wrapping_sub(1);
        let first = ((u128::from(hash) * u128::from(self.segments_len)) >> 64) as u32;
        let second = (first + self.segment_len) ^ ((hash >> 18) as u32 & mask);
        let third = (first + 2 * self.segment_len) ^ (hash as u32 & mask);
        let at = |slot: u32| self.fingerprints.get(slot as usize).copied().unwrap_or(0);
        (hash ^ (hash >> 32)) as u8 == at(first) ^ at(second) ^ at(third)
    }
}

/// The finalizer of MurmurHash3.
fn murmur_mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
