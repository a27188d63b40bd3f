//! Series of spans as Tempo's clients read them. Labels are pairs of attributes with their types
//! (`model::attribute`), and said twice: typed, and as the text that Prometheus would print.

use super::{Envelope, put_metrics, put_quoted, put_status, put_text};
use crate::json_text::{put_array, put_key, put_sample_value};
use crate::otlp::traces::{put_double, put_value};
use model::attribute::Value;
use model::labels::GoQuoted;
use model::{Labels, Series};
use std::fmt::Write as _;

/// `/api/metrics/query_range`: values over time.
pub fn range_series(series: &[Series], envelope: &Envelope) -> Vec<u8> {
    answer(series, envelope, |out, one| {
        put_key(out, "samples");
        put_array(out, &one.points, |out, (ts_ns, value)| {
            out.push(b'{');
            put_quoted(out, "timestampMs", ts_ns.div_euclid(1_000_000));
            put_key(out, "value");
            put_double(out, *value);
            out.push(b'}');
        });
    })
}

/// `/api/metrics/query`: one value of each series, its last.
pub fn instant_series(series: &[Series], envelope: &Envelope) -> Vec<u8> {
    answer(series, envelope, |out, one| {
        if let Some((_, value)) = one.points.last() {
            put_key(out, "value");
            put_double(out, *value);
        }
    })
}

fn answer(series: &[Series], envelope: &Envelope, put_points: impl Fn(&mut Vec<u8>, &Series)) -> Vec<u8> {
    let mut out = b"{\"series\":".to_vec();
    put_array(&mut out, series, |out, one| {
        let labels = attributes(&one.labels);
        out.push(b'{');
        put_key(out, "labels");
        put_array(out, &labels, |out, (name, value)| {
            out.push(b'{');
            put_text(out, "key", name);
            put_key(out, "value");
            put_value(out, value);
            out.push(b'}');
        });
        put_points(out, one);
        put_text(out, "promLabels", &prometheus_text(&labels));
        out.push(b'}');
    });
    put_metrics(&mut out, &envelope.metrics);
    put_status(&mut out, envelope);
    out.push(b'}');
    out
}

fn attributes(labels: &Labels) -> Vec<(String, Value)> {
    let attributes = labels.iter().map(|(name, text)| Value::from_pair(name, text));
    let mut attributes: Vec<_> = attributes.map(|(name, value)| (name.into_owned(), value)).collect();
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    attributes
}

/// `{a="x", "b.c"="5"}`: names that Prometheus takes only of late stand in quotes.
fn prometheus_text(labels: &[(String, Value)]) -> String {
    let mut text = "{".to_owned();
    for (at, (name, value)) in labels.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let value = plain_text(value);
        // Writing to a string cannot fail.
        let _ = match is_plain_name(name) {
            true => write!(text, "{comma}{name}={}", GoQuoted(&value)),
            false => write!(text, "{comma}{}={}", GoQuoted(name), GoQuoted(&value)),
        };
    }
    text.push('}');
    text
}

fn is_plain_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A value without its type.
fn plain_text(value: &Value) -> String {
    let mut out = Vec::new();
    match value {
        Value::String(text) => return text.clone(),
        Value::Bool(flag) => return flag.to_string(),
        Value::Int(number) => return number.to_string(),
        Value::Double(number) => put_sample_value(&mut out, *number),
        other => put_value(&mut out, other),
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
