//! A write-ahead log: what was acknowledged survives `kill -9` and power loss. Records are opaque
//! bytes. The layout is in `docs/format/wal.md`.
//!
//! ```text
//! append ─▶ queue (bounded in bytes) ─▶ writer thread: write a group, sync once ─▶ acknowledge all
//! open   ─▶ Replay: every record, oldest first, past torn tails and damage
//! cut    ─▶ a position: everything acknowledged so far is before it, everything later is not
//! truncate_before(position) ─▶ whole segments go when nothing in them is needed any more
//! ```
//!
//! A disk without space refuses ([`base::Kind::Unavailable`]) and takes records again by itself when there
//! is space; opening, replaying, cutting and truncating need none. Preallocating segments was left
//! out: it makes a sync no cheaper where extents are converted when written, and space that is
//! taken ahead hides how full the disk is.

mod directory;
mod meters;
mod options;
mod queue;
mod replay;
pub mod segment;
mod writer;

pub use meters::Meters;
pub use options::{Options, Sync};
pub use replay::{Damage, Progress, Record, Replay};
pub use segment::Position;

use base::{Error, Result};
use bytes::Bytes;
use directory::Directory;
use queue::Queue;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use writer::Writer;

/// A log, open for appending. Cloning gives the same log; when the last clone is dropped, what waits
/// is written and the log is closed.
#[derive(Clone, Debug)]
pub struct Wal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: Arc<Directory>,
    queue: Arc<Queue>,
    meters: Meters,
    /// Its sender is dropped when the writer thread ends.
    ended: watch::Receiver<()>,
    #[cfg(test)]
    faults: writer::Faults,
}

/// What a log takes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of segments.
    pub segments: usize,
    /// Bytes in them.
    pub bytes: u64,
}

impl Wal {
    /// Opens the log in `dir`, which is made when there is none. Blocks: reads the last segment
    /// and cuts off its torn tail. Appending may start before the replay is done.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the directory cannot be used or another process uses it;
    /// [`base::Kind::Invalid`] when a newer program wrote it. Damage is not an error.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Replay)> {
        let meters = Meters::new(&options.registry, options.name);
        let (directory, lock) = Directory::open(dir)?;
        let directory = Arc::new(directory);
        let replay = Replay::open(Arc::clone(&directory), meters.clone())?;
        let queue = Arc::new(Queue::new(options.queue_bytes));
        let writer = Writer::new(Arc::clone(&directory), lock, Arc::clone(&queue), &options, meters.clone());
        #[cfg(test)]
        let faults = writer.faults.clone();
        let (end, ended) = watch::channel(());
        let run = move || {
            writer.run();
            drop(end);
        };
        let thread = std::thread::Builder::new().name("wal".to_owned()).spawn(run);
        thread.map_err(|e| Error::unavailable("cannot start the thread of a write-ahead log").because(e))?;
        let inner = Inner {
            directory,
            queue,
            meters,
            ended,
            #[cfg(test)]
            faults,
        };
        Ok((Self(Arc::new(inner)), replay))
    }

    /// Appends `payload`; when the future gives a position, the record is as safe as
    /// [`Options::sync`] promises. Waits while the queue is full. A dropped future leaves open
    /// whether the record is kept.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the disk is full or fails, or the log is closed: the record
    /// is not acknowledged, but may still be met by a later replay. [`base::Kind::Limit`] when
    /// it is longer than [`segment::PAYLOAD_MAX_BYTES`].
    pub async fn append(&self, payload: Bytes) -> Result<Position> {
        if payload.len() > segment::PAYLOAD_MAX_BYTES {
            return Err(Error::limit(format!(
                "record of {} bytes, the write-ahead log takes {}",
                payload.len(),
                segment::PAYLOAD_MAX_BYTES
            )));
        }
        let payload_checksum = segment::payload_checksum(&payload);
        let (done, position) = oneshot::channel();
        self.0.queue.append(payload, payload_checksum, done).await?;
        position.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Starts a new segment. Every record acknowledged before the call is before the answered
    /// position; every record appended after the answer is at or behind it.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the disk fails or the log is closed.
    pub async fn cut(&self) -> Result<Position> {
        let (done, position) = oneshot::channel();
        self.0.queue.cut(done)?;
        position.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Removes the segments in which every record is before `position`, and answers how many.
    /// `position` is one that this log gave, by [`Wal::append`], [`Wal::cut`] or a replay. Calling
    /// it again, with the same position or an older one, does no harm.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the disk fails; the rest then stays for the next call.
    pub async fn truncate_before(&self, position: Position) -> Result<usize> {
        let directory = Arc::clone(&self.0.directory);
        let removed = tokio::task::spawn_blocking(move || {
            let path = directory.path().display();
            let failed = format!("cannot remove segments from wal directory {path}");
            directory.remove_before(position.segment).map_err(|e| Error::unavailable(failed).because(e))
        });
        removed.await.unwrap_or_else(|e| Err(Error::bug("truncating a write-ahead log").because(e)))
    }

    /// What the log takes on the disk.
    pub fn usage(&self) -> Usage {
        let sizes = self.0.directory.sizes();
        Usage { segments: sizes.len(), bytes: sizes.values().sum() }
    }

    /// What the log counts.
    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// Refuses further records, and waits until what was appended is written and synced and the
    /// directory can be opened again.
    pub async fn close(&self) {
        self.0.queue.close();
        // The only news on this channel is that its sender is gone.
        while self.0.ended.clone().changed().await.is_ok() {}
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn stopped() -> Error {
    Error::unavailable("the writer of the write-ahead log has stopped")
}

#[cfg(test)]
mod tests;
