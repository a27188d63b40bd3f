use super::*;
use base::{Clock, Pool};
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use model::twin::Twin;
use model::{Ack, Append, Batch, BoxFuture, Refused};
use parking_lot::Mutex;
use std::io::Write as _;
use tower::ServiceExt as _;

const NOW_NS: i64 = 1_741_640_400_000_000_000;
const JSON: (&str, &str) = ("content-type", "application/json");
const PROTO: (&str, &str) = ("content-type", "application/x-protobuf");

fn context(twin: &Twin) -> Context {
    let mut context = Context::over(Arc::new(twin.clone()), Pool::new(1).unwrap());
    context.clock = Clock::manual(NOW_NS);
    context
}

type Headers<'a> = &'a [(&'a str, &'a str)];

struct Answer {
    status: u16,
    content_type: String,
    text: String,
}

async fn post(context: &Context, path: &str, headers: Headers<'_>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = routes().merge(otlp_v1()).with_state(context.clone());
    let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().unwrap()).to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, content_type, text: String::from_utf8_lossy(&bytes).into_owned() }
}

fn otlp_v1() -> Router<Context> {
    Router::new().route("/v1/logs", axum::routing::post(otlp))
}

fn json_push(line: &str) -> String {
    format!(r#"{{"streams":[{{"stream":{{"app":"a"}},"values":[["{NOW_NS}","{line}"]]}}]}}"#)
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

#[tokio::test]
async fn every_format_stores_its_lines() {
    let twin = Twin::new();
    let context = context(&twin);
    let labels = model::Labels::from_pairs([("app", "a")]);
    let line = model::RowRef { ts_ns: NOW_NS, body: b"proto", metadata: model::LabelsRef::EMPTY };
    let proto = wire::loki::encode::push_body(&[(labels.as_ref(), vec![line])]);
    let legacy =
        r#"{"streams":[{"labels":"{app=\"a\"}","entries":[{"ts":"2025-03-10T21:00:00Z","line":"legacy"}]}]}"#;
    let otlp = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"otlp"}}]}]}]}"#;
    let pushes: [(&str, Headers<'_>, Vec<u8>); 8] = [
        ("/loki/api/v1/push", &[JSON], json_push("json").into()),
        ("/api/prom/push", &[JSON], legacy.into()),
        ("/loki/api/v1/push", &[PROTO], proto.clone()),
        ("/loki/api/v1/push", &[PROTO, ("content-encoding", "gzip")], gzip(&proto)),
        ("/loki/api/v1/push", &[JSON, ("content-encoding", "gzip")], gzip(json_push("gzip").as_bytes())),
        ("/otlp/v1/logs", &[JSON], otlp.into()),
        ("/v1/logs", &[JSON, ("content-encoding", "gzip")], gzip(otlp.as_bytes())),
        (
            "/loki/api/v1/push",
            &[("content-type", "Application/JSON; charset=utf-8")],
            json_push(&"x".repeat(100_000)).into(),
        ),
    ];
    for (path, headers, body) in pushes {
        let answer = post(&context, path, headers, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path} {headers:?}");
    }
    assert_eq!(twin.row_count(), 6, "the repeated ones collapse");
    let metrics = context.registry.render();
    assert!(metrics.contains("loki_distributor_lines_received_total{tenant=\"fake\"} 8"), "{metrics}");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_lokis_words() {
    let twin = Twin::new();
    let context = context(&twin);
    let cases: [(Headers<'_>, &[u8], u16, &str); 10] = [
        (&[], b"{}", 400, "mime: no media type\n"),
        (&[("content-type", "a/b; x")], b"", 400, "mime: invalid media parameter\n"),
        (&[JSON, ("content-encoding", "br")], b"{}", 400, "Content-Encoding \"br\" not supported\n"),
        (&[JSON], b"", 400, "EOF\n"),
        (&[JSON], b"{}", 422, "error at least one valid stream is required for ingestion\n"),
        (&[JSON, ("content-encoding", "gzip")], b"notgzip", 400, "unexpected EOF\n"),
        (&[PROTO], b"{}", 400, "snappy: corrupt input\n"),
        (&[PROTO], b"\x00", 422, "error at least one valid stream is required for ingestion\n"),
        (&[PROTO], b"\x03\x08\x0a\x09x", 400, "unexpected EOF\n"),
        (&[("content-type", "text/plain")], b"{}", 400, "snappy: corrupt input\n"),
    ];
    for (headers, body, status, text) in cases {
        let answer = post(&context, "/loki/api/v1/push", headers, body.to_vec()).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, text), "{headers:?}");
        assert_eq!(answer.content_type, "text/plain; charset=utf-8");
    }
    let cut = &gzip(&json_push(&"long ".repeat(1000)).into_bytes())[..40];
    let answer =
        post(&context, "/loki/api/v1/push", &[JSON, ("content-encoding", "gzip")], cut.to_vec()).await;
    assert!(answer.text.starts_with("loghttp.PushRequest."), "{}", answer.text);
    assert!(answer.text.ends_with("unexpected EOF\n"), "{}", answer.text);
    assert_eq!(twin.row_count(), 0);
}

