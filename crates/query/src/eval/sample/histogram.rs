//! Native histograms as evaluation works on them: buckets by index, so that sums and differences need no
//! care of how they were stored.
//!
//! Bucket `i` of schema `s` ends at `2^(i·2^-s)`; custom buckets (schema -53) are counted from 0 and end at
//! their bounds, the last one at infinity. What is known of Prometheus's arithmetic is followed to the hints.

mod shape;

use super::{Combining, Remark, Remarks};
use model::sample::{Buckets as StoredBuckets, Histogram as Stored, ResetHint};

/// Schema of custom buckets.
pub const CUSTOM_SCHEMA: i32 = -53;

/// Buckets by index, ascending, without repeats.
pub type Buckets = Vec<(i32, f64)>;

/// A distribution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Growth of 2^(2^-schema) per bucket, or [`CUSTOM_SCHEMA`].
    pub schema: i32,
    /// Half the width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// Positive observations.
    pub positive: Buckets,
    /// Negative observations, by absolute value.
    pub negative: Buckets,
    /// Upper bounds of custom buckets, ascending, without infinity.
    pub bounds: Vec<f64>,
    /// What is known about a reset before it.
    pub hint: ResetHint,
}

/// A bucket with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Observations.
    pub count: f64,
    /// Whether the bounds, lower and upper, belong to it.
    pub closed: (bool, bool),
}

/// What two histograms cannot be combined for: one has exponential and one has custom buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incompatible;

impl Histogram {
    /// From what is stored.
    pub fn from_stored(stored: &Stored) -> Self {
        Self {
            schema: stored.schema,
            zero_threshold: stored.zero_threshold,
            zero_count: stored.zero_count,
            count: stored.count,
            sum: stored.sum,
            positive: spread(&stored.positive),
            negative: spread(&stored.negative),
            bounds: stored.custom_values.clone(),
            hint: stored.reset,
        }
    }

    /// Whether its buckets have custom bounds.
    pub fn is_custom(&self) -> bool {
        self.schema == CUSTOM_SCHEMA
    }

    /// Bytes held on the heap and in itself, for budgets.
    pub fn held_bytes(&self) -> u64 {
        (size_of::<Self>()
            + (self.positive.len() + self.negative.len()) * size_of::<(i32, f64)>()
            + self.bounds.len() * 8) as u64
    }

    /// Some order of all histograms, for choosing one of several at one time.
    pub fn order(&self) -> (u64, u64, Vec<u64>) {
        let numbers = [self.zero_count.to_bits(), self.zero_threshold.to_bits(), self.schema as u64];
        let buckets = self.positive.iter().chain(&self.negative);
        let buckets = buckets.flat_map(|(index, count)| [*index as u64, count.to_bits()]);
        let rest = numbers.into_iter().chain([self.hint as u64]);
        let bounds = self.bounds.iter().map(|bound| bound.to_bits());
        (self.count.to_bits(), self.sum.to_bits(), rest.chain(buckets).chain(bounds).collect())
    }

    /// Whether it says the same as `other`, however its buckets are laid out; hints aside.
    pub fn same(&self, other: &Self) -> bool {
        let (a, b) = (self.compact(), other.compact());
        let zero = a.is_custom() || a.zero_threshold == b.zero_threshold && a.zero_count == b.zero_count;
        a.schema == b.schema
            && zero
            && a.count == b.count
            && (a.sum == b.sum || a.sum.is_nan() && b.sum.is_nan())
            && a.positive == b.positive
            && a.negative == b.negative
            && a.bounds == b.bounds
    }

    /// Without empty buckets.
    #[must_use]
    pub fn compact(&self) -> Self {
        let full = |buckets: &Buckets| buckets.iter().filter(|bucket| bucket.1 != 0.0).copied().collect();
        Self { positive: full(&self.positive), negative: full(&self.negative), ..self.clone() }
    }

