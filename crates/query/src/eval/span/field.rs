//! Values of a span by their names.

use super::value::Value;
use super::{Member, Trace};
use crate::traceql::ast::{Attribute, Field, Intrinsic, Scope, SpanKind, Status};
use model::span::Attributes;

/// What the span at `at` has under `field`.
pub fn value<'q>(trace: &'q Trace<'_>, field: &Field, at: usize) -> Value<'q> {
    match field {
        Field::Attribute(attribute) => attribute_value(&trace.members[at], attribute),
        Field::Intrinsic(intrinsic) => intrinsic_value(trace, *intrinsic, at),
    }
}

fn attribute_value<'q>(member: &'q Member<'_>, attribute: &Attribute) -> Value<'q> {
    let Member { span, origin } = member;
    let name = &attribute.name;
    match attribute.scope {
        Scope::Any => match named(&span.attributes, name) {
            Value::Nil => named(&origin.resource.attributes, name),
            found => found,
        },
        Scope::Span => named(&span.attributes, name),
        Scope::Resource => named(&origin.resource.attributes, name),
        Scope::Instrumentation => named(&origin.scope.attributes, name),
        Scope::Event => Value::of_all(span.extra.events.iter().map(|event| named(&event.attributes, name))),
        Scope::Link => Value::of_all(span.extra.links.iter().map(|link| named(&link.attributes, name))),
    }
}

fn named<'q>(attributes: &'q Attributes, name: &str) -> Value<'q> {
    let found = attributes.iter().find(|(known, _)| known == name);
    found.map_or(Value::Nil, |(_, value)| Value::of_attribute(value))
}

fn intrinsic_value<'q>(trace: &'q Trace<'_>, intrinsic: Intrinsic, at: usize) -> Value<'q> {
    let Member { span, origin } = &trace.members[at];
    let (events, links) = (span.extra.events.iter(), span.extra.links.iter());
    match intrinsic {
        Intrinsic::Duration => Value::Duration(span.duration_ns),
        Intrinsic::Name => text(&span.name),
        Intrinsic::Status => Value::Status(status(span.status)),
        Intrinsic::StatusMessage => text(&span.status_message),
        Intrinsic::Kind => Value::Kind(kind(span.kind)),
        Intrinsic::RootName => trace.root().map_or(Value::Nil, |root| text(&root.span.name)),
        Intrinsic::RootServiceName => {
            trace.root().map_or(Value::Nil, |root| named(&root.origin.resource.attributes, "service.name"))
        }
        Intrinsic::TraceDuration => Value::Duration(trace.duration_ns),
        Intrinsic::NestedSetLeft => Value::Int(trace.tree.numbers(at).left),
        Intrinsic::NestedSetRight => Value::Int(trace.tree.numbers(at).right),
        Intrinsic::NestedSetParent => Value::Int(trace.tree.numbers(at).parent),
        Intrinsic::ChildCount => Value::Int(i64::try_from(trace.tree.child_count(at)).unwrap_or(i64::MAX)),
        Intrinsic::TraceId => Value::Text(hex(&span.trace_id).into()),
        Intrinsic::SpanId => Value::Text(hex(&span.span_id).into()),
        Intrinsic::ParentId if span.parent_id == [0; 8] => Value::Text("".into()),
        Intrinsic::ParentId => Value::Text(hex(&span.parent_id).into()),
        Intrinsic::EventName => Value::of_all(events.map(|event| text(&event.name))),
        Intrinsic::EventTimeSinceStart => {
            Value::of_all(events.map(|event| Value::Duration(event.ts_ns.wrapping_sub(span.start_ns))))
        }
        Intrinsic::LinkTraceId => Value::of_all(links.map(|link| Value::Text(hex(&link.trace_id).into()))),
        Intrinsic::LinkSpanId => Value::of_all(links.map(|link| Value::Text(hex(&link.span_id).into()))),
        Intrinsic::InstrumentationName => text(&origin.scope_name),
        Intrinsic::InstrumentationVersion => text(&origin.scope_version),
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

/// From OTLP's number; what it does not know is unset.
pub fn status(number: u8) -> Status {
    match number {
        1 => Status::Ok,
        2 => Status::Error,
        _ => Status::Unset,
    }
}

/// From OTLP's number; what it does not know is unspecified.
pub fn kind(number: u8) -> SpanKind {
    SpanKind::ALL.get(usize::from(number)).copied().unwrap_or(SpanKind::Unspecified)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)] as char;
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