#[tokio::test]
async fn otlp_failures_are_status_messages() {
    let context = context(&Twin::new());
    let cases: [(Headers<'_>, &[u8], u16, &str); 4] = [
        (&[("content-type", "text/plain")], b"x", 400, "content type: text/plain is not supported"),
        (
            &[PROTO, ("content-encoding", "snappy")],
            b"",
            400,
            "unsupported content encoding snappy: only gzip, lz4 and zstd are supported",
        ),
        (&[PROTO], b"", 422, "error at least one valid stream is required for ingestion"),
        (&[PROTO], b"\xff", 400, "unexpected EOF"),
    ];
    for (headers, body, status, text) in cases {
        let answer = post(&context, "/otlp/v1/logs", headers, body.to_vec()).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (status, "application/octet-stream"));
        assert_eq!(answer.text.as_bytes(), wire::otlp::status(text.as_bytes()), "{text}");
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    let mut context = context(&Twin::new());
    context.settings = Arc::new(crate::context::Settings {
        max_recv_msg_size: base::unit::ByteSize(2000),
        max_decompressed_size: base::unit::ByteSize(4000),
        max_inflight_bytes: base::unit::ByteSize(32_000),
        ..Default::default()
    });
    let path = "/loki/api/v1/push";
    let long = json_push(&"x".repeat(3000));
    let answer = post(&context, path, &[JSON], long.clone()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.text,
        format!("request body too large: message size too large than max ({} vs 2000)\n", long.len())
    );
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(long.clone())]);
    let answer = post(&context, path, &[JSON], Body::from_stream(chunks)).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (413, "request body too large: message size too large than max (2001 vs 2000)\n")
    );
    let zipped = [JSON, ("content-encoding", "gzip")];
    assert_eq!(post(&context, path, &zipped, gzip(long.as_bytes())).await.status, 204);
    let answer = post(&context, path, &zipped, gzip(json_push(&"x".repeat(5000)).as_bytes())).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text.contains("decompressed size too large than max (4001 vs 4000)"), "{}", answer.text);
    let budget = context.admission.in_work.get().unwrap();
    assert_eq!(budget.used_bytes(), 0, "shares are given back");
    let _others = budget.lease(31_990).unwrap();
    let answer = post(&context, path, &[JSON], json_push("x")).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (503, "The server cannot accept more requests at this time.\n")
    );
}

