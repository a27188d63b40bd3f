//! OTLP over gRPC. A unary method for each signal is all there is to serve, so the framing is written here:
//! a gRPC message is five bytes and a body, its status is in the trailers. The body then goes the
//! way of every push, with the same budget, limits and compute threads.
//!
//! Where the specification of OTLP is kinder to clients than Loki's HTTP endpoint, it holds: an
//! empty export is a success, a push of which some was stored is a success that tells what was
//! not, and what should be sent again (429, 5xx) is UNAVAILABLE, because clients send
//! RESOURCE_EXHAUSTED again only with a hint when.

use crate::context::Context;
use crate::push::{self, Encoded, Failure, Format, Held, Pushed};
use crate::tenant::Tenants;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::StreamBody;
use hyper::body::Frame;
use std::convert::Infallible;
use wire::decompress::Encoding;
use wire::protobuf::{put_bytes, put_varint};

/// The method for logs.
const EXPORT_LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// The method for traces.
const EXPORT_TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The method for metrics.
const EXPORT_METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Bytes before a message: whether it is compressed, and its length.
const PREFIX_LEN: usize = 5;

/// What came of a call, by gRPC's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
enum Code {
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// A call that failed.
#[derive(Debug)]
struct Status {
    code: Code,
    message: Vec<u8>,
}

/// The methods' paths, and an answer for all others.
pub fn routes() -> Router<Context> {
    let routes = Router::new()
        .route(EXPORT_LOGS, post(export))
        .route(EXPORT_METRICS, post(export_metrics))
        .route(EXPORT_TRACES, post(export_traces));
    routes.fallback(|| async {
        failed(&Status { code: Code::Unimplemented, message: b"unknown service or method".to_vec() })
    })
}

async fn export(State(context): State<Context>, request: Request) -> Response {
    answered(exported(&context, request).await)
}

async fn export_traces(State(context): State<Context>, request: Request) -> Response {
    answered(exported_traces(&context, request).await)
}

async fn export_metrics(State(context): State<Context>, request: Request) -> Response {
    answered(exported_metrics(&context, request).await)
}

fn answered(exported: Result<Vec<u8>, Status>) -> Response {
    match exported {
        Ok(message) => succeeded(&message),
        Err(status) => failed(&status),
    }
}

/// A call's tenant and message.
async fn received(context: &Context, request: Request) -> Result<(Tenants, Format, Held), Status> {
    let (parts, body) = request.into_parts();
    let tenants = Tenants::of(&parts.headers, context).map_err(Failure::from)?;
    tenants.one().map_err(Failure::from)?;
    let mut held = push::read_body(context, body).await?;
    let (compressed, message) = unframe(&held.bytes)?;
    held.bytes = message;
    let compression = if compressed { compression(&parts.headers)? } else { None };
    Ok((tenants, Format { compression, encoded: Encoded::OtlpProto }, held))
}

/// Stores what the request holds; gives the encoded `ExportMetricsServiceResponse`.
async fn exported_metrics(context: &Context, request: Request) -> Result<Vec<u8>, Status> {
    let (tenants, format, held) = received(context, request).await?;
    let tenant = tenants.one().map_err(Failure::from)?;
    Ok(push::samples::export(context, tenant, format, held).await?)
}

/// Stores what the request holds; gives the encoded `ExportTraceServiceResponse`.
async fn exported_traces(context: &Context, request: Request) -> Result<Vec<u8>, Status> {
    let (tenants, format, held) = received(context, request).await?;
    let tenant = tenants.one().map_err(Failure::from)?;
    let refused = push::spans::export(context, tenant, format, held).await?;
    Ok(push::spans::response(&refused))
}

/// Stores what the request holds; gives the encoded `ExportLogsServiceResponse`.
async fn exported(context: &Context, request: Request) -> Result<Vec<u8>, Status> {
    let (tenants, format, held) = received(context, request).await?;
    let tenant = tenants.one().map_err(Failure::from)?;
    match push::push(context, tenant, format, held).await {
        Ok(pushed) => response(pushed),
        // Loki's HTTP endpoint refuses an export of nothing; over gRPC it is a success.
        Err(failure) if failure.status == StatusCode::UNPROCESSABLE_ENTITY => Ok(Vec::new()),
        Err(failure) => Err(failure.into()),
    }
}

fn response(pushed: Pushed) -> Result<Vec<u8>, Status> {
    let mut message = Vec::new();
    match pushed.refused {
        None => {}
        Some(failure) if pushed.kept_lines > 0 && failure.status == StatusCode::BAD_REQUEST => {
            let mut partial_success = Vec::new();
            put_varint(&mut partial_success, 1, pushed.lost_lines);
            put_bytes(&mut partial_success, 2, String::from_utf8_lossy(&failure.text).as_bytes());
            put_bytes(&mut message, 1, &partial_success);
        }
        Some(failure) => return Err(failure.into()),
    }
    Ok(message)
}

/// The message in `body` and whether it is compressed.
fn unframe(body: &Bytes) -> Result<(bool, Bytes), Status> {
    let wrong = |what: &str| Status { code: Code::Internal, message: what.as_bytes().to_vec() };
    let Some(([flag, a, b, c, d], rest)) = body.split_first_chunk::<PREFIX_LEN>() else {
        return Err(wrong("missing request message"));
    };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    match rest.len() {
        len if len < length => Err(wrong("request message is cut")),
        len if len > length => Err(wrong("more than one request message")),
        _ => Ok((*flag == 1, body.slice(PREFIX_LEN..))),
    }
}

/// How a compressed message is compressed.
fn compression(headers: &HeaderMap) -> Result<Option<Encoding>, Status> {
    let name = headers.get("grpc-encoding").map_or(&b""[..], HeaderValue::as_bytes);
    match name {
        b"" | b"identity" => Ok(None),
        b"gzip" => Ok(Some(Encoding::Gzip)),
        b"deflate" => Ok(Some(Encoding::Deflate)),
        b"zstd" => Ok(Some(Encoding::Zstd)),
        other => {
            let mut message = b"unsupported grpc-encoding ".to_vec();
            message.extend_from_slice(other);
            Err(Status { code: Code::Unimplemented, message })
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let code = match failure.status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Code::InvalidArgument,
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::PAYLOAD_TOO_LARGE => Code::ResourceExhausted,
            StatusCode::TOO_MANY_REQUESTS => Code::Unavailable,
            status if status.is_server_error() => Code::Unavailable,
            // a tenant that may not push, with whatever status it was given
            _ => Code::PermissionDenied,
        };
        Self { code, message: failure.text }
    }
}

fn with_headers(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity,gzip,deflate,zstd"));
    response
}

fn succeeded(message: &[u8]) -> Response {
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from(framed)), Frame::trailers(trailers)];
    let frames = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
    with_headers(Body::new(StreamBody::new(frames)))
}

/// A failed call has no message: its status stands in the headers.
fn failed(status: &Status) -> Response {
    if status.code == Code::Unavailable {
        let text = String::from_utf8_lossy(&status.message);
        tracing::warn!(error = %text, "OTLP export failed");
    }
    let mut response = with_headers(Body::empty());
    let headers = response.headers_mut();
    headers.insert(GRPC_STATUS, HeaderValue::from(status.code as u16));
    if let Ok(message) = HeaderValue::from_str(&percent_encoded(&status.message)) {
        headers.insert(GRPC_MESSAGE, message);
    }
    response
}

/// The most bytes of a message that go into a header.
const MESSAGE_BYTES_MAX: usize = 4096;

/// `message` as gRPC puts it into a header.
fn percent_encoded(message: &[u8]) -> String {
    let mut out = String::with_capacity(message.len());
    for byte in message.iter().take(MESSAGE_BYTES_MAX) {
        match byte {
            b' '..=b'~' if *byte != b'%' => out.push(char::from(*byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
