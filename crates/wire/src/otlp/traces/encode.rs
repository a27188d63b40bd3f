//! Traces written in protobuf: `TracesData`, which is also Tempo's `Trace`.

use crate::protobuf::{put_bytes, put_varint};
use model::attribute::Value;
use model::span::{Attributes, Event, Link, Origin, Source, Span};
use model::trace::{OriginSpans, by_resource};
use model::varint;

/// The bytes of `groups`.
pub fn traces(groups: &[OriginSpans]) -> Vec<u8> {
    let mut out = Vec::new();
    for (resource, groups) in by_resource(groups) {
        put_message(&mut out, 1, |out| {
            put_message(out, 1, |out| {
                put_attributes(out, 1, &resource.attributes);
                put_varint(out, 2, u64::from(resource.dropped_attributes));
            });
            for group in groups {
                put_message(out, 2, |out| scope_spans(out, group));
            }
            put_bytes(out, 3, resource.schema_url.as_bytes());
        });
    }
    out
}

fn scope_spans(out: &mut Vec<u8>, group: &OriginSpans) {
    let Origin { scope, scope_name, scope_version, .. } = &group.origin;
    let Source { attributes, dropped_attributes, schema_url } = scope;
    put_message(out, 1, |out| {
        put_bytes(out, 1, scope_name.as_bytes());
        put_bytes(out, 2, scope_version.as_bytes());
        put_attributes(out, 3, attributes);
        put_varint(out, 4, u64::from(*dropped_attributes));
    });
    for one in &group.spans {
        put_message(out, 2, |out| span(out, one));
    }
    put_bytes(out, 3, schema_url.as_bytes());
}

fn span(out: &mut Vec<u8>, span: &Span) {
    let extra = &span.extra;
    put_bytes(out, 1, &span.trace_id);
    put_bytes(out, 2, &span.span_id);
    put_bytes(out, 3, extra.trace_state.as_bytes());
    if span.parent_id != [0; 8] {
        put_bytes(out, 4, &span.parent_id);
    }
    put_bytes(out, 5, span.name.as_bytes());
    put_varint(out, 6, u64::from(span.kind));
    put_fixed64(out, 7, span.start_ns as u64);
    put_fixed64(out, 8, span.start_ns.wrapping_add(span.duration_ns) as u64);
    put_attributes(out, 9, &span.attributes);
    put_varint(out, 10, u64::from(extra.dropped_attributes));
    for one in &extra.events {
        put_message(out, 11, |out| event(out, one));
    }
    put_varint(out, 12, u64::from(extra.dropped_events));
    for one in &extra.links {
        put_message(out, 13, |out| link(out, one));
    }
    put_varint(out, 14, u64::from(extra.dropped_links));
    if span.status != 0 || !span.status_message.is_empty() {
        put_message(out, 15, |out| {
            put_bytes(out, 2, span.status_message.as_bytes());
            put_varint(out, 3, u64::from(span.status));
        });
    }
    put_fixed32(out, 16, extra.flags);
}

fn event(out: &mut Vec<u8>, event: &Event) {
    put_fixed64(out, 1, event.ts_ns as u64);
    put_bytes(out, 2, event.name.as_bytes());
    put_attributes(out, 3, &event.attributes);
    put_varint(out, 4, u64::from(event.dropped_attributes));
}

fn link(out: &mut Vec<u8>, link: &Link) {
    if link.trace_id != [0; 16] {
        put_bytes(out, 1, &link.trace_id);
    }
    if link.span_id != [0; 8] {
        put_bytes(out, 2, &link.span_id);
    }
    put_bytes(out, 3, link.trace_state.as_bytes());
    put_attributes(out, 4, &link.attributes);
    put_varint(out, 5, u64::from(link.dropped_attributes));
    put_fixed32(out, 6, link.flags);
}

fn put_attributes(out: &mut Vec<u8>, number: u32, attributes: &Attributes) {
    for (name, value) in attributes {
        put_message(out, number, |out| {
            put_bytes(out, 1, name.as_bytes());
            put_message(out, 2, |out| put_value(out, value));
        });
    }
}

/// Appends the fields of an `AnyValue`. Which field there is tells the type, so zeros are written too.
pub fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Empty => {}
        Value::String(text) => put_message(out, 1, |out| out.extend_from_slice(text.as_bytes())),
        Value::Bool(flag) => out.extend([2 << 3, u8::from(*flag)]),
        Value::Int(number) => {
            out.push(3 << 3);
            varint::put(out, *number as u64);
        }
        Value::Double(number) => {
            out.push(4 << 3 | 1);
            out.extend(number.to_bits().to_le_bytes());
        }
        Value::Array(values) => put_message(out, 5, |out| {
            for value in values {
                put_message(out, 1, |out| put_value(out, value));
            }
        }),
        Value::Map(pairs) => put_message(out, 6, |out| put_attributes(out, 1, pairs)),
        Value::Bytes(bytes) => put_message(out, 7, |out| out.extend_from_slice(bytes)),
    }
}

/// Appends field `number` holding the message that `put` writes, even an empty one.
pub fn put_message(out: &mut Vec<u8>, number: u32, put: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    put(&mut message);
    varint::put(out, u64::from(number) << 3 | 2);
    varint::put_bytes(out, &message);
}

fn put_fixed64(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        varint::put(out, u64::from(number) << 3 | 1);
        out.extend(value.to_le_bytes());
    }
}

fn put_fixed32(out: &mut Vec<u8>, number: u32, value: u32) {
    if value != 0 {
        varint::put(out, u64::from(number) << 3 | 5);
        out.extend(value.to_le_bytes());
    }
}
