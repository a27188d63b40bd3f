//! `| unpack`: lines that were packed with their labels into a JSON object.

use super::field::label_name;
use super::json::{JSON_ERROR, failed, string_value};
use super::json_scan::{JsonError, Kind, Stop, each_field, unescape};
use super::row::{Next, Row};
use super::step::Outcome;

/// The field that holds the packed line.
const ENTRY: &str = "_entry";

/// Takes the fields that are strings as labels and writes the packed line to `out`; both only when
/// there is one.
pub(super) fn unpack(text: &str, row: &mut Row<'_>, out: &mut Vec<u8>, buffers: [&mut String; 2]) -> Outcome {
    if text.is_empty() || row.hints.is_done(row) {
        return Outcome::Stay;
    }
    if !text.starts_with('{') {
        return row.parser_failed(JSON_ERROR, "expecting json object(6), but it is not").into();
    }
    let mut entry = None;
    let whole = each_field::<JsonError>(text, |key, value| {
        if key == ENTRY && value.kind == Kind::String {
            entry = Some(unescape(value.text).ok_or(JsonError::Escape)?);
        }
        Ok(())
    });
    if let Err(Stop::Error(error) | Stop::Asked(error)) = whole {
        return failed(row, error).into();
    }
    let Some(entry) = entry else { return Outcome::Stay };
    out.clear();
    out.extend_from_slice(entry.as_bytes());
    let [name, suffixed] = buffers;
    let labels = each_field(text, |key, value| {
        if key == ENTRY || value.kind != Kind::String {
            return Ok(());
        }
        let Some(name) = row.name_for(label_name(key, name), suffixed) else { return Ok(()) };
        match row.take(name, &string_value(value.text)) {
            Next::Drop => Err(Stop::Asked(())),
            Next::More | Next::Done => Ok(()),
        }
    });
    if labels.is_ok() { Outcome::Rewritten } else { Outcome::Drop }
}