    /// Everything times `factor`. A negative one makes it a gauge.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        self.mapped(|count| count * factor, if factor < 0.0 { ResetHint::Gauge } else { self.hint })
    }

    /// Everything divided by `divisor`. Of nothing there are no buckets left.
    #[must_use]
    pub fn divided(&self, divisor: f64) -> Self {
        let hint = if divisor < 0.0 { ResetHint::Gauge } else { self.hint };
        let mut divided = self.mapped(|count| count / divisor, hint);
        if divisor == 0.0 {
            divided.positive.clear();
            divided.negative.clear();
        }
        divided
    }

    fn mapped(&self, map: impl Fn(f64) -> f64, hint: ResetHint) -> Self {
        let buckets =
            |buckets: &Buckets| buckets.iter().map(|(index, count)| (*index, map(*count))).collect();
        Self {
            zero_count: map(self.zero_count),
            count: map(self.count),
            sum: map(self.sum),
            positive: buckets(&self.positive),
            negative: buckets(&self.negative),
            bounds: self.bounds.clone(),
            hint,
            ..*self
        }
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`Incompatible`].
    pub fn plus(&self, other: &Self, remarks: Remarks<'_>) -> Result<Self, Incompatible> {
        self.combined(other, Combining::Addition, remarks)
    }

    /// The difference of both.
    ///
    /// # Errors
    /// [`Incompatible`].
    pub fn minus(&self, other: &Self, remarks: Remarks<'_>) -> Result<Self, Incompatible> {
        self.combined(other, Combining::Subtraction, remarks)
    }

    fn combined(&self, other: &Self, how: Combining, remarks: Remarks<'_>) -> Result<Self, Incompatible> {
        let sign = if how == Combining::Subtraction { -1.0 } else { 1.0 };
        let (mut a, mut b) = self.aligned(other, how, remarks)?;
        let conflict =
            matches!((a.hint, b.hint), (ResetHint::Yes, ResetHint::No) | (ResetHint::No, ResetHint::Yes));
        if conflict {
            remarks(Remark::ResetConflict(how));
        }
        a.hint = match (a.hint, b.hint) {
            _ if sign < 0.0 => ResetHint::Gauge,
            (ResetHint::Gauge, _) | (_, ResetHint::Gauge) => ResetHint::Gauge,
            (x, y) if x == y => x,
            _ => ResetHint::Unknown,
        };
        a.zero_count += sign * b.zero_count;
        a.count += sign * b.count;
        a.sum += sign * b.sum;
        a.positive = merged(&a.positive, &std::mem::take(&mut b.positive), sign);
        a.negative = merged(&a.negative, &std::mem::take(&mut b.negative), sign);
        Ok(a)
    }

    /// Whether the counter behind it was reset after `before`.
    pub fn is_reset_after(&self, before: &Self) -> bool {
        match self.hint {
            ResetHint::Yes => return true,
            ResetHint::No => return false,
            ResetHint::Gauge | ResetHint::Unknown => {}
        }
        if self.count < before.count || self.is_custom() != before.is_custom() {
            return true;
        }
        if self.is_custom() {
            // Fewer bounds may be the same counter seen more coarsely; more cannot.
            let common = self.common_bounds(before);
            let (a, b) = (self.with_bounds(&common), before.with_bounds(&common));
            return fell(&b.positive, &a.positive);
        }
        if self.schema > before.schema || self.zero_threshold < before.zero_threshold {
            return true;
        }
        let (zero_count, threshold) = before.zero_count_for(self.zero_threshold);
        if threshold != self.zero_threshold || self.zero_count < zero_count {
            return true;
        }
        let before = before.with_schema(self.schema).with_zero(self.zero_threshold);
        fell(&before.positive, &self.positive) || fell(&before.negative, &self.negative)
    }

    /// All buckets with observations or without that are laid out, from the least values to the greatest.
    pub fn buckets(&self) -> Vec<Bucket> {
        let mut buckets = Vec::with_capacity(self.positive.len() + self.negative.len() + 1);
        for (index, count) in self.negative.iter().rev() {
            let (lower, upper) = self.bucket_bounds(*index);
            buckets.push(Bucket { lower: -upper, upper: -lower, count: *count, closed: (true, false) });
        }
        if !self.is_custom() && self.zero_count != 0.0 {
            let (lower, upper, count) = (-self.zero_threshold, self.zero_threshold, self.zero_count);
            buckets.push(Bucket { lower, upper, count, closed: (true, true) });
        }
        for (index, count) in &self.positive {
            let (lower, upper) = self.bucket_bounds(*index);
            let closed = (self.is_custom() && *index == 0, true);
            buckets.push(Bucket { lower, upper, count: *count, closed });
        }
        buckets
    }

    /// Lower and upper bound of a positive bucket.
    pub fn bucket_bounds(&self, index: i32) -> (f64, f64) {
        if !self.is_custom() {
            return (exponential(self.schema, index.saturating_sub(1)), exponential(self.schema, index));
        }
        let at = |index: i32| usize::try_from(index).ok().and_then(|at| self.bounds.get(at)).copied();
        let lower = if index <= 0 { f64::NEG_INFINITY } else { at(index - 1).unwrap_or(f64::INFINITY) };
        (lower, at(index).unwrap_or(f64::INFINITY))
    }
}

