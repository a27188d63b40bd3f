//! The increase of a counter over a window, extrapolated to the whole of it as Prometheus does.

/// Samples in a window, as extrapolation sees them.
#[derive(Clone, Copy, Debug)]
pub struct Sampled {
    /// Time of the first sample, Unix nanoseconds.
    pub first_ns: i64,
    /// Time of the last one, later than the first.
    pub last_ns: i64,
    /// How many there are, at least two.
    pub count: usize,
}

/// How far an extrapolation may reach before the first sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// As far as behind the last one.
    Free,
    /// Not before the counter was zero: that was the first value divided by the increase, of the time between
    /// first and last sample, before the first. Loki looks first whether zero is near, and then, from there,
    /// whether the window's start is.
    ZeroThenNear(f64),
    /// The same, but first whether the window's start is near. So does Prometheus since 3.5.
    NearThenZero(f64),
}

impl Sampled {
    /// By what an increase between first and last sample grows when it is extended to the window
    /// `(before_ns, end_ns]`: to its ends where these are no further than samples usually are from each
    /// other, and by half of that where not, since the series may have begun or ended there.
    pub fn factor(&self, before_ns: i64, end_ns: i64, start: Start) -> f64 {
        let between = seconds(self.first_ns, self.last_ns);
        let average = between / (self.count - 1) as f64;
        let reach = |gap: f64| if gap < average * 1.1 { gap } else { average / 2.0 };
        let gap = seconds(before_ns, self.first_ns);
        let to_start = match start {
            Start::Free => reach(gap),
            Start::ZeroThenNear(zero) => reach(gap.min(between * zero)),
            Start::NearThenZero(zero) => reach(gap).min(between * zero),
        };
        (between + to_start + reach(seconds(self.last_ns, end_ns))) / between
    }
}

fn seconds(from_ns: i64, to_ns: i64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e9
}

/// How much a counter grew over `samples`, where a smaller value than the one before is a new start from zero.
pub fn growth(samples: &[(i64, f64)]) -> f64 {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return 0.0 };
    let resets = samples.windows(2).filter(|pair| pair[1].1 < pair[0].1).map(|pair| pair[0].1);
    resets.fold(last.1 - first.1, |sum, lost| sum + lost)
}

/// Loki's increase per second over the window `(before_ns, end_ns]`. `samples` are `(Unix nanoseconds, value)`
/// in time order; a single one gives 0.
pub fn rate(samples: &[(i64, f64)], before_ns: i64, end_ns: i64) -> f64 {
    let (Some((first_ns, first)), Some((last_ns, _))) = (samples.first(), samples.last()) else {
        return 0.0;
    };
    if samples.len() < 2 {
        return 0.0;
    }
    let increase = growth(samples);
    let sampled = Sampled { first_ns: *first_ns, last_ns: *last_ns, count: samples.len() };
    let start = match increase > 0.0 && *first >= 0.0 {
        true => Start::ZeroThenNear(first / increase),
        false => Start::Free,
    };
    increase * sampled.factor(before_ns, end_ns, start) / seconds(before_ns, end_ns)
}

#[cfg(test)]
mod tests;
