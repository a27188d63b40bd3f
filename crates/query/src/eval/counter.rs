//! The rate of a counter.
//!
//! Loki took Prometheus' extrapolation over, with two differences that answers show: the range
//! begins one range before the first sample and ends at the last one, and the samples' times are
//! nanoseconds where the formula takes milliseconds. Nothing is therefore extrapolated at the end,
//! and next to nothing at the start.

/// Increase per second over a window of `range_ns`, with resets of the counter taken as such.
/// `samples` are `(Unix nanoseconds, value)` in time order; a single one gives 0.
pub fn rate(samples: &[(i64, f64)], range_ns: i64) -> f64 {
    let (Some((first_ns, first)), Some((last_ns, last))) = (samples.first(), samples.last()) else {
        return 0.0;
    };
    if samples.len() < 2 {
        return 0.0;
    }
    let mut increase = last - first;
    let mut before = 0.0;
    for (_, value) in samples {
        if *value < before {
            increase += before;
        }
        before = *value;
    }
    let between = (last_ns - first_ns) as f64 / 1000.0;
    let average = between / (samples.len() - 1) as f64;
    let mut to_start = (range_ns / 1_000_000) as f64 / 1000.0;
    if increase > 0.0 && *first >= 0.0 {
        // A counter was never below zero.
        to_start = to_start.min(between * (first / increase));
    }
    let threshold = average * 1.1;
    let extended = between + if to_start < threshold { to_start } else { average / 2.0 };
    let extended = if 0.0 < threshold { extended } else { extended + average / 2.0 };
    increase * (extended / between) / (range_ns as f64 / 1e9)
}

#[cfg(test)]
mod tests;
