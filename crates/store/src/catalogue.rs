//! Which blocks there are: a log of create-only objects in the bucket (`docs/format/catalogue.md`).
//!
//! ```text
//! catalogue/logs/00000000000000000041            entry 41: blocks added, removed, deleted; log covered
//! catalogue/logs/00000000000000000041.snapshot   the same as entries 1 to 41
//! catalogue/logs/00000000000000000042            entry 42
//! ```
//!
//! Creating the next number is the commit: of many writers exactly one succeeds, the others read its
//! entry and try the number after. The catalogue is a cache of what the blocks say about themselves:
//! [`Catalogue::rebuild`] makes it from a listing, and so does opening when it is damaged.
//!
//! Old entries are deleted an hour after a snapshot made them needless. Within that time a writer that
//! has not looked for long could create a number anew that others have passed. So nobody creates without
//! having read the newest entries in the last ten minutes, and a creation that took longer is void.

mod entry;
mod load;
mod rebuild;
mod state;

pub use entry::{Change, Covered, Header, ObjectKind, Removed, decode, encode};
pub use state::State;

use arc_swap::ArcSwap;
use base::unit::{HOUR_NS, MINUTE_NS};
use base::{Clock, Error, Kind, Result};
use bucket::Bucket;
use model::Signal;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What was read so long ago must be read again before something is built on it.
const STALE_NS: i64 = 10 * MINUTE_NS;
/// Entries are kept so long after a snapshot made them needless.
const KEEP_NS: i64 = HOUR_NS;
/// Fewer entries than this are read faster than a snapshot is written.
const SNAPSHOT_ENTRIES_MIN: usize = 64;
/// So many lost races in a row are no race but a bucket that contradicts itself.
const RACES_MAX: usize = 1000;

/// The catalogue of a store.
#[derive(Debug)]
pub struct Catalogue {
    bucket: Bucket,
    signal: Signal,
    writer: String,
    clock: Clock,
    state: ArcSwap<State>,
    /// Held while reading or writing the log.
    log: Mutex<Log>,
}

/// What is known about the log besides its state.
#[derive(Debug, Default)]
struct Log {
    /// When the state was last known to be the newest; none before the first reading.
    read_ns: Option<i64>,
    /// Snapshots and when they were first seen, oldest first.
    snapshots: Vec<(u64, i64)>,
    /// Entries and lines behind the newest snapshot.
    entries: usize,
    lines: usize,
    /// Something in it could not be read.
    damaged: bool,
}

impl Catalogue {
    /// The catalogue of `signal` in `bucket`, not read yet. `writer` names the log whose rows this
    /// process writes.
    pub fn new(bucket: Bucket, signal: Signal, writer: String, clock: Clock) -> Self {
        Self { bucket, signal, writer, clock, state: ArcSwap::default(), log: Mutex::default() }
    }

    /// What it says, as last read or written.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Who writes.
    pub fn writer(&self) -> &str {
        &self.writer
    }

    /// Reads what others wrote since; the whole log at first. A damaged log is rebuilt from the blocks.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]; [`base::Kind::Invalid`] when a newer program wrote it.
    pub async fn refresh(&self) -> Result<()> {
        let mut log = self.log.lock().await;
        self.read(&mut log).await?;
        self.mend(&mut log).await
    }

    /// Commits `change`. Trying again after an error does no harm.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]: whether it was committed is not known. [`base::Kind::Conflict`]: an object
    /// that it names is to be deleted; put it again. As [`Catalogue::refresh`].
    pub async fn commit(&self, change: &Change) -> Result<()> {
        match self.commit_when(change, |_| true).await? {
            true => Ok(()),
            false => {
                Err(Error::new(Kind::Conflict, "a block is as old as what a crash left and is being deleted"))
            }
        }
    }

    /// Commits `change` if `holds` of the state that it is built on, and if no object that it names is to be
    /// deleted. False if not.
    ///
    /// # Errors
    /// As [`Catalogue::commit`].
    pub async fn commit_when(&self, change: &Change, holds: impl Fn(&State) -> bool) -> Result<bool> {
        let mut log = self.log.lock().await;
        let is_free = |state: &State| !change.added.iter().any(|meta| state.is_removed(&meta.name));
        let done = self.commit_locked(&mut log, change, |state| is_free(state) && holds(state)).await?;
        self.tidy(&mut log).await;
        self.mend(&mut log).await?;
        Ok(done)
    }

    async fn mend(&self, log: &mut Log) -> Result<()> {
        if log.damaged {
            tracing::error!("the catalogue is damaged, it is made anew from the blocks");
            self.rebuild_locked(log).await?;
        }
        Ok(())
    }

