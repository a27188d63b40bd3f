//! Remote write over HTTP. Which version a body is in is told by its content type.

use crate::admit::series::Counts;
use crate::context::Context;
use crate::push::samples::{Wire, Written};
use crate::push::{Failure, read_body};
use crate::tenant::Tenants;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Names of the messages in the parameter `proto` of the content type.
const MESSAGE_V1: &str = "prometheus.WriteRequest";
const MESSAGE_V2: &str = "io.prometheus.write.v2.Request";

const SAMPLES_WRITTEN: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS_WRITTEN: HeaderName = HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// 204 when all was kept, 400 when some was not.
pub(super) async fn write(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    let wire = match version(request.headers()) {
        Ok(wire) => wire,
        Err(failure) => return failure.into_loki_response(),
    };
    let is_v2 = wire == Wire::RemoteWriteV2;
    let written = written(&context, &tenants, wire, request).await;
    let written = written.unwrap_or_else(|failure| Written { refused: Some(failure), ..Written::default() });
    let kept = written.kept;
    let response =
        written.refused.map_or_else(|| StatusCode::NO_CONTENT.into_response(), Failure::into_loki_response);
    if is_v2 { with_counts(response, kept) } else { response }
}

async fn written(
    context: &Context,
    tenants: &Tenants,
    wire: Wire,
    request: Request,
) -> Result<Written, Failure> {
    let tenant = tenants.one()?;
    let body = read_body(context, request.into_body()).await?;
    super::write(context, tenant, wire, body).await
}

/// A sender of 2.0 takes an answer without these for one of a receiver that only knows 1.0.
fn with_counts(mut response: Response, kept: Counts) -> Response {
    let headers = response.headers_mut();
    headers.insert(SAMPLES_WRITTEN, HeaderValue::from(kept.samples));
    headers.insert(HISTOGRAMS_WRITTEN, HeaderValue::from(kept.histograms));
    headers.insert(EXEMPLARS_WRITTEN, HeaderValue::from(kept.exemplars));
    response
}

/// The version of a body. Senders of old name neither type nor encoding.
///
/// # Errors
/// 415 for a type or encoding that remote write does not have.
fn version(headers: &HeaderMap) -> Result<Wire, Failure> {
    let text = |name| headers.get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap_or("?"));
    let unsupported = |text: String| Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    let encoding = text(header::CONTENT_ENCODING);
    if !matches!(encoding, "" | "snappy") {
        return Err(unsupported(format!("content encoding {encoding:?} is not snappy")));
    }
    let content_type = text(header::CONTENT_TYPE);
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or("");
    if !media_type.is_empty() && !media_type.eq_ignore_ascii_case("application/x-protobuf") {
        return Err(unsupported(format!("content type {content_type:?} is not application/x-protobuf")));
    }
    let mut parameters = parts.filter_map(|part| part.split_once('='));
    let message = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("proto"));
    match message.map_or(MESSAGE_V1, |(_, value)| value.trim().trim_matches('"')) {
        MESSAGE_V1 => Ok(Wire::RemoteWriteV1),
        MESSAGE_V2 => Ok(Wire::RemoteWriteV2),
        other => Err(unsupported(format!("message {other:?} is not {MESSAGE_V1} or {MESSAGE_V2}"))),
    }
}
