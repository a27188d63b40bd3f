//! Compares an answer with the recorded one: labels and times exactly, numbers within 1e-9, lines
//! of one time in any order, and where the choice is free (`topk` of equal values) only the values.

use base::{Kind, Result};
use model::{Answer, AnsweredStream, Labels};
use query::engine::Answered;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a comparison found.
pub enum Verdict {
    Equal,
    Different(String),
}

/// Compares what the engine gave with the answer in `call`.
pub fn compare(call: &Value, given: &Result<Answered>) -> Verdict {
    let golden = &call["answer"];
    let status = golden["status"].as_u64().unwrap_or(0);
    let found = match given {
        Err(error) => {
            let own = if error.kind() == Kind::Bug { 500 } else { 400 };
            if status != own {
                Err(format!("status {status} expected, refused with {own}: {error}"))
            } else if call["mode"] == "status"
                || normal(golden["data"].as_str().unwrap_or("")) == normal(&error.to_string())
            {
                Ok(())
            } else {
                Err(format!("expected {}\n    given    {:?}", golden["data"], error.to_string()))
            }
        }
        Ok(_) if status != 200 => Err(format!("expected status {status} {}", golden["data"])),
        Ok(answered) => answer(call, &answered.answer),
    };
    found.map_or_else(Verdict::Different, |()| Verdict::Equal)
}

/// An error's text without what depends on scheduling.
fn normal(text: &str) -> String {
    let mut text = text.trim().to_owned();
    if let Some((head, rest)) = text.split_once(" for series: '") {
        let tail = rest.split_once("'.").map_or("", |(_, tail)| tail);
        text = format!("{head} for series: '<series>'.{tail}");
    }
    let cut = "grouping labels must ensure unique matches";
    if let Some(at) = text.find(cut) {
        text.truncate(at + cut.len());
    }
    text
}

fn answer(call: &Value, answer: &Answer) -> std::result::Result<(), String> {
    let golden = &call["answer"]["data"];
    let kind = golden["type"].as_str().unwrap_or("");
    match (answer, kind) {
        (Answer::Streams(streams), "streams") => lines(call, golden, streams),
        (Answer::Matrix(matrix), "matrix") => {
            let given = matrix.iter().map(|series| (series.labels.clone(), series.points.clone()));
            numbers(call, golden, given.collect())
        }
        (Answer::Vector(vector), "vector") => {
            let given = vector.iter().map(|point| (point.labels.clone(), vec![(point.ts_ns, point.value)]));
            numbers(call, golden, given.collect())
        }
        (Answer::Scalar { ts_ns, value }, "scalar") => {
            let expected = (golden["result"][0].as_i64(), float(&golden["result"][1]));
            let given = (Some(ts_ns.div_euclid(1_000_000)), *value);
            let same = expected.0 == given.0 && close(expected.1, given.1);
            if same { Ok(()) } else { Err(format!("expected {expected:?} given {given:?}")) }
        }
        _ => Err(format!("expected {kind}, given {answer:?}")),
    }
}

fn labels(text: &Value) -> Labels {
    let object: Value = text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    of_object(&object)
}

fn of_object(object: &Value) -> Labels {
    let pairs = object.as_object().into_iter().flatten();
    Labels::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or(""))))
}

type Line = (i64, String, Labels, Labels);

fn lines(call: &Value, golden: &Value, streams: &[AnsweredStream]) -> std::result::Result<(), String> {
    let mut expected: BTreeMap<Labels, Vec<Line>> = BTreeMap::new();
    for stream in golden["streams"].as_array().into_iter().flatten() {
        let values = stream[1].as_array().into_iter().flatten().map(|value| {
            let ts_ns = value[0].as_str().and_then(|ts| ts.parse().ok()).unwrap_or(0);
            let text = value[1].as_str().unwrap_or("").to_owned();
            let extra = &value[2];
            (ts_ns, text, of_object(&extra["structuredMetadata"]), of_object(&extra["parsed"]))
        });
        expected.entry(labels(&stream[0])).or_default().extend(values);
    }
    let mut given: BTreeMap<Labels, Vec<Line>> = BTreeMap::new();
    for stream in streams {
        let values = stream.lines.iter().map(|line| {
            let text = String::from_utf8_lossy(&line.text).into_owned();
            (line.ts_ns, text, line.metadata.clone(), line.parsed.clone())
        });
        given.entry(stream.labels.clone()).or_default().extend(values);
    }
    in_any_order_at_one_time(&mut expected);
    in_any_order_at_one_time(&mut given);
    if expected == given {
        return Ok(());
    }
    let count = |lines: &BTreeMap<Labels, Vec<Line>>| lines.values().map(Vec::len).sum::<usize>();
    let limit = call["params"]["limit"].as_str().and_then(|limit| limit.parse().ok()).unwrap_or(100);
    if count(&expected) == limit && count(&given) == limit && same_but_for_the_last(&expected, &given) {
        return Ok(());
    }
    let only = |a: &BTreeMap<Labels, Vec<Line>>, b: &BTreeMap<Labels, Vec<Line>>| {
        let lines = a.iter().flat_map(|(labels, lines)| lines.iter().map(move |line| (labels, line)));
        let missing = lines.filter(|(labels, line)| b.get(labels).is_none_or(|lines| !lines.contains(line)));
        missing.take(2).map(|found| format!("{found:?}")).collect::<Vec<_>>().join("\n             ")
    };
    Err(format!(
        "{} lines expected, {} given\n    expected {}\n    given    {}",
        count(&expected),
        count(&given),
        only(&expected, &given),
        only(&given, &expected)
    ))
}

