use super::*;
use model::span::{Event, Extra, Link, Source};
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        ".{0,6}".prop_map(Value::String),
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::Double),
        Just(Value::Double(f64::INFINITY)),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((".{0,3}", inner), 0..3).prop_map(Value::Map),
        ]
    })
}

fn some_attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::vec((".{0,4}", any_value()), 0..3)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (any::<i64>(), ".{0,4}", some_attributes(), any::<u32>());
    let event = event.prop_map(|(ts_ns, name, attributes, dropped_attributes)| Event {
        ts_ns,
        name,
        attributes,
        dropped_attributes,
    });
    prop::collection::vec(event, 0..3)
}

fn links() -> impl Strategy<Value = Vec<Link>> {
    let link = (any::<[u8; 16]>(), any::<[u8; 8]>(), ".{0,4}", some_attributes(), any::<[u32; 2]>());
    let link = link.prop_map(|(trace_id, span_id, trace_state, attributes, [dropped_attributes, flags])| {
        Link { trace_id, span_id, trace_state, attributes, dropped_attributes, flags }
    });
    prop::collection::vec(link, 0..3)
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let ids = (any::<[u8; 16]>(), any::<[u8; 8]>(), any::<[u8; 8]>());
    let facts = (0..=i64::MAX, any::<i64>(), ".{0,8}", 0u8..6, 0u8..3, ".{0,4}");
    let extra = (".{0,4}", any::<[u32; 4]>(), events(), links());
    let span = (ids, facts, some_attributes(), extra);
    let span = span.prop_map(|((mut trace_id, mut span_id, parent_id), facts, attributes, extra)| {
        trace_id[0] |= 1;
        span_id[0] |= 1;
        let (start_ns, duration_ns, name, kind, status, status_message) = facts;
        let (trace_state, numbers, events, links) = extra;
        let [flags, dropped_attributes, dropped_events, dropped_links] = numbers;
        let extra =
            Extra { trace_state, flags, dropped_attributes, dropped_events, dropped_links, events, links };
        Span {
            trace_id,
            span_id,
            parent_id,
            start_ns,
            duration_ns,
            name,
            kind,
            status,
            status_message,
            attributes,
            extra,
        }
    });
    prop::collection::vec(span, 1..3)
}

fn source() -> impl Strategy<Value = Source> {
    (some_attributes(), any::<u32>(), ".{0,4}").prop_map(|(attributes, dropped_attributes, schema_url)| {
        Source { attributes, dropped_attributes, schema_url }
    })
}

fn groups() -> impl Strategy<Value = Vec<OriginSpans>> {
    let group = (source(), source(), ".{0,4}", ".{0,4}", spans());
    let group = group.prop_map(|(resource, scope, scope_name, scope_version, spans)| OriginSpans {
        origin: Origin { resource, scope, scope_name, scope_version },
        spans,
    });
    prop::collection::vec(group, 0..3)
}

fn otlp_json(groups: &[OriginSpans]) -> Vec<u8> {
    let mut out = b"{\"resourceSpans\":".to_vec();
    put_resource_spans(&mut out, groups, Style::Otlp);
    out.push(b'}');
    out
}

proptest! {
    #[test]
    fn both_encodings_read_back(groups in groups()) {
        let expected = Export { groups, refused: RefusedSpans::default() };
        prop_assert_eq!(&proto::traces(&encode::traces(&expected.groups)).unwrap(), &expected);
        let body = otlp_json(&expected.groups);
        prop_assert_eq!(&json::traces(&body).unwrap(), &expected, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice::<serde_json::Value>(&body).unwrap();
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        drop(proto::traces(&bytes));
        drop(json::traces(&bytes));
    }
}

fn span() -> Span {
    Span { trace_id: [1; 16], span_id: [2; 8], name: "x".into(), ..Span::default() }
}

fn export_of(spans: Vec<Span>) -> Export {
    proto::traces(&encode::traces(&[OriginSpans { origin: Origin::default(), spans }])).unwrap()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Int(1), |value, _| Value::Array(vec![value]))
}

#[test]
fn spans_that_cannot_be_kept_are_counted_and_named() {
    let with = |change: fn(&mut Span)| {
        let mut span = span();
        change(&mut span);
        span
    };
    let cases: [(Span, &str); 5] = [
        (with(|span| span.trace_id = [0; 16]), "it has no trace id"),
        (with(|span| span.span_id = [0; 8]), "it has no span id"),
        (with(|span| span.start_ns = -1), "its start, 18446744073709551615 ns, lies after the year 2262"),
        (with(|span| span.attributes = vec![("a".into(), nested(17))]), "nested deeper than 16"),
        (
            with(|span| {
                let attributes = vec![("a".into(), nested(17))];
                span.extra.events.push(Event { attributes, ..Event::default() });
            }),
            "nested deeper than 16",
        ),
    ];
    for (wrong, why) in cases {
        let export = export_of(vec![wrong, span()]);
        assert_eq!((export.refused.count, export.groups[0].spans.as_slice()), (1, [span()].as_slice()));
        assert!(export.refused.why.contains(why), "{}", export.refused.why);
        assert!(export.refused.why.starts_with("span \"x\" of trace 0"), "{}", export.refused.why);
    }
    let deepest = Span { attributes: vec![(String::new(), nested(16))], ..span() };
    assert_eq!(export_of(vec![deepest.clone()]).groups[0].spans, [deepest]);
}

#[test]
fn a_resource_nested_too_deep_takes_its_spans_along() {
    let mut origin = Origin::default();
    origin.resource.attributes = vec![("a".into(), nested(17))];
    let groups = [OriginSpans { origin, spans: vec![span(), span()] }];
    let export = proto::traces(&encode::traces(&groups)).unwrap();
    assert_eq!((export.refused.count, export.groups.len()), (2, 0));
}

#[test]
fn json_of_other_senders() {
    let body = br#"{"resource_spans":[{"scope_spans":[{"spans":[
        {"trace_id":"0102030405060708090A0B0C0D0E0F10","span_id":"0102030405060708","kind":"SPAN_KIND_CLIENT",
         "startTimeUnixNano":5,"endTimeUnixNano":"9","status":{"code":"STATUS_CODE_ERROR"},"other":{}},
        {"traceId":"01","spanId":"0102030405060708","name":"short"},
        {"traceId":"zz","spanId":"0102030405060708","name":"no hex"}]}],
        "resource":{"attributes":[{"key":"a","value":{"intValue":"7"}}]}}]}"#;
    let export = json::traces(body).unwrap();
    let [group] = export.groups.as_slice() else { panic!("{export:?}") };
    assert_eq!(group.origin.resource.attributes, [("a".to_owned(), Value::Int(7))]);
    let [span] = group.spans.as_slice() else { panic!("{group:?}") };
    assert_eq!((span.kind, span.status, span.start_ns, span.duration_ns), (3, 2, 5, 4));
    assert_eq!(span.trace_id[15], 0x10);
    assert_eq!(export.refused.count, 2);
    let why = "span \"short\" of trace 00000000000000000000000000000000 refused: \
               its trace id has 1 bytes instead of 16";
    assert_eq!(export.refused.why, why);
    for wrong in
        [r#"{"resourceSpans":5}"#, r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"X"}]}]}]}"#]
    {
        assert_eq!(json::traces(wrong.as_bytes()).unwrap_err().kind(), base::Kind::Invalid, "{wrong}");
    }
}
