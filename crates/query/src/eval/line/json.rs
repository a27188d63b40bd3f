//! `| json`: every value of an object becomes a label, named by the path to it.

use super::field::{append_label_name, label_name, without_undecoded};
use super::json_scan::{JsonError, Kind, Stop, Value, each_field, unescape};
use super::row::{Next, Row};

/// The error of lines that are no JSON objects.
pub(super) const JSON_ERROR: &str = "JSONParserErr";

/// Objects nested deeper than this are skipped, as arrays are. Each level scans its text again.
pub(super) const DEPTH_MAX: usize = 128;

/// Buffers of the parser.
#[derive(Debug, Default)]
pub(super) struct JsonScratch {
    /// Path to the object at hand, as the beginning of label names.
    prefix: String,
    /// The name of the field at hand.
    name: String,
    /// The same with a suffix.
    suffixed: String,
}

/// Takes labels from the object `text`. Says whether the line stays.
pub(super) fn parse(text: &str, row: &mut Row<'_>, scratch: &mut JsonScratch) -> bool {
    if row.hints.is_done(row) {
        return true;
    }
    scratch.prefix.clear();
    match object(text, row, scratch, 0) {
        Ok(()) | Err(Stop::Asked(Next::More | Next::Done)) => true,
        Err(Stop::Asked(Next::Drop)) => false,
        Err(Stop::Error(error)) => failed(row, error),
    }
}

/// Notes that a line is not of the wanted form. Says whether the line stays.
pub(super) fn failed(row: &mut Row<'_>, error: JsonError) -> bool {
    row.parser_failed(JSON_ERROR, &error.to_string())
}

fn object(text: &str, row: &mut Row<'_>, scratch: &mut JsonScratch, depth: usize) -> Result<(), Stop<Next>> {
    each_field(text, |key, value| match value.kind {
        Kind::String | Kind::Number | Kind::Boolean => field(key, value, row, scratch),
        Kind::Object if depth < DEPTH_MAX => {
            let prefix_len = scratch.prefix.len();
            if prefix_len > 0 {
                scratch.prefix.push('_');
            }
            append_label_name(&mut scratch.prefix, key);
            let result = match row.hints.wants_prefix(&scratch.prefix) {
                true => object(value.text, row, scratch, depth + 1),
                false => Ok(()),
            };
            scratch.prefix.truncate(prefix_len);
            result
        }
        Kind::Object | Kind::Array | Kind::Null => Ok(()),
    })
}

fn field(
    key: &str,
    value: Value<'_>,
    row: &mut Row<'_>,
    scratch: &mut JsonScratch,
) -> Result<(), Stop<Next>> {
    let JsonScratch { prefix, name, suffixed } = scratch;
    let name = if prefix.is_empty() {
        label_name(key, name)
    } else {
        name.clear();
        name.push_str(prefix);
        name.push('_');
        append_label_name(name, key);
        name
    };
    let Some(name) = row.name_for(name, suffixed) else { return Ok(()) };
    let next = match value.kind {
        Kind::String => row.take(name, &string_value(value.text)),
        _ => row.take(name, value.text),
    };
    if next == Next::More { Ok(()) } else { Err(Stop::Asked(next)) }
}

/// A string as a label's value; empty where an escape is wrong.
pub(super) fn string_value(text: &str) -> std::borrow::Cow<'_, str> {
    match unescape(text) {
        Some(std::borrow::Cow::Borrowed(text)) => without_undecoded(text),
        Some(std::borrow::Cow::Owned(text)) => without_undecoded(&text).into_owned().into(),
        None => "".into(),
    }
}
