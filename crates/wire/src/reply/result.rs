//! The envelope of `query` and `query_range` (and of `index/volume`, whose answers are vectors and
//! matrices), with the four kinds of result in it.

use crate::json_text::{put_integer, put_sample_time, put_sample_value, put_string};
use crate::reply::stats::Stats;
use crate::reply::{put_array, put_key, put_labels, put_strings};
use model::{Answer, AnsweredLine, LabelsRef};

/// What stands around a result.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The client asked for `categorize-labels`: lines show their structured metadata and parsed
    /// labels apart from the stream's labels.
    pub categorize: bool,
    /// What the reader should know about the answer; left out when there is none.
    pub warnings: Vec<String>,
    /// Where the next page begins, for who reads page by page; left out when there is none.
    pub cursor: Option<String>,
    /// What the answer cost.
    pub stats: Stats,
}

/// `{"status":"success","data":{"resultType":…,"result":…,"stats":…}}` with a line end.
pub fn query(answer: &Answer, around: &Around) -> Vec<u8> {
    let mut out = Vec::with_capacity(estimated_len(answer));
    out.extend_from_slice(b"{\"status\":\"success\"");
    if !around.warnings.is_empty() {
        put_key(&mut out, "warnings");
        put_strings(&mut out, &around.warnings);
    }
    put_key(&mut out, "data");
    out.push(b'{');
    put_key(&mut out, "resultType");
    put_string(&mut out, kind(answer).as_bytes());
    if around.categorize {
        out.extend_from_slice(b",\"encodingFlags\":[\"categorize-labels\"]");
    }
    put_key(&mut out, "result");
    put_result(&mut out, answer, around.categorize);
    if let Some(cursor) = &around.cursor {
        put_key(&mut out, "cursor");
        put_string(&mut out, cursor.as_bytes());
    }
    put_key(&mut out, "stats");
    around.stats.put(&mut out);
    out.extend_from_slice(b"}}\n");
    out
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Streams(_) => "streams",
        Answer::Matrix(_) => "matrix",
        Answer::Vector(_) => "vector",
        Answer::Scalar { .. } => "scalar",
    }
}

/// A first capacity: the texts of lines, or some bytes for each number, and the statistics.
fn estimated_len(answer: &Answer) -> usize {
    const STATS_LEN: usize = 4096;
    let of_answer = match answer {
        Answer::Streams(streams) => {
            streams.iter().flat_map(|s| &s.lines).map(|line| line.text.len() + 48).sum()
        }
        Answer::Matrix(series) => series.iter().map(|s| s.points.len() * 24 + 128).sum(),
        Answer::Vector(points) => points.len() * 128,
        Answer::Scalar { .. } => 32,
    };
    STATS_LEN + of_answer
}

fn put_result(out: &mut Vec<u8>, answer: &Answer, categorize: bool) {
    match answer {
        Answer::Streams(streams) => put_array(out, streams, |out, stream| {
            out.extend_from_slice(b"{\"stream\":");
            put_labels(out, stream.labels.as_ref());
            out.extend_from_slice(b",\"values\":");
            put_array(out, &stream.lines, |out, line| put_line(out, line, categorize));
            out.push(b'}');
        }),
        Answer::Matrix(series) => put_array(out, series, |out, series| {
            put_metric(out, series.labels.as_ref());
            out.extend_from_slice(b",\"values\":");
            put_array(out, &series.points, |out, (ts_ns, value)| put_sample(out, *ts_ns, *value));
            out.push(b'}');
        }),
        Answer::Vector(points) => put_array(out, points, |out, point| {
            put_metric(out, point.labels.as_ref());
            out.extend_from_slice(b",\"value\":");
            put_sample(out, point.ts_ns, point.value);
            out.push(b'}');
        }),
        Answer::Scalar { ts_ns, value } => put_scalar(out, *ts_ns, *value),
    }
}

/// `["<ns>","<text>"]`, with a third element where labels are kept apart.
pub(super) fn put_line(out: &mut Vec<u8>, line: &AnsweredLine, categorize: bool) {
    out.extend_from_slice(b"[\"");
    put_integer(out, line.ts_ns);
    out.extend_from_slice(b"\",");
    put_string(out, &line.text);
    if categorize {
        out.extend_from_slice(b",{");
        for (key, labels) in [("structuredMetadata", &line.metadata), ("parsed", &line.parsed)] {
            if !labels.is_empty() {
                put_key(out, key);
                put_labels(out, labels.as_ref());
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn put_metric(out: &mut Vec<u8>, labels: LabelsRef<'_>) {
    out.extend_from_slice(b"{\"metric\":");
    put_labels(out, labels);
}

/// Unlike all other samples, a scalar has its time in milliseconds: so Loki answers.
fn put_scalar(out: &mut Vec<u8>, ts_ns: i64, value: f64) {
    out.push(b'[');
    put_integer(out, ts_ns.div_euclid(1_000_000));
    out.extend_from_slice(b",\"");
    put_sample_value(out, value);
    out.extend_from_slice(b"\"]");
}

fn put_sample(out: &mut Vec<u8>, ts_ns: i64, value: f64) {
    out.push(b'[');
    put_sample_time(out, ts_ns);
    out.extend_from_slice(b",\"");
    put_sample_value(out, value);
    out.extend_from_slice(b"\"]");
}
