//! What the bucket counts, under the names of Loki's object store metrics where there are such.

use base::meter::{Buckets, Cell, Metric, Registry, SECONDS_BUCKETS, Type};

static OPERATIONS: Metric = Metric {
    name: "loki_objstore_bucket_operations_total",
    help: "Requests to the object store, each with all its tries.",
    kind: Type::Counter,
    labels: &["operation"],
    buckets: &[],
};
static FAILURES: Metric = Metric {
    name: "loki_objstore_bucket_operation_failures_total",
    help: "Requests to the object store that failed after all their tries.",
    kind: Type::Counter,
    labels: &["operation"],
    buckets: &[],
};
static SECONDS: Metric = Metric {
    name: "loki_objstore_bucket_operation_duration_seconds",
    help: "Time that requests to the object store took, with all their tries.",
    kind: Type::Histogram,
    labels: &["operation"],
    buckets: SECONDS_BUCKETS,
};
static BYTES: Metric = Metric {
    name: "trefoil_bucket_moved_bytes_total",
    help: "Bytes of objects that requests to the object store moved.",
    kind: Type::Counter,
    labels: &["operation"],
    buckets: &[],
};
static CACHE_HITS: Metric = Metric {
    name: "trefoil_bucket_cache_hits_total",
    help: "Pages of objects that were in the disk cache.",
    kind: Type::Counter,
    labels: &[],
    buckets: &[],
};
static CACHE_MISSES: Metric = Metric {
    name: "trefoil_bucket_cache_misses_total",
    help: "Pages of objects that were not in the disk cache.",
    kind: Type::Counter,
    labels: &[],
    buckets: &[],
};
static CACHE_BYTES: Metric = Metric {
    name: "trefoil_bucket_cache_bytes",
    help: "Bytes of the files in the disk cache.",
    kind: Type::Gauge,
    labels: &[],
    buckets: &[],
};

/// What can be asked of an object store, as named in the metrics and in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Put an object.
    Upload,
    /// Get a whole object.
    Get,
    /// Get a range of an object.
    GetRange,
    /// List objects.
    Iter,
    /// Get the size of an object.
    Attributes,
    /// Delete an object.
    Delete,
}

impl Operation {
    const ALL: [Self; 6] =
        [Self::Upload, Self::Get, Self::GetRange, Self::Iter, Self::Attributes, Self::Delete];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Get => "get",
            Self::GetRange => "get_range",
            Self::Iter => "iter",
            Self::Attributes => "attributes",
            Self::Delete => "delete",
        }
    }
}

/// The metrics of one operation.
#[derive(Clone, Debug)]
pub struct OperationMeters {
    /// Requests.
    pub total: Cell,
    /// Failed ones.
    pub failures: Cell,
    /// Seconds per request.
    pub seconds: Buckets,
    /// Bytes moved.
    pub bytes: Cell,
}

/// The bound metrics of a bucket.
#[derive(Clone, Debug)]
pub struct Meters {
    operations: [OperationMeters; 6],
    /// Pages found in the disk cache.
    pub cache_hits: Cell,
    /// Pages not found there.
    pub cache_misses: Cell,
    /// Size of the disk cache.
    pub cache_bytes: Cell,
}

impl Meters {
    /// Binds the metrics to `registry`.
    pub fn new(registry: &Registry) -> Self {
        let operation = |operation: Operation| OperationMeters {
            total: registry.cell(&OPERATIONS, &[operation.name()]),
            failures: registry.cell(&FAILURES, &[operation.name()]),
            seconds: registry.buckets(&SECONDS, &[operation.name()]),
            bytes: registry.cell(&BYTES, &[operation.name()]),
        };
        Self {
            operations: Operation::ALL.map(operation),
            cache_hits: registry.cell(&CACHE_HITS, &[]),
            cache_misses: registry.cell(&CACHE_MISSES, &[]),
            cache_bytes: registry.cell(&CACHE_BYTES, &[]),
        }
    }

    /// Those of `operation`.
    pub fn of(&self, operation: Operation) -> &OperationMeters {
        // `ALL` is in the order of the declaration.
        &self.operations[operation as usize]
    }
}
