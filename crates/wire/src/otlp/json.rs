//! OTLP logs in JSON: ids in hex, whole numbers as numbers or strings, names of fields in camel or
//! snake case.

use crate::go_json::Reader;
use crate::otlp::value::{AnyValue, DEPTH_MAX, KeyValue, from_base64};
use crate::otlp::{LogRecord, Logs, ResourceLogs, ScopeLogs};
use crate::refused::Refused;
use model::labels::GoQuoted;
use std::borrow::Cow;
use std::str::FromStr;

/// Reads a request.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of the OpenTelemetry collector's decoder.
pub fn logs(body: &[u8]) -> Result<Logs<'_>, Refused> {
    let mut reader = Reader::whole(body);
    let reader = &mut reader;
    let mut logs = Logs::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resourceLogs" | b"resource_logs" => list(reader, &mut logs.resources, resource_logs)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(logs)
}

/// Appends the elements of an array.
pub(super) fn list<'a, T>(
    reader: &mut Reader<'a>,
    out: &mut Vec<T>,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Refused>,
) -> Result<(), Refused> {
    while reader.element()? {
        let item = read(reader)?;
        reader.room.keep(out, item)?;
    }
    Ok(())
}

fn resource_logs<'a>(reader: &mut Reader<'a>) -> Result<ResourceLogs<'a>, Refused> {
    let mut out = ResourceLogs::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resource" => {
                while let Some(name) = reader.field()? {
                    match name.as_ref() {
                        b"attributes" => out.attributes = key_values(reader, 0)?,
                        _ => drop(reader.skip()?),
                    }
                }
            }
            b"scopeLogs" | b"scope_logs" => list(reader, &mut out.scopes, scope_logs)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn scope_logs<'a>(reader: &mut Reader<'a>) -> Result<ScopeLogs<'a>, Refused> {
    let mut out = ScopeLogs::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"scope" => scope(reader, &mut out)?,
            b"logRecords" | b"log_records" => list(reader, &mut out.records, log_record)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn scope<'a>(reader: &mut Reader<'a>, out: &mut ScopeLogs<'a>) -> Result<(), Refused> {
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"name" => out.name = reader.string()?,
            b"version" => out.version = reader.string()?,
            b"attributes" => out.attributes = key_values(reader, 0)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                out.dropped_attributes = number(reader, "ReadUint32")?;
            }
            _ => drop(reader.skip()?),
        }
    }
    Ok(())
}

fn log_record<'a>(reader: &mut Reader<'a>) -> Result<LogRecord<'a>, Refused> {
    let mut out = LogRecord::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"timeUnixNano" | b"time_unix_nano" => out.time_ns = number(reader, "ReadUint64")?,
            b"observedTimeUnixNano" | b"observed_time_unix_nano" => {
                out.observed_ns = number(reader, "ReadUint64")?;
            }
            b"severityNumber" | b"severity_number" => out.severity_number = severity(reader)?,
            b"severityText" | b"severity_text" => out.severity_text = reader.string()?,
            b"body" => out.body = any_value(reader, 0)?,
            b"attributes" => out.attributes = key_values(reader, 0)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                out.dropped_attributes = number(reader, "ReadUint32")?;
            }
            b"flags" => out.flags = number(reader, "ReadUint32")?,
            b"traceId" | b"trace_id" => out.trace_id = id(reader, "TraceID")?,
            b"spanId" | b"span_id" => out.span_id = id(reader, "SpanID")?,
            b"eventName" | b"event_name" => out.event_name = reader.string()?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

/// A number, or a string that holds one.
pub(super) fn number<T: FromStr>(reader: &mut Reader<'_>, operation: &str) -> Result<T, Refused> {
    let text = match reader.peek_token() {
        b'"' => reader.string()?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(reader.number()?.as_bytes()),
        _ => return Err(reader.refused(operation, "unsupported value type")),
    };
    let text = String::from_utf8_lossy(&text);
    text.parse().map_err(|_| {
        let what = format!("strconv.Parse{}: parsing {}: invalid syntax", &operation[4..], GoQuoted(&text));
        reader.refused(operation, what)
    })
}

