use super::*;
use base::{Clock, Pool};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use model::twin::Twin;
use model::{Ack, Append, BoxFuture, Refused};
use std::sync::Arc;
use tower::ServiceExt as _;
use wire::prometheus::encode::write_request;
use wire::protobuf::{put_bytes, put_varint};
use wire::series::{Family, FamilyKind, Series};

const NOW_MS: i64 = 1_741_640_400_000;

fn context(twin: &Twin) -> Context {
    let mut context = Context::over(Arc::new(twin.clone()), Pool::new(1).unwrap());
    context.clock = Clock::manual(NOW_MS * 1_000_000);
    context
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Samples, histograms and exemplars that were written; `None` where it is not told.
    fn written(&self) -> Option<[u64; 3]> {
        let of = |kind: &str| {
            let value = self.headers.get(format!("x-prometheus-remote-write-{kind}-written"))?;
            value.to_str().ok()?.parse().ok()
        };
        Some([of("samples")?, of("histograms")?, of("exemplars")?])
    }
}

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn post(context: &Context, path: &str, headers: Headers<'_>, body: Vec<u8>) -> Answer {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = routes().with_state(context.clone());
    let response = router.oneshot(request.body(axum::body::Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// `bytes` as a snappy block of literals.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    model::varint::put(&mut out, bytes.len() as u64);
    for chunk in bytes.chunks(1 << 16) {
        out.push(61 << 2);
        out.extend_from_slice(&((chunk.len() - 1) as u16).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}

fn series<'a>(labels: &[(&'a [u8], &'a [u8])], floats: &[(i64, f64)]) -> Series<'a> {
    Series { labels: labels.to_vec(), floats: floats.to_vec(), ..Series::default() }
}

fn up() -> Series<'static> {
    series(&[(b"__name__", b"up")], &[(NOW_MS, 1.0), (NOW_MS - 1, 0.0)])
}

const V1: &[(&str, &str)] = &[("content-encoding", "snappy"), ("content-type", "application/x-protobuf")];
const V2: &[(&str, &str)] = &[
    ("content-encoding", "snappy"),
    ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
    ("x-prometheus-remote-write-version", "2.0.0"),
];

/// A request of version 2: series of `__name__` from `names`, each with one sample now.
fn v2(names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for symbol in ["", "__name__"].iter().chain(names) {
        out.extend([4 << 3 | 2, symbol.len() as u8]);
        out.extend_from_slice(symbol.as_bytes());
    }
    for at in 0..names.len() {
        let (mut sample, mut series) = (vec![1 << 3 | 1], Vec::new());
        sample.extend_from_slice(&1.5f64.to_le_bytes());
        put_varint(&mut sample, 2, NOW_MS as u64);
        put_bytes(&mut series, 1, &[1, at as u8 + 2]);
        put_bytes(&mut series, 2, &sample);
        put_bytes(&mut out, 5, &series);
    }
    out
}

#[tokio::test]
async fn remote_write_is_taken_on_all_of_its_paths() {
    let twin = Twin::new();
    let context = context(&twin);
    let family = Family { name: b"up", kind: FamilyKind::Gauge, help: b"Is it?", unit: b"" };
    let body = snappy(&write_request(&[up()], &[family]));
    for (path, headers) in [("/api/v1/push", V1), ("/api/v1/write", &[]), ("/prometheus/api/v1/write", V1)] {
        let answer = post(&context, path, headers, body.clone()).await;
        assert_eq!((answer.status, answer.text().as_str(), answer.written()), (204, "", None), "{path}");
    }
    assert_eq!(twin.row_count(), 2);
    let facts = context.admission.families.get(&Tenant::single(), "up").unwrap();
    assert_eq!((facts.help.as_str(), facts.kind), ("Is it?", FamilyKind::Gauge));
    let answer = post(&context, "/api/v1/write", V2, snappy(&v2(&["a", "b"]))).await;
    assert_eq!((answer.status, answer.written()), (204, Some([2, 0, 0])));
    assert_eq!(twin.row_count(), 4);
    let metrics = context.registry.render();
    assert!(metrics.contains("cortex_distributor_received_samples_total{user=\"fake\"} 8"), "{metrics}");
}

#[tokio::test]
async fn what_passes_is_kept_and_the_rest_is_told() {
    let twin = Twin::new();
    let context = context(&twin);
    let bad = series(&[(b"a", b"b")], &[(NOW_MS, 1.0)]);
    let answer = post(&context, "/api/v1/push", V1, snappy(&write_request(&[bad, up()], &[]))).await;
    assert_eq!((answer.status, twin.row_count()), (400, 2));
    assert!(answer.text().contains("(err-mimir-missing-metric-name)"), "{}", answer.text());
    let answer = post(&context, "/api/v1/push", V2, snappy(&v2(&["good", ""]))).await;
    assert_eq!((answer.status, answer.written(), twin.row_count()), (400, Some([1, 0, 0]), 3));
    let metrics = context.registry.render();
    let discarded = "cortex_discarded_samples_total{reason=\"missing_metric_name\",user=\"fake\"} 2";
    assert!(metrics.contains(discarded), "{metrics}");
}

#[tokio::test]
async fn other_encodings_and_messages_are_not_supported() {
    let twin = Twin::new();
    let context = context(&twin);
    let proto = "application/x-protobuf";
    let cases: [(Headers<'_>, Vec<u8>, u16); 8] = [
        (&[("content-encoding", "gzip")], Vec::new(), 415),
        (&[("content-type", "application/json")], Vec::new(), 415),
        (&[("content-type", "application/x-protobuf;proto=other")], Vec::new(), 415),
        (&[("content-type", "Application/X-Protobuf; proto=prometheus.WriteRequest")], snappy(b""), 204),
        (&[("content-type", proto)], b"plain".to_vec(), 400),
        (&[("content-type", proto)], snappy(b"\x0a\x09x"), 400),
        (V2, snappy(b"\x2a\x03\x0a\x01\x05"), 400),
        // a block that says it holds 3 GB
        (&[], [&[0x80, 0x80, 0x80, 0xe0, 0x0b][..], &[0; 64]].concat(), 400),
    ];
    for (headers, body, status) in cases {
        let answer = post(&context, "/api/v1/push", headers, body).await;
        assert_eq!(answer.status, status, "{headers:?} {}", answer.text());
    }
    assert_eq!(twin.row_count(), 0);
    let mut small = context.clone();
    small.settings = Arc::new(crate::context::Settings {
        max_recv_msg_size: base::unit::ByteSize(100),
        ..Default::default()
    });
    let answer = post(&small, "/api/v1/push", V1, snappy(&[0; 98])).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[tokio::test]
async fn more_than_a_tenant_may_write_is_429_and_leaves_nothing() {
    let twin = Twin::new();
    let mut context = context(&twin);
    context.limits = Limits { ingestion_rate: 1.0, ingestion_burst_size: 3, ..Limits::default() }.fixed();
    let body = snappy(&write_request(&[up()], &[]));
    assert_eq!(post(&context, "/api/v1/push", V1, body.clone()).await.status, 204);
    let answer = post(&context, "/api/v1/push", V2, snappy(&v2(&["a", "b"]))).await;
    assert_eq!((answer.status, answer.written(), twin.row_count()), (429, Some([0, 0, 0]), 2));
    assert!(answer.text().contains("(err-mimir-tenant-max-ingestion-rate)"), "{}", answer.text());
}

/// A store with room for one series.
struct OneSeries(Twin);

impl Append for OneSeries {
    fn append(&self, batch: Batch) -> BoxFuture<'_, base::Result<Ack>> {
        let why = Refusal::StreamLimit { limit: 1 };
        let refused = (1..batch.stream_count()).map(|stream| Refused { stream, why: why.clone() });
        let refused: Vec<_> = refused.collect();
        let positions: Vec<_> = refused.iter().map(|refused| refused.stream).collect();
        let kept = batch.without_streams(&positions);
        Box::pin(async move { self.0.append(kept).await.map(|_| Ack { refused }) })
    }
}

#[tokio::test]
async fn series_that_the_store_refuses_are_counted_and_told() {
    let twin = Twin::new();
    let mut context = context(&twin);
    context.metrics.append = Arc::new(OneSeries(twin.clone()));
    let answer = post(&context, "/api/v1/push", V2, snappy(&v2(&["a", "b", "c"]))).await;
    assert_eq!((answer.status, answer.written(), twin.row_count()), (400, Some([1, 0, 0]), 1));
    assert!(answer.text().contains("2 new series were refused"), "{}", answer.text());
    assert!(answer.text().contains("(err-mimir-max-series-per-user)"), "{}", answer.text());
}

/// A store that is full.
struct Full;

impl Append for Full {
    fn append(&self, _batch: Batch) -> BoxFuture<'_, base::Result<Ack>> {
        Box::pin(async { Err(base::Error::unavailable("no room")) })
    }
}

#[tokio::test]
async fn a_store_that_cannot_is_asked_again() {
    let twin = Twin::new();
    let mut context = context(&twin);
    context.metrics.append = Arc::new(Full);
    let answer = post(&context, "/api/v1/push", V2, snappy(&v2(&["a"]))).await;
    assert_eq!((answer.status, answer.written()), (503, Some([0, 0, 0])));
}

fn otlp(temporality: u8) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeMetrics":[{{"metrics":[
          {{"name":"load","gauge":{{"dataPoints":[{{"timeUnixNano":"{NOW_MS}000000","asDouble":0.5}}]}}}},
          {{"name":"hits","sum":{{"aggregationTemporality":{temporality},"isMonotonic":true,
            "dataPoints":[{{"timeUnixNano":"{NOW_MS}000000","asInt":"3"}}]}}}}]}}]}}]}}"#
    )
}

