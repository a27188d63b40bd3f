//! Lines through samples.

use crate::eval::fold::ExactSum;

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Growth per second.
    pub slope: f64,
    /// Value at the time it was asked for.
    pub intercept: f64,
}

/// The line with the least squared distances from `samples` (Unix nanoseconds, value), whose intercept is the
/// value at `at_ns`. Samples that are all the same give a level line; none of numbers when that is infinite.
pub fn regression(samples: &[(i64, f64)], at_ns: i64) -> Line {
    let first = samples.first().map_or(f64::NAN, |sample| sample.1);
    if samples.iter().all(|sample| sample.1 == first) {
        let level = if first.is_infinite() { f64::NAN } else { first };
        return Line { slope: if first.is_infinite() { f64::NAN } else { 0.0 }, intercept: level };
    }
    let n = samples.len() as f64;
    let x = |sample: &(i64, f64)| sample.0.saturating_sub(at_ns) as f64 / 1e9;
    let sum = |of: &dyn Fn(&(i64, f64)) -> f64| samples.iter().map(of).collect::<ExactSum>().value();
    let (sum_x, sum_y) = (sum(&x), sum(&|s| s.1));
    let (sum_xy, sum_xx) = (sum(&|s| x(s) * s.1), sum(&|s| x(s) * x(s)));
    let slope = (sum_xy - sum_x * sum_y / n) / (sum_xx - sum_x * sum_x / n);
    Line { slope, intercept: sum_y / n - slope * sum_x / n }
}

/// Holt's smoothing of level and trend: the last smoothed value. None of fewer than two samples.
pub fn smoothed(samples: &[(i64, f64)], level_factor: f64, trend_factor: f64) -> Option<f64> {
    let [first, second, ..] = samples else { return None };
    let (mut before, mut level, mut trend) = (0.0, first.1, second.1 - first.1);
    for (at, (_, value)) in samples.iter().enumerate().skip(1) {
        if at > 1 {
            trend = trend_factor * (level - before) + (1.0 - trend_factor) * trend;
        }
        let next = level_factor * value + (1.0 - level_factor) * (level + trend);
        (before, level) = (level, next);
    }
    Some(level)
}

#[cfg(test)]
mod tests;
