//! Steps of a query and the windows that end at them.
//!
//! A window holds `(t - range, t]`. Windows of neighbouring steps overlap when the range is longer
//! than the step; time is therefore cut at every start and end of a window into *panes*, so that a
//! row is counted once, in its pane, and a window is a span of whole panes.

use model::{Cells, TimeRange};
use std::ops::Range;

/// The times at which a query is evaluated: `start`, `start + step`, … up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first.
    pub start_ns: i64,
    /// No step is after it.
    pub end_ns: i64,
    /// Their distance, positive.
    pub step_ns: i64,
}

impl Steps {
    /// A single step.
    pub fn instant(ts_ns: i64) -> Self {
        Self { start_ns: ts_ns, end_ns: ts_ns, step_ns: 1 }
    }

    /// Start moved down and end moved up to multiples of the step.
    #[must_use]
    pub fn aligned(self) -> Self {
        let over = self.end_ns.rem_euclid(self.step_ns);
        let up = if over == 0 { 0 } else { self.step_ns - over };
        Self {
            start_ns: self.start_ns.saturating_sub(self.start_ns.rem_euclid(self.step_ns)),
            end_ns: self.end_ns.saturating_add(up),
            ..self
        }
    }

    /// How many steps there are.
    pub fn count(&self) -> u32 {
        if self.end_ns < self.start_ns {
            return 0;
        }
        u32::try_from(self.end_ns.saturating_sub(self.start_ns) / self.step_ns + 1).unwrap_or(u32::MAX)
    }

    /// The time of step `step`.
    pub fn ts_ns(&self, step: u32) -> i64 {
        self.start_ns + i64::from(step) * self.step_ns
    }
}

/// The windows of a range aggregation over [`Steps`].
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Last nanosecond before the first window.
    base_ns: i64,
    count: u32,
    step_ns: i64,
    /// Steps that fit whole into the range, and what is left of it.
    whole: u64,
    rest_ns: i64,
    range_ns: i64,
}

impl Windows {
    /// Windows of `range_ns`, moved back by `offset_ns`.
    pub fn new(steps: &Steps, range_ns: i64, offset_ns: i64) -> Self {
        let range_ns = range_ns.max(1);
        let count = steps.count();
        // A single window needs no cuts.
        let step_ns = if count <= 1 { range_ns } else { steps.step_ns };
        Self {
            base_ns: steps.start_ns.saturating_sub(offset_ns).saturating_sub(range_ns),
            count,
            step_ns,
            whole: (range_ns / step_ns).unsigned_abs(),
            rest_ns: range_ns % step_ns,
            range_ns,
        }
    }

    /// The rows that any window can hold.
    pub fn time_range(&self) -> TimeRange {
        let start_ns = self.base_ns.saturating_add(1);
        TimeRange::new(start_ns, start_ns.saturating_add(self.length_ns()))
    }

    fn length_ns(&self) -> i64 {
        let between = i64::from(self.count.max(1) - 1).saturating_mul(self.step_ns);
        if self.count == 0 { 0 } else { between.saturating_add(self.range_ns) }
    }

    /// Where time is cut into cells of which no window has a part.
    pub fn cells(&self) -> Cells {
        let width_ns = if self.rest_ns == 0 { self.step_ns } else { gcd(self.step_ns, self.rest_ns) };
        Cells { edge_ns: self.base_ns, width_ns }
    }

    /// Nanoseconds of a window.
    pub fn range_ns(&self) -> i64 {
        self.range_ns
    }

    /// Number of windows.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The last nanosecond before window `step` and its last nanosecond.
    pub fn bounds(&self, step: u32) -> (i64, i64) {
        let before = self.base_ns + i64::from(step) * self.step_ns;
        (before, before.saturating_add(self.range_ns))
    }

    /// The pane of a row; `None` when no window holds it.
    #[inline]
    pub fn pane(&self, ts_ns: i64) -> Option<u64> {
        let at = ts_ns.checked_sub(self.base_ns)?.checked_sub(1)?;
        if at < 0 || at >= self.length_ns() {
            return None;
        }
        let (cycle, within) = ((at / self.step_ns).unsigned_abs(), at % self.step_ns);
        if self.rest_ns == 0 {
            return Some(cycle);
        }
        let tail = within >= self.rest_ns;
        if tail && self.whole == 0 {
            return None;
        }
        Some(2 * cycle + u64::from(tail))
    }

    /// The last nanosecond of the pane or gap that `ts_ns` lies in.
    #[inline]
    pub fn pane_end(&self, ts_ns: i64) -> i64 {
        let at = ts_ns.saturating_sub(self.base_ns).saturating_sub(1);
        if at < 0 {
            return self.base_ns;
        }
        let within = at % self.step_ns;
        let end = if within < self.rest_ns { self.rest_ns } else { self.step_ns };
        ts_ns.saturating_add(end - within - 1)
    }

    /// The panes that make up window `step`.
    pub fn panes(&self, step: u32) -> Range<u64> {
        let first = u64::from(step);
        if self.rest_ns == 0 { first..first + self.whole } else { 2 * first..2 * (first + self.whole) + 1 }
    }

    /// The windows that hold pane `pane`.
    pub fn steps(&self, pane: u64) -> Range<u32> {
        let (first, last) = if self.rest_ns == 0 {
            ((pane + 1).saturating_sub(self.whole), pane)
        } else {
            (pane.div_ceil(2).saturating_sub(self.whole), pane / 2)
        };
        let clamp = |step: u64| u32::try_from(step).map_or(self.count, |step| step.min(self.count));
        clamp(first)..clamp(last + 1)
    }
}

/// The greatest common divisor of positive numbers.
fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests;
