//! The one thread that writes: takes what waits, writes it together, syncs once, tells everybody.
//!
//! After a failed sync nothing is known about the bytes that were to be synced. The system may
//! have marked them clean and dropped them, so that a second sync of the same file answers
//! success without having written anything. Therefore a segment whose sync failed is never written or
//! synced again: nothing in the group is acknowledged, and the next record goes to a new file, whose
//! own sync has to succeed first. A failed write is simpler: the half-written tail is cut off.

use crate::directory::Directory;
use crate::meters::Meters;
use crate::options::{Options, Sync};
use crate::queue::{Entry, Queue, Work};
use crate::segment::{HEADER_BYTES, Header, Position, RECORD_HEADER_BYTES, RecordHeader};
use base::Error;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(test)]
mod faults;

#[cfg(test)]
pub use faults::{Faults, Operation};

/// The writer's state; moved into its thread.
#[derive(Debug)]
pub struct Writer {
    directory: Arc<Directory>,
    queue: Arc<Queue>,
    segment_bytes: u64,
    sync: Sync,
    meters: Meters,
    next_segment: u64,
    /// None until the first record, so that a log opens on a full disk, and after a failure.
    active: Option<Active>,
    /// Since when acknowledged records wait for their sync ([`Sync::Interval`]).
    unsynced_since: Option<Instant>,
    /// The last group failed; said once, not for each group.
    failing: bool,
    #[cfg(test)]
    pub faults: Faults,
    /// Held until the thread ends.
    _lock: File,
}

/// The segment that is written to.
#[derive(Debug)]
struct Active {
    header: Header,
    file: File,
    next_sequence: u64,
    /// Where the last whole record ends.
    written_bytes: u64,
    /// Up to where a sync has succeeded.
    synced_bytes: u64,
}

/// Why a group was not kept, to be told to each of its callers.
struct Failure {
    what: String,
    disk_full: bool,
}

impl Writer {
    /// A writer for `directory`, whose lock is `lock`.
    pub fn new(
        directory: Arc<Directory>,
        lock: File,
        queue: Arc<Queue>,
        options: &Options,
        meters: Meters,
    ) -> Self {
        Self {
            next_segment: directory.newest().map_or(1, |newest| newest.saturating_add(1)),
            directory,
            queue,
            segment_bytes: options.segment_bytes,
            sync: options.sync,
            meters,
            active: None,
            unsynced_since: None,
            failing: false,
            #[cfg(test)]
            faults: Faults::default(),
            _lock: lock,
        }
    }

    /// Writes until the queue is closed and empty.
    pub fn run(mut self) {
        let abandoned = Abandon(Arc::clone(&self.queue));
        loop {
            let due = self.sync_due();
            if due.is_some_and(|due| due <= Instant::now()) {
                self.sync_acknowledged();
                continue;
            }
            match self.queue.take(due) {
                Work::Group(group) => self.commit(group),
                Work::Cut(done) => {
                    let cut = self.cut().map_err(|failure| Error::unavailable(failure.what));
                    let _ = done.send(cut);
                }
                Work::Due => {}
                Work::Closed => break,
            }
        }
        self.sync_acknowledged();
        drop(abandoned);
    }

    /// When acknowledged records have to be synced.
    fn sync_due(&self) -> Option<Instant> {
        match self.sync {
            Sync::Interval(interval) => {
                // An interval beyond the clock's range is the same as a very long one.
                let since = self.unsynced_since?;
                since.checked_add(interval).or_else(|| since.checked_add(Duration::from_secs(1 << 30)))
            }
            Sync::Always | Sync::Off => None,
        }
    }

    /// Syncs what was acknowledged before its sync. Its callers are gone, so a failure is only logged.
    fn sync_acknowledged(&mut self) {
        if let Err(failure) = self.sync_active() {
            tracing::error!("acknowledged records may be lost at a power loss: {}", failure.what);
        }
    }

