use super::*;
use model::attribute::Value;
use model::span::{Event, Origin, Source, Span};
use model::trace::ServiceCounts;

fn groups() -> Vec<OriginSpans> {
    let attributes = vec![("service.name".to_owned(), Value::String("shop".into()))];
    let resource = Source { attributes, ..Source::default() };
    let span = Span {
        trace_id: [0xab; 16],
        span_id: [1; 8],
        start_ns: 1_000,
        duration_ns: 500,
        name: "GET /".into(),
        kind: 2,
        status: 2,
        status_message: "boom".into(),
        attributes: vec![
            ("big".into(), Value::Int(i64::MAX)),
            ("list".into(), Value::Array(vec![Value::Bool(false), Value::Empty])),
        ],
        extra: model::span::Extra {
            events: vec![Event { ts_ns: 1_200, name: "e".into(), ..Event::default() }],
            ..Default::default()
        },
        ..Span::default()
    };
    let other = Span { trace_id: [0xab; 16], span_id: [2; 8], parent_id: [1; 8], ..Span::default() };
    let origin = |scope: &str| Origin {
        resource: resource.clone(),
        scope_name: scope.to_owned(),
        ..Origin::default()
    };
    vec![
        OriginSpans { origin: origin("a"), spans: vec![span] },
        OriginSpans { origin: origin("b"), spans: vec![other] },
    ]
}

const SPANS: &str = concat!(
    r#"[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":["#,
    r#"{"scope":{"name":"a"},"spans":[{"traceId":"q6urq6urq6urq6urq6urqw==","spanId":"AQEBAQEBAQE=","#,
    r#""name":"GET /","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1000","endTimeUnixNano":"1500","#,
    r#""attributes":[{"key":"big","value":{"intValue":"9223372036854775807"}},"#,
    r#"{"key":"list","value":{"arrayValue":{"values":[{"boolValue":false},{}]}}}],"#,
    r#""events":[{"timeUnixNano":"1200","name":"e"}],"#,
    r#""status":{"message":"boom","code":"STATUS_CODE_ERROR"}}]},"#,
    r#"{"scope":{"name":"b"},"spans":[{"traceId":"q6urq6urq6urq6urq6urqw==","spanId":"AgICAgICAgI=","#,
    r#""parentSpanId":"AQEBAQEBAQE=","status":{}}]}]}]"#,
);

#[test]
fn traces_by_both_versions() {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(text(trace(&groups())), format!("{{\"batches\":{SPANS}}}"));
    let metrics = Metrics { inspected_bytes: 7, ..Metrics::default() };
    let complete = Envelope { partial: None, metrics };
    assert_eq!(
        text(trace_v2(&groups(), &complete)),
        format!(
            r#"{{"trace":{{"resourceSpans":{SPANS}}},"metrics":{{"inspectedBytes":"7"}},"status":"COMPLETE"}}"#
        )
    );
    let partial = Envelope { partial: Some("too large".into()), metrics };
    let answer = text(trace_v2(&groups(), &partial));
    assert!(answer.ends_with(r#""status":"PARTIAL","message":"too large"}"#), "{answer}");
    let spans = trace_proto(&groups());
    let mut expected = Vec::new();
    put_bytes(&mut expected, 1, &spans);
    expected.extend([0x12, 2, 8, 7, 0x18, 1, 0x22, 9]);
    expected.extend(b"too large");
    assert_eq!(trace_v2_proto(&groups(), &partial), expected);
}

#[test]
fn searches() {
    let span = FoundSpan {
        id: [1; 8],
        name: "GET /".into(),
        start_ns: 1_000,
        duration_ns: 500,
        attributes: vec![("n".into(), Value::Int(1)), ("d".into(), Value::Double(0.5))],
    };
    let spanset =
        FoundSpanset { spans: vec![span], matched: 4, attributes: vec![("count()".into(), Value::Int(4))] };
    let mut id = [0; 16];
    id[15] = 0xab;
    let found = FoundTrace {
        id,
        root_service: Some("shop".into()),
        root_name: Some("GET /".into()),
        start_ns: 1_000,
        duration_ns: 2_999_999,
        spansets: vec![spanset],
        services: vec![("shop".into(), ServiceCounts { spans: 4, errors: 1 })],
    };
    let orphan = FoundTrace { id, ..FoundTrace::default() };
    let metrics = Metrics { inspected_traces: 2, completed_jobs: 1, total_jobs: 1, ..Metrics::default() };
    let spanset = concat!(
        r#"{"spans":[{"spanID":"0101010101010101","name":"GET /","startTimeUnixNano":"1000","#,
        r#""durationNanos":"500","attributes":[{"key":"n","value":{"intValue":"1"}},"#,
        r#"{"key":"d","value":{"doubleValue":0.5}}]}],"matched":4,"#,
        r#""attributes":[{"key":"count()","value":{"intValue":"4"}}]}"#,
    );
    let expected = format!(
        concat!(
            r#"{{"traces":[{{"traceID":"000000000000000000000000000000ab","rootServiceName":"shop","#,
            r#""rootTraceName":"GET /","startTimeUnixNano":"1000","durationMs":2,"spanSet":{spanset},"#,
            r#""spanSets":[{spanset}],"serviceStats":{{"shop":{{"spanCount":4,"errorCount":1}}}}}},"#,
            r#"{{"traceID":"000000000000000000000000000000ab","#,
            r#""rootServiceName":"\u003croot span not yet received\u003e","#,
            r#""startTimeUnixNano":"0","durationMs":0,"serviceStats":{{}}}}],{METRICS}}}"#,
        ),
        spanset = spanset,
        METRICS = METRICS,
    );
    assert_eq!(String::from_utf8(search(&[found, orphan], &metrics)).unwrap(), expected);
}

const METRICS: &str = concat!(
    r#""metrics":{"inspectedTraces":2,"totalBlocks":0,"completedJobs":1,"totalJobs":1,"inspectedBytes":"0","#,
    r#""inspectedSpans":"0","totalBlockBytes":"0","backendReads":"0","backendBytes":"0"}"#,
);

#[test]
fn tags_and_values() {
    let metrics = Metrics { inspected_traces: 2, completed_jobs: 1, total_jobs: 1, ..Metrics::default() };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(text(tags(&["a", "b"], &metrics)), format!(r#"{{"tagNames":["a","b"],{METRICS}}}"#));
    assert_eq!(
        text(scoped_tags(&[("span", vec!["a".into()]), ("resource", vec![])], &metrics)),
        format!(r#"{{"scopes":[{{"name":"span","tags":["a"]}},{{"name":"resource","tags":[]}}],{METRICS}}}"#)
    );
    assert_eq!(text(tag_values(&["x"], &metrics)), format!(r#"{{"tagValues":["x"],{METRICS}}}"#));
    let value = |kind, text: &str| TagValue { kind, text: text.to_owned() };
    let values = [value("int", "5"), value("float", "1.5"), value("bool", "true"), value("string", "s")];
    assert_eq!(
        text(typed_tag_values(&values, &metrics)),
        format!(
            r#"{{"tagValues":[{{"type":"int","value":"5"}},{{"type":"float","value":"1.5"}},{{"type":"bool","value":"true"}},{{"type":"string","value":"s"}}],{METRICS}}}"#
        )
    );
}
