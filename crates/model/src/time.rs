//! Time is Unix nanoseconds in `i64`, everywhere; names that hold it end with `_ns`.

use base::{Error, Result};

/// A half-open span of time, `start_ns <= t < end_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First nanosecond in it.
    pub start_ns: i64,
    /// First nanosecond after it.
    pub end_ns: i64,
}

impl TimeRange {
    /// From `start_ns` to just before `end_ns`.
    pub fn new(start_ns: i64, end_ns: i64) -> Self {
        Self { start_ns, end_ns }
    }

    /// All of time.
    pub const ALL: Self = Self { start_ns: i64::MIN, end_ns: i64::MAX };

    /// Whether `ts_ns` lies in it.
    pub fn contains(&self, ts_ns: i64) -> bool {
        self.start_ns <= ts_ns && ts_ns < self.end_ns
    }

    /// Whether any of the closed span `min_ns..=max_ns` lies in it.
    pub fn overlaps(&self, min_ns: i64, max_ns: i64) -> bool {
        min_ns < self.end_ns && self.start_ns <= max_ns
    }

    /// Whether all of the closed span `min_ns..=max_ns` lies in it.
    pub fn covers(&self, min_ns: i64, max_ns: i64) -> bool {
        self.start_ns <= min_ns && max_ns < self.end_ns
    }

    /// Its length, saturating.
    pub fn length_ns(&self) -> i64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// `ts_ns` as RFC 3339 in UTC with as many fraction digits as it needs (Go's `RFC3339Nano`).
pub fn rfc3339(ts_ns: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(ts_ns)) {
        Ok(ts) => ts.to_string(),
        Err(_) => ts_ns.to_string(),
    }
}

/// Reads RFC 3339 with any offset.
///
/// # Errors
/// [`base::Kind::Invalid`] with the text.
pub fn parse_rfc3339(text: &str) -> Result<i64> {
    let wrong = || Error::invalid(format!("cannot parse {text:?} as an RFC 3339 time"));
    // jiff also reads forms that RFC 3339 has not: a space or no separator, seconds left out.
    let shape = text.as_bytes();
    if shape.len() < 20 || !matches!(shape[10], b'T' | b't') || shape[13] != b':' || shape[16] != b':' {
        return Err(wrong());
    }
    let ts: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
    i64::try_from(ts.as_nanosecond()).map_err(|_| wrong())
}
