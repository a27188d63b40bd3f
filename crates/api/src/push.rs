//! Pushes over HTTP: Loki's own paths and OTLP. Reads the body within its limits, has it decoded
//! and admitted (large ones on the compute threads), hands the batch to the store, and answers in
//! the words that agents decide by: 429 and 5xx are sent again, other 4xx are dropped.

mod body;
mod failure;
mod format;
mod metrics;
mod prepare;
pub mod samples;
pub mod spans;

pub(crate) use body::{Held, read as read_body};
pub use failure::Failure;
pub use prepare::{Encoded, Format, Job, prepare};

use crate::admit::{self, Admitted, Discarded, Reason, count_discarded};
use crate::context::Context;
use crate::tenant::Tenants;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::StatusCode;
use model::{Limits, Refusal, Tenant};
use std::sync::Arc;

/// Compressed bodies up to this size are decoded where they came in: handing them to a compute
/// thread and back costs more than the work.
const INLINE_BYTES_MAX: usize = 16 << 10;

/// The paths of pushes on the main port.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/loki/api/v1/push", post(loki))
        .route("/api/prom/push", post(legacy))
        .route("/otlp/v1/logs", post(otlp))
        .merge(samples::routes())
        .merge(spans::routes())
}

/// The paths of OTLP's own port.
pub fn otlp_routes() -> Router<Context> {
    Router::new()
        .route("/v1/logs", post(otlp))
        .route("/otlp/v1/logs", post(otlp))
        .merge(samples::otlp_routes())
        .merge(spans::routes())
}

async fn loki(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    let pushed = http_push(&context, &tenants, request, format::loki).await;
    pushed.map_or_else(Failure::into_loki_response, |()| StatusCode::NO_CONTENT.into_response())
}

async fn legacy(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    let pushed = http_push(&context, &tenants, request, format::legacy).await;
    pushed.map_or_else(Failure::into_loki_response, |()| StatusCode::NO_CONTENT.into_response())
}

async fn otlp(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    let pushed = http_push(&context, &tenants, request, format::otlp).await;
    pushed.map_or_else(Failure::into_otlp_response, |()| StatusCode::NO_CONTENT.into_response())
}

type ReadFormat = fn(&http::HeaderMap) -> Result<Format, Failure>;

async fn http_push(
    context: &Context,
    tenants: &Tenants,
    request: Request<Body>,
    read_format: ReadFormat,
) -> Result<(), Failure> {
    let tenant = tenants.one()?;
    let (parts, body) = request.into_parts();
    let format = read_format(&parts.headers)?;
    let body = read_body(context, body).await?;
    let pushed = push(context, tenant, format, body).await?;
    match pushed.refused {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// What came of a push of which the store has kept what it will keep.
pub(crate) struct Pushed {
    /// What is told about the rest; `None` when all was kept.
    pub refused: Option<Failure>,
    /// Lines that were kept.
    pub kept_lines: u64,
    /// Lines that were not.
    pub lost_lines: u64,
}

/// Decodes, admits and stores a body.
///
/// # Errors
/// Nothing was stored: what cannot be read, a rate limit, a store that does not answer.
pub(crate) async fn push(
    context: &Context,
    tenant: &Tenant,
    format: Format,
    body: body::Held,
) -> Result<Pushed, Failure> {
    let limits = (context.limits)(tenant);
    let job = Job {
        format,
        body: body.bytes,
        tenant: tenant.clone(),
        limits: limits.clone(),
        streams: context.admission.streams.clone(),
        received_ns: context.clock.now_ns(),
        decompressed_bytes_max: context.settings.max_decompressed_size.0.min(body.lease.room_bytes()),
    };
    let admitted = if job.body.len() <= INLINE_BYTES_MAX {
        prepare(&job)?
    } else {
        context.pool.run(move || prepare(&job)).await??
    };
    let _lease = body.lease.grow(admitted.batch.bytes().len() as u64)?;
    metrics::count(&context.registry, tenant, &admitted);
    if admitted.received.streams == 0 {
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, admit::NO_STREAM_TEXT));
    }
    store(context, tenant, &limits, admitted).await
}

async fn store(
    context: &Context,
    tenant: &Tenant,
    limits: &Arc<Limits>,
    admitted: Admitted,
) -> Result<Pushed, Failure> {
    let refused = admitted.refusals.answer().map(|(status, text)| Failure::new(status, text));
    let mut pushed = Pushed { refused, kept_lines: 0, lost_lines: admitted.received.lines };
    if admitted.batch.is_empty() {
        return Ok(pushed);
    }
    let now_ns = context.clock.now_ns();
    if !context.admission.rate.take(tenant, limits, admitted.bytes, now_ns) {
        let discarded = Discarded { lines: admitted.batch.row_count(), bytes: admitted.bytes };
        count_discarded(&context.registry, tenant, Reason::RateLimited, discarded);
        return Err(admit::rate_limited(tenant, limits, &admitted).into());
    }
    let batch = admitted.batch.clone();
    let ack = context.logs.append.append(admitted.batch).await?;
    let mut lost_by_store = 0;
    // One walk over the batch: finding each stream from the start made a push of 500,000 refused
    // streams a matter of minutes.
    let mut streams = batch.streams().enumerate();
    for refused in &ack.refused {
        let Some((_, stream)) = streams.find(|(position, _)| *position == refused.stream) else { break };
        let reason = match refused.why {
            Refusal::StreamLimit { .. } => Reason::StreamLimit,
            Refusal::StreamRate { .. } => Reason::StreamRateLimit,
        };
        let discarded = Discarded { lines: stream.row_count, bytes: stream.row_bytes() };
        count_discarded(&context.registry, tenant, reason, discarded);
        lost_by_store += stream.row_count;
    }
    pushed.kept_lines = batch.row_count() - lost_by_store;
    pushed.lost_lines -= pushed.kept_lines;
    pushed.refused = admit::refused_by_store(&batch, &ack).map(Failure::from).or(pushed.refused);
    Ok(pushed)
}

#[cfg(test)]
mod tests;
