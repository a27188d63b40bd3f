//! Samples of metrics: from rows to the values that operators work on.
//!
//! A series' rows become [`Samples`]: floats and native histograms, each in the order of time, of several
//! values at one time the one with the greatest bits. So nothing depends on how rows are stored. Functions of
//! windows ([`range`]) and operators ([`operator`]) are plain functions over these; which of them a query
//! asks for is the matter of its language.

pub mod bucket;
pub mod calendar;
pub mod histogram;
pub mod operator;
pub mod range;
pub mod trend;

use base::{Error, Result};
use histogram::Histogram;
use model::RowColumns;
use model::sample::{Sample, float_of, is_stale};
use std::sync::Arc;

/// The value of a series at one time.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Float(f64),
    /// A distribution.
    Histogram(Arc<Histogram>),
}

impl Value {
    /// The number; none for a histogram.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Histogram(_) => None,
        }
    }

    /// The histogram; none for a number.
    pub fn histogram(&self) -> Option<&Histogram> {
        match self {
            Self::Float(_) => None,
            Self::Histogram(histogram) => Some(histogram),
        }
    }

    /// Bytes held beside the value itself, for budgets.
    pub fn held_bytes(&self) -> u64 {
        self.histogram().map_or(0, Histogram::held_bytes)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Histogram> for Value {
    fn from(histogram: Histogram) -> Self {
        Self::Histogram(Arc::new(histogram))
    }
}

/// Samples of one series, by time; at each time at most one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Numbers, among them those that say that the series ended.
    pub floats: Vec<(i64, f64)>,
    /// Distributions.
    pub histograms: Vec<(i64, Arc<Histogram>)>,
}

impl Samples {
    /// The samples among `rows`; exemplars are left out.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] for a body that cannot be read.
    pub fn read(rows: &RowColumns) -> Result<Self> {
        let mut samples = Self::default();
        for row in rows.rows() {
            if let Some(value) = float_of(row.body) {
                samples.floats.push((row.ts_ns, value));
                continue;
            }
            let damaged = || Error::corrupt(format!("the sample at {} ns cannot be read", row.ts_ns));
            match Sample::read(row.body).ok_or_else(damaged)? {
                Sample::Float(value) => samples.floats.push((row.ts_ns, value)),
                Sample::Exemplar(_) => {}
                Sample::Histogram(stored) => {
                    samples.histograms.push((row.ts_ns, Arc::new(Histogram::from_stored(&stored))));
                }
            }
        }
        Ok(samples)
    }

    /// Takes samples in that may lie anywhere in time.
    pub fn append(&mut self, mut other: Self) {
        self.floats.append(&mut other.floats);
        self.histograms.append(&mut other.histograms);
    }