    /// False when `holds` was not so.
    async fn commit_locked(
        &self,
        log: &mut Log,
        change: &Change,
        holds: impl Fn(&State) -> bool,
    ) -> Result<bool> {
        let nonce = rand::random();
        for race in 0..RACES_MAX {
            if race > 0 || self.is_stale(log) {
                self.read(log).await?;
            }
            let state = self.state();
            if state.holds(change) {
                return Ok(true);
            }
            if !holds(&state) {
                return Ok(false);
            }
            let began_ns = self.clock.now_ns();
            let sequence = state.sequence + 1;
            let header = Header::new(ObjectKind::Entry, self.signal, sequence, &self.writer, nonce);
            let name = object_name(self.signal, sequence, ObjectKind::Entry);
            if self.bucket.create(&name, encode(&header, change)?).await? {
                if self.clock.now_ns() - began_ns > STALE_NS {
                    log.read_ns = None;
                    return Err(Error::unavailable(format!(
                        "catalogue entry {sequence} took too long to write"
                    )));
                }
                self.advance(log, sequence, change);
                return Ok(true);
            }
        }
        Err(Error::unavailable(format!("catalogue: {RACES_MAX} entries in a row were written by others")))
    }

    fn is_stale(&self, log: &Log) -> bool {
        log.read_ns.is_none_or(|read_ns| self.clock.now_ns() - read_ns > STALE_NS)
    }

    /// Puts the state after entry `sequence` into effect.
    fn advance(&self, log: &mut Log, sequence: u64, change: &Change) {
        let mut state = (*self.state()).clone();
        state.apply(sequence, change);
        self.state.store(Arc::new(state));
        log.read_ns = Some(self.clock.now_ns());
        log.damaged &= !change.reset;
        log.entries += 1;
        log.lines += change.added.len() + change.removed.len() + change.deleted.len() + change.covered.len();
    }

    /// Writes a snapshot when reading the entries behind the last one costs more, and deletes what
    /// is needless. A failure leaves more to read, which the next commit mends.
    async fn tidy(&self, log: &mut Log) {
        let state = self.state();
        if log.entries < SNAPSHOT_ENTRIES_MIN || log.lines < state.line_count() {
            return;
        }
        if let Err(error) = self.write_snapshot(log, &state).await {
            tracing::warn!(%error, "cannot write a snapshot of the catalogue");
        } else if let Err(error) = self.delete_needless(log).await {
            tracing::warn!(%error, "cannot delete old entries of the catalogue");
        }
    }

    async fn write_snapshot(&self, log: &mut Log, state: &State) -> Result<()> {
        let header =
            Header::new(ObjectKind::Snapshot, self.signal, state.sequence, &self.writer, rand::random());
        let name = object_name(self.signal, state.sequence, ObjectKind::Snapshot);
        // When somebody else made a snapshot of the same entries, it says the same.
        self.bucket.create(&name, encode(&header, &state.as_change())?).await?;
        log.snapshots.push((state.sequence, self.clock.now_ns()));
        (log.entries, log.lines) = (0, 0);
        Ok(())
    }

    /// Deletes what is before the newest snapshot that is old enough, oldest first.
    async fn delete_needless(&self, log: &mut Log) -> Result<()> {
        let now_ns = self.clock.now_ns();
        let Some(at) = log.snapshots.iter().rposition(|(_, since_ns)| now_ns - since_ns > KEEP_NS) else {
            return Ok(());
        };
        let (keep, _) = log.snapshots[at];
        for object in self.bucket.list(&prefix(self.signal)).await? {
            match parse_name(self.signal, &object.name) {
                Some((sequence, kind))
                    if sequence < keep || sequence == keep && kind == ObjectKind::Entry =>
                {
                    self.bucket.delete(&object.name).await?;
                }
                _ => {}
            }
        }
        log.snapshots.drain(..at);
        Ok(())
    }
}

/// Where the objects of a catalogue are.
fn prefix(signal: Signal) -> String {
    format!("catalogue/{}", signal.word())
}

fn object_name(signal: Signal, sequence: u64, kind: ObjectKind) -> String {
    let ending = match kind {
        ObjectKind::Entry => "",
        ObjectKind::Snapshot => ".snapshot",
    };
    format!("{}/{sequence:020}{ending}", prefix(signal))
}

/// Number and kind of the object `name`; none for other objects, as the blocks of a tenant who is
/// called like the catalogue.
fn parse_name(signal: Signal, name: &str) -> Option<(u64, ObjectKind)> {
    let name = name.strip_prefix(&prefix(signal))?.strip_prefix('/')?;
    let (digits, kind) = match name.strip_suffix(".snapshot") {
        Some(digits) => (digits, ObjectKind::Snapshot),
        None => (name, ObjectKind::Entry),
    };
    let numeric = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((numeric.then(|| digits.parse().ok())??, kind))
}

#[cfg(test)]
mod tests;
