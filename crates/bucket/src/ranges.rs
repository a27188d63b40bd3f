//! Joining ranges: a request costs about as long as moving this many bytes, so bytes between two
//! ranges that nobody asked for are read when that saves a request.

use bytes::Bytes;
use std::ops::Range;

/// Ranges nearer than this are read together.
pub const GAP_BYTES: u64 = 256 << 10;
/// Joined ranges have at most this many bytes, so that a long read is made of parallel requests.
/// A single range, or ranges that overlap, may be longer.
pub const FETCH_MAX_BYTES: u64 = 8 << 20;

/// The ranges to fetch for `ranges`: sorted, disjoint, and each of `ranges` that is not empty lies in
/// exactly one of them. Ranges with fewer than `gap_bytes` between them are joined up to
/// `fetch_max_bytes`; overlapping ones always.
pub fn join(ranges: &[Range<u64>], gap_bytes: u64, fetch_max_bytes: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        if let Some(last) = joined.last_mut() {
            let overlaps = range.start < last.end;
            let near = range.start.saturating_sub(last.end) < gap_bytes.max(1);
            if overlaps || near && range.end - last.start <= fetch_max_bytes {
                last.end = last.end.max(range.end);
                continue;
            }
        }
        joined.push(range);
    }
    joined
}

/// Cuts each of `ranges` out of what was fetched. `fetched` is what [`join`] answered for them with the bytes of
/// each; `None` when it is not.
pub fn cut(ranges: &[Range<u64>], fetched: &[(Range<u64>, Bytes)]) -> Option<Vec<Bytes>> {
    let one = |range: &Range<u64>| {
        if range.is_empty() {
            return Some(Bytes::new());
        }
        let at = fetched.partition_point(|(joined, _)| joined.start <= range.start).checked_sub(1)?;
        let (joined, bytes) = fetched.get(at)?;
        let start = usize::try_from(range.start - joined.start).ok()?;
        let end = usize::try_from(range.end - joined.start).ok()?;
        (end <= bytes.len()).then(|| bytes.slice(start..end))
    };
    ranges.iter().map(one).collect()
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a slice of one range is meant")]
mod tests;
