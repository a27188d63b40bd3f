use super::{Member, Trace, Value};
use crate::traceql;
use crate::traceql::ast::{Expr, Pipeline};
use model::attribute;
use model::span::{Attributes, Event, Link, Origin, Source, Span};

mod fields;
mod pipelines;
mod properties;

fn text(text: &str) -> attribute::Value {
    attribute::Value::String(text.to_owned())
}

fn int(value: i64) -> attribute::Value {
    attribute::Value::Int(value)
}

fn attributes<const N: usize>(pairs: [(&str, attribute::Value); N]) -> Attributes {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A resource of this name.
fn service(name: &str) -> Origin {
    let attributes = attributes([("service.name", text(name)), ("zone", text("a")), ("n", int(1))]);
    Origin { resource: Source { attributes, ..Source::default() }, ..Origin::default() }
}

fn span(id: u8, parent: u8, name: &str) -> Span {
    Span {
        trace_id: [7; 16],
        span_id: [id; 8],
        parent_id: [parent; 8],
        start_ns: 1_000_000_000 + i64::from(id),
        duration_ns: i64::from(id) * 1_000_000,
        name: name.to_owned(),
        ..Span::default()
    }
}

fn pipeline(query: &str) -> Pipeline {
    match traceql::parse(query).unwrap().expr {
        Expr::Spans(pipeline) => pipeline,
        Expr::Metrics(_) => panic!("{query} gives series"),
    }
}

/// The spansets that `query` gives: names of spans, what is told.
fn given(members: &[Member<'_>], query: &str) -> String {
    let trace = Trace::new(members);
    let pipeline = pipeline(query);
    let sets = trace.run(&pipeline);
    let texts = sets.iter().map(|set| {
        let names: Vec<&str> = set.spans.iter().map(|at| members[*at].span.name.as_str()).collect();
        let told = set.told.iter().map(|(told, value)| format!(" {told}={}", shown(value)));
        names.join(" ") + &told.collect::<String>()
    });
    texts.collect::<Vec<_>>().join("; ")
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Opaque => "opaque".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Duration(ns) => base::unit::go_duration_text(*ns),
        Value::Bool(value) => value.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Status(status) => status.text().to_owned(),
        Value::Kind(kind) => kind.text().to_owned(),
        Value::Many(values) => values.iter().map(shown).collect::<Vec<_>>().join("+"),
    }
}
