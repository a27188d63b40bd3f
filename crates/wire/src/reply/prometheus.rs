//! Answers as Prometheus's clients read them: the envelope around every answer, and the four kinds of result
//! of a query, written straight from the values.

use crate::json_text::{put_array, put_integer, put_key, put_string};
use crate::reply::put_labels;
use model::LabelsRef;

/// What stands beside an answer's data; left out where there is none.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// The answer may be wrong or not whole.
    pub warnings: Vec<String>,
    /// The query may be wrong.
    pub infos: Vec<String>,
}

/// A native histogram as answers show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// All observations.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// Buckets with observations, from the least values to the greatest.
    pub buckets: Vec<Bucket>,
}

/// A bucket of a [`Histogram`].
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

/// `{"status":"success","data":…}`: the answer with the data that `put` appends.
pub fn success(remarks: &Remarks, put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"{\"status\":\"success\",\"data\":".to_vec();
    put(&mut out);
    for (key, texts) in [("warnings", &remarks.warnings), ("infos", &remarks.infos)] {
        if !texts.is_empty() {
            put_key(&mut out, key);
            put_array(&mut out, texts, |out, text| put_string(out, text.as_bytes()));
        }
    }
    out.push(b'}');
    out
}

/// `{"status":"error","errorType":…,"error":…}`
pub fn error(kind: &str, what: &str) -> Vec<u8> {
    let mut out = b"{\"status\":\"error\",\"errorType\":".to_vec();
    put_string(&mut out, kind.as_bytes());
    put_key(&mut out, "error");
    put_string(&mut out, what.as_bytes());
    out.push(b'}');
    out
}

/// `["a","b"]`
pub fn put_strings<T: AsRef<str>>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = T>) {
    put_array(out, texts, |out, text| put_string(out, text.as_ref().as_bytes()));
}

/// `[{"a":"b"}]`
pub fn put_label_sets<'a>(out: &mut Vec<u8>, sets: impl IntoIterator<Item = LabelsRef<'a>>) {
    put_array(out, sets, put_labels);
}

/// An object of texts.
pub fn put_object<'a>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = (&'a str, &'a str)>) {
    out.push(b'{');
    for (key, text) in fields {
        put_key(out, key);
        put_string(out, text.as_bytes());
    }
    out.push(b'}');
}

/// Begins `{"resultType":…,"result":`; who puts the result ends it with [`end_result`].
pub fn begin_result(out: &mut Vec<u8>, kind: &str) {
    out.extend_from_slice(b"{\"resultType\":");
    put_string(out, kind.as_bytes());
    put_key(out, "result");
}

/// Ends what [`begin_result`] began.
pub fn end_result(out: &mut Vec<u8>) {
    out.push(b'}');
}

/// `[1.5,"text"]`, of a scalar or a text.
pub fn put_timed_text(out: &mut Vec<u8>, ts_ns: i64, text: &str) {
    out.push(b'[');
    put_time(out, ts_ns);
    out.push(b',');
    put_string(out, text.as_bytes());
    out.push(b']');
}

/// `[1.5,"2.25"]`
pub fn put_sample(out: &mut Vec<u8>, ts_ns: i64, value: f64) {
    out.push(b'[');
    put_time(out, ts_ns);
    out.push(b',');
    put_value(out, value);
    out.push(b']');
}

/// `[1.5,{"count":"2","sum":"3","buckets":[[0,"1","2","2"]]}]`
pub fn put_histogram(out: &mut Vec<u8>, ts_ns: i64, histogram: &Histogram) {
    out.push(b'[');
    put_time(out, ts_ns);
    out.extend_from_slice(b",{\"count\":");
    put_value(out, histogram.count);
    put_key(out, "sum");
    put_value(out, histogram.sum);
    if !histogram.buckets.is_empty() {
        put_key(out, "buckets");
        put_array(out, &histogram.buckets, |out, bucket| {
            let rule = match bucket.closed {
                (false, true) => 0,
                (true, false) => 1,
                (false, false) => 2,
                (true, true) => 3,
            };
            out.push(b'[');
            put_integer(out, rule);
            for number in [bucket.lower, bucket.upper, bucket.count] {
                out.push(b',');
                put_value(out, number);
            }
            out.push(b']');
        });
    }
    out.extend_from_slice(b"}]");
}

/// `{"labels":{"trace_id":"t1"},"value":"0.5","timestamp":1.5}`
pub fn put_exemplar(out: &mut Vec<u8>, labels: LabelsRef<'_>, ts_ns: i64, value: f64) {
    out.extend_from_slice(b"{\"labels\":");
    put_labels(out, labels);
    put_key(out, "value");
    put_value(out, value);
    put_key(out, "timestamp");
    put_time(out, ts_ns);
    out.push(b'}');
}

/// Begins `{"seriesLabels":{…}`; the exemplars follow as a field.
pub fn begin_exemplars(out: &mut Vec<u8>, series: LabelsRef<'_>) {
    out.extend_from_slice(b"{\"seriesLabels\":");
    put_labels(out, series);
}

/// Begins `{"metric":{…}`; points follow as fields.
pub fn begin_series(out: &mut Vec<u8>, labels: LabelsRef<'_>) {
    out.extend_from_slice(b"{\"metric\":");
    put_labels(out, labels);
}

/// A value as a JSON string: the shortest digits that read back the same, with an exponent below 1e-6 and
/// from 1e21 on.
pub fn put_value(out: &mut Vec<u8>, value: f64) {
    let text = value_text(value);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn value_text(value: f64) -> String {
    let abs = value.abs();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if abs == 0.0 || (1e-6..1e21).contains(&abs) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}

/// Unix nanoseconds as seconds, with three digits after the point where they are no whole ones.
pub fn put_time(out: &mut Vec<u8>, ts_ns: i64) {
    let ms = ts_ns.div_euclid(1_000_000);
    if ms < 0 {
        out.push(b'-');
    }
    put_integer(out, ms.unsigned_abs() / 1000);
    let fraction = ms.unsigned_abs() % 1000;
    if fraction != 0 {
        out.extend_from_slice(format!(".{fraction:03}").as_bytes());
    }
}

#[cfg(test)]
mod tests;
