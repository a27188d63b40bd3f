//! Gzip for answers, when the client takes it.

use crate::context::Context;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base::{Error, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use std::io::Write as _;

/// Shorter answers fit in one packet anyway.
const WORTH_BYTES: u64 = 1400;

/// Compresses whole answers; streams (tails, gRPC) pass as they are.
pub async fn compress(State(context): State<Context>, request: Request, next: Next) -> Response {
    let wanted = accepts_gzip(request.headers());
    let response = next.run(request).await;
    if !wanted || !is_worth_it(&response) {
        return response;
    }
    match pack(&context, response).await {
        Ok(packed) => packed,
        Err(error) => axum::response::IntoResponse::into_response(crate::error::HttpError::from(error)),
    }
}

async fn pack(context: &Context, response: Response) -> Result<Response> {
    let (mut parts, body) = response.into_parts();
    let body =
        body.collect().await.map_err(|e| Error::bug("cannot read an own answer").because(e))?.to_bytes();
    let packed = context.pool.run(move || gzip(&body)).await??;
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(packed)))
}

fn gzip(body: &Bytes) -> Result<Vec<u8>> {
    let mut out =
        flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    let packed = out.write_all(body).and_then(|()| out.finish());
    packed.map_err(|e| Error::bug("cannot compress an answer").because(e))
}

/// Whether `Accept-Encoding` names gzip without `q=0`.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = rest.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        matches!(name.trim(), "gzip" | "*") && weight != Some(0.0)
    })
}

fn is_worth_it(response: &Response) -> bool {
    let has_body = response.status() != StatusCode::SWITCHING_PROTOCOLS;
    let plain = !response.headers().contains_key(header::CONTENT_ENCODING);
    let length = response.body().size_hint().exact();
    // gRPC compresses its messages itself, and ends with trailers that would be lost here
    let content_type = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let grpc = content_type.starts_with(b"application/grpc");
    has_body && plain && !grpc && length.is_some_and(|length| length >= WORTH_BYTES)
}

#[cfg(test)]
mod tests;
