use super::map::{Rejected, Translation, translate};
use super::name::{NamedKind, label_name, metric_name};
use super::*;
use crate::Refused;
use crate::series::{Family, Series, Sink};
use model::sample::STALE_BITS;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What came out of a translation, one text for each sample, exemplar and family.
#[derive(Debug, Default)]
struct Shown(Vec<String>);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shown_labels(labels: &[crate::series::Label<'_>]) -> String {
    let mut labels = labels.to_vec();
    labels.sort();
    let pairs: Vec<_> =
        labels.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    pairs.join(",")
}

fn shown_value(value: f64) -> String {
    if value.to_bits() == STALE_BITS { "stale".to_owned() } else { value.to_string() }
}

impl Sink for Shown {
    fn series(&mut self, series: &Series<'_>) -> Result<(), Refused> {
        let name = series.label(b"__name__").map(text).unwrap_or_default();
        let others: Vec<_> = series.labels.iter().copied().filter(|(name, _)| *name != b"__name__").collect();
        let labels = shown_labels(&others);
        for (ts_ms, value) in &series.floats {
            self.0.push(format!("{name}{{{labels}}} {} @{ts_ms}", shown_value(*value)));
        }
        for (ts_ms, h) in &series.histograms {
            self.0.push(format!(
                "{name}{{{labels}}} schema={} zero={}/{} count={} sum={} +{:?}{:?} -{:?}{:?} @{ts_ms}",
                h.schema,
                h.zero_threshold,
                h.zero_count,
                h.count,
                shown_value(h.sum),
                h.positive.spans,
                h.positive.counts,
                h.negative.spans,
                h.negative.counts
            ));
        }
        for exemplar in &series.exemplars {
            let own = shown_labels(&exemplar.labels);
            self.0.push(format!("{name}{{{labels}}} # {{{own}}} {} @{}", exemplar.value, exemplar.ts_ms));
        }
        Ok(())
    }

    fn family(&mut self, family: Family<'_>) {
        let (name, help, unit) = (text(family.name), text(family.help), text(family.unit));
        self.0.push(format!("{name}: {} {unit:?} {help:?}", family.kind.word()));
    }
}

fn translated(body: &Value, translation: &Translation) -> (Vec<String>, Rejected) {
    let body = body.to_string();
    let metrics = json::metrics(body.as_bytes()).unwrap();
    let mut shown = Shown::default();
    let rejected = translate(&metrics, translation, &mut shown).unwrap();
    (shown.0, rejected)
}

fn suffixed() -> Translation {
    Translation { suffixes: true, ..Translation::default() }
}

fn attributes(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
}

fn request(resource: &[(&str, &str)], metrics: Value) -> Value {
    json!({"resourceMetrics": [{
        "resource": {"attributes": attributes(resource)},
        "scopeMetrics": [{"scope": {"name": "lib", "version": "1", "attributes": attributes(&[("k.k", "v")])},
            "schemaUrl": "http://s", "metrics": metrics}],
    }]})
}

#[test]
fn names_tell_unit_and_kind() {
    let name = |name: &str, unit: &str, kind| {
        metric_name(name.as_bytes(), unit.as_bytes(), kind, true).unwrap_or_default()
    };
    use NamedKind::{Counter, Gauge, Other};
    assert_eq!(name("http.server.request.duration", "s", Other), "http_server_request_duration_seconds");
    assert_eq!(name("requests", "1", Counter), "requests_total");
    assert_eq!(name("total.requests", "{request}", Counter), "requests_total");
    assert_eq!(name("cpu.utilization", "1", Gauge), "cpu_utilization_ratio");
    assert_eq!(name("cpu.utilization", "1", Other), "cpu_utilization");
    assert_eq!(name("memory_bytes", "By", Gauge), "memory_bytes");
    assert_eq!(name("speed", "m/s", Gauge), "speed_meters_per_second");
    assert_eq!(name("rate", "{req}/min", Gauge), "rate_per_min");
    assert_eq!(name("io", "KiBy/s", Counter), "io_kibibytes_per_second_total");
    assert_eq!(name("odd", "some thing", Gauge), "odd_some_thing");
    assert_eq!(name("2xx", "", Gauge), "_2xx");
    assert_eq!(name("a__b..c", "", Gauge), "a_b_c");
    assert_eq!(name("ns:rule", "", Gauge), "ns:rule");
    assert_eq!(name("日本", "", Gauge), "");
    let plain = metric_name(b"a__b..c", b"s", Counter, false).unwrap();
    assert_eq!(plain, "a__b_c");
}

#[test]
fn labels_become_names() {
    let name = |name: &str| label_name(name.as_bytes()).map(|name| text(&name));
    assert_eq!(name("http.method").as_deref(), Some("http_method"));
    assert_eq!(name("a..b").as_deref(), Some("a__b"));
    assert_eq!(name("1st").as_deref(), Some("key_1st"));
    assert_eq!(name("_x").as_deref(), Some("key_x"));
    assert_eq!(name(".x").as_deref(), Some("key_x"));
    assert_eq!(name("__x").as_deref(), Some("__x"));
    assert_eq!(name("café").as_deref(), Some("caf_"));
    assert_eq!((name(""), name("__")), (None, None));
}

#[test]
fn numbers_become_gauges_and_counters() {
    let resource = [
        ("service.name", "shop"),
        ("service.namespace", "eu"),
        ("service.instance.id", "i-1"),
        ("host.name", "h"),
        ("k8s.pod", "p"),
    ];
    let point = json!({"timeUnixNano": "2000999999", "asInt": "7", "attributes": attributes(&[("a.b", "1"), ("a_b", "2")]),
        "exemplars": [{"timeUnixNano": "1999000000", "asDouble": 0.5, "traceId": "0123456789abcdef0123456789abcdef",
            "spanId": "00000000000000ff", "filteredAttributes": attributes(&[("x.y", "z")])}]});
    let metrics = json!([
        {"name": "queue.length", "unit": "1", "description": "How long", "gauge": {"dataPoints": [
            {"timeUnixNano": 1_000_000_000, "asDouble": 1.5}, {"timeUnixNano": 2_000_000_000, "flags": 1}]}},
        {"name": "requests", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [point]}},
        {"name": "open", "sum": {"aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE", "dataPoints": [{"asInt": -3}]}},
    ]);
    let translation = Translation { promoted: vec!["host.name".to_owned()], ..suffixed() };
    let (shown, rejected) = translated(&request(&resource, metrics), &translation);
    assert_eq!(rejected, Rejected::default());
    let common = "host_name=h,instance=i-1,job=eu/shop";
    let expected = [
        "queue_length_ratio: gauge \"1\" \"How long\"".to_owned(),
        format!("queue_length_ratio{{{common}}} 1.5 @1000"),
        format!("queue_length_ratio{{{common}}} stale @2000"),
        "requests_total: counter \"\" \"\"".to_owned(),
        format!("requests_total{{a_b=1;2,{common}}} 7 @2000"),
        format!(
            "requests_total{{a_b=1;2,{common}}} # \
             {{span_id=00000000000000ff,trace_id=0123456789abcdef0123456789abcdef,x_y=z}} 0.5 @1999"
        ),
        "open: gauge \"\" \"\"".to_owned(),
        format!("open{{{common}}} -3 @0"),
        "target_info: info \"\" \"Target metadata\"".to_owned(),
        "target_info{host_name=h,instance=i-1,job=eu/shop,k8s_pod=p} 1 @0".to_owned(),
        "target_info{host_name=h,instance=i-1,job=eu/shop,k8s_pod=p} 1 @2000".to_owned(),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn histograms_and_summaries_become_several_series() {
    let metrics = json!([
        {"name": "duration", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{
            "timeUnixNano": "1000000000", "count": "6", "sum": 4.5, "bucketCounts": ["1", "2", "3"],
            "explicitBounds": [0.1, 1], "attributes": attributes(&[("le", "mine")]),
            "exemplars": [{"asDouble": 0.5, "timeUnixNano": "1000000", "spanId": "0000000000000001"}, {"asDouble": 9}]}]}},
        {"name": "sizes", "unit": "By", "summary": {"dataPoints": [{"count": "2", "sum": 3,
            "quantileValues": [{"quantile": 0.5, "value": 1}, {"quantile": 1, "value": 2}]}]}},
    ]);
    let (shown, _) = translated(&request(&[], metrics), &suffixed());
    assert_eq!(
        shown,
        [
            "duration_seconds: histogram \"s\" \"\"",
            "duration_seconds_sum{le=mine} 4.5 @1000",
            "duration_seconds_count{le=mine} 6 @1000",
            "duration_seconds_bucket{le=0.1} 1 @1000",
            "duration_seconds_bucket{le=1} 3 @1000",
            "duration_seconds_bucket{le=1} # {span_id=0000000000000001} 0.5 @1",
            "duration_seconds_bucket{le=+Inf} 6 @1000",
            "duration_seconds_bucket{le=+Inf} # {} 9 @0",
            "sizes_bytes: summary \"By\" \"\"",
            "sizes_bytes_sum{} 3 @0",
            "sizes_bytes_count{} 2 @0",
            "sizes_bytes{quantile=0.5} 1 @0",
            "sizes_bytes{quantile=1} 2 @0",
        ]
    );
}

