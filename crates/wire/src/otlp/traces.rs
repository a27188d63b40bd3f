//! OTLP traces: exports read from protobuf or JSON into spans with their origin, and traces written in
//! both. What came in goes out equal, but for the order of attributes, which is by name, and for bytes
//! in texts that are no UTF-8, which become U+FFFD. Entity references of resources are not kept.
//!
//! A span that cannot be kept is left out and counted, the others of its export are kept: one whose ids
//! have the wrong length or are all zero, whose start lies after the year 2262, or that has attributes
//! nested deeper than [`DEPTH_MAX`]. An attribute may have an empty name.

pub mod encode;
pub mod json;
pub mod proto;
mod put_json;

pub use put_json::{Style, put_double, put_resource_spans, put_value};

use crate::otlp::value::{AnyValue, KeyValue};
use crate::refused::Refused;
use crate::room::Room;
use model::attribute::{DEPTH_MAX, Value};
use model::span::{self, Attributes, Origin, Source, Span};
use model::trace::OriginSpans;
use std::borrow::Cow;
use std::fmt::Write as _;

/// What an export holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    /// Spans that can be kept. One origin may come several times.
    pub groups: Vec<OriginSpans>,
    /// Spans that cannot.
    pub refused: RefusedSpans,
}

/// Spans of an export that cannot be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedSpans {
    /// How many.
    pub count: u64,
    /// Why the first one cannot; empty when there is none.
    pub why: String,
}

impl RefusedSpans {
    /// Counts one more; `why` is asked only for the first.
    pub fn add(&mut self, why: impl FnOnce() -> String) {
        if self.count == 0 {
            self.why = why();
        }
        self.count += 1;
    }
}

/// A span while it is read.
#[derive(Debug, Default)]
struct Draft {
    span: Span,
    start_ns: u64,
    end_ns: u64,
    /// The first thing wrong with it.
    wrong: Option<String>,
}

impl Draft {
    fn wrong(&mut self, what: impl FnOnce() -> String) {
        self.wrong.get_or_insert_with(what);
    }

    /// An id of its fixed length, or none.
    fn id<const LEN: usize>(&mut self, name: &str, bytes: &[u8]) -> [u8; LEN] {
        match <[u8; LEN]>::try_from(bytes) {
            Ok(id) => id,
            Err(_) if bytes.is_empty() => [0; LEN],
            Err(_) => {
                self.wrong(|| format!("its {name} has {} bytes instead of {LEN}", bytes.len()));
                [0; LEN]
            }
        }
    }

    /// Gives the span to `spans`, or counts it as refused.
    fn finish(
        mut self,
        room: &Room,
        spans: &mut Vec<Span>,
        refused: &mut RefusedSpans,
    ) -> Result<(), Refused> {
        self.check();
        let Self { mut span, start_ns, end_ns, wrong } = self;
        if let Some(what) = wrong {
            refused.add(|| refusal(&span, &what));
            return Ok(());
        }
        span.start_ns = start_ns as i64;
        span.duration_ns = end_ns.wrapping_sub(start_ns) as i64;
        room.keep(spans, span)
    }

    fn check(&mut self) {
        if self.span.trace_id == [0; 16] {
            self.wrong(|| "it has no trace id, which is 16 bytes that are not all zero".to_owned());
        }
        if self.span.span_id == [0; 8] {
            self.wrong(|| "it has no span id, which is 8 bytes that are not all zero".to_owned());
        }
        let start_ns = self.start_ns;
        if i64::try_from(start_ns).is_err() {
            self.wrong(|| format!("its start, {start_ns} ns, lies after the year 2262"));
        }
        let extra = &self.span.extra;
        let of_events = extra.events.iter().map(|event| &event.attributes);
        let of_links = extra.links.iter().map(|link| &link.attributes);
        let fits = [&self.span.attributes].into_iter().chain(of_events).chain(of_links).all(span::keeps);
        if !fits {
            self.wrong(too_deep);
        }
    }
}

fn too_deep() -> String {
    format!("an attribute is nested deeper than {DEPTH_MAX} arrays and maps")
}

fn refusal(span: &Span, what: &str) -> String {
    format!("span {:?} of trace {} refused: {what}", span.name, hex(&span.trace_id))
}

/// Puts `spans` of `resource` and the scope in `origin` into `export`, unless the origin cannot be kept. Every scope has
/// the resource for its own.
fn add_group(
    export: &mut Export,
    room: &Room,
    resource: &Source,
    mut origin: Origin,
    spans: Vec<Span>,
) -> Result<(), Refused> {
    if spans.is_empty() {
        return Ok(());
    }
    room.take(resource.schema_url.len() + bytes_of(&resource.attributes))?;
    origin.resource = resource.clone();
    if !(span::keeps(&origin.resource.attributes) && span::keeps(&origin.scope.attributes)) {
        spans.iter().for_each(|span| export.refused.add(|| refusal(span, &too_deep())));
        return Ok(());
    }
    room.keep(&mut export.groups, OriginSpans { origin, spans })
}

/// Memory of attributes.
fn bytes_of(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| size_of::<(String, Value)>() + name.len() + bytes_in(value)).sum()
}

/// Memory that a value has elsewhere.
fn bytes_in(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(|value| size_of::<Value>() + bytes_in(value)).sum(),
        Value::Map(pairs) => bytes_of(pairs),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
    }
}

/// A number of OTLP's enumerations; what does not fit a byte is none of theirs.
fn enum_number(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(0)
}

fn attributes(pairs: Vec<KeyValue<'_>>) -> Attributes {
    pairs.into_iter().map(|pair| (text(pair.key), value(pair.value))).collect()
}

fn value(value_: AnyValue<'_>) -> Value {
    match value_ {
        AnyValue::Empty => Value::Empty,
        AnyValue::String(bytes) => Value::String(text(bytes)),
        AnyValue::Bool(flag) => Value::Bool(flag),
        AnyValue::Int(number) => Value::Int(number),
        AnyValue::Double(number) => Value::Double(number),
        AnyValue::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
        AnyValue::Array(values) => Value::Array(values.into_iter().map(value).collect()),
        AnyValue::Map(pairs) => Value::Map(attributes(pairs)),
    }
}

fn text(bytes: Cow<'_, [u8]>) -> String {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned()),
    }
}

/// `bytes` in small hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The bytes that an even number of hexadecimal digits stands for; `None` for all else.
pub fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).map(|digit| digit as u8);
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests;
