//! Writes an answer as scripts do.

use crate::script::BASE_NS;
use base::unit::go_duration_text;
use model::{Answer, AnsweredStream, Labels};
use std::fmt::Write as _;

/// The answer from `gives` on.
pub fn answer(answer: &Answer) -> String {
    let mut out = String::new();
    match answer {
        Answer::Streams(streams) => {
            out.push_str("gives streams\n");
            streams.iter().for_each(|stream| put_stream(&mut out, stream));
        }
        Answer::Matrix(matrix) => {
            out.push_str("gives matrix\n");
            for series in matrix {
                let _ = write!(out, "  {}", series.labels);
                for (ts_ns, value) in &series.points {
                    let _ = write!(out, " {}:{}", time(*ts_ns), number(*value));
                }
                out.push('\n');
            }
        }
        Answer::Vector(vector) => {
            out.push_str("gives vector\n");
            for point in vector {
                let _ = writeln!(out, "  {} {}", point.labels, number(point.value));
            }
        }
        Answer::Scalar { value, .. } => {
            let _ = writeln!(out, "gives scalar\n  {}", number(*value));
        }
    }
    out
}

fn put_stream(out: &mut String, stream: &AnsweredStream) {
    let _ = writeln!(out, "  {}", stream.labels);
    for line in &stream.lines {
        let _ = write!(out, "    {} {}", time(line.ts_ns), String::from_utf8_lossy(&line.text));
        for (what, labels) in [("metadata", &line.metadata), ("parsed", &line.parsed)] {
            if *labels != Labels::default() {
                let _ = write!(out, " {what}{labels}");
            }
        }
        out.push('\n');
    }
}

/// The error from `fails` on.
pub fn error(error: &base::Error) -> String {
    let text = error.to_string();
    // How many bytes were in use depends on how rows lie.
    let text =
        if text.starts_with("query memory limit exceeded") { "query memory limit exceeded" } else { &text };
    let text: String = text.lines().map(|line| format!("  {line}\n")).collect();
    format!("fails\n{text}")
}

fn time(ts_ns: i64) -> String {
    go_duration_text(ts_ns - BASE_NS)
}

/// Twelve digits: what lies beyond depends on the order of additions.
fn number(value: f64) -> String {
    if value.is_finite() {
        return format!("{value:.11e}").parse::<f64>().map_or_else(|_| value.to_string(), |v| v.to_string());
    }
    if value.is_nan() { "NaN".to_owned() } else { format!("{}Inf", if value > 0.0 { '+' } else { '-' }) }
}
