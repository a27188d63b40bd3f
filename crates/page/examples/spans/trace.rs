//! Traces that are being generated, and the streams of their spans.

use crate::chance::Chance;
use model::attribute::Value;
use model::span::{Event, Extra, Origin, Source, Span, SpanId};
use model::{Labels, RowColumns, RowRef};
use std::collections::BTreeMap;

/// A span of a service and a scope.
pub struct Member {
    pub service: String,
    pub scope: String,
    pub span: Span,
}

/// Traces in the order in which they began.
pub type Traces = Vec<Vec<Member>>;

/// Traces begin this long one after the other.
const BETWEEN_NS: i64 = 20_000_000;
const FIRST_NS: i64 = 1_795_275_005_256_123_456;
/// W3C's sampled flag and OTLP's two bits for remote parents.
const SAMPLED: u32 = 0x101;
const REMOTE: u32 = 0x301;

/// A trace without spans, and when it starts.
pub fn begin(chance: &mut Chance, number: usize) -> (Vec<Member>, i64) {
    let late = (chance.next() * BETWEEN_NS as f64) as i64;
    (Vec::new(), FIRST_NS + number as i64 * BETWEEN_NS + late)
}

/// What is to be said of a span.
pub struct Said<'a> {
    pub service: &'a str,
    pub scope: &'a str,
    pub name: &'a str,
    pub kind: u8,
    pub start_ns: i64,
    pub duration_ns: i64,
    pub attributes: Vec<(String, Value)>,
}

/// Adds a span below `parent` and gives its place; one in fifty fails, one in ten has an event.
pub fn add(trace: &mut Vec<Member>, chance: &mut Chance, parent: Option<usize>, said: Said<'_>) -> usize {
    let parent = parent.and_then(|at| trace.get(at));
    let remote = parent.is_some_and(|parent| parent.service != said.service);
    let new_id = u128::from(chance.bits()) << 64 | u128::from(chance.bits());
    let mut span = Span {
        trace_id: trace.first().map_or(new_id.to_be_bytes(), |first| first.span.trace_id),
        span_id: chance.bits().to_be_bytes(),
        parent_id: parent.map_or(SpanId::default(), |parent| parent.span.span_id),
        start_ns: said.start_ns,
        duration_ns: said.duration_ns,
        name: said.name.to_owned(),
        kind: said.kind,
        attributes: said.attributes,
        extra: Extra { flags: if remote { REMOTE } else { SAMPLED }, ..Extra::default() },
        ..Span::default()
    };
    if chance.below(50) == 0 {
        span.status = 2;
        span.status_message = format!("deadline exceeded after {}ms", chance.below(900));
        span.extra.events.push(event(&span, "exception", "exception.message", &span.status_message));
    } else if chance.below(10) == 0 {
        let said = format!("{} items in {} us", chance.below(20), chance.below(5000));
        span.extra.events.push(event(&span, "message", "message.uncompressed_size", &said));
    }
    trace.push(Member { service: said.service.to_owned(), scope: said.scope.to_owned(), span });
    trace.len() - 1
}

fn event(span: &Span, name: &str, attribute: &str, said: &str) -> Event {
    Event {
        ts_ns: span.start_ns + span.duration_ns / 2,
        name: name.to_owned(),
        attributes: vec![(attribute.to_owned(), Value::String(said.to_owned()))],
        dropped_attributes: 0,
    }
}

/// A text attribute.
pub fn text(name: &str, value: impl Into<String>) -> (String, Value) {
    (name.to_owned(), Value::String(value.into()))
}

/// An integer attribute.
pub fn int(name: &str, value: usize) -> (String, Value) {
    (name.to_owned(), Value::Int(value as i64))
}

/// Time, body and metadata.
type Row = (i64, Vec<u8>, Labels);

/// Streams in the order of a block, sorted by time.
pub fn streams(traces: &Traces) -> Vec<RowColumns> {
    let mut streams: BTreeMap<(&str, &str), Vec<Row>> = BTreeMap::new();
    for member in traces.iter().flatten() {
        let mut body = Vec::new();
        member.span.put_body(&mut body);
        let rows = streams.entry((&member.service, &member.scope)).or_default();
        rows.push((member.span.start_ns, body, member.span.metadata()));
    }
    let columns = |rows: Vec<Row>| {
        let rows = rows.iter().map(|(ts_ns, body, metadata)| RowRef {
            ts_ns: *ts_ns,
            body,
            metadata: metadata.as_ref(),
        });
        page::sort_rows(rows.collect()).0
    };
    let origin = |service: &str, scope: &str| Origin {
        resource: Source { attributes: vec![text("service.name", service)], ..Source::default() },
        scope_name: scope.to_owned(),
        ..Origin::default()
    };
    let labelled =
        streams.into_iter().map(|((service, scope), rows)| (origin(service, scope).labels(), rows));
    let mut labelled: Vec<(Labels, _)> = labelled.collect();
    labelled.sort_by(|a, b| a.0.cmp(&b.0));
    labelled.into_iter().map(|(_, rows)| columns(rows)).collect()
}
