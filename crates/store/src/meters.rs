//! What a store counts: `trefoil_store_…` with the signal as a label. What the store of logs counts has the
//! names that Loki's dashboards know besides, where there are such; Loki's "chunk" is a run of one stream here.

use base::meter::{Buckets, Cell, Metric, Registry, Type};
use model::{Signal, Tenant};

const fn metric(
    name: &'static str,
    help: &'static str,
    kind: Type,
    labels: &'static [&'static str],
    buckets: &'static [f64],
) -> Metric {
    Metric { name, help, kind, labels, buckets }
}

/// A count of one store.
const fn counter(name: &'static str, help: &'static str) -> Metric {
    metric(name, help, Type::Counter, &["signal"], &[])
}

/// A number of one store that goes up and down.
const fn gauge(name: &'static str, help: &'static str) -> Metric {
    metric(name, help, Type::Gauge, &["signal"], &[])
}

static STREAMS: Metric =
    metric("trefoil_store_streams", "Active streams.", Type::Gauge, &["signal", "tenant"], &[]);
static STREAMS_CREATED: Metric = metric(
    "trefoil_store_streams_created_total",
    "Streams that became active.",
    Type::Counter,
    &["signal", "tenant"],
    &[],
);
static STREAMS_REMOVED: Metric = metric(
    "trefoil_store_streams_removed_total",
    "Streams that are no longer active.",
    Type::Counter,
    &["signal", "tenant"],
    &[],
);
static RUNS: Metric = gauge("trefoil_store_runs", "Runs of rows in memory.");
static FLUSHING: Metric = gauge("trefoil_store_flushing_tenants", "Tenants being flushed.");
static FLUSHED: Metric = metric(
    "trefoil_store_runs_flushed_total",
    "Runs moved into blocks, by what made them.",
    Type::Counter,
    &["signal", "reason"],
    &[],
);
static FLUSH_FAILURES: Metric =
    counter("trefoil_store_flush_failures_total", "Steps of a flush that failed and were tried again.");
static REPLAY_ACTIVE: Metric =
    gauge("trefoil_store_replay_active", "Whether the write-ahead log is being replayed.");
static REPLAY_SECONDS: Metric =
    gauge("trefoil_store_replay_duration_seconds", "Time that the last replay took.");
static REPLAY_FLUSHING: Metric = gauge("trefoil_store_replay_flushing", "Whether a replay waits for memory.");
static REPLAY_CORRUPT: Metric = counter(
    "trefoil_store_replay_corrupt_batches_total",
    "Records of the write-ahead log that held no batch and were skipped.",
);
static HEAD_BYTES: Metric = gauge("trefoil_store_head_bytes", "Memory taken by rows that are not in blocks.");
static WAL_BYTES: Metric = gauge("trefoil_wal_bytes", "Bytes of the write-ahead log on the disk.");
static BLOCKS: Metric = gauge("trefoil_store_blocks", "Blocks in the catalogue.");
static BLOCKS_WRITTEN: Metric = counter("trefoil_store_blocks_written_total", "Blocks put into the bucket.");
static BLOCK_RAW_BYTES: Metric =
    counter("trefoil_store_block_raw_bytes_total", "Bytes of bodies and metadata in blocks written.");
static BLOCK_STORED_BYTES: Metric =
    counter("trefoil_store_block_stored_bytes_total", "Bytes of blocks written.");
static FLUSH_SECONDS: Metric = metric(
    "trefoil_store_flush_seconds",
    "Time from freezing a tenant's rows to the commit of their blocks.",
    Type::Histogram,
    &["signal"],
    base::meter::SECONDS_BUCKETS,
);
static APPEND_WAITS: Metric =
    counter("trefoil_store_append_waits_total", "Appends that had to wait for memory.");
static DUPLICATES: Metric = counter(
    "trefoil_store_duplicates_total",
    "Rows that repeated another one, dropped when inserted or flushed.",
);
static BLOCKS_RETIRED: Metric =
    counter("trefoil_store_blocks_retired_total", "Blocks removed from the catalogue by retention.");

static COMPACTIONS: Metric = counter("trefoil_store_compactions_total", "Merges of small blocks.");
static COMPACTION_RAW_BYTES: Metric =
    counter("trefoil_store_compaction_raw_bytes_total", "Bytes of bodies and metadata in blocks merged.");
static COMPACTION_FAILURES: Metric =
    counter("trefoil_store_compaction_failures_total", "Merges given up because a block cannot be read.");
static ORPHANS: Metric =
    counter("trefoil_store_orphans_total", "Objects found that a crash left behind, to be deleted.");