#[tokio::test]
async fn otlp_is_taken_on_all_of_its_paths_and_told_what_has_no_place() {
    let twin = Twin::new();
    let context = context(&twin);
    let json = &[("content-type", "application/json")];
    for path in ["/otlp/v1/metrics", "/v1/metrics", "/api/v1/otlp/v1/metrics"] {
        let answer = post(&context, path, json, otlp(2).into_bytes()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "{path}");
    }
    assert_eq!(twin.row_count(), 2);
    assert!(context.admission.families.get(&Tenant::single(), "hits_total").is_some());
    let answer = post(&context, "/v1/metrics", json, otlp(1).into_bytes()).await;
    assert_eq!(answer.status, 200);
    let start = r#"{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"metric \"hits\": "#;
    assert!(answer.text().starts_with(start), "{}", answer.text());
    let proto = &[("content-type", "application/x-protobuf")];
    let answer = post(&context, "/v1/metrics", proto, Vec::new()).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let nothing_kept = otlp(1).replace("gauge", "other");
    let answer = post(&context, "/v1/metrics", json, nothing_kept.into_bytes()).await;
    assert_eq!(answer.status, 400);
    let answer = post(&context, "/v1/metrics", proto, b"\x0a\x09x".to_vec()).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_bytes()),
        (400, &b"application/octet-stream"[..])
    );
    assert_eq!(
        post(&context, "/v1/metrics", &[("content-type", "text/plain")], Vec::new()).await.status,
        400
    );
}