#[test]
fn exponential_histograms_become_native_ones() {
    let point = |scale: i32| {
        json!({"timeUnixNano": "1000000000", "count": "10", "sum": 2.5, "scale": scale, "zeroCount": "1",
            "positive": {"offset": -1, "bucketCounts": ["1", "2", "0", "3"]},
            "negative": {"offset": 3, "bucketCounts": ["3"]}})
    };
    let metrics = json!([{"name": "e", "exponentialHistogram": {"aggregationTemporality": 2,
        "dataPoints": [point(8), point(9), point(-5), {"scale": 0, "flags": 1, "timeUnixNano": "2000000000"}]}}]);
    let (shown, rejected) = translated(&request(&[], metrics), &suffixed());
    assert_eq!(
        shown,
        [
            "e: histogram \"\" \"\"",
            "e{} schema=8 zero=0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000000000001/1 count=10 sum=2.5 +[(0, 2), (1, 1)][1.0, 2.0, 3.0] -[(4, 1)][3.0] @1000",
            "e{} schema=8 zero=0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000000000001/1 count=10 sum=2.5 +[(0, 3)][1.0, 2.0, 3.0] -[(2, 1)][3.0] @1000",
            "e{} schema=0 zero=0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000000000001/0 count=0 sum=stale +[][] -[][] @2000",
        ]
    );
    let reason = "metric \"e\": scale -5 is coarser than -4; send finer buckets".to_owned();
    assert_eq!(rejected, Rejected { points: 1, reasons: vec![reason] });
}

