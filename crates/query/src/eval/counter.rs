//! The rate of a counter, extrapolated to the window as Prometheus does.

/// Increase per second over the window `(before_ns, end_ns]`, with resets of the counter taken as
/// such. `samples` are `(Unix nanoseconds, value)` in time order; a single one gives 0.
pub fn rate(samples: &[(i64, f64)], before_ns: i64, end_ns: i64) -> f64 {
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
    let seconds = |from_ns: i64, to_ns: i64| to_ns.saturating_sub(from_ns) as f64 / 1e9;
    let between = seconds(*first_ns, *last_ns);
    let average = between / (samples.len() - 1) as f64;
    let mut to_start = seconds(before_ns, *first_ns);
    if increase > 0.0 && *first >= 0.0 {
        // A counter was never below zero.
        to_start = to_start.min(between * (first / increase));
    }
    // Beyond a gap that is longer than usual the series may have begun or ended: half a step then.
    let reach = |gap: f64| if gap < average * 1.1 { gap } else { average / 2.0 };
    let extended = between + reach(to_start) + reach(seconds(*last_ns, end_ns));
    increase * (extended / between) / seconds(before_ns, end_ns)
}

#[cfg(test)]
mod tests;
