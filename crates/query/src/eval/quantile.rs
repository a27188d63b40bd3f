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

fn nan_first(a: &f64, b: &f64) -> Ordering {
    b.is_nan().cmp(&a.is_nan()).then_with(|| a.total_cmp(b))
}

#[cfg(test)]
mod tests;
