//! Traces in protobuf: `ExportTraceServiceRequest` and `TracesData`, whose bytes are the same.

use crate::otlp::proto::key_value;
use crate::otlp::traces::{Draft, Export, add_group, attributes, enum_number, text};
use crate::otlp::value::KeyValue;
use crate::protobuf::{Fields, Value};
use crate::refused::Refused;
use crate::room::Room;
use model::span::{Attributes, Event, Link, Origin, Source, Span};

/// Reads an export or a trace.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder for what is no protobuf of this kind.
pub fn traces(body: &[u8]) -> Result<Export, Refused> {
    let (mut export, room) = (Export::default(), Room::of(body));
    let mut fields = Fields::new(body, "ExportTraceServiceRequest");
    while let Some((number, value)) = fields.next_field()? {
        if number == 1 {
            resource_spans(value.bytes("ResourceSpans")?, &room, &mut export)?;
        }
    }
    Ok(export)
}

fn resource_spans(bytes: &[u8], room: &Room, export: &mut Export) -> Result<(), Refused> {
    let (mut resource, mut scopes) = (Source::default(), Vec::new());
    let mut fields = Fields::new(bytes, "ResourceSpans");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => {
                let mut pairs = Pairs::default();
                let mut fields = Fields::new(value.bytes("Resource")?, "Resource");
                while let Some((number, value)) = fields.next_field()? {
                    match number {
                        1 => pairs.push(value, room)?,
                        2 => resource.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
                        _ => {}
                    }
                }
                resource.attributes = pairs.into_attributes();
            }
            2 => room.keep(&mut scopes, value.bytes("ScopeSpans")?)?,
            3 => resource.schema_url = text(value.bytes("SchemaUrl")?.into()),
            _ => {}
        }
    }
    scopes.into_iter().try_for_each(|bytes| scope_spans(bytes, &resource, room, export))
}

fn scope_spans(bytes: &[u8], resource: &Source, room: &Room, export: &mut Export) -> Result<(), Refused> {
    let (mut origin, mut spans) = (Origin::default(), Vec::new());
    let mut fields = Fields::new(bytes, "ScopeSpans");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => scope(value.bytes("Scope")?, room, &mut origin)?,
            2 => draft(value.bytes("Spans")?, room)?.finish(room, &mut spans, &mut export.refused)?,
            3 => origin.scope.schema_url = text(value.bytes("SchemaUrl")?.into()),
            _ => {}
        }
    }
    add_group(export, room, resource, origin, spans)
}

fn scope(bytes: &[u8], room: &Room, origin: &mut Origin) -> Result<(), Refused> {
    let mut pairs = Pairs::default();
    let mut fields = Fields::new(bytes, "InstrumentationScope");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => origin.scope_name = text(value.bytes("Name")?.into()),
            2 => origin.scope_version = text(value.bytes("Version")?.into()),
            3 => pairs.push(value, room)?,
            4 => origin.scope.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            _ => {}
        }
    }
    origin.scope.attributes = pairs.into_attributes();
    Ok(())
}

fn draft(bytes: &[u8], room: &Room) -> Result<Draft, Refused> {
    let (mut draft, mut pairs) = (Draft::default(), Pairs::default());
    let mut fields = Fields::new(bytes, "Span");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => draft.span.trace_id = draft.id("trace id", value.bytes("TraceId")?),
            2 => draft.span.span_id = draft.id("span id", value.bytes("SpanId")?),
            3 => draft.span.extra.trace_state = text(value.bytes("TraceState")?.into()),
            4 => draft.span.parent_id = draft.id("parent's span id", value.bytes("ParentSpanId")?),
            5 => draft.span.name = text(value.bytes("Name")?.into()),
            6 => draft.span.kind = enum_number(value.varint("Kind")?),
            7 => draft.start_ns = value.fixed64("StartTimeUnixNano")?,
            8 => draft.end_ns = value.fixed64("EndTimeUnixNano")?,
            9 => pairs.push(value, room)?,
            10 => draft.span.extra.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            11 => room.keep(&mut draft.span.extra.events, event(value.bytes("Events")?, room)?)?,
            12 => draft.span.extra.dropped_events = value.varint("DroppedEventsCount")? as u32,
            13 => {
                let link = link(value.bytes("Links")?, room, &mut draft)?;
                room.keep(&mut draft.span.extra.links, link)?;
            }
            14 => draft.span.extra.dropped_links = value.varint("DroppedLinksCount")? as u32,
            15 => status(value.bytes("Status")?, &mut draft.span)?,
            16 => draft.span.extra.flags = value.fixed32("Flags")?,
            _ => {}
        }
    }
    draft.span.attributes = pairs.into_attributes();
    Ok(draft)
}

fn status(bytes: &[u8], span: &mut Span) -> Result<(), Refused> {
    let mut fields = Fields::new(bytes, "Status");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            2 => span.status_message = text(value.bytes("Message")?.into()),
            3 => span.status = enum_number(value.varint("Code")?),
            _ => {}
        }
    }
    Ok(())
}

fn event(bytes: &[u8], room: &Room) -> Result<Event, Refused> {
    let (mut out, mut pairs) = (Event::default(), Pairs::default());
    let mut fields = Fields::new(bytes, "Event");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.ts_ns = value.fixed64("TimeUnixNano")? as i64,
            2 => out.name = text(value.bytes("Name")?.into()),
            3 => pairs.push(value, room)?,
            4 => out.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            _ => {}
        }
    }
    out.attributes = pairs.into_attributes();
    Ok(out)
}

fn link(bytes: &[u8], room: &Room, draft: &mut Draft) -> Result<Link, Refused> {
    let (mut out, mut pairs) = (Link::default(), Pairs::default());
    let mut fields = Fields::new(bytes, "Link");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.trace_id = draft.id("link's trace id", value.bytes("TraceId")?),
            2 => out.span_id = draft.id("link's span id", value.bytes("SpanId")?),
            3 => out.trace_state = text(value.bytes("TraceState")?.into()),
            4 => pairs.push(value, room)?,
            5 => out.dropped_attributes = value.varint("DroppedAttributesCount")? as u32,
            6 => out.flags = value.fixed32("Flags")?,
            _ => {}
        }
    }
    out.attributes = pairs.into_attributes();
    Ok(out)
}

/// Attributes of a message while it is read.
#[derive(Default)]
struct Pairs<'a>(Vec<KeyValue<'a>>);

impl<'a> Pairs<'a> {
    fn push(&mut self, value: Value<'a>, room: &Room) -> Result<(), Refused> {
        room.keep(&mut self.0, key_value(value.bytes("Attributes")?, 0, room)?)
    }

    fn into_attributes(self) -> Attributes {
        attributes(self.0)
    }
}