    /// Puts them in order: of several floats at one time the one with the greatest bits stays, of several
    /// histograms the greatest in the order of its numbers, and of both the histogram.
    pub fn settle(&mut self) {
        let bits = |sample: &(i64, f64)| (sample.0, sample.1.to_bits());
        if !self.floats.is_sorted_by(|a, b| a.0 < b.0) {
            self.floats.sort_unstable_by_key(|sample| std::cmp::Reverse(bits(sample)));
            self.floats.dedup_by_key(|sample| sample.0);
            self.floats.reverse();
        }
        if !self.histograms.is_sorted_by(|a, b| a.0 < b.0) {
            self.histograms.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| b.1.order().cmp(&a.1.order())));
            self.histograms.dedup_by_key(|sample| sample.0);
            self.histograms.reverse();
        }
        if !self.histograms.is_empty() {
            let histograms = &self.histograms;
            self.floats.retain(|(ts_ns, _)| histograms.binary_search_by_key(ts_ns, |h| h.0).is_err());
        }
    }

    /// The last sample in `(before_ns, end_ns]`, unless it says that the series ended.
    pub fn last(&self, before_ns: i64, end_ns: i64) -> Option<(i64, Value)> {
        let float = upto(&self.floats, end_ns).last().filter(|sample| sample.0 > before_ns);
        let histogram = upto(&self.histograms, end_ns).last().filter(|sample| sample.0 > before_ns);
        match (float, histogram) {
            (Some((ts_ns, value)), other) if other.is_none_or(|other| other.0 < *ts_ns) => {
                Some((*ts_ns, Value::Float(*value))).filter(|_| !is_stale(*value))
            }
            (_, Some((ts_ns, histogram))) => {
                let value = Value::Histogram(histogram.clone());
                Some((*ts_ns, value)).filter(|_| !is_stale(histogram.sum))
            }
            _ => None,
        }
    }

    /// Without what says that the series ended: as functions of windows see them.
    #[must_use]
    pub fn without_ends(&self) -> Self {
        let floats = self.floats.iter().filter(|sample| !is_stale(sample.1)).copied();
        let histograms = self.histograms.iter().filter(|sample| !is_stale(sample.1.sum)).cloned();
        Self { floats: floats.collect(), histograms: histograms.collect() }
    }

    /// The samples in `(before_ns, end_ns]`.
    pub fn window(&self, before_ns: i64, end_ns: i64) -> Window<'_> {
        Window {
            floats: between(&self.floats, before_ns, end_ns),
            histograms: between(&self.histograms, before_ns, end_ns),
            before_ns,
            end_ns,
        }
    }

    /// How many there are; a histogram counts by its size, 16 bytes each.
    pub fn count(&self) -> u64 {
        let histograms = self.histograms.iter().map(|sample| 1 + sample.1.held_bytes() / 16).sum::<u64>();
        self.floats.len() as u64 + histograms
    }

    /// Bytes held, for budgets.
    pub fn held_bytes(&self) -> u64 {
        let histograms = self.histograms.iter().map(|sample| 32 + sample.1.held_bytes()).sum::<u64>();
        self.floats.len() as u64 * 16 + histograms
    }
}

fn upto<T>(samples: &[(i64, T)], end_ns: i64) -> &[(i64, T)] {
    samples.get(..samples.partition_point(|sample| sample.0 <= end_ns)).unwrap_or_default()
}

fn between<T>(samples: &[(i64, T)], before_ns: i64, end_ns: i64) -> &[(i64, T)] {
    let samples = upto(samples, end_ns);
    samples.get(samples.partition_point(|sample| sample.0 <= before_ns)..).unwrap_or_default()
}

/// Samples of one series in a window.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Numbers.
    pub floats: &'a [(i64, f64)],
    /// Distributions.
    pub histograms: &'a [(i64, Arc<Histogram>)],
    /// Last nanosecond before it.
    pub before_ns: i64,
    /// Its last nanosecond.
    pub end_ns: i64,
}

impl Window<'_> {
    /// Whether there is no sample in it.
    pub fn is_empty(&self) -> bool {
        self.floats.is_empty() && self.histograms.is_empty()
    }
}

/// What a function or an operator has to say about its input besides its result. Which words and which place
/// in the query that becomes is the matter of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remark {
    /// Floats and histograms where only one kind can be used: there is no result.
    MixedKinds,
    /// Histograms were left out beside floats.
    HistogramsIgnored,
    /// Histograms with exponential and with custom buckets: there is no result.
    MixedSchemas,
    /// Custom buckets with other bounds were brought to common ones.
    BoundsReconciled(Combining),
    /// A histogram that is a gauge where a counter is needed.
    NotCounter,
    /// A histogram that is a counter where a gauge is needed.
    NotGauge,
    /// A histogram that says that it was reset meets one that says that it was not.
    ResetConflict(Combining),
    /// A number and a histogram, or two histograms, that the operator cannot combine; which side is one.
    IncompatibleKinds {
        /// The left side.
        left: bool,
        /// The right side.
        right: bool,
    },
}

/// How two histograms become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combining {
    /// `a + b`
    Addition,
    /// `a - b`
    Subtraction,
}

/// Takes remarks.
pub type Remarks<'a> = &'a mut dyn FnMut(Remark);

#[cfg(test)]
mod tests;
