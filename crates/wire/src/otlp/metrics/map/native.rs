//! Exponential histograms as native histograms.

use crate::histogram::{SCHEMA_MAX, SCHEMA_MIN, buckets, reduce};
use crate::otlp::metrics::map::stale;
use crate::otlp::metrics::{ExponentialBuckets, ExponentialPoint};
use model::sample::{Buckets, Histogram, ResetHint};

/// The zero bucket of points that do not tell its width.
const ZERO_THRESHOLD: f64 = 1e-128;

/// A point as native histogram. Bucket `i` of OTLP begins where bucket `i` of Prometheus ends.
pub(super) fn native(point: &ExponentialPoint<'_>) -> Result<Histogram, String> {
    if point.scale < SCHEMA_MIN {
        return Err(format!("scale {} is coarser than {SCHEMA_MIN}; send finer buckets", point.scale));
    }
    let far = || "bucket indices are beyond 32 bits".to_owned();
    let end = point.head.is_end();
    let mut out = Histogram {
        schema: point.scale,
        integer: true,
        reset: ResetHint::Unknown,
        zero_threshold: if point.zero_threshold > 0.0 { point.zero_threshold } else { ZERO_THRESHOLD },
        zero_count: if end { 0.0 } else { point.zero_count as f64 },
        count: if end { 0.0 } else { point.count as f64 },
        sum: if end { stale() } else { point.sum.unwrap_or(0.0) },
        positive: side(&point.positive, end).ok_or_else(far)?,
        negative: side(&point.negative, end).ok_or_else(far)?,
        custom_values: Vec::new(),
    };
    reduce(&mut out, SCHEMA_MAX);
    Ok(out)
}

fn side(side: &ExponentialBuckets, end: bool) -> Option<Buckets> {
    let first = i64::from(side.offset) + 1;
    let counts = side.counts.iter().zip(first..).filter(|(count, _)| **count > 0 && !end);
    buckets(counts.map(|(count, index)| (index, *count as f64)))
}