fn in_any_order_at_one_time(lines: &mut BTreeMap<Labels, Vec<Line>>) {
    for lines in lines.values_mut() {
        let backward = lines.first().zip(lines.last()).is_some_and(|(first, last)| first.0 > last.0);
        lines.sort();
        if backward {
            lines.reverse();
        }
    }
}

/// Whether the answers are equal but for lines at the oldest or at the newest time: the limit may
/// have cut among lines of one time.
fn same_but_for_the_last(a: &BTreeMap<Labels, Vec<Line>>, b: &BTreeMap<Labels, Vec<Line>>) -> bool {
    let times = |lines: &BTreeMap<Labels, Vec<Line>>| -> Option<(i64, i64)> {
        let times = || lines.values().flatten().map(|line| line.0);
        Some((times().min()?, times().max()?))
    };
    let without = |lines: &BTreeMap<Labels, Vec<Line>>, ts_ns: i64| -> BTreeMap<Labels, Vec<Line>> {
        let cut = lines.iter().map(|(labels, lines)| {
            (labels.clone(), lines.iter().filter(|line| line.0 != ts_ns).cloned().collect::<Vec<_>>())
        });
        cut.filter(|(_, lines)| !lines.is_empty()).collect()
    };
    let (Some(of_a), Some(of_b)) = (times(a), times(b)) else { return false };
    [(of_a.0, of_b.0), (of_a.1, of_b.1)]
        .iter()
        .any(|(x, y)| x == y && without(a, *x) == without(b, *x) && !without(a, *x).is_empty())
}

fn float(text: &Value) -> f64 {
    match text.as_str() {
        Some("+Inf") => f64::INFINITY,
        Some("-Inf") => f64::NEG_INFINITY,
        Some(text) => text.parse().unwrap_or(f64::NAN),
        None => f64::NAN,
    }
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= (1e-9 * a.abs().max(b.abs())).max(1e-12)
}

/// Milliseconds, as answers show them, and values.
type Points = Vec<(i64, f64)>;

fn numbers(call: &Value, golden: &Value, given: Vec<(Labels, Points)>) -> std::result::Result<(), String> {
    let expected: Vec<(Labels, Points)> = golden["series"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|series| {
            let points = series[1].as_array().into_iter().flatten();
            let points =
                points.map(|p| ((p[0].as_f64().unwrap_or(0.0) * 1e3).round() as i64, float(&p[1]))).collect();
            (labels(&series[0]), points)
        })
        .collect();
    let given: Vec<(Labels, Points)> = given
        .into_iter()
        .map(|(labels, points)| {
            (labels, points.into_iter().map(|(ns, v)| (ns.div_euclid(1_000_000), v)).collect())
        })
        .collect();
    let mode = call["mode"].as_str().unwrap_or("auto");
    let (mut a, mut b) = (expected, given);
    if mode == "topk" || mode == "approx" {
        (a, b) = (per_time(&a), per_time(&b));
    } else if mode != "ordered" {
        a.sort_by(|x, y| x.0.cmp(&y.0));
        b.sort_by(|x, y| x.0.cmp(&y.0));
    } else if !a.iter().zip(&b).all(|(x, y)| x.0 == y.0 || close(x.1[0].1, y.1[0].1)) {
        return Err(format!("other order: expected {a:?}\n    given {b:?}"));
    } else {
        return Ok(());
    }
    if a.len() != b.len() {
        let only = |a: &[(Labels, Points)], b: &[(Labels, Points)]| {
            let missing = a.iter().filter(|(labels, _)| !b.iter().any(|(other, _)| other == labels));
            missing.take(2).map(|series| format!("{series:?}")).collect::<Vec<_>>().join(" ")
        };
        let lengths = format!("{} series expected, {} given", a.len(), b.len());
        return Err(format!("{lengths}\n    expected {}\n    given    {}", only(&a, &b), only(&b, &a)));
    }
    for ((labels, expected), (other, given)) in a.iter().zip(&b) {
        let same = labels == other
            && expected.len() == given.len()
            && expected.iter().zip(given).all(|(x, y)| x.0 == y.0 && close(x.1, y.1));
        if !same {
            let apart = expected.iter().zip(given).find(|(x, y)| x.0 != y.0 || !close(x.1, y.1));
            return Err(format!(
                "expected {labels} {} points\n    given    {other} {} points\n    first difference {apart:?}",
                expected.len(),
                given.len()
            ));
        }
    }
    Ok(())
}

/// The values at each time, whatever series they belong to.
fn per_time(series: &[(Labels, Points)]) -> Vec<(Labels, Points)> {
    let mut points: Points = series.iter().flat_map(|(_, points)| points.iter().copied()).collect();
    points.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    vec![(Labels::default(), points)]
}
