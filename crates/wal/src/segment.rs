//! The bytes of a segment (`docs/format/wal.md`): headers both ways, and a scanner that gives
//! records and damages in their order. Nothing here writes to a disk.

mod scan;

pub use scan::{Event, Scanner, Source};

use std::fmt;
use std::io;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a segment before its first record.
pub const HEADER_BYTES: usize = 40;
/// Bytes of a record before its payload.
pub const RECORD_HEADER_BYTES: usize = 32;
/// The longest payload of a record. A reader holds at most one record, so this bounds its memory.
pub const PAYLOAD_MAX_BYTES: usize = 256 << 20;

const MAGIC: [u8; 8] = *b"TREFWAL\n";
const VERSION: u32 = 1;

/// Where a record stands in the log, in the log's order. It stays true for as long as the record
/// exists, over restarts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Number of the segment, counted up from 1.
    pub segment: u64,
    /// Number of the record in its segment, counted up from 0.
    pub sequence: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.segment, self.sequence)
    }
}

/// First bytes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the segment.
    pub segment: u64,
    /// The random bits with which each record of this segment begins.
    pub mark: u64,
}

/// Why bytes are no segment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// Cut short, or the magic or the checksum is wrong.
    Damaged,
    /// Whole, but of a version that this program does not know.
    Version(u32),
}

impl Header {
    /// The header as stored.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.segment.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.mark.to_le_bytes());
        let checksum = xxh3_64(&bytes[..32]);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header from the first bytes of a segment.
    ///
    /// # Errors
    /// [`HeaderError`]; the version is only believed when magic and checksum hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(HeaderError::Damaged)?;
        if bytes[..8] != MAGIC || xxh3_64(&bytes[..32]) != u64_at(bytes, 32) {
            return Err(HeaderError::Damaged);
        }
        match u32_at(bytes, 8) {
            VERSION => Ok(Self { segment: u64_at(bytes, 16), mark: u64_at(bytes, 24) }),
            other => Err(HeaderError::Version(other)),
        }
    }
}

/// What stands before the payload of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// The mark of the segment.
    pub mark: u64,
    /// Number of the record in its segment.
    pub sequence: u64,
    /// [`payload_checksum`].
    pub payload_checksum: u64,
    /// Bytes of the payload.
    pub length: u32,
}

impl RecordHeader {
    /// The header as stored.
    pub fn encode(&self) -> [u8; RECORD_HEADER_BYTES] {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        bytes[..8].copy_from_slice(&self.mark.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.payload_checksum.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.length.to_le_bytes());
        let check = header_check(&bytes[..28]);
        bytes[28..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads a record header; `None` when its check does not hold.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; RECORD_HEADER_BYTES] = bytes.first_chunk()?;
        let header = Self {
            mark: u64_at(bytes, 0),
            sequence: u64_at(bytes, 8),
            payload_checksum: u64_at(bytes, 16),
            length: u32_at(bytes, 24),
        };
        (header_check(&bytes[..28]) == u32_at(bytes, 28)).then_some(header)
    }
}

/// Checksum of a payload. It does not depend on where the record will stand, so that appenders
/// compute it in parallel and the writer thread only writes.
pub fn payload_checksum(payload: &[u8]) -> u64 {
    xxh3_64(payload)
}

fn header_check(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// Callers pass fixed-size arrays and constant offsets inside them.
fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u64::from_le_bytes(*b))
}

fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b))
}

/// Everything in a segment that is in memory as a whole; what the fuzzer calls.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] for an unknown version. Damage is no error but an [`Event`].
pub fn read(bytes: &[u8]) -> io::Result<Vec<Event>> {
    let mut scanner = Scanner::new(bytes, None)?;
    let mut events = Vec::new();
    while let Some(event) = scanner.next()? {
        events.push(event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
