//! What pushes count in the process's metrics, under Loki's names.

use crate::admit::{Admitted, count_discarded};
use base::meter::{Metric, Registry, Type};
use model::Tenant;

static BYTES_RECEIVED: Metric = Metric {
    name: "loki_distributor_bytes_received_total",
    help: "Bytes of lines and structured metadata in pushes, before any check.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

static METADATA_BYTES_RECEIVED: Metric = Metric {
    name: "loki_distributor_structured_metadata_bytes_received_total",
    help: "Bytes of structured metadata in pushes, before any check.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

static LINES_RECEIVED: Metric = Metric {
    name: "loki_distributor_lines_received_total",
    help: "Lines in pushes, before any check.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

static MUTATED_SAMPLES: Metric = Metric {
    name: "loki_mutated_samples_total",
    help: "Lines that were changed before they were stored.",
    kind: Type::Counter,
    labels: &["reason", "tenant"],
    buckets: &[],
};

static MUTATED_BYTES: Metric = Metric {
    name: "loki_mutated_bytes_total",
    help: "Bytes that were cut off lines before they were stored.",
    kind: Type::Counter,
    labels: &["reason", "tenant"],
    buckets: &[],
};

/// Counts an admitted push.
pub fn count(registry: &Registry, tenant: &Tenant, admitted: &Admitted) {
    let received = &admitted.received;
    if received.lines > 0 {
        let labels = [tenant.as_str()];
        let bytes = (received.line_bytes + received.metadata_bytes) as f64;
        registry.cell(&BYTES_RECEIVED, &labels).add(bytes);
        registry.cell(&METADATA_BYTES_RECEIVED, &labels).add(received.metadata_bytes as f64);
        registry.cell(&LINES_RECEIVED, &labels).add(received.lines as f64);
    }
    for (reason, discarded) in admitted.refusals.discarded() {
        count_discarded(registry, tenant, reason, discarded);
    }
    if admitted.truncated.lines > 0 {
        let labels = ["line_too_long", tenant.as_str()];
        registry.cell(&MUTATED_SAMPLES, &labels).add(admitted.truncated.lines as f64);
        registry.cell(&MUTATED_BYTES, &labels).add(admitted.truncated.bytes as f64);
    }
}
