//! Functions over the samples in a window.

mod change;

pub use change::{changes, extrapolated, instant_change, resets};

use super::{Remark, Remarks, Value, Window};
use crate::eval::fold::{ExactMean, ExactSum, Fold, FoldKind, greater, lesser};
use crate::eval::quantile::quantile;

/// A function of numbers that leaves histograms out; none without numbers.
pub fn of_floats(
    window: Window<'_>,
    remarks: Remarks<'_>,
    function: impl FnOnce(&[f64]) -> f64,
) -> Option<Value> {
    if window.floats.is_empty() {
        return None;
    }
    if !window.histograms.is_empty() {
        remarks(Remark::HistogramsIgnored);
    }
    let values: Vec<f64> = window.floats.iter().map(|sample| sample.1).collect();
    Some(Value::Float(function(&values)))
}

/// The greatest number; NaN only when all are.
pub fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, greater)
}

/// The least number; NaN only when all are.
pub fn min(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, lesser)
}

/// The variance of the whole population.
pub fn variance(values: &[f64]) -> f64 {
    let mut folds = values.iter().map(|value| FoldKind::Moments.of(0, *value));
    let Some(mut all) = folds.next() else { return f64::NAN };
    folds.for_each(|fold: Fold| all.merge(&fold));
    all.variance()
}

/// The median distance from the median.
pub fn median_deviation(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let median = quantile(0.5, &mut values);
    values.iter_mut().for_each(|value| *value = (*value - median).abs());
    quantile(0.5, &mut values)
}

/// Samples of only one kind, or a remark.
fn is_of_one_kind(window: Window<'_>, remarks: Remarks<'_>) -> bool {
    let mixed = !window.floats.is_empty() && !window.histograms.is_empty();
    if mixed {
        remarks(Remark::MixedKinds);
    }
    !mixed
}

/// The sum of all samples.
pub fn sum(window: Window<'_>, remarks: Remarks<'_>) -> Option<Value> {
    if window.is_empty() || !is_of_one_kind(window, remarks) {
        return None;
    }
    let Some((first, rest)) = window.histograms.split_first() else {
        return Some(Value::Float(window.floats.iter().map(|sample| sample.1).collect::<ExactSum>().value()));
    };
    let mut sum = (*first.1).clone();
    for (_, histogram) in rest {
        match sum.plus(histogram, remarks) {
            Ok(more) => sum = more,
            Err(_) => {
                remarks(Remark::MixedSchemas);
                return None;
            }
        }
    }
    Some(sum.compact().into())
}

/// The mean of all samples.
pub fn mean(window: Window<'_>, remarks: Remarks<'_>) -> Option<Value> {
    if window.floats.is_empty() || !window.histograms.is_empty() {
        let sum = sum(window, remarks)?;
        return Some(sum.histogram()?.divided(window.histograms.len() as f64).into());
    }
    Some(Value::Float(window.floats.iter().map(|sample| sample.1).collect::<ExactMean>().value()))
}

/// How many samples there are.
pub fn count(window: Window<'_>) -> f64 {
    (window.floats.len() + window.histograms.len()) as f64
}

/// The oldest sample.
pub fn first(window: Window<'_>) -> Option<(i64, Value)> {
    let float = window.floats.first().map(|sample| (sample.0, Value::Float(sample.1)));
    let histogram = window.histograms.first().map(|sample| (sample.0, Value::Histogram(sample.1.clone())));
    [float, histogram].into_iter().flatten().min_by_key(|sample| sample.0)
}

/// The newest sample.
pub fn last(window: Window<'_>) -> Option<(i64, Value)> {
    let float = window.floats.last().map(|sample| (sample.0, Value::Float(sample.1)));
    let histogram = window.histograms.last().map(|sample| (sample.0, Value::Histogram(sample.1.clone())));
    [float, histogram].into_iter().flatten().max_by_key(|sample| sample.0)
}

/// Unix nanoseconds of the newest number that is the greatest, or with `least` the least.
pub fn time_of_extreme(window: Window<'_>, least: bool) -> Option<i64> {
    let mut found: Option<&(i64, f64)> = None;
    for sample in window.floats {
        let better = |known: &(i64, f64)| {
            let beats = if least { sample.1 <= known.1 } else { sample.1 >= known.1 };
            beats || known.1.is_nan()
        };
        if found.is_none_or(better) {
            found = Some(sample);
        }
    }
    found.map(|sample| sample.0)
}

#[cfg(test)]
mod tests;
