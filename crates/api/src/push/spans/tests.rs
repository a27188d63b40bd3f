use super::*;
use base::unit::ByteSize;
use base::{Clock, Pool};
use http::Request;
use http_body_util::BodyExt as _;
use model::span::{Origin, Span};
use model::trace::OriginSpans;
use model::twin::Twin;
use std::io::Write as _;
use tower::ServiceExt as _;

const NOW_NS: i64 = 1_741_640_400_000_000_000;
const PROTO: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

fn context(twin: &Twin) -> Context {
    let mut context = Context::over(Arc::new(twin.clone()), Pool::new(1).unwrap());
    context.clock = Clock::manual(NOW_NS);
    context
}

async fn post_to(
    context: &Context,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, String, Vec<u8>) {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = routes()
        .with_state(context.clone())
        .oneshot(request.body(axum::body::Body::from(body)).unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    (status, content_type, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

fn export_of(span_ids: &[u8]) -> Vec<u8> {
    let span = |id: &u8| Span {
        trace_id: [1; 16],
        span_id: [*id; 8],
        start_ns: NOW_NS,
        name: "n".into(),
        ..Span::default()
    };
    let spans = span_ids.iter().map(span).collect();
    traces::encode::traces(&[OriginSpans { origin: Origin::default(), spans }])
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

const JSON_SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
    {"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"json"}]}]}]}"#;

#[tokio::test]
async fn every_format_stores_its_spans() {
    let twin = Twin::new();
    let context = context(&twin);
    let gzipped = [PROTO, ("content-encoding", "gzip")];
    for (path, headers, body, content_type, answer) in [
        ("/v1/traces", &[PROTO][..], export_of(&[1, 2]), PROTO.1, ""),
        ("/otlp/v1/traces", &gzipped, gzip(&export_of(&[2, 3])), PROTO.1, ""),
        ("/v1/traces", &[JSON], JSON_SPAN.into(), JSON.1, "{}"),
        ("/v1/traces", &[PROTO], Vec::new(), PROTO.1, ""),
    ] {
        let answered = post_to(&context, path, headers, body).await;
        assert_eq!(
            answered,
            (200, content_type.to_owned(), answer.as_bytes().to_vec()),
            "{path} {headers:?}"
        );
    }
    assert_eq!(twin.row_count(), 4, "the span that came twice collapses");
    let metrics = context.registry.render();
    assert!(metrics.contains("tempo_distributor_spans_received_total{tenant=\"fake\"} 5"), "{metrics}");
}

#[tokio::test]
async fn what_is_not_kept_is_told_as_partial_success() {
    let twin = Twin::new();
    let context = context(&twin);
    let (status, _, answer) = post_to(&context, "/v1/traces", &[PROTO], export_of(&[0, 7])).await;
    let why = "span \"n\" of trace 01010101010101010101010101010101 refused: it has no span id, which is 8 \
               bytes that are not all zero";
    let expected = response(&RefusedSpans { count: 1, why: why.to_owned() });
    assert_eq!((status, answer), (200, expected));
    let wrong = JSON_SPAN.replace("\"0102030405060708\"", "\"01\"");
    let (status, _, answer) = post_to(&context, "/v1/traces", &[JSON], wrong.into()).await;
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(status, 200);
    let expected = r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span \"json\" of trace 0102030405060708090a0b0c0d0e0f10 refused: its span id has 1 bytes instead of 8"}}"#;
    assert_eq!(answer, expected);
    assert_eq!(twin.row_count(), 1);
    let metrics = context.registry.render();
    let line = "tempo_discarded_spans_total{reason=\"invalid_span\",tenant=\"fake\"} 2";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn what_cannot_be_read_or_is_too_much_is_refused() {
    let twin = Twin::new();
    let mut context = context(&twin);
    let words = |words: &str| wire::otlp::status(words.as_bytes());
    for (headers, body, status, text) in [
        (&[PROTO][..], b"\xff".to_vec(), 400, "unexpected EOF"),
        (&[("content-type", "text/plain")], b"x".to_vec(), 400, "content type: text/plain is not supported"),
        (&[PROTO, ("content-encoding", "gzip")], b"x".to_vec(), 400, "unexpected EOF"),
    ] {
        let (found, _, answer) = post_to(&context, "/v1/traces", headers, body).await;
        assert_eq!((found, answer), (status, words(text)), "{headers:?}");
    }
    context.limits = Limits {
        ingestion_rate_limit_bytes: ByteSize(10),
        ingestion_burst_size_bytes: ByteSize(100),
        ..Limits::default()
    }
    .fixed();
    assert_eq!(post_to(&context, "/v1/traces", &[PROTO], export_of(&[1])).await.0, 200);
    assert_eq!(post_to(&context, "/v1/traces", &[PROTO], export_of(&[2, 3, 4])).await.0, 429);
    assert_eq!(twin.row_count(), 1);
    context.settings =
        Arc::new(crate::context::Settings { max_inflight_bytes: ByteSize(20_000), ..Default::default() });
    context.admission = Arc::default();
    let many: Vec<u8> = (1..=100).collect();
    let (status, _, answer) = post_to(&context, "/v1/traces", &[PROTO], export_of(&many)).await;
    assert_eq!(status, 413, "{}", String::from_utf8_lossy(&answer));
    assert_eq!(context.admission.in_work.get().unwrap().used_bytes(), 0, "shares are given back");
}
