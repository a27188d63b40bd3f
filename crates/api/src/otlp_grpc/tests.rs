use super::*;
use base::{Clock, Pool};
use http_body_util::BodyExt as _;
use model::twin::Twin;
use std::sync::Arc;
use tower::ServiceExt as _;

const NOW_NS: i64 = 1_741_640_400_000_000_000;

/// An export of one record of `time_ns` and body `text`, as the collector writes it.
fn export_of(records: &[(u64, &str)]) -> Vec<u8> {
    let mut scope = Vec::new();
    for (time_ns, text) in records {
        let (mut value, mut record) = (Vec::new(), Vec::new());
        put_bytes(&mut value, 1, text.as_bytes());
        record.push(1 << 3 | 1);
        record.extend_from_slice(&time_ns.to_le_bytes());
        put_bytes(&mut record, 5, &value);
        put_bytes(&mut scope, 2, &record);
    }
    let (mut resource, mut request) = (Vec::new(), Vec::new());
    put_bytes(&mut resource, 2, &scope);
    put_bytes(&mut request, 1, &resource);
    request
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut out = vec![flag];
    out.extend_from_slice(&(message.len() as u32).to_be_bytes());
    out.extend_from_slice(message);
    out
}

struct Called {
    status: String,
    message: String,
    body: Vec<u8>,
}

async fn call(twin: &Twin, path: &str, encoding: Option<&str>, body: Vec<u8>) -> Called {
    let mut context = Context::over(Arc::new(twin.clone()), Pool::new(1).unwrap());
    context.clock = Clock::manual(NOW_NS);
    let mut request = Request::post(path).header("content-type", "application/grpc");
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let response =
        routes().with_state(context).oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/grpc");
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or(parts.headers);
    let text = |name| trailers.get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap()).to_owned();
    Called { status: text("grpc-status"), message: text("grpc-message"), body: collected.to_bytes().to_vec() }
}

#[tokio::test]
async fn records_are_stored_in_every_compression() {
    let twin = Twin::new();
    let message = export_of(&[(NOW_NS as u64, "one")]);
    let called = call(&twin, EXPORT_LOGS, None, framed(0, &message)).await;
    assert_eq!((called.status.as_str(), called.body), ("0", framed(0, b"")));
    for (encoding, at) in [("gzip", 1), ("deflate", 2), ("zstd", 3)] {
        let message = export_of(&[(NOW_NS as u64 + at, "more")]);
        let mut packed = Vec::new();
        use std::io::Read as _;
        match encoding {
            "gzip" => drop(
                flate2::read::GzEncoder::new(&message[..], flate2::Compression::fast())
                    .read_to_end(&mut packed),
            ),
            "deflate" => drop(
                flate2::read::ZlibEncoder::new(&message[..], flate2::Compression::fast())
                    .read_to_end(&mut packed),
            ),
            // a frame of one stored block
            _ => {
                packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, message.len() as u8];
                packed.extend_from_slice(&((message.len() as u32) << 3 | 1).to_le_bytes()[..3]);
                packed.extend_from_slice(&message);
            }
        }
        let called = call(&twin, EXPORT_LOGS, Some(encoding), framed(1, &packed)).await;
        assert_eq!((called.status.as_str(), called.message.as_str()), ("0", ""), "{encoding}");
    }
    assert_eq!(twin.row_count(), 4);
    assert_eq!(call(&twin, EXPORT_LOGS, None, framed(0, b"")).await.status, "0", "an export of nothing");
}

