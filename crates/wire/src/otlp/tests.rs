use super::rules::Rules;
use super::value::{AnyValue, KeyValue, from_base64};
use super::*;
use crate::push::Push;
use crate::room::Room;
use model::limits::OtlpConfig;
use proptest::prelude::*;
use serde_json::{Value, json};

mod room;

/// Streams and entries in a plain shape: labels, then time, line and metadata of each entry.
fn shown(push: &Push<'_>) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let streams = push.streams().iter().map(|stream| {
        let labels: Vec<_> = stream.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let entries = push.entries(stream).map(|entry| {
            let pairs = entry.own.iter().chain(entry.shared);
            let pairs: Vec<_> = pairs.map(|(n, v)| format!("{}={}", text(n), text(v))).collect();
            json!([entry.ts_ns, text(entry.line), pairs])
        });
        json!([labels, entries.collect::<Vec<_>>()])
    });
    streams.collect()
}

const DISCOVER: [&str; 2] = ["app", "container_name"];

fn mapped(body: &Value, config: OtlpConfig) -> Result<Value, String> {
    let text = body.to_string();
    let logs = json::logs(text.as_bytes()).map_err(|refused| refused.to_string())?;
    let push = map::push(
        logs,
        &Rules::new(&config).unwrap(),
        &DISCOVER.map(str::to_owned),
        77,
        &Room::of(text.as_bytes()),
    );
    push.map(|push| shown(&push)).map_err(|refused| refused.to_string())
}