#[test]
fn what_has_no_place_is_rejected_by_name() {
    let metrics = json!([
        {"name": "delta", "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [{}, {}]}},
        {"name": "unset", "histogram": {"dataPoints": [{}]}},
        {"name": "…", "gauge": {"dataPoints": [{}]}},
        {"name": "half", "gauge": {"dataPoints": [{"attributes": attributes(&[("", "x")])}, {"asInt": 1}]}},
    ]);
    let (shown, rejected) = translated(&request(&[], metrics), &suffixed());
    assert_eq!(shown, ["half: gauge \"\" \"\"", "half{} 1 @0"]);
    assert_eq!(rejected.points, 5);
    let starts = [
        "metric \"delta\": its aggregation",
        "metric \"unset\": its",
        "metric \"…\": the name",
        "metric \"half\": attribute \"\"",
    ];
    for (reason, start) in rejected.reasons.iter().zip(starts) {
        assert!(reason.starts_with(start), "{reason}");
    }
    assert_eq!(rejected.reasons.len(), starts.len());
}

#[test]
fn scopes_become_labels_where_they_are_promoted() {
    let metrics = json!([{"name": "m.m", "unit": "s", "gauge": {"dataPoints": [{"asInt": 1}]}}]);
    let translation = Translation { promote_scope: true, ..Translation::default() };
    let (shown, _) = translated(&request(&[], metrics), &translation);
    let labels = "otel_scope_k_k=v,otel_scope_name=lib,otel_scope_schema_url=http://s,otel_scope_version=1";
    assert_eq!(shown[1..], [format!("m_m{{{labels}}} 1 @0")]);
}

#[test]
fn what_is_known_of_a_resource_is_repeated_over_long_spans() {
    let at = |seconds: u64| json!({"timeUnixNano": (seconds * 1_000_000_000).to_string()});
    let times = |times: &[u64]| {
        let points: Vec<_> = times.iter().map(|seconds| at(*seconds)).collect();
        let metrics = json!([{"name": "g", "gauge": {"dataPoints": points}}]);
        let translation = Translation { keep_identifying: true, ..suffixed() };
        let (shown, _) = translated(&request(&[("service.name", "s"), ("x", "y")], metrics), &translation);
        shown.into_iter().filter(|row| row.starts_with("target_info{")).collect::<Vec<_>>()
    };
    let row = |seconds: u64| format!("target_info{{job=s,service_name=s,x=y}} 1 @{}", seconds * 1000);
    assert_eq!(times(&[400, 0]), [row(0), row(150), row(300), row(400)]);
    assert_eq!(times(&[0, 10_000_000_000]), [row(10_000_000_000)]);
    let none = request(&[("service.name", "s")], json!([{"name": "g", "gauge": {"dataPoints": [{}]}}]));
    assert_eq!(translated(&none, &suffixed()).0.len(), 2, "nothing else is known of it");
}

/// A request in protobuf with a point of every kind, as another implementation writes it.
fn protobuf() -> Vec<u8> {
    fn eights(number: u8, bits: &[u64]) -> Vec<u8> {
        let bytes: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        message(number, &bytes)
    }
    fn eight(number: u8, bits: u64) -> Vec<u8> {
        [&[number << 3 | 1][..], &bits.to_le_bytes()].concat()
    }
    fn small(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }
    fn message(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        model::varint::put_bytes(&mut out, bytes);
        out
    }
    let attribute = [message(1, b"k"), message(2, &message(1, b"v"))].concat();
    let exemplar =
        [eight(2, 5_000_000), eight(6, 3), message(4, &[1; 8]), message(5, &[2; 16]), message(7, &attribute)];
    let number = |value: Vec<u8>| {
        [message(7, &attribute), eight(3, 1_000_000), value, message(5, &exemplar.concat()), small(8, 0)]
            .concat()
    };
    let gauge = message(1, &number(eight(4, 1.5f64.to_bits())));
    let sum = [message(1, &number(eight(6, -2i64 as u64))), small(2, 2), small(3, 1)].concat();
    let histogram = [
        eight(3, 1_000_000),
        eight(4, 3),
        eight(5, 2f64.to_bits()),
        eights(6, &[1, 2]),
        eights(7, &[1f64.to_bits()]),
        message(9, &attribute),
        message(8, &exemplar.concat()),
    ];
    let histogram = [message(1, &histogram.concat()), small(2, 2)].concat();
    let side = |offset: u8| [small(1, offset), message(2, &[1, 2])].concat();
    let exponential = [
        message(1, &attribute),
        eight(3, 1_000_000),
        eight(4, 7),
        eight(5, 2f64.to_bits()),
        small(6, 4),
        eight(7, 1),
        message(8, &side(1)),
        message(9, &side(2)),
        eight(14, 0.5f64.to_bits()),
    ];
    let exponential = [message(1, &exponential.concat()), small(2, 2)].concat();
    let quantile = [eight(1, 0.5f64.to_bits()), eight(2, 9f64.to_bits())].concat();
    let summary = [
        message(7, &attribute),
        eight(3, 1_000_000),
        eight(4, 2),
        eight(5, 1f64.to_bits()),
        message(6, &quantile),
    ];
    let summary = message(1, &summary.concat());
    let metric = |number: u8, data: &[u8]| {
        message(2, &[message(1, b"m"), message(2, b"help"), message(3, b"s"), message(number, data)].concat())
    };
    let scope = [
        message(1, &[message(1, b"lib"), message(2, b"1"), message(3, &attribute)].concat()),
        metric(5, &gauge),
        metric(7, &sum),
        metric(9, &histogram),
        metric(10, &exponential),
        metric(11, &summary),
        message(3, b"url"),
    ];
    message(1, &[message(1, &message(1, &attribute)), message(2, &scope.concat())].concat())
}

#[test]
fn protobuf_and_json_say_the_same() {
    let attribute = json!([{"key": "k", "value": {"stringValue": "v"}}]);
    let exemplar = json!([{"timeUnixNano": 5_000_000, "asInt": 3, "spanId": "01".repeat(8), "traceId": "02".repeat(16),
        "filteredAttributes": attribute}]);
    let number = |name: &str, value: Value| json!([{"attributes": attribute, "time_unix_nano": "1000000", name: value, "exemplars": exemplar}]);
    let metric =
        |kind: &str, data: Value| json!({"name": "m", "description": "help", "unit": "s", kind: data});
    let body = json!({"resource_metrics": [{"resource": {"attributes": attribute}, "scope_metrics": [{
        "scope": {"name": "lib", "version": "1", "attributes": attribute}, "schemaUrl": "url", "metrics": [
            metric("gauge", json!({"dataPoints": number("asDouble", json!(1.5))})),
            metric("sum", json!({"data_points": number("asInt", json!("-2")), "aggregationTemporality": 2, "isMonotonic": true})),
            metric("histogram", json!({"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": 1_000_000, "count": 3,
                "sum": 2, "bucketCounts": [1, "2"], "explicitBounds": [1], "attributes": attribute, "exemplars": exemplar}]})),
            metric("exponentialHistogram", json!({"aggregationTemporality": 2, "dataPoints": [{"attributes": attribute,
                "timeUnixNano": 1_000_000, "count": 7, "sum": 2, "scale": 2, "zeroCount": 1, "zeroThreshold": 0.5,
                "positive": {"offset": -1, "bucketCounts": [1, 2]}, "negative": {"offset": 1, "bucketCounts": [1, 2]}}]})),
            metric("summary", json!({"dataPoints": [{"attributes": attribute, "timeUnixNano": 1_000_000, "count": 2, "sum": 1,
                "quantileValues": [{"quantile": 0.5, "value": 9}]}]})),
        ]}]}]})
    .to_string();
    let protobuf = protobuf();
    assert_eq!(proto::metrics(&protobuf).unwrap(), json::metrics(body.as_bytes()).unwrap());
    assert_eq!(proto::metrics(b"\x0a\x09x").unwrap_err().to_string(), "unexpected EOF");
}

#[test]
fn answers_tell_what_was_rejected() {
    assert_eq!(response(0, b""), b"");
    assert_eq!(response(3, b"why"), b"\x0a\x07\x08\x03\x12\x03why");
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..100), at in any::<u16>()) {
        let mut body = protobuf();
        let at = usize::from(at) % body.len();
        body.splice(at..at + 1, bytes.iter().take(4).copied());
        for body in [&bytes, &body] {
            for metrics in [proto::metrics(body), json::metrics(body)].into_iter().flatten() {
                let translation = Translation { promoted: vec!["k".to_owned()], promote_scope: true, ..suffixed() };
                translate(&metrics, &translation, &mut Shown::default()).unwrap();
            }
        }
    }
}