#[tokio::test]
async fn a_body_may_become_a_quarter_of_what_may_be_in_work() {
    let mut context = context(&Twin::new());
    context.settings = Arc::new(crate::context::Settings {
        max_inflight_bytes: base::unit::ByteSize(8000),
        ..Default::default()
    });
    let zipped = [JSON, ("content-encoding", "gzip")];
    for (length, status) in [(1000, 204), (3000, 413)] {
        let body = gzip(json_push(&"x".repeat(length)).as_bytes());
        assert_eq!(post(&context, "/loki/api/v1/push", &zipped, body).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn tenants_and_rates() {
    let mut context = context(&Twin::new());
    let settings = crate::context::Settings {
        auth_enabled: true,
        multi_tenant_queries_enabled: true,
        ..Default::default()
    };
    context.settings = Arc::new(settings);
    context.limits = Limits { ingestion_burst_size_mb: 0.001, ..Limits::default() }.fixed();
    let path = "/loki/api/v1/push";
    let answer = post(&context, path, &[JSON], json_push("x")).await;
    assert_eq!((answer.status, answer.text.as_str()), (401, "no org id\n"));
    let answer = post(&context, path, &[JSON, ("x-scope-orgid", "a|b")], json_push("x")).await;
    assert_eq!((answer.status, answer.text.as_str()), (400, "multiple org IDs present\n"));
    let tenant = [JSON, ("x-scope-orgid", "t1")];
    assert_eq!(post(&context, path, &tenant, json_push(&"x".repeat(1000))).await.status, 204);
    let answer = post(&context, path, &tenant, json_push(&"x".repeat(1000))).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text.starts_with("ingestion rate limit exceeded for user t1 (limit: 4194304 bytes/sec)"));
    let metrics = context.registry.render();
    assert!(
        metrics.contains("loki_discarded_bytes_total{reason=\"rate_limited\",tenant=\"t1\"} 1000"),
        "{metrics}"
    );
}

/// Keeps what it is asked to keep, but refuses streams or fails as it is told.
#[derive(Default)]
struct Fussy {
    ack: Mutex<Option<base::Result<Ack>>>,
    batches: Mutex<Vec<Batch>>,
}

impl Append for Fussy {
    fn append(&self, batch: Batch) -> BoxFuture<'_, base::Result<Ack>> {
        self.batches.lock().push(batch);
        let ack = self.ack.lock().take().unwrap_or_else(|| Ok(Ack::default()));
        Box::pin(std::future::ready(ack))
    }
}

#[tokio::test]
async fn what_the_store_refuses_goes_before_what_admission_refused() {
    let fussy = Arc::new(Fussy::default());
    let mut context = context(&Twin::new());
    context.logs.append = fussy.clone();
    let two =
        format!(r#"{{"streams":[{{"stream":{{"app":"a"}},"values":[["{NOW_NS}","x"],["1","old"]]}}]}}"#);
    let answer = post(&context, "/loki/api/v1/push", &[JSON], two.clone()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("has timestamp too old: 1970-01-01T00:00:00Z"), "{}", answer.text);
    assert_eq!(fussy.batches.lock()[0].row_count(), 1, "the good line is stored");
    let refused = vec![Refused { stream: 0, why: Refusal::StreamLimit { limit: 1 } }];
    *fussy.ack.lock() = Some(Ok(Ack { refused }));
    let answer = post(&context, "/loki/api/v1/push", &[JSON], two.clone()).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text.starts_with("maximum active stream limit exceeded"), "{}", answer.text);
    for (path, status) in [("/loki/api/v1/push", 500), ("/otlp/v1/logs", 503)] {
        *fussy.ack.lock() = Some(Err(base::Error::bug("broken")));
        let otlp = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"o"}}]}]}]}"#;
        let body = if status == 500 { json_push("x") } else { otlp.to_owned() };
        let answer = post(&context, path, &[JSON], body).await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains("broken"));
    }
    let metrics = context.registry.render();
    assert!(
        metrics.contains("loki_discarded_samples_total{reason=\"stream_limit\",tenant=\"fake\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn every_stream_that_the_store_refuses_is_counted_once() {
    const STREAMS: usize = 30_000;
    let fussy = Arc::new(Fussy::default());
    let mut context = context(&Twin::new());
    context.logs.append = fussy.clone();
    let stream = |n| format!(r#"{{"stream":{{"n":"{n}"}},"values":[["{NOW_NS}","x"]]}}"#);
    let body = format!(r#"{{"streams":[{}]}}"#, (0..STREAMS).map(stream).collect::<Vec<_>>().join(","));
    let why = Refusal::StreamLimit { limit: 1 };
    // Every third is kept.
    let refused = (1..STREAMS).filter(|at| at % 3 != 0);
    let refused: Vec<_> = refused.map(|stream| Refused { stream, why: why.clone() }).collect();
    let count = refused.len();
    *fussy.ack.lock() = Some(Ok(Ack { refused }));
    assert_eq!(post(&context, "/loki/api/v1/push", &[JSON], body).await.status, 429);
    let metrics = context.registry.render();
    let line = format!("loki_discarded_samples_total{{reason=\"stream_limit\",tenant=\"fake\"}} {count}");
    assert!(metrics.contains(&line), "{metrics}");
}

#[test]
fn refusals_may_quote_bytes_that_are_no_text() {
    let response = Failure::new(StatusCode::BAD_REQUEST, b"found \xc8".as_slice()).into_loki_response();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        HeaderValue::from_static("text/plain; charset=utf-8")
    );
    let body = futures_util::FutureExt::now_or_never(response.into_body().collect()).unwrap().unwrap();
    assert_eq!(body.to_bytes().as_ref(), b"found \xc8\n");
}

#[test]
fn media_types_are_read_as_go_reads_them() {
    let format = |content_type: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        format::loki(&headers)
            .map(|format| format.encoded)
            .map_err(|failure| String::from_utf8(failure.text).unwrap())
    };
    for ok in [
        "application/json",
        " Application/JSON ;charset=\"utf-8; x\"",
        "application/json;",
        "application/json; a=b; c=d",
    ] {
        assert_eq!(format(ok), Ok(Encoded::LokiJson), "{ok}");
    }
    assert_eq!(format("application/jsonx"), Ok(Encoded::LokiProto));
    assert_eq!(format("anything"), Ok(Encoded::LokiProto));
    for (wrong, why) in [
        (";;", "mime: no media type"),
        ("a b", "mime: expected slash after first token"),
        ("a/", "mime: expected token after slash"),
        ("a/b c", "mime: unexpected content after media subtype"),
        ("a/b; c", "mime: invalid media parameter"),
        ("a/b; c=\"x", "mime: invalid media parameter"),
        ("a/b; c=1; C=2", "mime: duplicate parameter name"),
    ] {
        assert_eq!(format(wrong), Err(why.to_owned()), "{wrong}");
    }
}
