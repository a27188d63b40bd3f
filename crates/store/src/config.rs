//! How a store behaves.

use base::settings;
use base::unit::{ByteSize, DAY_NS, MINUTE_NS, Period};
use base::{Error, Result};
use model::Signal;
use std::path::PathBuf;

settings! {
    /// Settings of a store. A process opens one store per signal; the memory is for all of them together
    /// ([`crate::Shared`]).
    pub struct StoreConfig {
        /// What is stored.
        signal: Signal = Signal::default(),
        /// Directory of the write-ahead logs; each signal has its own below it.
        wal_dir: PathBuf = PathBuf::from("./data/wal"),
        /// When an acknowledged batch is on disk: `always` (before the acknowledgement), `interval`
        /// (within `wal_sync_interval`) or `off` (when the system likes).
        wal_sync: String = "always".to_owned(),
        /// Longest time that acknowledged rows may be in the system's memory alone, for `interval`.
        wal_sync_interval: Period = Period(200_000_000),
        /// A segment of the write-ahead log is closed at this size.
        wal_segment: ByteSize = ByteSize(128 << 20),
        /// When the write-ahead log is larger, tenants whose rows keep its oldest segments are flushed.
        wal_size: ByteSize = ByteSize(4 << 30),
        /// Bytes that rows may take in memory before appends have to wait for blocks.
        head_memory: ByteSize = ByteSize(512 << 20),
        /// How long an append waits for memory before it is refused.
        append_wait: Period = Period::seconds(5),
        /// A tenant's rows in memory become blocks when they are so many bytes.
        flush_bytes: ByteSize = ByteSize(128 << 20),
        /// A tenant's rows in memory become blocks when the first was received so long ago.
        flush_age: Period = Period(30 * MINUTE_NS),
        /// A tenant's rows in memory become blocks when none was received for so long. A stream
        /// that got no row for so long is no longer active.
        flush_idle: Period = Period(30 * MINUTE_NS),
        /// Move everything into blocks at shutdown, so that the next start has nothing to replay.
        flush_on_shutdown: bool = false,
        /// How long a shutdown tries to move everything into blocks; what is left stays in the log.
        shutdown_wait: Period = Period::seconds(60),
        /// Most bytes of text and structured metadata in a block.
        block_bytes: ByteSize = ByteSize(128 << 20),
        /// Memory for the tables of open blocks.
        block_cache: ByteSize = ByteSize(128 << 20),
        /// Memory for the filters of blocks that were asked.
        filter_cache: ByteSize = ByteSize(128 << 20),
        /// Memory for what questions have read of pages of blocks: their bytes, and what was decoded of them.
        page_cache: ByteSize = ByteSize(256 << 20),
        /// How often the catalogue is asked what other writers of the bucket did; 0 is never.
        catalogue_refresh: Period = Period::seconds(60),
        /// How often small blocks are looked for that are worth merging; 0 is never.
        compaction_interval: Period = Period(10 * MINUTE_NS),
        /// Memory for merging blocks.
        compaction_memory: ByteSize = ByteSize(256 << 20),
        /// How often blocks beyond a tenant's retention are looked for; 0 is never.
        retention_interval: Period = Period(10 * MINUTE_NS),
        /// How long the object of a removed block stays for questions that still read it.
        retention_delay: Period = Period(15 * MINUTE_NS),
        /// How often ages, sizes and waiting work are looked at.
        tick: Period = Period::seconds(1),
    }
}

/// Ages and idle times beyond this are surely mistakes in a unit.
const AGE_MAX_NS: i64 = 365 * DAY_NS;

impl StoreConfig {
    /// Checks what cannot work.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`], naming setting and value.
    pub(crate) fn check(&self) -> Result<()> {
        let positive = [("flush_age", self.flush_age), ("flush_idle", self.flush_idle), ("tick", self.tick)];
        for (name, period) in positive {
            if period.ns() <= 0 || period.ns() > AGE_MAX_NS {
                return Err(Error::invalid(format!("{name} is {period}, must be between 0 and a year")));
            }
        }
        let sizes = [
            ("head_memory", self.head_memory),
            ("flush_bytes", self.flush_bytes),
            ("block_bytes", self.block_bytes),
        ];
        for (name, size) in sizes {
            if size.0 == 0 {
                return Err(Error::invalid(format!("{name} is 0")));
            }
        }
        self.sync().map(drop)
    }

    /// When the write-ahead log syncs.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a word that is none.
    pub(crate) fn sync(&self) -> Result<wal::Sync> {
        match self.wal_sync.as_str() {
            "always" => Ok(wal::Sync::Always),
            "interval" => Ok(wal::Sync::Interval(self.wal_sync_interval.duration())),
            "off" => Ok(wal::Sync::Off),
            other => Err(Error::invalid(format!("wal_sync is {other:?}, must be always, interval or off"))),
        }
    }
}