fn attributes(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn text(text: &str) -> Value {
    json!({"stringValue": text})
}

fn request(resource: Value, records: Value) -> Value {
    json!({"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [{"logRecords": records}]}]})
}

#[test]
fn attributes_become_labels_metadata_and_lines() {
    let resource = attributes(&[
        ("service.name", text("shop")),
        ("k8s.pod.name", json!({"intValue": "5"})),
        ("host.name", text("h1")),
        ("m", json!({"kvlistValue": {"values": [{"key": "a.b", "value": {"boolValue": true}}]}})),
    ]);
    let record = json!({
        "timeUnixNano": "10", "observedTimeUnixNano": 12, "severityNumber": 17, "severityText": "ERROR", "flags": 1,
        "traceId": "0123456789abcdef0123456789ABCDEF", "spanId": "00000000000000ff", "eventName": "evt",
        "body": {"stringValue": "text"}, "droppedAttributesCount": 2,
        "attributes": attributes(&[("http.code", json!({"intValue": 404})), ("event_name", text("other"))]),
    });
    let mut body = request(resource, json!([record]));
    body["resourceLogs"][0]["scopeLogs"][0]["scope"] = json!({"name": "lib", "version": "1.2", "attributes": attributes(&[("sa", text("1"))]), "droppedAttributesCount": 3});
    assert_eq!(
        mapped(&body, OtlpConfig::default()),
        Ok(json!([[
            ["k8s_pod_name=5", "service_name=shop"],
            [[
                10,
                "text",
                [
                    "http.code=404",
                    "observed_timestamp=12",
                    "severity_number=17",
                    "dropped_attributes_count=2",
                    "flags=1",
                    "severity_text=ERROR",
                    "trace_id=0123456789abcdef0123456789abcdef",
                    "span_id=00000000000000ff",
                    "event_name=evt",
                    "host.name=h1",
                    "m_a.b=true",
                    "sa=1",
                    "scope_name=lib",
                    "scope_version=1.2",
                    "scope_dropped_attributes_count=3"
                ]
            ]]
        ]]))
    );
}

#[test]
fn times_fall_back_and_service_names_are_discovered() {
    let records = json!([{"body": text("a")}, {"observedTimeUnixNano": "5", "body": text("b")}]);
    let bodies =
        |resource: Value| mapped(&request(resource, records.clone()), OtlpConfig::default()).unwrap();
    assert_eq!(bodies(json!([])), json!([[["service_name=unknown_service"], [[77, "a", []], [5, "b", []]]]]));
    assert_eq!(
        bodies(attributes(&[("container.name", text("box"))]))[0][0],
        json!(["container_name=box", "service_name=box"])
    );
    assert_eq!(
        bodies(attributes(&[("service.name", text(""))]))[0][0],
        json!(["service_name=unknown_service"])
    );
    assert_eq!(mapped(&request(json!([]), json!([])), OtlpConfig::default()), Ok(json!([])));
}

#[test]
fn rules_choose_labels_and_records_may_bring_their_own() {
    let config: OtlpConfig = serde_json::from_value(json!({
        "resource_attributes": {"ignore_defaults": true, "attributes_config": [
            {"action": "index_label", "attributes": ["team"]}, {"action": "drop", "regex": "secret\\..*"}]},
        "log_attributes": [{"action": "index_label", "attributes": ["zone"]}],
        "scope_attributes": [{"action": "drop", "regex": ".*"}],
        "severity_text_as_label": true,
    }))
    .unwrap();
    let resource = attributes(&[("team", text("t")), ("secret.key", text("s")), ("service.name", text("n"))]);
    let records = json!([
        {"timeUnixNano": 1, "body": text("plain")},
        {"timeUnixNano": 2, "body": text("zoned"), "attributes": attributes(&[("zone", text("z")), ("k", text("v"))])},
        {"timeUnixNano": 3, "body": text("plain too")},
        {"timeUnixNano": 4, "body": text("severe"), "severityText": "warn"},
    ]);
    assert_eq!(
        mapped(&request(resource, records), config),
        Ok(json!([
            [["team=t"], [[1, "plain", ["service.name=n"]], [3, "plain too", ["service.name=n"]]]],
            [["severity_text=warn", "team=t"], [[4, "severe", ["severity_text=warn", "service.name=n"]]]],
            [["team=t", "zone=z"], [[2, "zoned", ["k=v", "service.name=n"]]]],
        ]))
    );
    let bad: OtlpConfig = serde_json::from_value(json!({"log_attributes": [{"action": "label"}]})).unwrap();
    assert!(Rules::new(&bad).is_err());
}

#[test]
fn values_print_as_the_collector_prints_them() {
    let pair = |key: &str, value| KeyValue { key: key.as_bytes().to_vec().into(), value };
    let string = |text: &str| AnyValue::String(text.as_bytes().to_vec().into());
    let map = AnyValue::Map(vec![
        pair(
            "z",
            AnyValue::Array(vec![
                AnyValue::Int(1),
                AnyValue::Empty,
                AnyValue::Bytes(b"\x01\x02".as_slice().into()),
            ]),
        ),
        pair("a", string("<\"é")),
        pair("a", AnyValue::Double(1.5)),
    ]);
    for (value, want) in [
        (AnyValue::Empty, ""),
        (AnyValue::Bool(true), "true"),
        (AnyValue::Int(-7), "-7"),
        (AnyValue::Double(1e21), "1e+21"),
        (AnyValue::Double(f64::INFINITY), "json: unsupported value: +Inf"),
        (AnyValue::Bytes(b"\x00\xff".as_slice().into()), "AP8="),
        (AnyValue::Array(vec![string("<&>"), AnyValue::Bool(false)]), "[\"<&>\",false]"),
        (AnyValue::Array(vec![AnyValue::Double(f64::NAN)]), ""),
        (map, r#"{"a":1.5,"z":[1,null,"AQI="]}"#),
    ] {
        assert_eq!(String::from_utf8_lossy(&value.into_text()), want);
    }
    assert_eq!(status(b"no"), b"\x12\x02no");
}

#[test]
fn json_is_refused_in_the_collectors_words() {
    let refused = |body: &str| json::logs(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refused("{"),
        "ReadObject: expect \" after {, but found \0, error found in #1 byte of ...|{|..., bigger context ...|{|..."
    );
    assert_eq!(
        refused(r#"{"resourceLogs":5}"#),
        "ReadArray: expect [ or , or ] or n, but found 5, error found in #10 byte of ...|rceLogs\":5}|..., bigger \
         context ...|{\"resourceLogs\":5}|..."
    );
    let record =
        |field: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{field}}}]}}]}}]}}"#);
    for field in [
        r#""traceId":"xyz""#,
        r#""spanId":"zzzzzzzzzzzzzzzz""#,
        r#""timeUnixNano":"x""#,
        r#""flags":{}"#,
        r#""severityNumber":"LOUD""#,
        r#""body":{"bytesValue":"?"}"#,
        r#""body":{"intValue":true}"#,
    ] {
        assert!(json::logs(record(field).as_bytes()).is_err(), "{field}");
    }
    let named = record(r#""severityNumber":"SEVERITY_NUMBER_WARN2""#);
    assert_eq!(json::logs(named.as_bytes()).unwrap().resources[0].scopes[0].records[0].severity_number, 14);
    assert_eq!(json::logs(br#"{"resource_logs":[],"foo":{"a":[1]}}"#).unwrap(), Logs::default());
    let deep =
        record(&format!(r#""body":{}{{}}{}"#, r#"{"arrayValue":{"values":["#.repeat(100), "]}}".repeat(100)));
    assert!(
        json::logs(deep.as_bytes()).unwrap_err().to_string().starts_with("ReadValue: exceeded max depth")
    );
}

#[test]
fn a_name_that_cannot_be_a_label_is_refused() {
    let nested = json!({"kvlistValue": {"values": [{"key": "x", "value": text("1")}]}});
    let body = request(attributes(&[("ü", nested)]), json!([{"body": text("a")}]));
    let want = "symbolizer lookup: normalization for label name \"ü\" resulted in invalid name \"_\"";
    assert_eq!(mapped(&body, OtlpConfig::default()), Err(want.into()));
}

/// The messages as the `prost` crate has them, to write requests with.
mod twin {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct AnyValue {
        #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
        pub kind: Option<Kind>,
    }
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(bytes, tag = "1")]
        Text(Vec<u8>),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Int(i64),
        #[prost(double, tag = "4")]
        Double(f64),
        #[prost(message, tag = "5")]
        Array(Array),
        #[prost(message, tag = "6")]
        Map(Map),
        #[prost(bytes, tag = "7")]
        Bytes(Vec<u8>),
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Array {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<AnyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Map {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<KeyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct KeyValue {
        #[prost(bytes = "vec", tag = "1")]
        pub key: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        pub value: Option<AnyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Record {
        #[prost(fixed64, tag = "1")]
        pub time_ns: u64,
        #[prost(int32, tag = "2")]
        pub severity: i32,
        #[prost(message, optional, tag = "5")]
        pub body: Option<AnyValue>,
        #[prost(message, repeated, tag = "6")]
        pub attributes: Vec<KeyValue>,
        #[prost(fixed32, tag = "8")]
        pub flags: u32,
        #[prost(bytes = "vec", tag = "9")]
        pub trace_id: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Scope {
        #[prost(message, repeated, tag = "2")]
        pub records: Vec<Record>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Resource {
        #[prost(message, repeated, tag = "2")]
        pub scopes: Vec<Scope>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Request {
        #[prost(message, repeated, tag = "1")]
        pub resources: Vec<Resource>,
    }
}

fn value_of(value: &twin::AnyValue) -> AnyValue<'static> {
    use twin::Kind;
    match &value.kind {
        None => AnyValue::Empty,
        Some(Kind::Text(text)) => AnyValue::String(text.clone().into()),
        Some(Kind::Bool(value)) => AnyValue::Bool(*value),
        Some(Kind::Int(value)) => AnyValue::Int(*value),
        Some(Kind::Double(value)) => AnyValue::Double(*value),
        Some(Kind::Array(array)) => AnyValue::Array(array.values.iter().map(value_of).collect()),
        Some(Kind::Map(map)) => AnyValue::Map(map.values.iter().map(pair_of).collect()),
        Some(Kind::Bytes(bytes)) => AnyValue::Bytes(bytes.clone().into()),
    }
}

fn pair_of(pair: &twin::KeyValue) -> KeyValue<'static> {
    KeyValue { key: pair.key.clone().into(), value: pair.value.as_ref().map(value_of).unwrap_or_default() }
}

fn any_value() -> impl Strategy<Value = twin::AnyValue> {
    use twin::Kind;
    let bytes = || proptest::collection::vec(any::<u8>(), 0..4);
    let leaf = prop_oneof![
        bytes().prop_map(Kind::Text),
        any::<bool>().prop_map(Kind::Bool),
        any::<i64>().prop_map(Kind::Int),
        (-1e9f64..1e9).prop_map(Kind::Double),
        bytes().prop_map(Kind::Bytes),
    ];
    let leaf = proptest::option::of(leaf).prop_map(|kind| twin::AnyValue { kind });
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let pair =
            (bytes(), inner.clone()).prop_map(|(key, value)| twin::KeyValue { key, value: Some(value) });
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(|values| Kind::Array(twin::Array { values })),
            proptest::collection::vec(pair, 0..3).prop_map(|values| Kind::Map(twin::Map { values })),
        ]
        .prop_map(|kind| twin::AnyValue { kind: Some(kind) })
    })
}

proptest! {
    #[test]
    fn reads_what_prost_writes(
        records in proptest::collection::vec((any::<u64>(), 0i32..25, any_value(), any_value(), any::<u32>(), any::<[u8; 16]>()), 0..4)
    ) {
        let twins: Vec<_> = records.iter().map(|(time_ns, severity, body, attribute, flags, trace_id)| twin::Record {
            time_ns: *time_ns, severity: *severity, body: Some(body.clone()), flags: *flags, trace_id: trace_id.to_vec(),
            attributes: vec![twin::KeyValue { key: b"k".to_vec(), value: Some(attribute.clone()) }],
        }).collect();
        let request = twin::Request { resources: vec![twin::Resource { scopes: vec![twin::Scope { records: twins }] }] };
        let body = prost::Message::encode_to_vec(&request);
        let logs = proto::logs(&body).unwrap();
        prop_assert_eq!(logs.record_count(), records.len());
        for (read, (time_ns, severity, body, attribute, flags, trace_id)) in logs.resources[0].scopes[0].records.iter().zip(&records) {
            prop_assert_eq!((read.time_ns, read.severity_number, read.flags), (*time_ns, *severity, *flags));
            prop_assert_eq!(&read.trace_id, trace_id);
            prop_assert_eq!(&read.body, &value_of(body));
            prop_assert_eq!(&read.attributes, &vec![KeyValue { key: b"k".as_slice().into(), value: value_of(attribute) }]);
        }
        for cut in 0..body.len() {
            let _ = proto::logs(&body[..cut]);
        }
    }

    /// Values print as JSON that reads back as the same value.
    #[test]
    fn composite_values_print_json(value in any_value()) {
        let value = value_of(&value);
        if matches!(value, AnyValue::Array(_) | AnyValue::Map(_)) {
            let printed = value.text().into_owned();
            prop_assert!(serde_json::from_slice::<Value>(&printed).is_ok(), "{}", String::from_utf8_lossy(&printed));
        }
    }

    #[test]
    fn base64_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let text = AnyValue::Bytes(bytes.clone().into()).into_text();
        prop_assert_eq!(from_base64(&text), Some(bytes.clone()));
        let unpadded: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'=').collect();
        prop_assert_eq!(from_base64(&unpadded), Some(bytes));
    }

    #[test]
    fn any_bytes_end(body in proptest::collection::vec(any::<u8>(), 0..80), shape in "[{}\\[\\]\":,a0nt.\\\\u-]{0,40}") {
        let _ = proto::logs(&body);
        let _ = json::logs(&body);
        let _ = json::logs(format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{shape}").as_bytes());
    }
}
