//! The bytes of a file in the disk cache (`docs/format/cache-page.md`).

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

/// Objects are cut into pages of this size; the last one may be shorter. A request costs about as
/// long as moving so many bytes, so smaller pages would save nothing.
pub const PAGE_BYTES: usize = 256 << 10;
/// Bytes of a file besides the page.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + CHECKSUM_BYTES;

const MAGIC: [u8; 8] = *b"TREFPAGE";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 40;
const CHECKSUM_BYTES: usize = 8;

/// Which page of which object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The xxh3 (128 bit) of store and name.
    pub object: u128,
    /// Number of the page, from 0.
    pub page: u32,
}

/// The file that holds `payload`, at most [`PAGE_BYTES`], for `key`.
pub fn encode(key: Key, payload: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(payload.len() + OVERHEAD_BYTES);
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend((payload.len() as u32).to_le_bytes());
    file.extend(key.object.to_le_bytes());
    file.extend(key.page.to_le_bytes());
    file.extend([0; 4]);
    file.extend(payload);
    let checksum = xxh3_64(&file);
    file.extend(checksum.to_le_bytes());
    file
}

/// Key and payload of a file; `None` when it is not whole.
pub fn decode(file: &Bytes) -> Option<(Key, Bytes)> {
    let (body, checksum) = file.split_last_chunk::<CHECKSUM_BYTES>()?;
    let rest = body.strip_prefix(&MAGIC)?;
    if xxh3_64(body) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let (version, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (object, rest) = rest.split_first_chunk()?;
    let (page, _) = rest.split_first_chunk()?;
    let payload = body.get(HEADER_BYTES..)?;
    let sound = u32::from_le_bytes(*version) == VERSION
        && u32::from_le_bytes(*length) as usize == payload.len()
        && payload.len() <= PAGE_BYTES;
    let key = Key { object: u128::from_le_bytes(*object), page: u32::from_le_bytes(*page) };
    sound.then(|| (key, file.slice(HEADER_BYTES..HEADER_BYTES + payload.len())))
}

#[cfg(test)]
mod tests;
