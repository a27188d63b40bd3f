//! Traces in OTLP's JSON: ids in hexadecimal, whole numbers as numbers or strings, kinds and states by
//! number or name, names of fields in camel or snake case.

use crate::go_json::Reader;
use crate::otlp::json::{key_values, list, number};
use crate::otlp::traces::{Draft, Export, RefusedSpans, add_group, attributes, enum_number, from_hex, text};
use crate::refused::Refused;
use model::labels::GoQuoted;
use model::span::{Event, Link, Origin, Source, Span};

/// Names of kinds of spans in the order of their numbers.
pub const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

/// Names of states in the order of their numbers.
pub const STATES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// Spans of a scope while the rest of their resource is still to come.
type Scope = (Origin, Vec<Span>);

/// Reads an export, or a trace as Tempo's first version answers it (`batches`).
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of the OpenTelemetry collector's decoder.
pub fn traces(body: &[u8]) -> Result<Export, Refused> {
    let mut reader = Reader::whole(body);
    let reader = &mut reader;
    let mut export = Export::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resourceSpans" | b"resource_spans" | b"batches" => {
                while reader.element()? {
                    resource_spans(reader, &mut export)?;
                }
            }
            _ => drop(reader.skip()?),
        }
    }
    Ok(export)
}

fn resource_spans(reader: &mut Reader<'_>, export: &mut Export) -> Result<(), Refused> {
    let (mut resource, mut scopes) = (Source::default(), Vec::<Scope>::new());
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resource" => source(reader, &mut resource)?,
            b"scopeSpans" | b"scope_spans" => {
                while reader.element()? {
                    let scope = scope_spans(reader, &mut export.refused)?;
                    reader.room.keep(&mut scopes, scope)?;
                }
            }
            b"schemaUrl" | b"schema_url" => resource.schema_url = text(reader.string()?),
            _ => drop(reader.skip()?),
        }
    }
    scopes
        .into_iter()
        .try_for_each(|(origin, spans)| add_group(export, &reader.room, &resource, origin, spans))
}

fn source(reader: &mut Reader<'_>, out: &mut Source) -> Result<(), Refused> {
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"attributes" => out.attributes = attributes(key_values(reader, 0)?),
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                out.dropped_attributes = number(reader, "ReadUint32")?;
            }
            _ => drop(reader.skip()?),
        }
    }
    Ok(())
}

fn scope_spans(reader: &mut Reader<'_>, refused: &mut RefusedSpans) -> Result<Scope, Refused> {
    let (mut origin, mut spans) = (Origin::default(), Vec::new());
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"scope" => scope(reader, &mut origin)?,
            b"spans" => {
                while reader.element()? {
                    draft(reader)?.finish(&reader.room, &mut spans, refused)?;
                }
            }
            b"schemaUrl" | b"schema_url" => origin.scope.schema_url = text(reader.string()?),
            _ => drop(reader.skip()?),
        }
    }
    Ok((origin, spans))
}

fn scope(reader: &mut Reader<'_>, origin: &mut Origin) -> Result<(), Refused> {
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"name" => origin.scope_name = text(reader.string()?),
            b"version" => origin.scope_version = text(reader.string()?),
            b"attributes" => origin.scope.attributes = attributes(key_values(reader, 0)?),
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                origin.scope.dropped_attributes = number(reader, "ReadUint32")?;
            }
            _ => drop(reader.skip()?),
        }
    }
    Ok(())
}

fn draft(reader: &mut Reader<'_>) -> Result<Draft, Refused> {
    let mut draft = Draft::default();
    while let Some(name) = reader.field()? {
        let span = &mut draft.span;
        match name.as_ref() {
            b"traceId" | b"trace_id" => draft.span.trace_id = id(reader, "trace id", &mut draft)?,
            b"spanId" | b"span_id" => draft.span.span_id = id(reader, "span id", &mut draft)?,
            b"parentSpanId" | b"parent_span_id" => {
                draft.span.parent_id = id(reader, "parent's span id", &mut draft)?;
            }
            b"traceState" | b"trace_state" => span.extra.trace_state = text(reader.string()?),
            b"name" => span.name = text(reader.string()?),
            b"kind" => span.kind = named(reader, &KINDS)?,
            b"startTimeUnixNano" | b"start_time_unix_nano" => draft.start_ns = number(reader, "ReadUint64")?,
            b"endTimeUnixNano" | b"end_time_unix_nano" => draft.end_ns = number(reader, "ReadUint64")?,
            b"attributes" => span.attributes = attributes(key_values(reader, 0)?),
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                span.extra.dropped_attributes = number(reader, "ReadUint32")?;
            }
            b"events" => list(reader, &mut span.extra.events, event)?,
            b"droppedEventsCount" | b"dropped_events_count" => {
                span.extra.dropped_events = number(reader, "ReadUint32")?;
            }
            b"links" => {
                while reader.element()? {
                    let link = link(reader, &mut draft)?;
                    reader.room.keep(&mut draft.span.extra.links, link)?;
                }
            }
            b"droppedLinksCount" | b"dropped_links_count" => {
                span.extra.dropped_links = number(reader, "ReadUint32")?;
            }
            b"status" => status(reader, span)?,
            b"flags" => span.extra.flags = number(reader, "ReadUint32")?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(draft)
}

fn status(reader: &mut Reader<'_>, span: &mut Span) -> Result<(), Refused> {
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"message" => span.status_message = text(reader.string()?),
            b"code" => span.status = named(reader, &STATES)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(())
}

fn event(reader: &mut Reader<'_>) -> Result<Event, Refused> {
    let mut out = Event::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"timeUnixNano" | b"time_unix_nano" => out.ts_ns = number::<u64>(reader, "ReadUint64")? as i64,
            b"name" => out.name = text(reader.string()?),
            b"attributes" => out.attributes = attributes(key_values(reader, 0)?),
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                out.dropped_attributes = number(reader, "ReadUint32")?;
            }
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn link(reader: &mut Reader<'_>, draft: &mut Draft) -> Result<Link, Refused> {
    let mut out = Link::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"traceId" | b"trace_id" => out.trace_id = id(reader, "link's trace id", draft)?,
            b"spanId" | b"span_id" => out.span_id = id(reader, "link's span id", draft)?,
            b"traceState" | b"trace_state" => out.trace_state = text(reader.string()?),
            b"attributes" => out.attributes = attributes(key_values(reader, 0)?),
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                out.dropped_attributes = number(reader, "ReadUint32")?;
            }
            b"flags" => out.flags = number(reader, "ReadUint32")?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

/// An id in hexadecimal; one that is none makes the span wrong, not the export.
fn id<const LEN: usize>(
    reader: &mut Reader<'_>,
    name: &str,
    draft: &mut Draft,
) -> Result<[u8; LEN], Refused> {
    let digits = reader.string()?;
    match from_hex(&digits) {
        Some(bytes) => Ok(draft.id(name, &bytes)),
        None => {
            draft.wrong(|| format!("its {name} is not {} hexadecimal digits", LEN * 2));
            Ok([0; LEN])
        }
    }
}

/// One of an enumeration by its number or its name.
fn named(reader: &mut Reader<'_>, names: &[&str]) -> Result<u8, Refused> {
    if reader.peek_token() != b'"' {
        return Ok(enum_number(number::<i32>(reader, "ReadInt32")? as u64));
    }
    let name = text(reader.string()?);
    let at = names.iter().position(|known| *known == name);
    at.map(|at| at as u8)
        .ok_or_else(|| reader.refused("ReadEnumValue", format!("unknown string value {}", GoQuoted(&name))))
}
