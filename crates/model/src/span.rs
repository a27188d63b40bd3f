//! A span: one step of a trace, as OpenTelemetry defines it.
//!
//! The spans of one resource and instrumentation scope are a stream: its labels are the attributes of both
//! ([`Origin`]). A row's time is the span's start, its metadata are the span's attributes
//! ([`crate::attribute`]), and its body is all the rest, trace id first (`docs/format/batch.md`, "span"):
//! [`crate::Predicate::Key`] finds the spans of a trace by it.

use crate::attribute::{
    DEPTH_MAX, Value, put_attributes, take_attributes, take_count, take_text, unzigzag, zigzag,
};
use crate::labels::{Labels, LabelsBuilder, LabelsRef};
use crate::row::RowRef;
use crate::varint;

/// Identifies a trace.
pub type TraceId = [u8; 16];
/// Identifies a span in its trace; all zero for none.
pub type SpanId = [u8; 8];

/// Named values, in the order of their names once stored.
pub type Attributes = Vec<(String, Value)>;

/// A span without its origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Of which trace.
    pub trace_id: TraceId,
    /// Which.
    pub span_id: SpanId,
    /// Its parent; all zero for a root.
    pub parent_id: SpanId,
    /// When it started, Unix nanoseconds: the row's time.
    pub start_ns: i64,
    /// How long it took; negative where clocks went back.
    pub duration_ns: i64,
    /// What it is called.
    pub name: String,
    /// Its kind in OTLP's numbers: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: u8,
    /// Its status in OTLP's numbers: 0 unset, 1 ok, 2 error.
    pub status: u8,
    /// What the status says.
    pub status_message: String,
    /// Its attributes: the row's metadata.
    pub attributes: Attributes,
    /// What is rarely there.
    pub extra: Extra,
}

/// What is rarely there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// W3C trace state.
    pub trace_state: String,
    /// W3C trace flags and OTLP's own bits.
    pub flags: u32,
    /// Attributes that the sender left out.
    pub dropped_attributes: u32,
    /// Events that the sender left out.
    pub dropped_events: u32,
    /// Links that the sender left out.
    pub dropped_links: u32,
    /// What happened meanwhile.
    pub events: Vec<Event>,
    /// Other spans it has to do with.
    pub links: Vec<Link>,
}

/// What happened at one time of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
    /// What.
    pub name: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// Attributes that the sender left out.
    pub dropped_attributes: u32,
}

/// Another span that a span has to do with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Of which trace.
    pub trace_id: TraceId,
    /// Which.
    pub span_id: SpanId,
    /// W3C trace state.
    pub trace_state: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// Attributes that the sender left out.
    pub dropped_attributes: u32,
    /// W3C trace flags and OTLP's own bits.
    pub flags: u32,
}

/// Where spans come from: resource and instrumentation scope. It is the identity of their stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The resource.
    pub resource: Source,
    /// The instrumentation scope.
    pub scope: Source,
    /// The scope's name.
    pub scope_name: String,
    /// The scope's version.
    pub scope_version: String,
}

/// A resource or a scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// Its attributes.
    pub attributes: Attributes,
    /// Attributes that the sender left out.
    pub dropped_attributes: u32,
    /// Which schema the attributes follow.
    pub schema_url: String,
}

/// Before the name of a resource's attribute in a stream's labels.
pub const RESOURCE: &str = "resource.";
/// Before the name of a scope's attribute.
pub const SCOPE: &str = "scope.";
/// The label of the scope's name.
pub const SCOPE_NAME: &str = "scope:name";
/// The label of the scope's version.
pub const SCOPE_VERSION: &str = "scope:version";

impl Origin {
    /// The labels of its stream.
    pub fn labels(&self) -> Labels {
        let mut labels = LabelsBuilder::default();
        for (prefix, facts, source) in
            [(RESOURCE, "resource:", &self.resource), (SCOPE, "scope:", &self.scope)]
        {
            for (name, value) in &source.attributes {
                let (name, text) = value.to_pair(name);
                labels.set(&format!("{prefix}{name}"), &text);
            }
            if source.dropped_attributes > 0 {
                labels.set(&format!("{facts}dropped"), &source.dropped_attributes.to_string());
            }
            if !source.schema_url.is_empty() {
                labels.set(&format!("{facts}schema"), &source.schema_url);
            }
        }
        for (name, text) in [(SCOPE_NAME, &self.scope_name), (SCOPE_VERSION, &self.scope_version)] {
            if !text.is_empty() {
                labels.set(name, text);
            }
        }
        labels.build()
    }

    /// The origin that `labels` stand for.
    pub fn from_labels(labels: LabelsRef<'_>) -> Self {
        let mut origin = Self::default();
        for (name, text) in labels.iter() {
            let attribute = |name: &str| {
                let (name, value) = Value::from_pair(name, text);
                (name.into_owned(), value)
            };
            if let Some(name) = name.strip_prefix(RESOURCE) {
                origin.resource.attributes.push(attribute(name));
            } else if let Some(name) = name.strip_prefix(SCOPE) {
                origin.scope.attributes.push(attribute(name));
            } else {
                match name {
                    "resource:dropped" => origin.resource.dropped_attributes = text.parse().unwrap_or(0),
                    "resource:schema" => origin.resource.schema_url = text.to_owned(),
                    "scope:dropped" => origin.scope.dropped_attributes = text.parse().unwrap_or(0),
                    "scope:schema" => origin.scope.schema_url = text.to_owned(),
                    SCOPE_NAME => origin.scope_name = text.to_owned(),
                    SCOPE_VERSION => origin.scope_version = text.to_owned(),
                    _ => {}
                }
            }
        }
        origin
    }
}

