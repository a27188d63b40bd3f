use super::*;
use model::span::{Event, Origin};
use model::trace::OriginSpans;

const NOW_NS: i64 = 1_741_640_400_000_000_000;

fn span(trace: u8, name: &str) -> Span {
    Span { trace_id: [trace; 16], span_id: [1; 8], start_ns: NOW_NS, name: name.into(), ..Span::default() }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn export(spans: Vec<Span>) -> Export {
    let mut origin = Origin::default();
    origin.resource.attributes = vec![("service.name".into(), text("shop"))];
    let (first, rest) = spans.split_at(spans.len() / 2);
    let groups = [first, rest].map(|spans| OriginSpans { origin: origin.clone(), spans: spans.to_vec() });
    let groups = groups.into_iter().filter(|group| !group.spans.is_empty()).collect();
    Export { groups, ..Export::default() }
}

fn admitted(export: Export, limits: &Limits) -> AdmittedSpans {
    admit(export, &Tenant::single(), limits, &TraceSizes::default(), NOW_NS)
}

fn stored(batch: &Batch) -> Vec<Span> {
    batch
        .streams()
        .flat_map(|stream| stream.rows().map(|row| Span::read(&row).unwrap()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn spans_of_one_origin_become_one_stream() {
    let spans = vec![span(1, "a"), span(1, "b"), span(2, "c")];
    let out = admitted(export(spans.clone()), &Limits::default());
    assert_eq!(out.batch.stream_count(), 1);
    assert_eq!(stored(&out.batch), spans);
    let stream = out.batch.streams().next().unwrap();
    assert_eq!(stream.labels.get("resource.service.name"), Some("shop"));
    assert_eq!((out.received, out.refused.count, out.cut), (3, 0, 0));
}

#[test]
fn long_texts_are_cut_wherever_they_stand() {
    let limits = Limits { ingestion_max_attribute_bytes: ByteSize(5), ..Limits::default() };
    let attributes = vec![
        ("longer name".to_owned(), Value::Int(123_456_789)),
        ("a".to_owned(), Value::Array(vec![text("123456"), text("12345")])),
        ("b".to_owned(), text("1234é")),
    ];
    let cut = vec![
        ("a".to_owned(), Value::Array(vec![text("12345"), text("12345")])),
        ("b".to_owned(), text("1234")),
        ("longe".to_owned(), Value::Int(123_456_789)),
    ];
    let mut of_event = span(1, "a");
    of_event.extra.events = vec![Event { attributes: attributes[2..].to_vec(), ..Event::default() }];
    of_event.attributes = attributes;
    let out = admitted(export(vec![of_event]), &limits);
    let span = &stored(&out.batch)[0];
    assert_eq!(span.attributes, cut);
    assert_eq!(span.extra.events[0].attributes, cut[1..2]);
    let stream = out.batch.streams().next().unwrap();
    assert_eq!(stream.labels.get("resource.servi"), Some("shop"));
    assert_eq!(out.cut, 5);
}

#[test]
fn a_trace_that_is_too_large_gets_no_more() {
    let limits = Limits { max_bytes_per_trace: ByteSize(150), ..Limits::default() };
    let long = "x".repeat(60);
    let sizes = TraceSizes::default();
    let once = |spans| admit(export(spans), &Tenant::single(), &limits, &sizes, NOW_NS);
    let out = once(vec![span(1, &long), span(2, "b"), span(1, &long), span(2, "c")]);
    assert_eq!(stored(&out.batch), [span(1, &long), span(2, "b"), span(2, "c")]);
    assert_eq!((out.too_large, out.refused.count), (1, 1));
    let why =
        "TRACE_TOO_LARGE: trace 01010101010101010101010101010101 has its max_bytes_per_trace of 150 bytes";
    assert!(out.refused.why.starts_with(why), "{}", out.refused.why);
    let out = once(vec![span(1, &long)]);
    assert!(out.batch.is_empty(), "remembered between exports");
}