#[tokio::test]
async fn what_was_not_stored_is_told() {
    let twin = Twin::new();
    let both = export_of(&[(NOW_NS as u64, "good"), (1, "old")]);
    let called = call(&twin, EXPORT_LOGS, None, framed(0, &both)).await;
    assert_eq!(called.status, "0");
    assert!(String::from_utf8_lossy(&called.body).contains("has timestamp too old"));
    assert_eq!(&called.body[PREFIX_LEN + 3..PREFIX_LEN + 5], &[1 << 3, 1], "one record was rejected");
    let called = call(&twin, EXPORT_LOGS, None, framed(0, &export_of(&[(1, "old")]))).await;
    assert_eq!(called.status, "3");
    assert!(
        called.message.starts_with("entry for stream '{service_name=\"unknown_service\"}' has timestamp")
    );
    assert_eq!(twin.row_count(), 1);
}

#[tokio::test]
async fn bad_calls_have_their_codes() {
    let twin = Twin::new();
    let code = async |path: &str, encoding, body| call(&twin, path, encoding, body).await.status;
    assert_eq!(code("/some.Service/Method", None, framed(0, b"")).await, "12");
    assert_eq!(code(EXPORT_LOGS, Some("br"), framed(1, b"x")).await, "12");
    assert_eq!(code(EXPORT_LOGS, None, b"\0\0".to_vec()).await, "13");
    assert_eq!(code(EXPORT_LOGS, None, b"\0\0\0\0\x09cut".to_vec()).await, "13");
    assert_eq!(code(EXPORT_LOGS, None, [framed(0, b""), framed(0, b"")].concat()).await, "13");
    let called = call(&twin, EXPORT_LOGS, None, framed(0, b"\x0a\x09cut")).await;
    assert_eq!((called.status.as_str(), called.message.as_str()), ("3", "unexpected EOF"));
    assert_eq!(percent_encoded("a% é\n".as_bytes()), "a%25 %C3%A9%0A");
}

#[tokio::test]
async fn spans_are_stored_and_refused_ones_are_told() {
    let twin = Twin::new();
    let span = |id: u8| model::span::Span {
        trace_id: [1; 16],
        span_id: [id; 8],
        start_ns: NOW_NS,
        ..Default::default()
    };
    let groups = [model::trace::OriginSpans { spans: vec![span(1), span(0)], ..Default::default() }];
    let body = framed(0, &wire::otlp::traces::encode::traces(&groups));
    let called = call(&twin, EXPORT_TRACES, None, body).await;
    assert_eq!((called.status.as_str(), twin.row_count()), ("0", 1));
    let text = String::from_utf8_lossy(&called.body).into_owned();
    assert!(text.contains("it has no span id"), "{text}");
    let called = call(&twin, EXPORT_TRACES, None, framed(0, b"\xff")).await;
    assert_eq!(called.status, "3");
}

#[tokio::test]
async fn points_are_stored_and_refused_ones_are_told() {
    let twin = Twin::new();
    // Two sums of a point each, the second one as differences.
    let mut scope = Vec::new();
    for (name, temporality) in [("kept", 2), ("delta", 1)] {
        let (mut point, mut sum, mut metric) = (vec![3 << 3 | 1], Vec::new(), Vec::new());
        point.extend_from_slice(&(NOW_NS as u64).to_le_bytes());
        put_bytes(&mut sum, 1, &point);
        put_varint(&mut sum, 2, temporality);
        put_bytes(&mut metric, 1, name.as_bytes());
        put_bytes(&mut metric, 7, &sum);
        put_bytes(&mut scope, 2, &metric);
    }
    let (mut resource, mut message) = (Vec::new(), Vec::new());
    put_bytes(&mut resource, 2, &scope);
    put_bytes(&mut message, 1, &resource);
    let called = call(&twin, EXPORT_METRICS, None, framed(0, &message)).await;
    assert_eq!((called.status.as_str(), twin.row_count()), ("0", 1));
    let text = String::from_utf8_lossy(&called.body).into_owned();
    assert!(text.contains("metric \"delta\": its aggregation temporality"), "{text}");
    assert_eq!(call(&twin, EXPORT_METRICS, None, framed(0, b"")).await.status, "0");
    assert_eq!(call(&twin, EXPORT_METRICS, None, framed(0, b"\x0a\x09x")).await.status, "3");
}
