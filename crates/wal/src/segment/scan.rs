//! Walks through a segment and past its damages, with memory for one record.

use super::{
    HEADER_BYTES, Header, HeaderError, PAYLOAD_MAX_BYTES, RECORD_HEADER_BYTES, RecordHeader, payload_checksum,
};
use bytes::Bytes;
use memchr::memmem;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes fetched at once, unless a record is longer.
const WINDOW_BYTES: usize = 1 << 20;

/// Bytes that can be read at any place.
pub trait Source {
    /// Number of bytes.
    ///
    /// # Errors
    /// As the source has them.
    fn length(&self) -> io::Result<u64>;

    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when there are fewer, and as the source has them.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Source for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(into, offset)
    }
}

impl Source for &[u8] {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// What a scanner comes upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole record.
    Record {
        /// Its number in the segment.
        sequence: u64,
        /// What was appended.
        payload: Bytes,
    },
    /// Bytes in which no whole record begins.
    Damage {
        /// Where they start in the segment.
        offset: u64,
        /// How many.
        bytes: u64,
    },
}

/// Reads the events of one segment in order, fetching from `S` piece by piece.
#[derive(Debug)]
pub struct Scanner<S> {
    window: Window<S>,
    mark: u64,
    offset: u64,
    /// The smallest sequence that the next record may have.
    next_sequence: u64,
    /// Where the last whole record, or before it the whole header, ended.
    whole_end: u64,
    /// Damage of the header, to be told first.
    header_damage: Option<u64>,
}

/// What is found at an offset.
enum Check {
    Whole(RecordHeader),
    /// The header holds, the payload does not; the record ends at `end`.
    Spoiled {
        end: u64,
    },
    Nothing,
}

impl<S: Source> Scanner<S> {
    /// Starts to read `source`. With `segment`, a header with another number is damage.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for an unknown version, and what the source answers.
    pub fn new(source: S, segment: Option<u64>) -> io::Result<Self> {
        let mut window = Window::new(source)?;
        let header = Header::decode(window.bytes(0, HEADER_BYTES)?.unwrap_or_default());
        let header = match header {
            Ok(header) if segment.is_none_or(|number| number == header.segment) => Some(header),
            Ok(_) | Err(HeaderError::Damaged) => None,
            Err(HeaderError::Version(version)) => {
                let what = format!("wal segment of version {version}, this program knows version 1");
                return Err(io::Error::new(io::ErrorKind::Unsupported, what));
            }
        };
        let offset = HEADER_BYTES as u64;
        let mut scanner =
            Self { window, mark: 0, offset, next_sequence: 0, whole_end: 0, header_damage: None };
        if let Some(header) = header {
            scanner.mark = header.mark;
            scanner.whole_end = offset;
        } else {
            scanner.adopt_mark()?;
        }
        Ok(scanner)
    }

