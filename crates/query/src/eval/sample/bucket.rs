//! Quantiles and fractions of what buckets say about observations: of classic buckets, which are series of
//! counters with a label `le`, and of native histograms.

use super::histogram::{Bucket, Histogram};
use crate::eval::fold::ExactSum;

/// Counts that differ by less, as part of the count, differ because of how floats are added.
const SMALL_DELTA: f64 = 1e-12;

/// A classic bucket: all observations up to a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cumulative {
    /// The bound.
    pub upper: f64,
    /// Observations up to it.
    pub count: f64,
}

/// A quantile of classic buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Its value.
    pub value: f64,
    /// Whether buckets had fewer observations than smaller ones by more than rounding does, and were raised.
    pub was_raised: bool,
}

/// Buckets in order, those of one bound joined, counts never falling. Says whether they were raised for that.
fn ordered(buckets: &mut Vec<Cumulative>) -> bool {
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    buckets.dedup_by(|next, first| {
        let same = next.upper == first.upper;
        if same {
            first.count += next.count;
        }
        same
    });
    let mut was_raised = false;
    let mut before = buckets.first().map_or(0.0, |bucket| bucket.count);
    for bucket in buckets.iter_mut().skip(1) {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            bucket.count = before;
            was_raised = true;
        } else {
            before = bucket.count;
        }
    }
    was_raised
}

fn almost_equal(a: f64, b: f64) -> bool {
    if a.is_nan() && b.is_nan() || a == b {
        return true;
    }
    let (sum, apart) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return apart < SMALL_DELTA * f64::MIN_POSITIVE;
    }
    apart / sum.min(f64::MAX) < SMALL_DELTA
}

/// The `q` quantile of classic buckets, interpolated within the bucket it falls into.
pub fn quantile(q: f64, mut buckets: Vec<Cumulative>) -> Estimate {
    let sure = |value| Estimate { value, was_raised: false };
    if let Some(value) = beyond(q) {
        return sure(value);
    }
    let endless = buckets.iter().any(|bucket| bucket.upper == f64::INFINITY);
    if !endless {
        return sure(f64::NAN);
    }
    let was_raised = ordered(&mut buckets);
    let [.., below_last, last] = buckets.as_slice() else { return sure(f64::NAN) };
    if last.count == 0.0 || last.count.is_nan() {
        return sure(f64::NAN);
    }
    let rank = q * last.count;
    let finite = buckets.get(..buckets.len() - 1).unwrap_or_default();
    let at = finite.partition_point(|bucket| bucket.count < rank);
    let value = match finite.get(at) {
        None => below_last.upper,
        Some(bucket) if at == 0 && bucket.upper <= 0.0 => bucket.upper,
        Some(bucket) => {
            let before = at.checked_sub(1).and_then(|at| finite.get(at));
            let (start, less) = before.map_or((0.0, 0.0), |before| (before.upper, before.count));
            start + (bucket.upper - start) * ((rank - less) / (bucket.count - less))
        }
    };
    Estimate { value, was_raised }
}

fn beyond(q: f64) -> Option<f64> {
    if q.is_nan() {
        return Some(f64::NAN);
    }
    if q < 0.0 {
        return Some(f64::NEG_INFINITY);
    }
    (q > 1.0).then_some(f64::INFINITY)
}

/// The part of observations between `lower` and `upper`, of classic buckets.
pub fn fraction(lower: f64, upper: f64, mut buckets: Vec<Cumulative>) -> f64 {
    let endless = buckets.iter().any(|bucket| bucket.upper == f64::INFINITY);
    ordered(&mut buckets);
    let all = buckets.last().map_or(0.0, |bucket| bucket.count);
    if !endless || all == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let first_is_positive = buckets.first().is_some_and(|bucket| bucket.upper > 0.0);
    let mut start = if first_is_positive { 0.0 } else { f64::NEG_INFINITY };
    let mut less = 0.0;
    let mut plain = Vec::with_capacity(buckets.len());
    for bucket in &buckets {
        let count = bucket.count - less;
        plain.push(Bucket { lower: start, upper: bucket.upper, count, closed: (false, true) });
        (start, less) = (bucket.upper, bucket.count);
    }
    let rank = |value: f64| rank_of(value, &plain, all, &|bucket, value| within(bucket, value));
    (rank(upper) - rank(lower)) / all
}

/// The part of a bucket's width below `value`.
fn within(bucket: &Bucket, value: f64) -> f64 {
    if bucket.lower == f64::NEG_INFINITY {
        return 1.0;
    }
    if bucket.upper == f64::INFINITY {
        return 0.0;
    }
    (value - bucket.lower) / (bucket.upper - bucket.lower)
}

