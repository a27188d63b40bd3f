//! Reads a log back when it is opened: oldest record first, past damage, with memory for one record.

use crate::directory::Directory;
use crate::meters::Meters;
use crate::segment::{Event, HEADER_BYTES, Header, HeaderError, Position, Scanner};
use base::{Error, Kind, Result};
use bytes::Bytes;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

/// A record that was appended earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub position: Position,
    /// What was appended.
    pub payload: Bytes,
}

/// How far a replay has come, in bytes of segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Read and given out, or skipped.
    pub done_bytes: u64,
    /// In all segments when the log was opened.
    pub total_bytes: u64,
}

/// What a replay had to skip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Number of damaged places.
    pub places: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// Iterates over the records of a log as they were when it was opened. Blocks on the disk: run it
/// on a thread of its own.
///
/// Damage is skipped, counted and logged. An error means that a segment could not be read at all
/// now, as opposed to read and found damaged; it ends the iteration, and who then truncates the log loses records.
#[derive(Debug)]
pub struct Replay {
    directory: Arc<Directory>,
    meters: Meters,
    waiting: VecDeque<u64>,
    current: Option<(u64, Scanner<File>)>,
    /// Bytes of the segments before the current one.
    passed_bytes: u64,
    total_bytes: u64,
    damage: Damage,
    torn_bytes: u64,
}

impl Replay {
    /// Checks that every segment can be understood, and cuts off the torn tail of the last one.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when a segment has an unknown version, [`Kind::Unavailable`] when the
    /// disk fails.
    pub fn open(directory: Arc<Directory>, meters: Meters) -> Result<Self> {
        let torn_bytes = cut_torn_tail(&directory)?;
        let sizes = directory.sizes();
        for segment in sizes.keys() {
            check_version(&directory, *segment)?;
        }
        Ok(Self {
            directory,
            meters,
            waiting: sizes.keys().copied().collect(),
            current: None,
            passed_bytes: 0,
            total_bytes: sizes.values().sum(),
            damage: Damage::default(),
            torn_bytes,
        })
    }

    /// How far the replay has come.
    pub fn progress(&self) -> Progress {
        let current = self.current.as_ref().map_or(0, |(_, scanner)| scanner.offset());
        Progress { done_bytes: self.passed_bytes + current, total_bytes: self.total_bytes }
    }

    /// What was skipped so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Bytes of the torn tail that was cut off: the beginning of records that nobody was told are
    /// kept.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The next record of the current segment, or of the next one.
    fn read(&mut self) -> Result<Option<Record>> {
        loop {
            let (segment, scanner) = match &mut self.current {
                Some(current) => current,
                None => {
                    let Some(segment) = self.waiting.pop_front() else { return Ok(None) };
                    let file = self.directory.read(segment);
                    let scanner = file.and_then(|file| Scanner::new(file, Some(segment)));
                    let scanner = scanner.map_err(|e| unreadable(&self.directory, segment, e))?;
                    self.current.insert((segment, scanner))
                }
            };
            let segment = *segment;
            match scanner.next().map_err(|e| unreadable(&self.directory, segment, e))? {
                Some(Event::Record { sequence, payload }) => {
                    return Ok(Some(Record { position: Position { segment, sequence }, payload }));
                }
                Some(Event::Damage { offset, bytes }) => {
                    let path = self.directory.path().display();
                    tracing::warn!(segment, offset, bytes, "skipped damaged bytes in wal directory {path}");
                    self.meters.corruptions.inc();
                    self.damage.places += 1;
                    self.damage.bytes += bytes;
                }
                None => {
                    self.passed_bytes += scanner.length();
                    self.current = None;
                }
            }
        }
    }
}

impl Iterator for Replay {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Result<Record>> {
        let next = self.read();
        if next.is_err() {
            self.waiting.clear();
            self.current = None;
        }
        next.transpose()
    }
}

/// Cuts the newest segment off behind its last whole record: what is there was being written when the
/// process ended. Answers the bytes cut off. Damage in the middle stays for the replay to report.
fn cut_torn_tail(directory: &Directory) -> Result<u64> {
    let Some(segment) = directory.newest() else { return Ok(0) };
    let scan = || -> io::Result<(u64, u64)> {
        let mut scanner = Scanner::new(directory.read(segment)?, Some(segment))?;
        while scanner.next()?.is_some() {}
        Ok((scanner.whole_end(), scanner.length()))
    };
    let (whole_end, length) = scan().map_err(|e| unreadable(directory, segment, e))?;
    // Nothing readable at all is no torn tail, for the header was synced before the file got its name.
    if whole_end == 0 || whole_end == length {
        return Ok(0);
    }
    directory.cut(segment, whole_end).map_err(|e| unreadable(directory, segment, e))?;
    let (path, bytes) = (directory.path().display(), length - whole_end);
    tracing::info!(segment, bytes, "cut off a torn tail in wal directory {path}");
    Ok(bytes)
}

fn check_version(directory: &Directory, segment: u64) -> Result<()> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        directory.read(segment)?.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|e| unreadable(directory, segment, e))?;
    match Header::decode(&bytes) {
        Err(HeaderError::Version(version)) => {
            let what = format!("wal segment of version {version}, this program knows version 1");
            Err(unreadable(directory, segment, io::Error::new(io::ErrorKind::Unsupported, what)))
        }
        // Damage is the replay's.
        Ok(_) | Err(HeaderError::Damaged) => Ok(()),
    }
}

fn unreadable(directory: &Directory, segment: u64, e: io::Error) -> Error {
    let kind = if e.kind() == io::ErrorKind::Unsupported { Kind::Invalid } else { Kind::Unavailable };
    let path = directory.path().display();
    Error::new(kind, format!("cannot read segment {segment} in wal directory {path}")).because(e)
}
