//! Native histograms: buckets by index, and fewer of them.
//!
//! Bucket `i` of schema `s` ends at `2^(i * 2^-s)` and begins where bucket `i - 1` ends, so one schema less is every two
//! neighbours put together.

use model::sample::{Buckets, Histogram};

/// The finest schema that is stored.
pub const SCHEMA_MAX: i32 = 8;

/// The coarsest.
pub const SCHEMA_MIN: i32 = -4;

/// Buckets that are not empty, from pairs of index and count by ascending index; `None` when an index is beyond 32 bits.
pub fn buckets(indexed: impl IntoIterator<Item = (i64, f64)>) -> Option<Buckets> {
    let mut out = Buckets::default();
    let mut next = 0;
    for (index, count) in indexed {
        match (index.checked_sub(next)?, out.spans.last_mut()) {
            (0, Some((_, length))) => *length += 1,
            (gap, _) => out.spans.push((i32::try_from(gap).ok()?, 1)),
        }
        out.counts.push(count);
        next = index + 1;
    }
    Some(out)
}

/// Index and count of each bucket. Spans that say more than there are counts end with them.
pub fn indexed(buckets: &Buckets) -> impl Iterator<Item = (i64, f64)> + '_ {
    let mut end = 0i64;
    let indices = buckets.spans.iter().flat_map(move |(offset, length)| {
        let start = end + i64::from(*offset);
        end = start + i64::from(*length);
        start..end
    });
    indices.zip(buckets.counts.iter().copied())
}

/// Puts neighbouring buckets together until the schema is `schema`; does nothing to one that is not finer.
pub fn reduce(histogram: &mut Histogram, schema: i32) {
    let steps = histogram.schema.saturating_sub(schema);
    if steps <= 0 {
        return;
    }
    let steps = steps.min(32) as u32;
    for side in [&mut histogram.positive, &mut histogram.negative] {
        *side = reduced(side, steps);
    }
    histogram.schema = schema;
}

fn reduced(side: &Buckets, steps: u32) -> Buckets {
    let mut merged: Vec<(i64, f64)> = Vec::new();
    for (index, count) in indexed(side) {
        let index = ((index - 1) >> steps) + 1;
        match merged.last_mut() {
            Some((last, sum)) if *last == index => *sum += count,
            _ => merged.push((index, count)),
        }
    }
    // Every index came closer to 0, so all fit.
    buckets(merged).unwrap_or_default()
}

#[cfg(test)]
mod tests;
