//! Runs `tests/scripts/traceql/eval/*.test`: which spans of a trace queries select. The form is told
//! in `tests/scripts/traceql/README.md`. `BLESS=1` writes the answers as they are now.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

use model::attribute::Value;
use model::span::{Event, Origin, Span};
use query::eval::span::{self, Member, Trace};
use query::traceql::{self, ast};
use std::path::{Path, PathBuf};

fn scripts() -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/traceql/eval");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        scripts.push(entry?.path());
    }
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    scripts.sort();
    Ok(scripts)
}

/// The spans of a `trace` block, a child indented deeper than its parent.
fn trace(body: &[&str]) -> Vec<(Span, Origin)> {
    let mut path: Vec<usize> = Vec::new();
    let line = |(at, line): (usize, &&str)| {
        let depth = (line.len() - line.trim_start().len()) / 2;
        path.truncate(depth);
        let mut span = Span { trace_id: [1; 16], span_id: [at as u8 + 1; 8], ..Span::default() };
        span.parent_id = [path.last().map_or(0, |parent| *parent as u8 + 1); 8];
        path.push(at);
        let mut origin = Origin::default();
        let mut words = line.split_whitespace();
        span.name = words.next().unwrap().to_owned();
        words.for_each(|word| describe(word, &mut span, &mut origin));
        (span, origin)
    };
    body.iter().enumerate().map(line).collect()
}

/// `1s..2s`, `server`, `error`, `parent=unknown`, `event=name`, `resource.a=1`, `a=1`.
fn describe(word: &str, span: &mut Span, origin: &mut Origin) {
    if let Some((start, end)) = word.split_once("..") {
        span.start_ns = query::go::parse_duration(start).unwrap();
        span.duration_ns = query::go::parse_duration(end).unwrap() - span.start_ns;
        return;
    }
    let Some((name, text)) = word.split_once('=') else {
        match (ast::SpanKind::named(word), ast::Status::named(word)) {
            (Some(kind), _) => span.kind = kind as u8,
            (_, Some(status)) => span.status = status as u8,
            _ => panic!("{word} describes no span"),
        }
        return;
    };
    match (name, name.strip_prefix("resource.")) {
        ("parent", _) => span.parent_id = [255; 8],
        ("event", _) => {
            let event = Event { ts_ns: span.start_ns, name: text.to_owned(), ..Event::default() };
            span.extra.events.push(event);
        }
        (_, Some(name)) => origin.resource.attributes.push((name.to_owned(), value(text))),
        (name, None) => span.attributes.push((name.to_owned(), value(text))),
    }
}

/// `1`, `1.5`, `true`, `[a,b]`; anything else is text.
fn value(text: &str) -> Value {
    if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Value::Array(list.split(',').filter(|item| !item.is_empty()).map(value).collect());
    }
    let int = text.parse().map(Value::Int);
    int.or_else(|_| text.parse().map(Value::Double))
        .or_else(|_| text.parse().map(Value::Bool))
        .unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// A line for each spanset: names of spans, then what is told of it; below each span of a query with
/// `select`, what is told of the span.
fn answer(spans: &[(Span, Origin)], query: &str) -> String {
    let members: Vec<Member<'_>> = spans.iter().map(|(span, origin)| Member { span, origin }).collect();
    let trace = Trace::new(&members);
    let pipeline = match traceql::parse(query).map(|query| query.expr) {
        Ok(ast::Expr::Spans(pipeline)) => pipeline,
        Ok(ast::Expr::Metrics(_)) => return "series\n".to_owned(),
        Err(refusal) => return format!("refused: {refusal}\n"),
    };
    let selects = pipeline.stages.iter().any(|stage| matches!(stage, ast::Stage::Select(_)));
    let fields = if selects { pipeline.fields() } else { Vec::new() };
    let mut out = String::new();
    for set in trace.run(&pipeline) {
        let names: Vec<&str> = set.spans.iter().map(|at| members[*at].span.name.as_str()).collect();
        out += &names.join(" ");
        for (told, value) in &set.told {
            out += &format!(" | {told} = {}", shown(value));
        }
        out.push('\n');
        for at in set.spans.iter().filter(|_| selects) {
            let told = trace.values(&fields, *at);
            let told: Vec<String> = told.iter().map(|(field, v)| format!("{field} = {}", shown(v))).collect();
            out += &format!("  {}: {}\n", members[*at].span.name, told.join(", "));
        }
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

fn shown(value: &span::Value<'_>) -> String {
    match value {
        span::Value::Nil => "nil".to_owned(),
        span::Value::Opaque => "?".to_owned(),
        span::Value::Int(value) => value.to_string(),
        span::Value::Float(value) => format!("{value:?}"),
        span::Value::Duration(ns) => base::unit::go_duration_text(*ns),
        span::Value::Bool(value) => value.to_string(),
        span::Value::Text(text) => format!("{text:?}"),
        span::Value::Status(status) => status.text().to_owned(),
        span::Value::Kind(kind) => kind.text().to_owned(),
        span::Value::Many(values) => {
            format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}

/// `script` with the answers that are given now.
fn replayed(script: &str) -> String {
    let (mut out, mut spans) = (String::new(), Vec::new());
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        let mut body = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            body.push(&line[2..]);
        }
        let written = |body: &[&str]| body.iter().map(|line| format!("  {line}\n")).collect::<String>();
        match line {
            "gives" => continue,
            "trace" => spans = trace(&body),
            _ => {}
        }
        out += &format!("{line}\n{}", written(&body));
        if line == "ask" {
            let answer = answer(&spans, &body.join("\n"));
            out += &format!("gives\n{}", written(&answer.lines().collect::<Vec<_>>()));
        }
    }
    out
}

#[test]
fn queries_select_what_the_scripts_say() {
    let scripts = scripts().unwrap();
    assert!(scripts.len() > 2, "no scripts found");
    let mut differences = Vec::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).unwrap();
        let replayed = replayed(&script);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, replayed).unwrap();
            continue;
        }
        if script != replayed {
            let pairs = script.lines().zip(replayed.lines()).enumerate();
            let first = pairs.into_iter().find(|(_, (wanted, given))| wanted != given);
            differences.push(format!("{}: first difference {first:?}", path.display()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