    fn commit(&mut self, group: Vec<Entry>) {
        let mut kept = self.write(&group);
        if self.sync == Sync::Always && kept.is_ok() {
            kept = self.sync_active().and(kept);
        }
        match kept {
            Ok(first) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("wal directory {} takes records again", self.directory.path().display());
                }
                for (number, entry) in (first.sequence..).zip(group) {
                    let _ = entry.done.send(Ok(Position { sequence: number, ..first }));
                }
            }
            Err(failure) => {
                if failure.disk_full {
                    self.meters.disk_full.add(group.len() as f64);
                }
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!("records are refused: {}", failure.what);
                }
                for entry in group {
                    let _ = entry.done.send(Err(Error::unavailable(failure.what.clone())));
                }
            }
        }
    }

    /// Writes `group` and answers the position of its first record. Nothing of it stays when it fails.
    fn write(&mut self, group: &[Entry]) -> Result<Position, Failure> {
        if self.active.as_ref().is_some_and(|active| active.written_bytes >= self.segment_bytes) {
            self.close_segment()?;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create()?,
        };
        let group_bytes = group_bytes(group);
        if let Err(e) = self.write_records(&mut active, group) {
            let failure = self.failure("write to", group_bytes, &e);
            // If the tail cannot be cut off the segment is left as it is, and replay will report
            // its end as damaged; nothing in there was acknowledged.
            if active.file.set_len(active.written_bytes).is_ok() {
                self.active = Some(active);
            }
            return Err(failure);
        }
        let first = Position { segment: active.header.segment, sequence: active.next_sequence };
        active.next_sequence += group.len() as u64;
        active.written_bytes += group_bytes;
        self.directory.set_size(first.segment, active.written_bytes);
        self.active = Some(active);
        self.unsynced_since.get_or_insert_with(Instant::now);
        self.meters.records.add(group.len() as f64);
        self.meters.bytes.add(group_bytes as f64);
        Ok(first)
    }

    fn write_records(&self, active: &mut Active, group: &[Entry]) -> io::Result<()> {
        let headers: Vec<_> = (active.next_sequence..)
            .zip(group)
            .map(|(sequence, entry)| {
                let payload_checksum = entry.payload_checksum;
                let length = entry.payload.len() as u32;
                RecordHeader { mark: active.header.mark, sequence, payload_checksum, length }.encode()
            })
            .collect();
        let mut slices: Vec<_> = headers
            .iter()
            .zip(group)
            .flat_map(|(header, entry)| [IoSlice::new(header), IoSlice::new(&entry.payload)])
            .collect();
        #[cfg(test)]
        self.faults.write_half(&mut active.file, &slices)?;
        write_all(&mut active.file, &mut slices)
    }

    fn create(&mut self) -> Result<Active, Failure> {
        let header = Header { segment: self.next_segment, mark: rand::random() };
        let file = self.directory.create(&header);
        let file = file.map_err(|e| self.failure("create a segment in", HEADER_BYTES as u64, &e))?;
        self.next_segment = self.next_segment.saturating_add(1);
        let bytes = HEADER_BYTES as u64;
        Ok(Active { header, file, next_sequence: 0, written_bytes: bytes, synced_bytes: bytes })
    }

    /// Closes the segment, so that everything so far is before the answered position.
    fn cut(&mut self) -> Result<Position, Failure> {
        match &self.active {
            Some(active) if active.next_sequence == 0 => {
                Ok(Position { segment: active.header.segment, sequence: 0 })
            }
            _ => {
                self.close_segment()?;
                Ok(Position { segment: self.next_segment, sequence: 0 })
            }
        }
    }

    /// The next record goes to a new segment, which is created only then: closing needs no space,
    /// so that a full disk can always be emptied.
    fn close_segment(&mut self) -> Result<(), Failure> {
        self.sync_active()?;
        self.active = None;
        Ok(())
    }

    /// Forces the segment to the disk; see the module's page for what a failure means.
    fn sync_active(&mut self) -> Result<(), Failure> {
        self.unsynced_since = None;
        let Some(active) = self.active.as_mut().filter(|a| a.synced_bytes < a.written_bytes) else {
            return Ok(());
        };
        let start = Instant::now();
        #[cfg(test)]
        let synced = self.faults.check(Operation::Sync).and_then(|()| active.file.sync_data());
        #[cfg(not(test))]
        let synced = active.file.sync_data();
        self.meters.sync_seconds.observe(start.elapsed().as_secs_f64());
        let Err(e) = synced else {
            active.synced_bytes = active.written_bytes;
            return Ok(());
        };
        let failure = self.failure("sync", 0, &e);
        if let Some(active) = self.active.take()
            && self.sync == Sync::Always
        {
            // What is cut off was not acknowledged. With the other settings it was: there it stays,
            // and what reached the disk of it will be replayed.
            let _ = active.file.set_len(active.synced_bytes);
            self.directory.set_size(active.header.segment, active.synced_bytes);
        }
        Err(failure)
    }

    fn failure(&self, what: &str, needed_bytes: u64, e: &io::Error) -> Failure {
        let path = self.directory.path().display();
        let disk_full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let what = match self.directory.free_bytes() {
            Some(free) if disk_full => {
                format!(
                    "the disk of wal directory {path} is full: {free} bytes free, {needed_bytes} needed ({e})"
                )
            }
            _ => format!("cannot {what} wal directory {path}: {e}"),
        };
        Failure { what, disk_full }
    }
}

fn group_bytes(group: &[Entry]) -> u64 {
    group.iter().map(|entry| (RECORD_HEADER_BYTES + entry.payload.len()) as u64).sum()
}

/// Writes all `slices`, without copying them together first.
fn write_all(file: &mut File, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Drops empty slices, for which a write would rightly answer 0.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Lets nobody wait for a writer that has ended, not even one that panicked.
struct Abandon(Arc<Queue>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