/// Observations below `value`, at most `all`.
fn rank_of(value: f64, buckets: &[Bucket], all: f64, part: &dyn Fn(&Bucket, f64) -> f64) -> f64 {
    let mut rank = 0.0;
    for bucket in buckets {
        if bucket.lower >= value {
            return f64::min(rank, all);
        }
        if bucket.upper > value {
            return f64::min(rank + bucket.count * part(bucket, value), all);
        }
        rank += bucket.count;
    }
    rank.min(all)
}

/// The `q` quantile of a native histogram: within exponential buckets observations are taken to be spread
/// evenly over the exponent, within others over the value.
pub fn native_quantile(q: f64, histogram: &Histogram) -> f64 {
    if let Some(value) = beyond(q) {
        return value;
    }
    if histogram.count == 0.0 || histogram.count.is_nan() {
        return f64::NAN;
    }
    let buckets = sided(histogram);
    // Observations of NaN are counted but in no bucket, so counting must then begin at the least.
    let forward = histogram.sum.is_nan() || q < 0.5;
    let mut rank = if forward { q * histogram.count } else { (1.0 - q) * histogram.count };
    let filled = buckets.iter().filter(|bucket| bucket.count != 0.0);
    let filled: Vec<&Bucket> = if forward { filled.collect() } else { filled.rev().collect() };
    let mut count = 0.0;
    let mut found = None;
    for bucket in filled {
        count += bucket.count;
        found = Some(bucket);
        if count >= rank {
            break;
        }
    }
    let Some(bucket) = found else { return f64::NAN };
    if histogram.is_custom() {
        if bucket.lower == f64::NEG_INFINITY && bucket.upper <= 0.0 {
            return bucket.upper;
        }
        if bucket.upper == f64::INFINITY {
            return bucket.lower;
        }
    }
    let bucket = &finite(histogram, bucket);
    count = count.min(histogram.count);
    if count < rank {
        return if histogram.sum.is_nan() { f64::NAN } else { bucket.upper };
    }
    rank = if forward { rank - (count - bucket.count) } else { count - rank };
    let part = rank / bucket.count;
    if histogram.is_custom() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return bucket.lower + (bucket.upper - bucket.lower) * part;
    }
    let (lower, upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    if bucket.lower > 0.0 {
        (lower + (upper - lower) * part).exp2()
    } else {
        -(upper + (lower - upper) * (1.0 - part)).exp2()
    }
}

/// The buckets, with a zero bucket of the side that has observations only, when only one has.
fn sided(histogram: &Histogram) -> Vec<Bucket> {
    let mut buckets = histogram.buckets();
    if histogram.is_custom() {
        return buckets;
    }
    let (negative, positive) = (!histogram.negative.is_empty(), !histogram.positive.is_empty());
    for bucket in buckets.iter_mut().filter(|bucket| bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        if positive && !negative {
            bucket.lower = 0.0;
        } else if negative && !positive {
            bucket.upper = 0.0;
        }
    }
    buckets
}

/// The first custom bucket begins at 0 unless it ends below.
fn finite(histogram: &Histogram, bucket: &Bucket) -> Bucket {
    let endless = histogram.is_custom() && bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0;
    Bucket { lower: if endless { 0.0 } else { bucket.lower }, ..*bucket }
}

/// The part of observations between `lower` and `upper`, of a native histogram.
pub fn native_fraction(lower: f64, upper: f64, histogram: &Histogram) -> f64 {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() || histogram.count.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let buckets: Vec<Bucket> = sided(histogram).iter().map(|bucket| finite(histogram, bucket)).collect();
    let part = |bucket: &Bucket, value: f64| {
        if histogram.is_custom() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
            return within(bucket, value);
        }
        let (low, high) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
        let at = value.abs().log2();
        if value > 0.0 { (at - low) / (high - low) } else { 1.0 - (at - high) / (low - high) }
    };
    let observed = buckets.iter().map(|bucket| bucket.count).sum::<f64>();
    let all = if histogram.sum.is_nan() { observed } else { histogram.count };
    let rank = |value: f64| rank_of(value, &buckets, all, &part);
    (rank(upper) - rank(lower)) / histogram.count
}

/// The variance of a native histogram's observations, each taken to be in the middle of its bucket.
pub fn native_variance(histogram: &Histogram) -> f64 {
    let mean = histogram.sum / histogram.count;
    let squares = histogram.buckets().into_iter().filter(|bucket| bucket.count != 0.0).map(|bucket| {
        let middle = if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else if histogram.is_custom() {
            f64::midpoint(bucket.lower, bucket.upper)
        } else {
            (bucket.lower * bucket.upper).sqrt() * if bucket.upper < 0.0 { -1.0 } else { 1.0 }
        };
        bucket.count * (middle - mean) * (middle - mean)
    });
    squares.collect::<ExactSum>().value() / histogram.count
}

#[cfg(test)]
mod tests;