    /// Takes the mark from the first record when the header is damaged, or gives the segment up.
    fn adopt_mark(&mut self) -> io::Result<()> {
        let first = self.window.bytes(self.offset, RECORD_HEADER_BYTES)?.and_then(RecordHeader::decode);
        self.mark = first.map_or(0, |header| header.mark);
        if !matches!(self.check(self.offset)?, Check::Whole(_)) {
            self.offset = self.window.length;
        }
        self.header_damage = Some(self.offset);
        Ok(())
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// What the source answers; damage is an event.
    #[expect(clippy::should_implement_trait, reason = "fallible: io::Result<Option> reads better with `?`")]
    pub fn next(&mut self) -> io::Result<Option<Event>> {
        if let Some(bytes) = self.header_damage.take() {
            return Ok(Some(Event::Damage { offset: 0, bytes }));
        }
        if self.offset >= self.window.length {
            return Ok(None);
        }
        let offset = self.offset;
        if let Check::Whole(header) = self.check(offset)? {
            let start = offset + RECORD_HEADER_BYTES as u64;
            let payload = self.window.bytes(start, header.length as usize)?.unwrap_or_default();
            let payload = Bytes::copy_from_slice(payload);
            self.offset = start + u64::from(header.length);
            self.whole_end = self.offset;
            self.next_sequence = header.sequence + 1;
            return Ok(Some(Event::Record { sequence: header.sequence, payload }));
        }
        self.offset = self.next_whole(offset)?;
        Ok(Some(Event::Damage { offset, bytes: self.offset - offset }))
    }

    /// How far the scanner has come.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the segment.
    pub fn length(&self) -> u64 {
        self.window.length
    }

    /// The end of the last whole record so far (of the header when there is none), 0 when nothing
    /// was readable.
    pub fn whole_end(&self) -> u64 {
        self.whole_end
    }

    /// Offset of the first whole record behind the damage at `from`, or the end of the segment.
    fn next_whole(&mut self, from: u64) -> io::Result<u64> {
        let mut at = from;
        loop {
            at = match self.check(at)? {
                Check::Whole(_) => return Ok(at),
                Check::Spoiled { end } => end,
                Check::Nothing => at + 1,
            };
            match self.window.find(&self.mark.to_le_bytes(), at)? {
                Some(found) => at = found,
                None => return Ok(self.window.length),
            }
        }
    }

    fn check(&mut self, at: u64) -> io::Result<Check> {
        let header = self.window.bytes(at, RECORD_HEADER_BYTES)?.and_then(RecordHeader::decode);
        let Some(header) = header.filter(|header| self.plausible(header, at)) else {
            return Ok(Check::Nothing);
        };
        let length = header.length as usize;
        let start = at + RECORD_HEADER_BYTES as u64;
        Ok(match self.window.bytes(start, length)? {
            Some(payload) if payload_checksum(payload) == header.payload_checksum => Check::Whole(header),
            Some(_) => Check::Spoiled { end: start + length as u64 },
            None => Check::Nothing,
        })
    }

    fn plausible(&self, header: &RecordHeader, at: u64) -> bool {
        let most = at.saturating_sub(HEADER_BYTES as u64) / RECORD_HEADER_BYTES as u64;
        header.mark == self.mark
            && (self.next_sequence..=most).contains(&header.sequence)
            && header.length as usize <= PAYLOAD_MAX_BYTES
    }
}

/// A piece of a source that is in memory.
#[derive(Debug)]
struct Window<S> {
    source: S,
    length: u64,
    start: u64,
    held: Vec<u8>,
}

impl<S: Source> Window<S> {
    fn new(source: S) -> io::Result<Self> {
        let length = source.length()?;
        Ok(Self { source, length, start: 0, held: Vec::new() })
    }

    /// `count` bytes from `offset` on; `None` when the source ends before.
    fn bytes(&mut self, offset: u64, count: usize) -> io::Result<Option<&[u8]>> {
        if offset.checked_add(count as u64).is_none_or(|end| end > self.length) {
            return Ok(None);
        }
        let held_end = self.start + self.held.len() as u64;
        if offset < self.start || offset + count as u64 > held_end {
            self.fetch(offset, count.max(WINDOW_BYTES))?;
        }
        let from = (offset - self.start) as usize;
        Ok(self.held.get(from..from + count))
    }

    /// Holds the bytes from `offset` on, `count` of them where the source has so many.
    fn fetch(&mut self, offset: u64, count: usize) -> io::Result<()> {
        let count = (self.length - offset).min(count as u64) as usize;
        // Forget first: after a failed read nothing is held.
        self.held.clear();
        self.start = offset;
        let mut held = std::mem::take(&mut self.held);
        // One long record must not leave a long buffer behind for the rest of the segment.
        if held.capacity() > 2 * WINDOW_BYTES.max(count) {
            held = Vec::new();
        }
        held.resize(count, 0);
        self.source.read_at(offset, &mut held)?;
        self.held = held;
        Ok(())
    }

    /// Offset of the first `needle` that starts at or behind `from`.
    fn find(&mut self, needle: &[u8], mut from: u64) -> io::Result<Option<u64>> {
        let finder = memmem::Finder::new(needle);
        while from < self.length {
            let count = (self.length - from).min(WINDOW_BYTES as u64) as usize;
            let piece = self.bytes(from, count)?.unwrap_or_default();
            if let Some(at) = finder.find(piece) {
                return Ok(Some(from + at as u64));
            }
            // A needle may lie across two pieces.
            let overlap = if from + count as u64 == self.length { 0 } else { needle.len() - 1 };
            from += (count - overlap) as u64;
        }
        Ok(None)
    }
}
