//! Quantiles as Prometheus interpolates them.

use std::cmp::Ordering;

/// The `q` quantile of `values`, which it reorders. NaN values count as least.
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let rank = q * (values.len() - 1) as f64;
    let lower = rank.floor() as usize;
    let weight = rank - rank.floor();
    // Only the two neighbours of the rank need their place.
    let (_, low, above) = values.select_nth_unstable_by(lower.min(values.len() - 1), nan_first);
    let low = *low;
    let high = above.iter().copied().min_by(nan_first).unwrap_or(low);
    low * (1.0 - weight) + high * weight
}

/// The `q` quantile of `values`, each with how often it is there, at least once; they are reordered. NaN values count
/// as least.
pub fn weighted_quantile(q: f64, values: &mut [(f64, u64)]) -> f64 {
    let count: u64 = values.iter().map(|(_, count)| *count).sum();
    if count == 0 || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let rank = q * (count - 1) as f64;
    let weight = rank - rank.floor();
    let lower = (rank.floor() as u64).min(count - 1);
    let (low, high) = neighbours(values, lower);
    low * (1.0 - weight) + high * weight
}

/// The value at `rank` when each is there as often as it says, and the one behind it, if any.
fn neighbours(mut values: &mut [(f64, u64)], mut rank: u64) -> (f64, f64) {
    // The least of what was cut off above: what follows when nothing is left.
    let mut after = None;
    loop {
        let middle = values.len() / 2;
        let (below, (value, count), above) =
            values.select_nth_unstable_by(middle, |a, b| nan_first(&a.0, &b.0));
        let (value, count) = (*value, *count);
        let before: u64 = below.iter().map(|(_, count)| *count).sum();
        if rank < before {
            after = Some(value);
            values = below;
        } else if rank < before + count {
            let least_above = || above.iter().map(|(value, _)| *value).min_by(nan_first);
            let next = if rank + 1 < before + count { Some(value) } else { least_above().or(after) };
            return (value, next.unwrap_or(value));
        } else {
            rank -= before + count;
            if above.is_empty() {
                return (value, value);
            }
            values = above;
        }
    }
}

fn nan_first(a: &f64, b: &f64) -> Ordering {
    b.is_nan().cmp(&a.is_nan()).then_with(|| a.total_cmp(b))
}

#[cfg(test)]
mod tests;
