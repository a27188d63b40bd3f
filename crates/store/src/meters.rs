//! What a store counts, under the names that Loki's dashboards know where there are such. Loki's
//! "chunk" is a run of one stream here.

use base::meter::{Buckets, Cell, Metric, Registry, Type};
use model::Tenant;

const fn metric(
    name: &'static str,
    help: &'static str,
    kind: Type,
    labels: &'static [&'static str],
    buckets: &'static [f64],
) -> Metric {
    Metric { name, help, kind, labels, buckets }
}

static MEMORY_STREAMS: Metric =
    metric("loki_ingester_memory_streams", "Active streams.", Type::Gauge, &["tenant"], &[]);
static STREAMS_CREATED: Metric = metric(
    "loki_ingester_streams_created_total",
    "Streams that became active.",
    Type::Counter,
    &["tenant"],
    &[],
);
static STREAMS_REMOVED: Metric = metric(
    "loki_ingester_streams_removed_total",
    "Streams that are no longer active.",
    Type::Counter,
    &["tenant"],
    &[],
);
static MEMORY_RUNS: Metric =
    metric("loki_ingester_memory_chunks", "Runs of rows in memory.", Type::Gauge, &[], &[]);
static FLUSH_QUEUE: Metric =
    metric("loki_ingester_flush_queue_length", "Tenants being flushed.", Type::Gauge, &[], &[]);
static FLUSHED: Metric = metric(
    "loki_ingester_chunks_flushed_total",
    "Runs moved into blocks, by what made them.",
    Type::Counter,
    &["reason"],
    &[],
);
static FLUSH_FAILURES: Metric = metric(
    "loki_ingester_chunks_flush_failures_total",
    "Steps of a flush that failed and were tried again.",
    Type::Counter,
    &[],
    &[],
);
static REPLAY_ACTIVE: Metric = metric(
    "loki_ingester_wal_replay_active",
    "Whether the write-ahead log is being replayed.",
    Type::Gauge,
    &[],
    &[],
);
static REPLAY_SECONDS: Metric = metric(
    "loki_ingester_wal_replay_duration_seconds",
    "Time that the last replay took.",
    Type::Gauge,
    &[],
    &[],
);
static REPLAY_FLUSHING: Metric =
    metric("loki_ingester_wal_replay_flushing", "Whether a replay waits for memory.", Type::Gauge, &[], &[]);
static REPLAY_CORRUPT: Metric = metric(
    "trefoil_store_replay_corrupt_batches_total",
    "Records of the write-ahead log that held no batch and were skipped.",
    Type::Counter,
    &[],
    &[],
);
static HEAD_BYTES: Metric =
    metric("trefoil_store_head_bytes", "Memory taken by rows that are not in blocks.", Type::Gauge, &[], &[]);
static WAL_BYTES: Metric =
    metric("trefoil_wal_bytes", "Bytes of the write-ahead log on the disk.", Type::Gauge, &[], &[]);
static BLOCKS: Metric = metric("trefoil_store_blocks", "Blocks in the catalogue.", Type::Gauge, &[], &[]);
static BLOCKS_WRITTEN: Metric =
    metric("trefoil_store_blocks_written_total", "Blocks put into the bucket.", Type::Counter, &[], &[]);
static BLOCK_RAW_BYTES: Metric = metric(
    "trefoil_store_block_raw_bytes_total",
    "Bytes of text and structured metadata in blocks written.",
    Type::Counter,
    &[],
    &[],
);
static BLOCK_STORED_BYTES: Metric =
    metric("trefoil_store_block_stored_bytes_total", "Bytes of blocks written.", Type::Counter, &[], &[]);
static FLUSH_SECONDS: Metric = metric(
    "trefoil_store_flush_seconds",
    "Time from freezing a tenant's rows to the commit of their blocks.",
    Type::Histogram,
    &[],
    base::meter::SECONDS_BUCKETS,
);
static APPEND_WAITS: Metric = metric(
    "trefoil_store_append_waits_total",
    "Appends that had to wait for memory.",
    Type::Counter,
    &[],
    &[],
);
static DUPLICATES: Metric = metric(
    "trefoil_store_duplicates_total",
    "Rows that repeated another one, dropped when inserted or flushed.",
    Type::Counter,
    &[],
    &[],
);
static BLOCKS_RETIRED: Metric = metric(
    "trefoil_store_blocks_retired_total",
    "Blocks removed from the catalogue by retention.",
    Type::Counter,
    &[],
    &[],
);

/// The bound metrics of a store.
#[derive(Clone, Debug)]
pub struct Meters {
    registry: Registry,
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
    /// Binds the metrics to `registry`.
    pub fn new(registry: &Registry) -> Self {
        let cell = |metric| registry.cell(metric, &[]);
        Self {
            registry: registry.clone(),
            memory_runs: cell(&MEMORY_RUNS),
            flush_queue: cell(&FLUSH_QUEUE),
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
            flush_seconds: registry.buckets(&FLUSH_SECONDS, &[]),
            append_waits: cell(&APPEND_WAITS),
            duplicates: cell(&DUPLICATES),
            blocks_retired: cell(&BLOCKS_RETIRED),
        }
    }

    /// The metrics of `tenant`.
    pub fn tenant(&self, tenant: &Tenant) -> TenantMeters {
        let cell = |metric| self.registry.cell(metric, &[tenant.as_str()]);
        TenantMeters {
            streams: cell(&MEMORY_STREAMS),
            streams_created: cell(&STREAMS_CREATED),
            streams_removed: cell(&STREAMS_REMOVED),
        }
    }

    /// Runs flushed for `reason`.
    pub fn flushed(&self, reason: &'static str) -> Cell {
        self.registry.cell(&FLUSHED, &[reason])
    }
}
