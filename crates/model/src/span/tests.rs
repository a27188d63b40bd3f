use super::*;
use proptest::prelude::*;

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![
        ".{0,6}".prop_map(Value::String),
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Array(vec![Value::String("a".into()), Value::Int(-1)])),
    ];
    prop::collection::btree_map("[a-z.]{1,6}", value, 0..4).prop_map(|map| map.into_iter().collect())
}

fn event() -> impl Strategy<Value = Event> {
    (any::<i64>(), "[a-z]{0,5}", attributes(), any::<u32>()).prop_map(
        |(ts_ns, name, attributes, dropped_attributes)| Event { ts_ns, name, attributes, dropped_attributes },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (any::<TraceId>(), any::<SpanId>(), "[a-z]{0,5}", attributes(), any::<u32>(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes,
            flags,
        },
    )
}

fn extra() -> impl Strategy<Value = Extra> {
    let numbers = any::<[u32; 4]>();
    let lists = (prop::collection::vec(event(), 0..3), prop::collection::vec(link(), 0..3));
    prop_oneof![
        Just(Extra::default()),
        ("[a-z=]{0,5}", numbers, lists).prop_map(|(trace_state, numbers, (events, links))| {
            let [flags, dropped_attributes, dropped_events, dropped_links] = numbers;
            Extra { trace_state, flags, dropped_attributes, dropped_events, dropped_links, events, links }
        })
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (any::<TraceId>(), any::<SpanId>(), any::<SpanId>());
    let facts = (any::<i64>(), any::<i64>(), ".{0,8}", 0u8..6, 0u8..3, ".{0,8}");
    (ids, facts, attributes(), extra()).prop_map(
        |((trace_id, span_id, parent_id), facts, attributes, extra)| {
            let (start_ns, duration_ns, name, kind, status, status_message) = facts;
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
        },
    )
}

fn sorted(attributes: &Attributes) -> Attributes {
    let mut pairs = attributes.clone();
    let key = |pair: &(String, Value)| pair.1.to_pair(&pair.0).0.into_owned();
    pairs.sort_by_key(key);
    pairs
}

proptest! {
    #[test]
    fn rows_read_back(span in span()) {
        let (metadata, mut body) = (span.metadata(), Vec::new());
        span.put_body(&mut body);
        prop_assert_eq!(trace_id_of(&body), Some(span.trace_id));
        let row = RowRef { ts_ns: span.start_ns, body: &body, metadata: metadata.as_ref() };
        let expected = Span { attributes: sorted(&span.attributes), ..span.clone() };
        prop_assert_eq!(Span::read(&row), Some(expected));
        for cut in 0..body.len() {
            let read = Span::read_body(span.start_ns, &body[..cut]);
            prop_assert!(read.is_none_or(|read| read.extra == Extra::default()));
        }
    }

    #[test]
    fn origins_read_back(resource in attributes(), scope in attributes(), dropped: u32, text in "[a-z]{0,4}") {
        let source = |attributes: &Attributes| Source {
            attributes: sorted(attributes),
            dropped_attributes: dropped,
            schema_url: text.clone(),
        };
        let origin = Origin {
            resource: source(&resource),
            scope: source(&scope),
            scope_name: text.clone(),
            scope_version: text.clone(),
        };
        prop_assert_eq!(Origin::from_labels(origin.labels().as_ref()), origin);
    }

    #[test]
    fn damaged_bodies_never_panic(body in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Some(span) = Span::read_body(0, &body) {
            let mut again = Vec::new();
            span.put_body(&mut again);
            prop_assert_eq!(again.first_chunk::<16>(), body.first_chunk::<16>());
        }
    }
}
