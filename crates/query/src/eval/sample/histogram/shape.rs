//! Bringing two histograms to the same buckets: the coarser schema, the wider zero bucket, the common bounds.

use super::{Buckets, Histogram, Incompatible};
use crate::eval::sample::{Combining, Remark, Remarks};

impl Histogram {
    /// Both with the same buckets.
    ///
    /// # Errors
    /// [`Incompatible`].
    pub(super) fn aligned(
        &self,
        other: &Self,
        how: Combining,
        remarks: Remarks<'_>,
    ) -> Result<(Self, Self), Incompatible> {
        if self.is_custom() != other.is_custom() {
            return Err(Incompatible);
        }
        if self.is_custom() {
            if self.bounds == other.bounds {
                return Ok((self.clone(), other.clone()));
            }
            remarks(Remark::BoundsReconciled(how));
            let common = self.common_bounds(other);
            return Ok((self.with_bounds(&common), other.with_bounds(&common)));
        }
        let schema = self.schema.min(other.schema);
        let (mut a, mut b) = (self.with_schema(schema), other.with_schema(schema));
        while a.zero_threshold != b.zero_threshold {
            if a.zero_threshold < b.zero_threshold {
                a = a.with_zero(b.zero_threshold);
            } else {
                b = b.with_zero(a.zero_threshold);
            }
        }
        Ok((a, b))
    }

    /// With buckets of a coarser or the same schema.
    #[must_use]
    pub fn with_schema(&self, schema: i32) -> Self {
        if schema >= self.schema || self.is_custom() {
            return self.clone();
        }
        let shift = (self.schema - schema).min(31) as u32;
        let coarser = |buckets: &Buckets| joined(buckets, |index| (index.wrapping_sub(1) >> shift) + 1);
        Self {
            schema,
            positive: coarser(&self.positive),
            negative: coarser(&self.negative),
            bounds: Vec::new(),
            ..*self
        }
    }

    /// Observations in a zero bucket of at least `threshold`, and how wide it must be to end where a bucket
    /// with observations does.
    pub fn zero_count_for(&self, threshold: f64) -> (f64, f64) {
        let mut threshold = threshold;
        // A wider one may reach into buckets of the other side.
        loop {
            let mut count = self.zero_count;
            let mut wider = threshold;
            for (index, observed) in self.positive.iter().chain(&self.negative) {
                let (lower, upper) = self.bucket_bounds(*index);
                if lower < threshold {
                    count += observed;
                    if upper > threshold && *observed != 0.0 {
                        wider = wider.max(upper);
                    }
                }
            }
            if wider == threshold {
                return (count, threshold);
            }
            threshold = wider;
        }
    }

    /// With a zero bucket of `threshold`, or somewhat wider: see [`Histogram::zero_count_for`].
    #[must_use]
    pub fn with_zero(&self, threshold: f64) -> Self {
        let (zero_count, zero_threshold) = self.zero_count_for(threshold);
        let outside = |buckets: &Buckets| {
            let outside = |bucket: &&(i32, f64)| self.bucket_bounds(bucket.0).0 >= zero_threshold;
            buckets.iter().filter(outside).copied().collect()
        };
        Self {
            zero_count,
            zero_threshold,
            positive: outside(&self.positive),
            negative: outside(&self.negative),
            bounds: Vec::new(),
            ..*self
        }
    }

    /// The custom bounds that both have.
    pub(super) fn common_bounds(&self, other: &Self) -> Vec<f64> {
        self.bounds.iter().filter(|bound| other.bounds.contains(bound)).copied().collect()
    }

    /// With some of its custom bounds only.
    pub(super) fn with_bounds(&self, bounds: &[f64]) -> Self {
        let place = |index: i32| {
            let (_, upper) = self.bucket_bounds(index);
            bounds.partition_point(|bound| *bound < upper) as i32
        };
        Self {
            positive: joined(&self.positive, place),
            negative: Vec::new(),
            bounds: bounds.to_vec(),
            ..*self
        }
    }
}

/// Buckets under other indices; those that fall together are added.
fn joined(buckets: &Buckets, place: impl Fn(i32) -> i32) -> Buckets {
    let mut out = Buckets::new();
    for (index, count) in buckets {
        let index = place(*index);
        match out.last_mut().filter(|last| last.0 == index) {
            Some(last) => last.1 += count,
            None => out.push((index, *count)),
        }
    }
    out
}
