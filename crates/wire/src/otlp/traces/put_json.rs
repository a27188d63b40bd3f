//! Traces written in JSON. What has its default value is left out; numbers of 64 bits are strings.

use crate::json_text::{put_array, put_integer, put_key, put_number, put_string};
use crate::otlp::traces::hex;
use crate::otlp::traces::json::{KINDS, STATES};
use crate::otlp::value::put_base64;
use model::attribute::Value;
use model::span::{Attributes, Event, Link, Span};
use model::trace::{OriginSpans, by_resource};

/// What two kinds of JSON write differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// OTLP's: ids in hexadecimal, kinds and states by number.
    Otlp,
    /// Tempo's answers: ids in base64, kinds and states by name.
    Tempo,
}

/// Appends `groups` as the array of `ResourceSpans`.
pub fn put_resource_spans(out: &mut Vec<u8>, groups: &[OriginSpans], style: Style) {
    put_array(out, by_resource(groups), |out, (resource, groups)| {
        out.push(b'{');
        put_key(out, "resource");
        out.push(b'{');
        put_attributes(out, &resource.attributes);
        put_count(out, "droppedAttributesCount", resource.dropped_attributes);
        out.push(b'}');
        put_key(out, "scopeSpans");
        put_array(out, groups, |out, group| scope_spans(out, group, style));
        put_text(out, "schemaUrl", &resource.schema_url);
        out.push(b'}');
    });
}

fn scope_spans(out: &mut Vec<u8>, group: &OriginSpans, style: Style) {
    let origin = &group.origin;
    out.push(b'{');
    put_key(out, "scope");
    out.push(b'{');
    put_text(out, "name", &origin.scope_name);
    put_text(out, "version", &origin.scope_version);
    put_attributes(out, &origin.scope.attributes);
    put_count(out, "droppedAttributesCount", origin.scope.dropped_attributes);
    out.push(b'}');
    put_key(out, "spans");
    put_array(out, &group.spans, |out, one| span(out, one, style));
    put_text(out, "schemaUrl", &origin.scope.schema_url);
    out.push(b'}');
}

fn span(out: &mut Vec<u8>, span: &Span, style: Style) {
    let extra = &span.extra;
    out.push(b'{');
    put_id(out, "traceId", &span.trace_id, style);
    put_id(out, "spanId", &span.span_id, style);
    put_text(out, "traceState", &extra.trace_state);
    put_id(out, "parentSpanId", &span.parent_id, style);
    put_text(out, "name", &span.name);
    put_enum(out, "kind", span.kind, &KINDS, style);
    put_u64(out, "startTimeUnixNano", span.start_ns as u64);
    put_u64(out, "endTimeUnixNano", span.start_ns.wrapping_add(span.duration_ns) as u64);
    put_attributes(out, &span.attributes);
    put_count(out, "droppedAttributesCount", extra.dropped_attributes);
    if !extra.events.is_empty() {
        put_key(out, "events");
        put_array(out, &extra.events, event);
    }
    put_count(out, "droppedEventsCount", extra.dropped_events);
    if !extra.links.is_empty() {
        put_key(out, "links");
        put_array(out, &extra.links, |out, one| link(out, one, style));
    }
    put_count(out, "droppedLinksCount", extra.dropped_links);
    put_key(out, "status");
    out.push(b'{');
    put_text(out, "message", &span.status_message);
    put_enum(out, "code", span.status, &STATES, style);
    out.push(b'}');
    put_count(out, "flags", extra.flags);
    out.push(b'}');
}

fn event(out: &mut Vec<u8>, event: &Event) {
    out.push(b'{');
    put_u64(out, "timeUnixNano", event.ts_ns as u64);
    put_text(out, "name", &event.name);
    put_attributes(out, &event.attributes);
    put_count(out, "droppedAttributesCount", event.dropped_attributes);
    out.push(b'}');
}

fn link(out: &mut Vec<u8>, link: &Link, style: Style) {
    out.push(b'{');
    put_id(out, "traceId", &link.trace_id, style);
    put_id(out, "spanId", &link.span_id, style);
    put_text(out, "traceState", &link.trace_state);
    put_attributes(out, &link.attributes);
    put_count(out, "droppedAttributesCount", link.dropped_attributes);
    put_count(out, "flags", link.flags);
    out.push(b'}');
}

fn put_attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    if !attributes.is_empty() {
        put_key(out, "attributes");
        put_pairs(out, attributes);
    }
}

fn put_pairs(out: &mut Vec<u8>, attributes: &Attributes) {
    put_array(out, attributes, |out, (name, value)| {
        out.extend_from_slice(b"{");
        put_key(out, "key");
        put_string(out, name.as_bytes());
        put_key(out, "value");
        put_value(out, value);
        out.push(b'}');
    });
}

/// Appends `value` as the object of an `AnyValue`.
pub fn put_value(out: &mut Vec<u8>, value: &Value) {
    out.push(b'{');
    match value {
        Value::Empty => {}
        Value::String(text) => {
            put_key(out, "stringValue");
            put_string(out, text.as_bytes());
        }
        Value::Bool(flag) => {
            put_key(out, "boolValue");
            out.extend_from_slice(if *flag { b"true" } else { b"false" });
        }
        Value::Int(number) => {
            put_key(out, "intValue");
            put_quoted(out, *number);
        }
        Value::Double(number) => {
            put_key(out, "doubleValue");
            put_double(out, *number);
        }
        Value::Bytes(bytes) => {
            put_key(out, "bytesValue");
            out.push(b'"');
            put_base64(out, bytes);
            out.push(b'"');
        }
        Value::Array(values) => {
            out.extend_from_slice(b"\"arrayValue\":{\"values\":");
            put_array(out, values, put_value);
            out.push(b'}');
        }
        Value::Map(pairs) => {
            out.extend_from_slice(b"\"kvlistValue\":{\"values\":");
            put_pairs(out, pairs);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

/// Appends a float. What JSON has no number for is a string, as protobuf's JSON has it.
pub fn put_double(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else {
        put_number(out, number);
    }
}

fn put_text(out: &mut Vec<u8>, key: &str, text: &str) {
    if !text.is_empty() {
        put_key(out, key);
        put_string(out, text.as_bytes());
    }
}

fn put_count(out: &mut Vec<u8>, key: &str, count: u32) {
    if count != 0 {
        put_key(out, key);
        put_integer(out, count);
    }
}

fn put_u64(out: &mut Vec<u8>, key: &str, number: u64) {
    if number != 0 {
        put_key(out, key);
        put_quoted(out, number);
    }
}

fn put_quoted(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.push(b'"');
    put_integer(out, number);
    out.push(b'"');
}

/// An id; one that is all zero is none.
fn put_id(out: &mut Vec<u8>, key: &str, id: &[u8], style: Style) {
    if id.iter().all(|byte| *byte == 0) {
        return;
    }
    put_key(out, key);
    out.push(b'"');
    match style {
        Style::Otlp => out.extend_from_slice(hex(id).as_bytes()),
        Style::Tempo => put_base64(out, id),
    }
    out.push(b'"');
}

fn put_enum(out: &mut Vec<u8>, key: &str, number: u8, names: &[&str], style: Style) {
    if number == 0 {
        return;
    }
    put_key(out, key);
    match names.get(usize::from(number)).filter(|_| style == Style::Tempo) {
        Some(name) => put_string(out, name.as_bytes()),
        None => put_integer(out, number),
    }
}