/// As Prometheus writes it: `{count:3, sum:4.5, [-2,-1):1, [0,0]:1, (1,2]:1}`.
impl std::fmt::Display for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = crate::go::format_g;
        write!(f, "{{count:{}, sum:{}", number(self.count), number(self.sum))?;
        for bucket in self.buckets().into_iter().filter(|bucket| bucket.count != 0.0) {
            let open = if bucket.closed.0 { '[' } else { '(' };
            let close = if bucket.closed.1 { ']' } else { ')' };
            let (lower, upper) = (number(bucket.lower), number(bucket.upper));
            write!(f, ", {open}{lower},{upper}{close}:{}", number(bucket.count))?;
        }
        f.write_str("}")
    }
}

/// The upper bound of bucket `index`. The last one before infinity holds the greatest number.
fn exponential(schema: i32, index: i32) -> f64 {
    let exponent = f64::from(index) * 2f64.powi(-schema);
    let bound = exponent.exp2();
    // Whole powers are exact however a machine computes others.
    if bound.is_infinite() && exponent <= 1024.0 { f64::MAX } else { bound }
}

fn spread(stored: &StoredBuckets) -> Buckets {
    let mut buckets = Vec::with_capacity(stored.counts.len());
    let mut counts = stored.counts.iter();
    let mut index = 0i32;
    for (offset, length) in &stored.spans {
        index = index.saturating_add(*offset);
        // Spans may claim more than there is.
        for count in counts.by_ref().take(*length as usize) {
            buckets.push((index, *count));
            index = index.saturating_add(1);
        }
    }
    buckets
}

/// Both together, those of `b` times `sign`.
fn merged(a: &Buckets, b: &Buckets, sign: f64) -> Buckets {
    let mut out = Buckets::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                out.push((x.0, x.1 + sign * y.1));
                a.next();
                b.next();
            }
            (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                out.push(**x);
                a.next();
            }
            (_, Some(y)) => {
                out.push((y.0, sign * y.1));
                b.next();
            }
            _ => return out,
        }
    }
}

/// Whether any bucket has fewer observations `after` than `before`.
fn fell(before: &Buckets, after: &Buckets) -> bool {
    before.iter().any(|(index, count)| {
        let found = after.binary_search_by_key(index, |bucket| bucket.0).ok().and_then(|at| after.get(at));
        found.map_or(0.0, |bucket| bucket.1) < *count
    })
}

#[cfg(test)]
mod tests;
