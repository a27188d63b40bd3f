//! Reading the log.

use super::entry::{Change, ObjectKind, decode};
use super::{Catalogue, Log, State, object_name, parse_name, prefix};
use base::{Error, Kind, Result};
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::sync::Arc;

/// Entries that are fetched at the same time.
const FETCHES_IN_FLIGHT: usize = 16;
/// So often a log may change under the reader before it gives up.
const READS_MAX: usize = 5;

/// A log as it was read.
struct Loaded {
    state: State,
    /// Number of the last entry, readable or not.
    last: u64,
    snapshots: Vec<u64>,
    entries: usize,
    /// An entry or the snapshot that it stands on cannot be read.
    damaged: bool,
}

impl Catalogue {
    /// Reads what is new: entry by entry, or all when the last reading was long ago.
    pub(super) async fn read(&self, log: &mut Log) -> Result<()> {
        if self.is_stale(log) {
            return self.read_all(log).await;
        }
        loop {
            let now_ns = self.clock.now_ns();
            let sequence = self.state().sequence + 1;
            match self.entry(sequence).await {
                Ok(change) => self.advance(log, sequence, &change),
                Err(e) if e.kind() == Kind::Missing => {
                    log.read_ns = Some(now_ns);
                    return Ok(());
                }
                Err(e) if e.kind() == Kind::Corrupt => {
                    tracing::error!(sequence, error = %e, "the catalogue is damaged");
                    return self.read_all(log).await;
                }
                Err(e) => return Err(e),
            }
        }
    }

    async fn entry(&self, sequence: u64) -> Result<Change> {
        let bytes = self.bucket.get(&object_name(self.signal, sequence, ObjectKind::Entry)).await?;
        let (header, change) = decode(&bytes)?;
        if header.sequence != sequence || header.kind != ObjectKind::Entry {
            return Err(Error::corrupt(format!("catalogue entry {sequence} says it is {}", header.sequence)));
        }
        Ok(change)
    }

    async fn snapshot(&self, sequence: u64) -> Result<State> {
        let bytes = self.bucket.get(&object_name(self.signal, sequence, ObjectKind::Snapshot)).await?;
        let (header, change) = decode(&bytes)?;
        if header.sequence != sequence || header.kind != ObjectKind::Snapshot {
            return Err(Error::corrupt(format!(
                "catalogue snapshot {sequence} says it is {}",
                header.sequence
            )));
        }
        let mut state = State::default();
        state.apply(sequence, &change);
        Ok(state)
    }

    /// Reads the newest snapshot and the entries behind it.
    async fn read_all(&self, log: &mut Log) -> Result<()> {
        for _ in 0..READS_MAX {
            let now_ns = self.clock.now_ns();
            let loaded = match self.load().await {
                Ok(loaded) => loaded,
                // What was listed has been deleted since: a newer snapshot took its place.
                Err(e) if e.kind() == Kind::Missing => continue,
                Err(e) => return Err(e),
            };
            log.read_ns = Some(now_ns);
            log.entries = loaded.entries;
            log.lines = loaded.entries;
            for sequence in loaded.snapshots {
                if !log.snapshots.iter().any(|(known, _)| *known == sequence) {
                    log.snapshots.push((sequence, now_ns));
                }
            }
            log.snapshots.sort_unstable();
            log.damaged = loaded.damaged;
            let mut state = loaded.state;
            state.sequence = loaded.last;
            self.state.store(Arc::new(state));
            return Ok(());
        }
        Err(Error::unavailable("the catalogue changes faster than it can be read"))
    }

    async fn load(&self) -> Result<Loaded> {
        let listed = self.bucket.list(&prefix(self.signal)).await?;
        let named = listed.iter().filter_map(|object| parse_name(self.signal, &object.name));
        let (mut entries, mut snapshots) = (Vec::new(), Vec::new());
        for (sequence, kind) in named {
            match kind {
                ObjectKind::Entry => entries.push(sequence),
                ObjectKind::Snapshot => snapshots.push(sequence),
            }
        }
        snapshots.sort_unstable();
        let (mut state, mut damaged) = (State::default(), false);
        for sequence in snapshots.iter().rev() {
            match self.snapshot(*sequence).await {
                Ok(read) => {
                    state = read;
                    break;
                }
                // An older one and the entries behind it, as long as they are kept, say the same.
                Err(e) if e.kind() == Kind::Corrupt => {
                    tracing::error!(sequence, error = %e, "a snapshot of the catalogue is damaged");
                }
                Err(e) => return Err(e),
            }
        }
        entries.retain(|sequence| *sequence > state.sequence);
        entries.sort_unstable();
        let newest_snapshot = snapshots.last().copied().unwrap_or(0);
        let last = entries.last().copied().unwrap_or(0).max(newest_snapshot).max(state.sequence);
        let count = entries.len();
        let fetched = futures_util::stream::iter(entries).map(|sequence| async move {
            match self.entry(sequence).await {
                Err(e) if e.kind() == Kind::Corrupt => {
                    tracing::error!(sequence, error = %e, "an entry of the catalogue is damaged");
                    Ok((sequence, None))
                }
                read => read.map(|change| (sequence, Some(change))),
            }
        });
        let mut fetched = fetched.buffered(FETCHES_IN_FLIGHT);
        while let Some((sequence, change)) = fetched.try_next().await? {
            let follows = sequence == state.sequence + 1;
            match change {
                Some(change) => {
                    damaged = !change.reset && (damaged || !follows);
                    state.apply(sequence, &change);
                }
                None => {
                    damaged = true;
                    state.sequence = sequence;
                }
            }
        }
        damaged |= state.sequence < last;
        Ok(Loaded { state, last, snapshots, entries: count, damaged })
    }
}
