//! Answers about what was detected in streams: labels worth showing, and fields in lines.

use crate::json_text::{put_integer, put_string};
use crate::reply::{put_array, put_key, put_strings};

/// A label worth showing, with the number of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedLabel {
    /// Its name.
    pub label: String,
    /// Number of values.
    pub cardinality: u64,
}

/// `detected_labels`: `{}` when there are none.
pub fn detected_labels(labels: &[DetectedLabel]) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if !labels.is_empty() {
        put_key(&mut out, "detectedLabels");
        put_array(&mut out, labels, |out, label| {
            out.push(b'{');
            put_key(out, "label");
            put_string(out, label.label.as_bytes());
            put_key(out, "cardinality");
            put_integer(out, label.cardinality);
            out.push(b'}');
        });
    }
    out.push(b'}');
    out
}

/// A field found in lines or in structured metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedField {
    /// The label that it becomes when it is parsed.
    pub label: String,
    /// `int`, `float`, `boolean`, `duration`, `bytes` or `string`.
    pub kind: &'static str,
    /// Estimated number of values.
    pub cardinality: u64,
    /// `json`, `logfmt`; empty for structured metadata.
    pub parsers: Vec<&'static str>,
    /// Keys from the outermost object to the value; empty unless it was found in JSON.
    pub json_path: Vec<String>,
}

/// `detected_fields`: `{}` when there are none.
pub fn detected_fields(fields: &[DetectedField], limit: u64) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if !fields.is_empty() {
        put_key(&mut out, "fields");
        put_array(&mut out, fields, put_field);
        put_key(&mut out, "limit");
        put_integer(&mut out, limit);
    }
    out.push(b'}');
    out
}

fn put_field(out: &mut Vec<u8>, field: &DetectedField) {
    out.push(b'{');
    put_key(out, "label");
    put_string(out, field.label.as_bytes());
    put_key(out, "type");
    put_string(out, field.kind.as_bytes());
    put_key(out, "cardinality");
    put_integer(out, field.cardinality);
    put_key(out, "parsers");
    if field.parsers.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        put_strings(out, &field.parsers);
    }
    if !field.json_path.is_empty() {
        put_key(out, "jsonPath");
        put_strings(out, &field.json_path);
    }
    out.push(b'}');
}

/// `detected_field/<name>/values`: `{}` when there are none.
pub fn detected_field_values<T: AsRef<str>>(values: &[T], limit: u64) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if !values.is_empty() {
        put_key(&mut out, "values");
        put_strings(&mut out, values);
        put_key(&mut out, "limit");
        put_integer(&mut out, limit);
    }
    out.push(b'}');
    out
}
