//! How samples change over a window: rate, increase, delta, irate, idelta, resets, changes.

use super::is_of_one_kind;
use crate::eval::counter::{Sampled, Start, growth};
use crate::eval::sample::histogram::Histogram;
use crate::eval::sample::{Remark, Remarks, Value, Window};
use model::sample::ResetHint;
use std::sync::Arc;

/// The change from the start of the window to its end, extrapolated; with `counter` resets are starts from
/// zero. None of fewer than two samples.
pub fn extrapolated(window: Window<'_>, counter: bool, remarks: Remarks<'_>) -> Option<Value> {
    if !is_of_one_kind(window, remarks) {
        return None;
    }
    let (before_ns, end_ns) = (window.before_ns, window.end_ns);
    if let [first, .., last] = window.histograms {
        let sampled = Sampled { first_ns: first.0, last_ns: last.0, count: window.histograms.len() };
        let change = histogram_change(window.histograms, counter, remarks)?;
        let start = match counter && change.count > 0.0 && first.1.count >= 0.0 {
            true => Start::NearThenZero(first.1.count / change.count),
            false => Start::Free,
        };
        return Some(change.scaled(sampled.factor(before_ns, end_ns, start)).into());
    }
    let [first, .., last] = window.floats else { return None };
    let sampled = Sampled { first_ns: first.0, last_ns: last.0, count: window.floats.len() };
    if !counter {
        return Some(Value::Float((last.1 - first.1) * sampled.factor(before_ns, end_ns, Start::Free)));
    }
    let change = growth(window.floats);
    let start = match change > 0.0 && first.1 >= 0.0 {
        true => Start::NearThenZero(first.1 / change),
        false => Start::Free,
    };
    Some(Value::Float(change * sampled.factor(before_ns, end_ns, start)))
}

/// The change from the first to the last of at least two histograms; a gauge.
fn histogram_change(
    samples: &[(i64, Arc<Histogram>)],
    counter: bool,
    remarks: Remarks<'_>,
) -> Option<Histogram> {
    let [(_, first), .., (_, last)] = samples else { return None };
    let gauge = |histogram: &Histogram| histogram.hint == ResetHint::Gauge;
    if counter && samples.iter().any(|sample| gauge(&sample.1)) {
        remarks(Remark::NotCounter);
    }
    let gauges = gauge(first) && gauge(last);
    if !counter && !gauges {
        remarks(Remark::NotGauge);
    }
    // Of a first sample before a reset nothing is needed, not even that it fits to the others.
    let second = samples.get(1).map(|sample| &sample.1)?;
    let begins_anew = counter && second.is_reset_after(first);
    let begin = match begins_anew {
        true => Histogram {
            schema: second.schema,
            bounds: second.bounds.clone(),
            zero_threshold: second.zero_threshold,
            ..Histogram::default()
        },
        false => (**first).clone(),
    };
    let between = || samples.iter().skip(1).map(|sample| &sample.1);
    if between().any(|histogram| histogram.is_custom() != begin.is_custom()) {
        remarks(Remark::MixedSchemas);
        return None;
    }
    let coarsest = if counter { between().map(|h| h.schema).min()? } else { last.schema };
    // Hints are looked at one by one below, or mean nothing for gauges.
    let mut quiet = |remark: Remark| {
        if !matches!(remark, Remark::ResetConflict(_)) {
            remarks(remark);
        }
    };
    let mut change = last.with_schema(coarsest).minus(&begin, &mut quiet).ok()?;
    if counter {
        let mut before = &begin;
        for (_, histogram) in samples.get(1..).unwrap_or_default() {
            if histogram.is_reset_after(before) {
                change = change.plus(before, &mut quiet).ok()?;
            }
            before = histogram;
        }
    }
    change.hint = ResetHint::Gauge;
    Some(change.compact())
}

/// The change between the last two samples, and the seconds between them. With `counter` a reset is a start
/// from zero.
pub fn instant_change(window: Window<'_>, counter: bool, remarks: Remarks<'_>) -> Option<(Value, f64)> {
    let floats = window.floats.iter().rev().take(2).map(|sample| (sample.0, Value::Float(sample.1)));
    let histograms = window.histograms.iter().rev().take(2);
    let histograms = histograms.map(|sample| (sample.0, Value::Histogram(sample.1.clone())));
    let mut newest: Vec<(i64, Value)> = floats.chain(histograms).collect();
    newest.sort_by_key(|sample| std::cmp::Reverse(sample.0));
    let [(last_ns, last), (before_ns, before), ..] = newest.as_slice() else { return None };
    let seconds = last_ns.saturating_sub(*before_ns) as f64 / 1e9;
    let change = match (before, last) {
        (Value::Float(a), Value::Float(b)) => Value::Float(if counter && b < a { *b } else { b - a }),
        (Value::Histogram(a), Value::Histogram(b)) => {
            let gauges = [a, b].iter().filter(|h| h.hint == ResetHint::Gauge).count();
            if counter && gauges > 0 {
                remarks(Remark::NotCounter);
            }
            if !counter && gauges < 2 {
                remarks(Remark::NotGauge);
            }
            let change = match counter && b.is_reset_after(a) {
                true => Histogram { hint: ResetHint::Gauge, ..(**b).clone() },
                false => match b.minus(a, remarks) {
                    Ok(change) => change,
                    Err(_) => {
                        remarks(Remark::MixedSchemas);
                        return None;
                    }
                },
            };
            change.compact().into()
        }
        _ => {
            remarks(Remark::MixedKinds);
            return None;
        }
    };
    Some((change, seconds))
}

/// How often a sample is less than the one before; a change between number and histogram counts too. None
/// without samples.
pub fn resets(window: Window<'_>) -> Option<f64> {
    pairs(window, |before, now| match (before, now) {
        (Value::Float(a), Value::Float(b)) => b < a,
        (Value::Histogram(a), Value::Histogram(b)) => b.is_reset_after(a),
        _ => true,
    })
}

/// How often a sample is another than the one before. None without samples.
pub fn changes(window: Window<'_>) -> Option<f64> {
    pairs(window, |before, now| match (before, now) {
        (Value::Float(a), Value::Float(b)) => a != b && !(a.is_nan() && b.is_nan()),
        (Value::Histogram(a), Value::Histogram(b)) => !a.same(b),
        _ => true,
    })
}

fn pairs(window: Window<'_>, counts: impl Fn(&Value, &Value) -> bool) -> Option<f64> {
    if window.is_empty() {
        return None;
    }
    if window.histograms.is_empty() {
        let counted = window.floats.windows(2).filter(|pair| counts(&pair[0].1.into(), &pair[1].1.into()));
        return Some(counted.count() as f64);
    }
    let floats = window.floats.iter().map(|sample| (sample.0, Value::Float(sample.1)));
    let histograms = window.histograms.iter().map(|sample| (sample.0, Value::Histogram(sample.1.clone())));
    let mut all: Vec<(i64, Value)> = floats.chain(histograms).collect();
    all.sort_by_key(|sample| sample.0);
    Some(all.windows(2).filter(|pair| counts(&pair[0].1, &pair[1].1)).count() as f64)
}
