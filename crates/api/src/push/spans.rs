//! Spans over HTTP: OTLP's `/v1/traces`. Decoding, admission and store answer here for gRPC, too.
//!
//! What could not be kept of an export is told as OTLP asks, in `partial_success` of a success: a
//! client that got an error would send all of it again.

use crate::admit::spans::{AdmittedSpans, admit};
use crate::context::Context;
use crate::push::body::Held;
use crate::push::{Encoded, Failure, Format, INLINE_BYTES_MAX, format, read_body};
use crate::tenant::Tenants;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base::meter::{Metric, Registry, Type};
use http::{HeaderValue, StatusCode, header};
use model::{Limits, Refusal, Tenant};
use std::borrow::Cow;
use std::sync::Arc;
use wire::decompress::decompress;
use wire::json_text::{put_key, put_string};
use wire::otlp::traces::{self, Export, RefusedSpans};
use wire::protobuf::{put_bytes, put_varint};

/// Bytes that a byte of a body may become when it is decoded: the shortest spans, events and
/// attributes take more in memory than on the wire.
const DECODED_BYTES_PER_BYTE: u64 = wire::room::DECODED_BYTES_PER_BYTE as u64;

static SPANS_RECEIVED: Metric = Metric {
    name: "tempo_distributor_spans_received_total",
    help: "Spans that came in, before any check.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

static BYTES_RECEIVED: Metric = Metric {
    name: "tempo_distributor_bytes_received_total",
    help: "Bytes of admitted spans.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

static DISCARDED: Metric = Metric {
    name: "tempo_discarded_spans_total",
    help: "Spans that were not kept.",
    kind: Type::Counter,
    labels: &["reason", "tenant"],
    buckets: &[],
};

static ATTRIBUTES_CUT: Metric = Metric {
    name: "tempo_distributor_attributes_truncated_total",
    help: "Names and texts of attributes that were cut.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};

/// The paths of spans, the same on the main port and on OTLP's own.
pub fn routes() -> Router<Context> {
    Router::new().route("/v1/traces", post(otlp)).route("/otlp/v1/traces", post(otlp))
}

async fn otlp(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    http_export(&context, &tenants, request).await.unwrap_or_else(Failure::into_otlp_response)
}

async fn http_export(context: &Context, tenants: &Tenants, request: Request) -> Result<Response, Failure> {
    let tenant = tenants.one()?;
    let (parts, body) = request.into_parts();
    let format = format::otlp(&parts.headers)?;
    let is_json = format.encoded == Encoded::OtlpJson;
    let body = read_body(context, body).await?;
    let refused = export(context, tenant, format, body).await?;
    let (content_type, answer) = match is_json {
        true => ("application/json", response_json(&refused)),
        false => ("application/x-protobuf", response(&refused)),
    };
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok((StatusCode::OK, [content_type], answer).into_response())
}

/// An `ExportTraceServiceResponse` in protobuf.
pub(crate) fn response(refused: &RefusedSpans) -> Vec<u8> {
    let mut partial_success = Vec::new();
    put_varint(&mut partial_success, 1, refused.count);
    put_bytes(&mut partial_success, 2, refused.why.as_bytes());
    let mut out = Vec::new();
    put_bytes(&mut out, 1, &partial_success);
    out
}

/// The same in JSON.
fn response_json(refused: &RefusedSpans) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if refused.count > 0 {
        put_key(&mut out, "partialSuccess");
        out.push(b'{');
        put_key(&mut out, "rejectedSpans");
        put_string(&mut out, refused.count.to_string().as_bytes());
        put_key(&mut out, "errorMessage");
        put_string(&mut out, refused.why.as_bytes());
        out.push(b'}');
    }
    out.push(b'}');
    out
}

/// Decodes, admits and stores an export; tells what was not kept of it.
///
/// # Errors
/// Nothing was stored: what cannot be read, a rate limit, a store that does not answer.
pub(crate) async fn export(
    context: &Context,
    tenant: &Tenant,
    format: Format,
    body: Held,
) -> Result<RefusedSpans, Failure> {
    let limits = (context.limits)(tenant);
    let Held { bytes, lease } = body;
    let room = lease.room_bytes() / DECODED_BYTES_PER_BYTE;
    let most = context.settings.max_decompressed_size.0.min(room);
    let mut lease = lease;
    let inline = bytes.len() <= INLINE_BYTES_MAX;
    let decompressing = move || decompressed(&format, &bytes, most).map(|body| (format, body));
    let (format, body) = match inline {
        true => decompressing()?,
        false => context.pool.run(decompressing).await??,
    };
    lease = lease.grow(body.len() as u64 * DECODED_BYTES_PER_BYTE)?;
    let (of, now_ns) = (context.clone(), context.clock.now_ns());
    let (whose, allowed) = (tenant.clone(), limits.clone());
    let admitting = move || {
        let export = decoded(&format, &body)?;
        Ok::<_, Failure>(admit(export, &whose, &allowed, &of.admission.trace_sizes, now_ns))
    };
    let admitted = match inline {
        true => admitting()?,
        false => context.pool.run(admitting).await??,
    };
    count(&context.registry, tenant, &admitted);
    let refused = store(context, tenant, &limits, admitted).await;
    drop(lease);
    refused
}

fn decompressed(format: &Format, body: &bytes::Bytes, most: u64) -> Result<bytes::Bytes, Failure> {
    let body = match format.compression {
        None => body.clone(),
        Some(encoding) => decompress(encoding, body, most).map_err(|broken| broken.refused)?.into(),
    };
    if body.len() as u64 > most {
        let text = format!(
            "an export of {} bytes is larger than the {most} bytes that may be sent at once",
            body.len()
        );
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(body)
}

fn decoded(format: &Format, body: &[u8]) -> Result<Export, Failure> {
    let unknown = |name: Cow<'_, str>| {
        Failure::new(StatusCode::BAD_REQUEST, format!("content type: {name} is not supported"))
    };
    match &format.encoded {
        Encoded::OtlpProto => Ok(traces::proto::traces(body)?),
        Encoded::OtlpJson => Ok(traces::json::traces(body)?),
        Encoded::Unknown(name) => Err(unknown(name.into())),
        other => Err(unknown(format!("{other:?}").into())),
    }
}

async fn store(
    context: &Context,
    tenant: &Tenant,
    limits: &Arc<Limits>,
    admitted: AdmittedSpans,
) -> Result<RefusedSpans, Failure> {
    let AdmittedSpans { batch, bytes, mut refused, .. } = admitted;
    if batch.is_empty() {
        return Ok(refused);
    }
    let (rate, burst) = (limits.ingestion_rate_limit_bytes.0, limits.ingestion_burst_size_bytes.0);
    let now_ns = context.clock.now_ns();
    let rates = &context.admission.span_rate;
    if rate > 0 && !rates.take_at(tenant, (rate as f64, burst as f64), bytes, now_ns) {
        discard(&context.registry, tenant, "rate_limited", batch.row_count());
        let text = format!(
            "RATE_LIMITED: ingestion rate limit (ingestion_rate_limit_bytes: {rate} bytes per second, \
             ingestion_burst_size_bytes: {burst} bytes) exceeded by {} spans of {bytes} bytes of tenant {tenant}; \
             send fewer spans, or have the limit raised",
            batch.row_count()
        );
        return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text));
    }
    let sent = batch.clone();
    let ack = context.traces.append.append(batch).await?;
    let mut streams = sent.streams().enumerate();
    for stream in &ack.refused {
        let Some((_, rows)) = streams.find(|(position, _)| *position == stream.stream) else { break };
        let (reason, limit) = match stream.why {
            Refusal::StreamLimit { limit } => ("live_traces_exceeded", format!("{limit} streams")),
            Refusal::StreamRate { limit_bytes, .. } => {
                ("rate_limited", format!("{limit_bytes} bytes per second"))
            }
        };
        discard(&context.registry, tenant, reason, rows.row_count);
        (0..rows.row_count).for_each(|_| {
            refused.add(|| format!("spans of {} refused by the store, its limit: {limit}", rows.labels));
        });
    }
    Ok(refused)
}

fn count(registry: &Registry, tenant: &Tenant, admitted: &AdmittedSpans) {
    let labels = [tenant.as_str()];
    registry.cell(&SPANS_RECEIVED, &labels).add(admitted.received as f64);
    registry.cell(&BYTES_RECEIVED, &labels).add(admitted.bytes as f64);
    if admitted.cut > 0 {
        registry.cell(&ATTRIBUTES_CUT, &labels).add(admitted.cut as f64);
    }
    discard(registry, tenant, "invalid_span", admitted.invalid);
    discard(registry, tenant, "trace_too_large", admitted.too_large);
}

fn discard(registry: &Registry, tenant: &Tenant, reason: &str, spans: u64) {
    if spans > 0 {
        registry.cell(&DISCARDED, &[reason, tenant.as_str()]).add(spans as f64);
    }
}

#[cfg(test)]
mod tests;
