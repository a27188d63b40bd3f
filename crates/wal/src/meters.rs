//! What a log counts, by the name of the log.

use base::meter::{Buckets, Cell, Metric, Registry, Type};

static RECORDS: Metric = Metric {
    name: "trefoil_wal_records_total",
    help: "Records written to the write-ahead log.",
    kind: Type::Counter,
    labels: &["log"],
    buckets: &[],
};
static BYTES: Metric = Metric {
    name: "trefoil_wal_written_bytes_total",
    help: "Bytes of records written to the write-ahead log.",
    kind: Type::Counter,
    labels: &["log"],
    buckets: &[],
};
static CORRUPTIONS: Metric = Metric {
    name: "trefoil_wal_corruptions_total",
    help: "Damaged places found in the write-ahead log.",
    kind: Type::Counter,
    labels: &["log"],
    buckets: &[],
};
static DISK_FULL: Metric = Metric {
    name: "trefoil_wal_disk_full_failures_total",
    help: "Records refused because the disk of the write-ahead log was full.",
    kind: Type::Counter,
    labels: &["log"],
    buckets: &[],
};
static SYNC_SECONDS: Metric = Metric {
    name: "trefoil_wal_sync_seconds",
    help: "Time that a sync of the write-ahead log took.",
    kind: Type::Histogram,
    labels: &["log"],
    buckets: &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0],
};

/// The bound metrics of one log.
#[derive(Clone, Debug)]
pub struct Meters {
    /// Records written.
    pub records: Cell,
    /// Bytes written, record headers included.
    pub bytes: Cell,
    /// Damaged places met by replay.
    pub corruptions: Cell,
    /// Records refused for lack of space.
    pub disk_full: Cell,
    /// Seconds per sync.
    pub sync_seconds: Buckets,
}

impl Meters {
    /// Binds the metrics of the log called `log` to `registry`.
    pub fn new(registry: &Registry, log: &str) -> Self {
        let cell = |metric| registry.cell(metric, &[log]);
        Self {
            records: cell(&RECORDS),
            bytes: cell(&BYTES),
            corruptions: cell(&CORRUPTIONS),
            disk_full: cell(&DISK_FULL),
            sync_seconds: registry.buckets(&SYNC_SECONDS, &[log]),
        }
    }
}