/// A severity as number or by the name of its constant.
fn severity(reader: &mut Reader<'_>) -> Result<i32, Refused> {
    if reader.peek_token() != b'"' {
        return number(reader, "ReadInt32");
    }
    let name = reader.string()?;
    let name = String::from_utf8_lossy(&name);
    let short = name.strip_prefix("SEVERITY_NUMBER_").unwrap_or("");
    if short == "UNSPECIFIED" {
        return Ok(0);
    }
    let (word, step) = match short.strip_suffix(['2', '3', '4']) {
        Some(word) => (word, i32::from(short.as_bytes()[word.len()] - b'0')),
        None => (short, 1),
    };
    const WORDS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    match WORDS.iter().position(|known| *known == word) {
        Some(at) => Ok(at as i32 * 4 + step),
        None => Err(reader.refused("ReadEnumValue", format!("unknown string value {}", GoQuoted(&name)))),
    }
}

/// An id in hex, or none.
pub(super) fn id<const LEN: usize>(reader: &mut Reader<'_>, name: &str) -> Result<[u8; LEN], Refused> {
    let text = reader.string()?;
    let mut out = [0; LEN];
    if text.is_empty() {
        return Ok(out);
    }
    if text.len() != LEN * 2 {
        return Err(reader.refused(name, format!("length mismatch: {} digits, not {}", text.len(), LEN * 2)));
    }
    for (byte, digits) in out.iter_mut().zip(text.chunks(2)) {
        let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        *byte = value.ok_or_else(|| reader.refused(name, "encoding/hex: invalid byte"))?;
    }
    Ok(out)
}

pub(super) fn key_values<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Vec<KeyValue<'a>>, Refused> {
    let mut out = Vec::new();
    list(reader, &mut out, |reader| {
        let mut pair = KeyValue::default();
        while let Some(name) = reader.field()? {
            match name.as_ref() {
                b"key" => pair.key = reader.string()?,
                b"value" => pair.value = any_value(reader, depth)?,
                _ => drop(reader.skip()?),
            }
        }
        Ok(pair)
    })?;
    Ok(out)
}

fn any_value<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<AnyValue<'a>, Refused> {
    if depth > DEPTH_MAX {
        return Err(reader.refused("ReadValue", "exceeded max depth"));
    }
    let mut out = AnyValue::Empty;
    while let Some(name) = reader.field()? {
        out = match name.as_ref() {
            b"stringValue" | b"string_value" => AnyValue::String(reader.string()?),
            b"boolValue" | b"bool_value" => AnyValue::Bool(reader.bool()?),
            b"intValue" | b"int_value" => AnyValue::Int(number(reader, "ReadInt64")?),
            b"doubleValue" | b"double_value" => AnyValue::Double(number(reader, "ReadFloat64")?),
            b"bytesValue" | b"bytes_value" => {
                let text = reader.string()?;
                let bytes = from_base64(&text);
                AnyValue::Bytes(
                    bytes.ok_or_else(|| reader.refused("bytesValue", "illegal base64 data"))?.into(),
                )
            }
            b"arrayValue" | b"array_value" => {
                let mut values = Vec::new();
                while let Some(name) = reader.field()? {
                    match name.as_ref() {
                        b"values" => list(reader, &mut values, |reader| any_value(reader, depth + 1))?,
                        _ => drop(reader.skip()?),
                    }
                }
                AnyValue::Array(values)
            }
            b"kvlistValue" | b"kvlist_value" => {
                let mut pairs = Vec::new();
                while let Some(name) = reader.field()? {
                    match name.as_ref() {
                        b"values" => pairs = key_values(reader, depth + 1)?,
                        _ => drop(reader.skip()?),
                    }
                }
                AnyValue::Map(pairs)
            }
            _ => {
                reader.skip()?;
                out
            }
        };
    }
    Ok(out)
}