static KEPT_BYTES: Metric = metric(
    "trefoil_page_cache_bytes",
    "Memory taken by what queries have read of pages of blocks.",
    Type::Gauge,
    &[],
    &[],
);
static KEPT_ASKED: Metric = metric(
    "trefoil_page_cache_requests_total",
    "Pages that queries read, by whether all that they need of their bytes was in memory.",
    Type::Counter,
    &["result"],
    &[],
);

/// What is counted of pages that are kept, for all stores of a process.
#[derive(Clone, Debug)]
pub struct KeptMeters {
    /// Bytes of memory.
    pub bytes: Cell,
    /// Pages of which nothing had to be fetched.
    pub hits: Cell,
    /// The others.
    pub misses: Cell,
}

impl KeptMeters {
    /// Binds them to `registry`.
    pub fn new(registry: &Registry) -> Self {
        Self {
            bytes: registry.cell(&KEPT_BYTES, &[]),
            hits: registry.cell(&KEPT_ASKED, &["hit"]),
            misses: registry.cell(&KEPT_ASKED, &["miss"]),
        }
    }
}

/// The names of the store of logs on Loki's dashboards.
mod loki {
    use super::{Metric, Type, metric};

    const fn counter(name: &'static str, help: &'static str) -> Metric {
        metric(name, help, Type::Counter, &[], &[])
    }

    const fn gauge(name: &'static str, help: &'static str) -> Metric {
        metric(name, help, Type::Gauge, &[], &[])
    }

    pub static STREAMS: Metric =
        metric("loki_ingester_memory_streams", "Active streams.", Type::Gauge, &["tenant"], &[]);
    pub static STREAMS_CREATED: Metric = metric(
        "loki_ingester_streams_created_total",
        "Streams that became active.",
        Type::Counter,
        &["tenant"],
        &[],
    );
    pub static STREAMS_REMOVED: Metric = metric(
        "loki_ingester_streams_removed_total",
        "Streams that are no longer active.",
        Type::Counter,
        &["tenant"],
        &[],
    );
    pub static RUNS: Metric = gauge("loki_ingester_memory_chunks", "Runs of lines in memory.");
    pub static FLUSHING: Metric = gauge("loki_ingester_flush_queue_length", "Tenants being flushed.");
    pub static FLUSHED: Metric = metric(
        "loki_ingester_chunks_flushed_total",
        "Runs moved into blocks, by what made them.",
        Type::Counter,
        &["reason"],
        &[],
    );
    pub static FLUSH_FAILURES: Metric = counter(
        "loki_ingester_chunks_flush_failures_total",
        "Steps of a flush that failed and were tried again.",
    );
    pub static REPLAY_ACTIVE: Metric =
        gauge("loki_ingester_wal_replay_active", "Whether the write-ahead log is being replayed.");
    pub static REPLAY_SECONDS: Metric =
        gauge("loki_ingester_wal_replay_duration_seconds", "Time that the last replay took.");
    pub static REPLAY_FLUSHING: Metric =
        gauge("loki_ingester_wal_replay_flushing", "Whether a replay waits for memory.");
    pub static LOG_RECORDS: Metric =
        counter("loki_ingester_wal_records_logged_total", "Records written to the write-ahead log.");
    pub static LOG_BYTES: Metric =
        counter("loki_ingester_wal_logged_bytes_total", "Bytes of records written to the write-ahead log.");
    pub static LOG_CORRUPTIONS: Metric =
        counter("loki_ingester_wal_corruptions_total", "Damaged places found in the write-ahead log.");
    pub static LOG_DISK_FULL: Metric = counter(
        "loki_ingester_wal_disk_full_failures_total",
        "Records refused because the disk of the write-ahead log was full.",
    );
}

/// The bound metrics of a store.
#[derive(Clone, Debug)]
pub struct Meters {
    registry: Registry,
    signal: Signal,
    /// Runs in memory.
    pub memory_runs: Cell,
    /// Tenants being flushed.
    pub flush_queue: Cell,
    /// Failed steps of flushes.
    pub flush_failures: Cell,
    /// 1 while replaying.
    pub replay_active: Cell,
    /// Seconds of the last replay.
    pub replay_seconds: Cell,
    /// 1 while a replay waits for memory.
    pub replay_flushing: Cell,
    /// Records that held no batch.
    pub replay_corrupt: Cell,
    /// Memory of rows.
    pub head_bytes: Cell,
    /// Bytes of the write-ahead log.
    pub wal_bytes: Cell,
    /// Blocks in the catalogue.
    pub blocks: Cell,
    /// Blocks written.
    pub blocks_written: Cell,
    /// Their raw bytes.
    pub block_raw_bytes: Cell,
    /// Their stored bytes.
    pub block_stored_bytes: Cell,
    /// Seconds per flush.
    pub flush_seconds: Buckets,
    /// Appends that waited.
    pub append_waits: Cell,
    /// Duplicate rows dropped.
    pub duplicates: Cell,
    /// Blocks removed by retention.
    pub blocks_retired: Cell,
    /// Merges of blocks.
    pub compactions: Cell,
    /// Raw bytes of blocks merged.
    pub compaction_raw_bytes: Cell,
    /// Merges given up.
    pub compaction_failures: Cell,
    /// Objects of no catalogue.
    pub orphans: Cell,
}

