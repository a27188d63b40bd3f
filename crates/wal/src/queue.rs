//! What waits for the writer: bounded in bytes, in the order of arrival.

use crate::segment::Position;
use base::{Error, Result};
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Records that are written together have at most this many bytes, or are a single one. Bounds how
/// far a segment goes beyond its size, and how long the first record waits for the last.
const GROUP_MAX_BYTES: usize = 8 << 20;

/// What a waiting record costs besides its payload, so that empty records are bounded, too.
const ENTRY_BYTES: usize = 256;

/// Tells one caller how it ended.
pub type Done = oneshot::Sender<Result<Position>>;

/// A record to be written.
#[derive(Debug)]
pub struct Entry {
    /// What to keep.
    pub payload: Bytes,
    /// Its checksum.
    pub payload_checksum: u64,
    /// Whom to tell.
    pub done: Done,
    /// Its share of the queue, given back when the entry is dropped.
    _share: OwnedSemaphorePermit,
}

/// What the writer does next.
#[derive(Debug)]
pub enum Work {
    /// Write these together.
    Group(Vec<Entry>),
    /// Close the segment.
    Cut(Done),
    /// Nothing came until the asked time.
    Due,
    /// Nothing will come any more.
    Closed,
}

#[derive(Debug)]
enum Job {
    Append(Entry),
    Cut(Done),
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// The queue between callers and the writer thread.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    space: Arc<Semaphore>,
    capacity_bytes: u32,
}

impl Queue {
    /// A queue that holds `capacity_bytes`; a longer record takes it as a whole.
    pub fn new(capacity_bytes: u32) -> Self {
        let space = Arc::new(Semaphore::new(capacity_bytes as usize));
        Self { state: Mutex::default(), arrived: Condvar::new(), space, capacity_bytes }
    }

    /// Adds a record, waiting for space.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the queue is closed.
    pub async fn append(&self, payload: Bytes, payload_checksum: u64, done: Done) -> Result<()> {
        let cost = u32::try_from(payload.len().saturating_add(ENTRY_BYTES)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.space).acquire_many_owned(cost.min(self.capacity_bytes)).await;
        let share = share.map_err(|_| closed())?;
        self.push(Job::Append(Entry { payload, payload_checksum, done, _share: share }))
    }

    /// Adds the wish for a new segment.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the queue is closed.
    pub fn cut(&self, done: Done) -> Result<()> {
        self.push(Job::Cut(done))
    }

    fn push(&self, job: Job) -> Result<()> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(closed());
        }
        state.jobs.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for work, at most until `due`.
    pub fn take(&self, due: Option<Instant>) -> Work {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return Work::Closed;
            }
            match due {
                None => self.arrived.wait(&mut state),
                Some(due) => {
                    if self.arrived.wait_until(&mut state, due).timed_out() && state.jobs.is_empty() {
                        return Work::Due;
                    }
                }
            }
        }
        let (mut group, mut bytes) = (Vec::new(), 0);
        while let Some(job) = state.jobs.pop_front() {
            match job {
                Job::Cut(done) if group.is_empty() => return Work::Cut(done),
                Job::Append(entry) if group.is_empty() || bytes + entry.payload.len() <= GROUP_MAX_BYTES => {
                    bytes += entry.payload.len();
                    group.push(entry);
                }
                later => {
                    state.jobs.push_front(later);
                    break;
                }
            }
        }
        Work::Group(group)
    }

    /// Refuses what comes from now on; what waits is still done.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.space.close();
        self.arrived.notify_one();
    }

    /// Closes, and drops what waits: their callers learn that there is no writer any more.
    pub fn abandon(&self) {
        self.close();
        self.state.lock().jobs.clear();
    }
}

fn closed() -> Error {
    Error::unavailable("the write-ahead log is closed")
}