/// The trace id of a span's body, without reading the rest.
pub fn trace_id_of(body: &[u8]) -> Option<TraceId> {
    body.first_chunk().copied()
}

impl Span {
    /// The row's metadata.
    pub fn metadata(&self) -> Labels {
        let mut labels = LabelsBuilder::default();
        for (name, value) in &self.attributes {
            let (name, text) = value.to_pair(name);
            labels.set(&name, &text);
        }
        labels.build()
    }

    /// Appends the row's body.
    pub fn put_body(&self, out: &mut Vec<u8>) {
        out.extend(self.trace_id);
        out.extend(self.span_id);
        out.extend(self.parent_id);
        varint::put(out, zigzag(self.duration_ns));
        out.extend([self.kind, self.status]);
        varint::put_bytes(out, self.name.as_bytes());
        varint::put_bytes(out, self.status_message.as_bytes());
        if self.extra != Extra::default() {
            self.extra.put(self.start_ns, out);
        }
    }

    /// The span of a row; none when the body is damaged.
    pub fn read(row: &RowRef<'_>) -> Option<Self> {
        let mut span = Self::read_body(row.ts_ns, row.body)?;
        let attribute = |(name, text)| {
            let (name, value) = Value::from_pair(name, text);
            (name.into_owned(), value)
        };
        span.attributes = row.metadata.iter().map(attribute).collect();
        Some(span)
    }

    /// As [`Span::read`] without attributes.
    pub fn read_body(start_ns: i64, body: &[u8]) -> Option<Self> {
        let mut rest = body;
        let trace_id = take_id(&mut rest)?;
        let (span_id, parent_id) = (take_id(&mut rest)?, take_id(&mut rest)?);
        let duration_ns = unzigzag(varint::take(&mut rest)?);
        let ([kind, status], tail) = rest.split_first_chunk()?;
        rest = tail;
        let (name, status_message) = (take_text(&mut rest)?, take_text(&mut rest)?);
        let extra = if rest.is_empty() { Extra::default() } else { Extra::take(start_ns, &mut rest)? };
        rest.is_empty().then_some(Self {
            trace_id,
            span_id,
            parent_id,
            start_ns,
            duration_ns,
            name,
            kind: *kind,
            status: *status,
            status_message,
            attributes: Attributes::new(),
            extra,
        })
    }
}

impl Extra {
    fn put(&self, start_ns: i64, out: &mut Vec<u8>) {
        varint::put_bytes(out, self.trace_state.as_bytes());
        for number in [self.flags, self.dropped_attributes, self.dropped_events, self.dropped_links] {
            varint::put(out, u64::from(number));
        }
        varint::put(out, self.events.len() as u64);
        for event in &self.events {
            varint::put(out, zigzag(event.ts_ns.wrapping_sub(start_ns)));
            varint::put_bytes(out, event.name.as_bytes());
            put_attributes(out, &event.attributes);
            varint::put(out, u64::from(event.dropped_attributes));
        }
        varint::put(out, self.links.len() as u64);
        for link in &self.links {
            out.extend(link.trace_id);
            out.extend(link.span_id);
            varint::put_bytes(out, link.trace_state.as_bytes());
            put_attributes(out, &link.attributes);
            varint::put(out, u64::from(link.dropped_attributes));
            varint::put(out, u64::from(link.flags));
        }
    }

    fn take(start_ns: i64, input: &mut &[u8]) -> Option<Self> {
        let trace_state = take_text(input)?;
        let [flags, dropped_attributes, dropped_events, dropped_links] =
            [take_u32(input)?, take_u32(input)?, take_u32(input)?, take_u32(input)?];
        let events = take_count(input)?;
        let events = (0..events).map(|_| Event::take(start_ns, input)).collect::<Option<_>>()?;
        let links = take_count(input)?;
        let links = (0..links).map(|_| Link::take(input)).collect::<Option<_>>()?;
        Some(Self { trace_state, flags, dropped_attributes, dropped_events, dropped_links, events, links })
    }
}

impl Event {
    fn take(start_ns: i64, input: &mut &[u8]) -> Option<Self> {
        Some(Self {
            ts_ns: start_ns.wrapping_add(unzigzag(varint::take(input)?)),
            name: take_text(input)?,
            attributes: take_attributes(input, 0)?,
            dropped_attributes: take_u32(input)?,
        })
    }
}

impl Link {
    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(Self {
            trace_id: take_id(input)?,
            span_id: take_id(input)?,
            trace_state: take_text(input)?,
            attributes: take_attributes(input, 0)?,
            dropped_attributes: take_u32(input)?,
            flags: take_u32(input)?,
        })
    }
}

/// Whether attributes can be kept: none is nested deeper than [`DEPTH_MAX`].
pub fn keeps(attributes: &Attributes) -> bool {
    attributes.iter().all(|(_, value)| value.depth() <= DEPTH_MAX)
}

fn take_id<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (id, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(*id)
}

fn take_u32(input: &mut &[u8]) -> Option<u32> {
    u32::try_from(varint::take(input)?).ok()
}

#[cfg(test)]
mod tests;
