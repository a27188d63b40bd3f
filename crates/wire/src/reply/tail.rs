//! Frames of a tail.

use crate::json_text::put_integer;
use crate::reply::result::put_line;
use crate::reply::{put_array, put_key, put_labels};
use model::{AnsweredLine, Labels};

/// One line of a frame; each is an object of its own, as clients of Loki expect.
#[derive(Clone, Debug, PartialEq)]
pub struct TailLine {
    /// Stream labels; metadata and parsed labels are among them unless the client had them kept apart.
    pub labels: Labels,
    /// The line.
    pub line: AnsweredLine,
}

/// A line that was dropped because the client was too slow.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// When.
    pub ts_ns: i64,
    /// Its stream's labels.
    pub labels: Labels,
}

/// A frame: lines, what was dropped before them, and whether labels are kept apart.
pub fn frame(lines: &[TailLine], dropped: &[Dropped], categorize: bool) -> Vec<u8> {
    let mut out = b"{\"streams\":".to_vec();
    put_array(&mut out, lines, |out, line| {
        out.extend_from_slice(b"{\"stream\":");
        put_labels(out, line.labels.as_ref());
        out.extend_from_slice(b",\"values\":[");
        put_line(out, &line.line, categorize);
        out.extend_from_slice(b"]}");
    });
    if !dropped.is_empty() {
        put_key(&mut out, "dropped_entries");
        put_array(&mut out, dropped, |out, dropped| {
            out.extend_from_slice(b"{\"timestamp\":\"");
            put_integer(out, dropped.ts_ns);
            out.extend_from_slice(b"\",\"labels\":");
            put_labels(out, dropped.labels.as_ref());
            out.push(b'}');
        });
    }
    if categorize {
        out.extend_from_slice(b",\"encodingFlags\":[\"categorize-labels\"]");
    }
    out.push(b'}');
    out
}
