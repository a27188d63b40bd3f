//! Answers about labels, series and sizes, and of the small pages around them.

use crate::json_text::{put_integer, put_string};
use crate::reply::{put_array, put_key, put_labels, put_strings};
use model::LabelsRef;

/// `labels` and `label/<name>/values`: `data` is left out when there is nothing.
pub fn strings<T: AsRef<str>>(texts: &[T]) -> Vec<u8> {
    let mut out = b"{\"status\":\"success\"".to_vec();
    if !texts.is_empty() {
        put_key(&mut out, "data");
        put_strings(&mut out, texts);
    }
    out.push(b'}');
    out
}

/// `series`: the label sets, an empty array when there are none.
pub fn series<'a>(sets: impl IntoIterator<Item = LabelsRef<'a>>) -> Vec<u8> {
    let mut out = b"{\"status\":\"success\",\"data\":".to_vec();
    put_array(&mut out, sets, put_labels);
    out.push(b'}');
    out
}

/// What `index/stats` knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Streams.
    pub streams: u64,
    /// Stored runs of rows.
    pub chunks: u64,
    /// Bytes of text and structured metadata.
    pub bytes: u64,
    /// Rows.
    pub entries: u64,
}

/// `index/stats`, which has no envelope.
pub fn index_stats(stats: &IndexStats) -> Vec<u8> {
    let mut out = b"{".to_vec();
    for (key, value) in [
        ("streams", stats.streams),
        ("chunks", stats.chunks),
        ("bytes", stats.bytes),
        ("entries", stats.entries),
    ] {
        put_key(&mut out, key);
        put_integer(&mut out, value);
    }
    out.push(b'}');
    out
}

/// A pattern found in lines, with its count over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern's text with `<_>` for what varies.
    pub pattern: String,
    /// The level of its lines; left out when empty.
    pub level: String,
    /// `(Unix seconds, lines)`.
    pub samples: Vec<(i64, u64)>,
}

/// `patterns`.
pub fn patterns(patterns: &[Pattern]) -> Vec<u8> {
    let mut out = b"{\"status\":\"success\",\"data\":".to_vec();
    put_array(&mut out, patterns, |out, pattern| {
        out.push(b'{');
        put_key(out, "pattern");
        put_string(out, pattern.pattern.as_bytes());
        if !pattern.level.is_empty() {
            put_key(out, "level");
            put_string(out, pattern.level.as_bytes());
        }
        put_key(out, "samples");
        put_array(out, &pattern.samples, |out, (seconds, lines)| {
            out.push(b'[');
            put_integer(out, *seconds);
            out.push(b',');
            put_integer(out, *lines);
            out.push(b']');
        });
        out.push(b'}');
    });
    out.push(b'}');
    out
}

/// `format_query`: the query in its pretty form, or why it is none.
pub fn format_query(formatted: Result<&str, &str>) -> Vec<u8> {
    let (status, key, text) = match formatted {
        Ok(query) => ("success", "data", query),
        Err(why) => ("invalid-query", "error", why),
    };
    object([("status", status), (key, text)])
}

/// An object of strings: `status/buildinfo`, `log_level` and the like.
pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut out = b"{".to_vec();
    for (key, text) in fields {
        put_key(&mut out, key);
        put_string(&mut out, text.as_bytes());
    }
    out.push(b'}');
    out
}