/// The bound metrics of a tenant.
#[derive(Clone, Debug)]
pub struct TenantMeters {
    /// Active streams.
    pub streams: Cell,
    /// Streams that became active.
    pub streams_created: Cell,
    /// Streams that ceased to be active.
    pub streams_removed: Cell,
}

impl Meters {
    /// Binds the metrics of the store of `signal` to `registry`.
    pub fn new(registry: &Registry, signal: Signal) -> Self {
        let word = [signal.word()];
        let cell = |metric| registry.cell(metric, &word);
        let meters = Self {
            registry: registry.clone(),
            signal,
            memory_runs: cell(&RUNS),
            flush_queue: cell(&FLUSHING),
            flush_failures: cell(&FLUSH_FAILURES),
            replay_active: cell(&REPLAY_ACTIVE),
            replay_seconds: cell(&REPLAY_SECONDS),
            replay_flushing: cell(&REPLAY_FLUSHING),
            replay_corrupt: cell(&REPLAY_CORRUPT),
            head_bytes: cell(&HEAD_BYTES),
            wal_bytes: cell(&WAL_BYTES),
            blocks: cell(&BLOCKS),
            blocks_written: cell(&BLOCKS_WRITTEN),
            block_raw_bytes: cell(&BLOCK_RAW_BYTES),
            block_stored_bytes: cell(&BLOCK_STORED_BYTES),
            flush_seconds: registry.buckets(&FLUSH_SECONDS, &word),
            append_waits: cell(&APPEND_WAITS),
            duplicates: cell(&DUPLICATES),
            blocks_retired: cell(&BLOCKS_RETIRED),
            compactions: cell(&COMPACTIONS),
            compaction_raw_bytes: cell(&COMPACTION_RAW_BYTES),
            compaction_failures: cell(&COMPACTION_FAILURES),
            orphans: cell(&ORPHANS),
        };
        meters.show_as_loki(&loki::RUNS, &[], &meters.memory_runs);
        meters.show_as_loki(&loki::FLUSHING, &[], &meters.flush_queue);
        meters.show_as_loki(&loki::FLUSH_FAILURES, &[], &meters.flush_failures);
        meters.show_as_loki(&loki::REPLAY_ACTIVE, &[], &meters.replay_active);
        meters.show_as_loki(&loki::REPLAY_SECONDS, &[], &meters.replay_seconds);
        meters.show_as_loki(&loki::REPLAY_FLUSHING, &[], &meters.replay_flushing);
        meters
    }

    /// Shows what the write-ahead log counts under the names of Loki.
    pub fn show_log(&self, log: &wal::Meters) {
        self.show_as_loki(&loki::LOG_RECORDS, &[], &log.records);
        self.show_as_loki(&loki::LOG_BYTES, &[], &log.bytes);
        self.show_as_loki(&loki::LOG_CORRUPTIONS, &[], &log.corruptions);
        self.show_as_loki(&loki::LOG_DISK_FULL, &[], &log.disk_full);
    }

    /// Shows `cell` under a name of Loki when it is about logs.
    fn show_as_loki(&self, metric: &'static Metric, values: &[&str], cell: &Cell) {
        if self.signal.is_counted_as_loki() {
            self.registry.show_also(metric, values, cell);
        }
    }

    /// The metrics of `tenant`.
    pub fn tenant(&self, tenant: &Tenant) -> TenantMeters {
        let cell = |metric: &'static Metric, of_loki: &'static Metric| {
            let cell = self.registry.cell(metric, &[self.signal.word(), tenant.as_str()]);
            self.show_as_loki(of_loki, &[tenant.as_str()], &cell);
            cell
        };
        TenantMeters {
            streams: cell(&STREAMS, &loki::STREAMS),
            streams_created: cell(&STREAMS_CREATED, &loki::STREAMS_CREATED),
            streams_removed: cell(&STREAMS_REMOVED, &loki::STREAMS_REMOVED),
        }
    }

    /// Runs flushed for `reason`.
    pub fn flushed(&self, reason: &'static str) -> Cell {
        let cell = self.registry.cell(&FLUSHED, &[self.signal.word(), reason]);
        self.show_as_loki(&loki::FLUSHED, &[reason], &cell);
        cell
    }
}
