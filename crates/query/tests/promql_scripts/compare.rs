//! Compares an answer with what is written.

use crate::script::{Ask, Expect, Expected, Message};
use crate::values;
use base::Error;
use model::Labels;
use model::sample::{ResetHint, Sample};
use query::engine::promql::{MetricAnswer, MetricAnswered, MetricSeries};
use query::eval::sample::Value;
use query::eval::sample::histogram::Histogram;
use query::eval::window::Steps;
use std::fmt::Write as _;

/// How far numbers may be apart, as part of their sum.
const TOLERANCE: f64 = 1e-6;

/// Whether `given` is what `ask` wants.
pub fn check(ask: &Ask, given: &Result<MetricAnswered, Error>) -> Result<(), String> {
    let fails: Vec<&Expect> = ask.expects.iter().filter(|expect| expect.what == "fail").collect();
    let answered = match (given, fails.is_empty()) {
        (Ok(answered), true) => answered,
        (Err(error), true) => return Err(format!("fails: {error}")),
        (Ok(answered), false) => return Err(format!("should fail, gave {}", show(&answered.answer))),
        (Err(error), false) => {
            let said = error.to_string();
            return match fails.iter().all(|expect| says(expect, &said)) {
                true => Ok(()),
                false => Err(format!("fails with other words: {said}")),
            };
        }
    };
    let annotations = &answered.annotations;
    for expect in &ask.expects {
        let (found, wanted) = match expect.what.as_str() {
            "warn" => (&annotations.warnings, true),
            "no_warn" => (&annotations.warnings, false),
            "info" => (&annotations.infos, true),
            "no_info" => (&annotations.infos, false),
            other => return Err(format!("{other:?} cannot be expected")),
        };
        if wanted && !found.iter().any(|said| says(expect, said)) || !wanted && !found.is_empty() {
            return Err(format!("{}: {found:?}", expect.what));
        }
    }
    let steps = ask.steps;
    let same = match (&ask.answer, &answered.answer) {
        (Expected::Scalar(wanted), MetricAnswer::Scalar(_, given)) => near(*wanted, *given),
        (Expected::Text(wanted), MetricAnswer::Text(_, given)) => wanted == given,
        (Expected::Series(wanted), MetricAnswer::Vector(given)) if ask.ordered => {
            let wanted = expected_series(wanted, steps, true);
            wanted.len() == given.len() && wanted.iter().zip(given).all(|(a, b)| same_series(a, b))
        }
        (Expected::Series(wanted), MetricAnswer::Vector(given)) => {
            same_set(&expected_series(wanted, steps, true), given)
        }
        (Expected::Series(wanted), MetricAnswer::Matrix(given)) => {
            same_set(&expected_series(wanted, steps, false), given)
        }
        (Expected::Range(steps, wanted), MetricAnswer::Matrix(given)) => {
            same_set(&expected_series(wanted, *steps, false), given)
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(format!("gave {}", show(&answered.answer))) }
}

fn says(expect: &Expect, said: &str) -> bool {
    match &expect.message {
        None => true,
        Some(Message::Text(text)) => said == text || said.contains(text),
        Some(Message::Regex(regex)) => model::go_regex::GoRegex::anchored(&format!("(?s).*({regex}).*"))
            .is_ok_and(|r| r.is_match(said.as_bytes())),
    }
}

fn expected_series(
    wanted: &[(Labels, Vec<Option<Sample>>)],
    steps: Steps,
    instant: bool,
) -> Vec<MetricSeries> {
    let timed = |(labels, points): &(Labels, Vec<Option<Sample>>)| {
        let points = (0u32..).zip(points).filter_map(|(step, point)| {
            let value = match point.as_ref()? {
                Sample::Float(value) | Sample::Exemplar(value) => Value::Float(*value),
                Sample::Histogram(stored) => Histogram::from_stored(stored).into(),
            };
            Some((if instant { steps.start_ns } else { steps.ts_ns(step) }, value))
        });
        MetricSeries { labels: labels.clone(), points: points.collect() }
    };
    let series = wanted.iter().map(timed);
    series.filter(|one| !one.points.is_empty()).collect()
}

/// Whether two answers are the same.
pub fn same(a: &MetricAnswer, b: &MetricAnswer) -> bool {
    match (a, b) {
        (MetricAnswer::Scalar(s, a), MetricAnswer::Scalar(t, b)) => s == t && near(*a, *b),
        (MetricAnswer::Text(s, a), MetricAnswer::Text(t, b)) => s == t && a == b,
        (MetricAnswer::Vector(a), MetricAnswer::Vector(b))
        | (MetricAnswer::Matrix(a), MetricAnswer::Matrix(b)) => same_set(a, b),
        _ => false,
    }
}

fn same_set(a: &[MetricSeries], b: &[MetricSeries]) -> bool {
    let ordered = |series: &[MetricSeries]| {
        let mut series: Vec<MetricSeries> =
            series.iter().filter(|one| !one.points.is_empty()).cloned().collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        series
    };
    let (a, b) = (ordered(a), ordered(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_series(a, b))
}

fn same_series(a: &MetricSeries, b: &MetricSeries) -> bool {
    a.labels == b.labels
        && a.points.len() == b.points.len()
        && a.points.iter().zip(&b.points).all(|(a, b)| a.0 == b.0 && same_value(&a.1, &b.1))
}

fn same_value(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::Float(a), Value::Float(b)) => near(*a, *b),
        (Value::Histogram(a), Value::Histogram(b)) => {
            let (a, b) = (a.compact(), b.compact());
            let counts = |a: &[(i32, f64)], b: &[(i32, f64)]| {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && near(a.1, b.1))
            };
            a.schema == b.schema
                && near(a.count, b.count)
                && near(a.sum, b.sum)
                && near(a.zero_count, b.zero_count)
                && near(a.zero_threshold, b.zero_threshold)
                && counts(&a.positive, &b.positive)
                && counts(&a.negative, &b.negative)
                && a.bounds == b.bounds
                && (a.hint == ResetHint::Unknown || a.hint == b.hint)
        }
        _ => false,
    }
}

fn near(a: f64, b: f64) -> bool {
    if a == b || a.is_nan() && b.is_nan() {
        return true;
    }
    let (sum, apart) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return apart < TOLERANCE * f64::MIN_POSITIVE;
    }
    apart / sum.min(f64::MAX) < TOLERANCE
}

/// An answer for a reader.
pub fn show(answer: &MetricAnswer) -> String {
    let mut out = String::new();
    match answer {
        MetricAnswer::Scalar(_, value) => out = value.to_string(),
        MetricAnswer::Text(_, text) => out.clone_from(text),
        MetricAnswer::Vector(series) | MetricAnswer::Matrix(series) => {
            for one in series.iter().take(12) {
                let _ = write!(out, "\n      {}", one.labels);
                for (ts_ns, value) in one.points.iter().take(12) {
                    let _ = match value {
                        Value::Float(value) => write!(out, " {}s:{value}", ts_ns / 1_000_000_000),
                        Value::Histogram(h) => {
                            write!(out, " {}s:{:?}", ts_ns / 1_000_000_000, values::stored(h))
                        }
                    };
                }
            }
        }
    }
    out
}
