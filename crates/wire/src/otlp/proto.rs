//! OTLP logs in protobuf (`ExportLogsServiceRequest`); texts stay borrowed from the body.

use crate::otlp::value::{AnyValue, DEPTH_MAX, KeyValue};
use crate::otlp::{LogRecord, Logs, ResourceLogs, ScopeLogs};
use crate::protobuf::{Fields, Value};
use crate::refused::Refused;
use crate::room::Room;

/// Reads a request.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder.
pub fn logs(body: &[u8]) -> Result<Logs<'_>, Refused> {
    let (mut logs, room) = (Logs::default(), &Room::of(body));
    let mut fields = Fields::new(body, "ExportLogsServiceRequest");
    while let Some((number, value)) = fields.next_field()? {
        if number == 1 {
            room.keep(&mut logs.resources, resource_logs(value.bytes("ResourceLogs")?, room)?)?;
        }
    }
    Ok(logs)
}

fn resource_logs<'a>(bytes: &'a [u8], room: &Room) -> Result<ResourceLogs<'a>, Refused> {
    let mut out = ResourceLogs::default();
    let mut fields = Fields::new(bytes, "ResourceLogs");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => {
                let mut fields = Fields::new(value.bytes("Resource")?, "Resource");
                while let Some((number, value)) = fields.next_field()? {
                    if number == 1 {
                        room.keep(&mut out.attributes, key_value(value.bytes("Attributes")?, 0, room)?)?;
                    }
                }
            }
            2 => room.keep(&mut out.scopes, scope_logs(value.bytes("ScopeLogs")?, room)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn scope_logs<'a>(bytes: &'a [u8], room: &Room) -> Result<ScopeLogs<'a>, Refused> {
    let mut out = ScopeLogs::default();
    let mut fields = Fields::new(bytes, "ScopeLogs");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => scope(value.bytes("Scope")?, room, &mut out)?,
            2 => room.keep(&mut out.records, log_record(value.bytes("LogRecords")?, room)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn scope<'a>(bytes: &'a [u8], room: &Room, out: &mut ScopeLogs<'a>) -> Result<(), Refused> {
    let mut fields = Fields::new(bytes, "InstrumentationScope");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.name = value.bytes("Name")?.into(),
            2 => out.version = value.bytes("Version")?.into(),
            3 => room.keep(&mut out.attributes, key_value(value.bytes("Attributes")?, 0, room)?)?,
            4 => out.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            _ => {}
        }
    }
    Ok(())
}

fn log_record<'a>(bytes: &'a [u8], room: &Room) -> Result<LogRecord<'a>, Refused> {
    let mut out = LogRecord::default();
    let mut fields = Fields::new(bytes, "LogRecord");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.time_ns = value.fixed64("TimeUnixNano")?,
            2 => out.severity_number = value.varint("SeverityNumber")? as i32,
            3 => out.severity_text = value.bytes("SeverityText")?.into(),
            5 => out.body = any_value(value.bytes("Body")?, 0, room)?,
            6 => room.keep(&mut out.attributes, key_value(value.bytes("Attributes")?, 0, room)?)?,
            7 => out.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            8 => out.flags = value.fixed32("Flags")?,
            9 => out.trace_id = id(value, "TraceID")?,
            10 => out.span_id = id(value, "SpanID")?,
            11 => out.observed_ns = value.fixed64("ObservedTimeUnixNano")?,
            12 => out.event_name = value.bytes("EventName")?.into(),
            _ => {}
        }
    }
    Ok(out)
}

/// An id of its fixed length, or none.
pub(super) fn id<const LEN: usize>(value: Value<'_>, name: &str) -> Result<[u8; LEN], Refused> {
    match value.bytes(name)? {
        [] => Ok([0; LEN]),
        bytes => {
            <[u8; LEN]>::try_from(bytes).map_err(|_| Refused::invalid(format!("invalid length for {name}")))
        }
    }
}

pub(super) fn key_value<'a>(bytes: &'a [u8], depth: usize, room: &Room) -> Result<KeyValue<'a>, Refused> {
    let mut out = KeyValue::default();
    let mut fields = Fields::new(bytes, "KeyValue");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.key = value.bytes("Key")?.into(),
            2 => out.value = any_value(value.bytes("Value")?, depth, room)?,
            _ => {}
        }
    }
    Ok(out)
}

fn any_value<'a>(bytes: &'a [u8], depth: usize, room: &Room) -> Result<AnyValue<'a>, Refused> {
    if depth > DEPTH_MAX {
        return Err(Refused::invalid(format!("value nested deeper than {DEPTH_MAX}")));
    }
    let mut out = AnyValue::Empty;
    let mut fields = Fields::new(bytes, "AnyValue");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out = AnyValue::String(value.bytes("StringValue")?.into()),
            2 => out = AnyValue::Bool(value.varint("BoolValue")? != 0),
            3 => out = AnyValue::Int(value.varint("IntValue")? as i64),
            4 => out = AnyValue::Double(f64::from_bits(value.fixed64("DoubleValue")?)),
            5 => out = AnyValue::Array(array(value.bytes("ArrayValue")?, depth + 1, room)?),
            6 => out = AnyValue::Map(map(value.bytes("KvlistValue")?, depth + 1, room)?),
            7 => out = AnyValue::Bytes(value.bytes("BytesValue")?.into()),
            _ => {}
        }
    }
    Ok(out)
}

fn array<'a>(bytes: &'a [u8], depth: usize, room: &Room) -> Result<Vec<AnyValue<'a>>, Refused> {
    let mut out = Vec::new();
    let mut fields = Fields::new(bytes, "ArrayValue");
    while let Some((number, value)) = fields.next_field()? {
        if number == 1 {
            room.keep(&mut out, any_value(value.bytes("Values")?, depth, room)?)?;
        }
    }
    Ok(out)
}

fn map<'a>(bytes: &'a [u8], depth: usize, room: &Room) -> Result<Vec<KeyValue<'a>>, Refused> {
    let mut out = Vec::new();
    let mut fields = Fields::new(bytes, "KeyValueList");
    while let Some((number, value)) = fields.next_field()? {
        if number == 1 {
            room.keep(&mut out, key_value(value.bytes("Values")?, depth, room)?)?;
        }
    }
    Ok(out)
}
