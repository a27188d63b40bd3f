//! Writes of samples over HTTP: Prometheus' remote write in both versions, and OTLP metrics. Decoding, admission and
//! store answer here for OTLP over gRPC, too.
//!
//! What passes is stored whatever becomes of the rest. Prometheus is told of the rest with 400, which it does not send
//! again; OTLP is told in `partial_success` of a success, since a client that gets an error sends all of it again.

mod decode;
mod otlp;
mod remote_write;

pub(crate) use decode::Wire;
pub(crate) use otlp::export;

use crate::admit::series::{AdmittedSeries, Counts, Why, count_discarded};
use crate::context::Context;
use crate::push::body::Held;
use crate::push::{Failure, INLINE_BYTES_MAX};
use axum::Router;
use axum::routing::post;
use base::meter::{Metric, Registry, Type};
use decode::{Decoded, Job, decode};
use http::StatusCode;
use model::sample::Sample;
use model::{Batch, Limits, Refusal, Tenant};

/// Bytes of rows and labels that one write may become. A record of the log takes twice as much.
const BATCH_BYTES_MAX: u64 = 128 << 20;

static SAMPLES_RECEIVED: Metric = Metric {
    name: "cortex_distributor_received_samples_total",
    help: "Samples and native histograms that came in, before any check.",
    kind: Type::Counter,
    labels: &["user"],
    buckets: &[],
};

static EXEMPLARS_RECEIVED: Metric = Metric {
    name: "cortex_distributor_received_exemplars_total",
    help: "Exemplars that came in, before any check.",
    kind: Type::Counter,
    labels: &["user"],
    buckets: &[],
};

/// The paths on the main port.
pub fn routes() -> Router<Context> {
    let mut router = otlp_routes().route("/api/v1/otlp/v1/metrics", post(otlp::http));
    for path in ["/api/v1/push", "/api/v1/write", "/prometheus/api/v1/write"] {
        router = router.route(path, post(remote_write::write));
    }
    router
}

/// The paths of OTLP, the same on the main port and on OTLP's own.
pub fn otlp_routes() -> Router<Context> {
    Router::new().route("/v1/metrics", post(otlp::http)).route("/otlp/v1/metrics", post(otlp::http))
}

/// What came of a write.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// What was kept.
    pub kept: Counts,
    /// What is told of the rest; `None` when all was kept.
    pub refused: Option<Failure>,
    /// Samples of the rest.
    pub lost: u64,
}

/// Decodes, admits and stores a body.
///
/// # Errors
/// Nothing was stored: what cannot be read, a rate limit, a store that does not answer.
pub(crate) async fn write(
    context: &Context,
    tenant: &Tenant,
    wire: Wire,
    body: Held,
) -> Result<Written, Failure> {
    let limits = (context.limits)(tenant);
    let Held { bytes, lease } = body;
    let room = lease.room_bytes();
    let settings = &context.settings;
    let job = Job {
        wire,
        tenant: tenant.clone(),
        limits: limits.clone(),
        now_ns: context.clock.now_ns(),
        // What one may send is as large as what comes out of it: samples are small.
        decompressed_bytes_max: settings.max_recv_msg_size.0.min(settings.max_decompressed_size.0),
        room_bytes: room,
        batch_bytes_max: BATCH_BYTES_MAX.min(room) as usize,
    };
    let decoded = match bytes.len() <= INLINE_BYTES_MAX {
        true => decode(&job, &bytes)?,
        false => context.pool.run(move || decode(&job, &bytes)).await??,
    };
    let Decoded { admitted, rejected } = decoded;
    let lease = lease.grow(admitted.batch.bytes().len() as u64)?;
    count(&context.registry, tenant, &admitted);
    let mut written = store(context, tenant, &limits, admitted).await?;
    drop(lease);
    if rejected.points > 0 {
        written.lost += rejected.points;
        let told = written.refused.take().map(|failure| String::from_utf8_lossy(&failure.text).into_owned());
        let texts: Vec<String> = rejected.reasons.into_iter().chain(told).collect();
        written.refused = Some(Failure::new(StatusCode::BAD_REQUEST, texts.join("\n")));
    }
    Ok(written)
}

async fn store(
    context: &Context,
    tenant: &Tenant,
    limits: &Limits,
    admitted: AdmittedSeries,
) -> Result<Written, Failure> {
    let AdmittedSeries { batch, passed, mut refusals, families, .. } = admitted;
    if !batch.is_empty() {
        rate(context, tenant, limits, passed)?;
    }
    context.admission.families.put(tenant, families);
    let mut kept = passed;
    if !batch.is_empty() {
        let sent = batch.clone();
        let ack = context.metrics.append.append(batch).await?;
        let positions: Vec<_> = ack.refused.iter().map(|refused| refused.stream).collect();
        let lost = counts_of(&sent, &positions);
        kept.samples -= lost.samples;
        kept.histograms -= lost.histograms;
        kept.exemplars -= lost.exemplars;
        if let Some(first) = ack.refused.first() {
            count_discarded(&context.registry, tenant, Why::MaxSeries, lost.total());
            refusals.add(Why::MaxSeries, lost.total(), || told_by_store(&first.why, positions.len()));
        }
    }
    let lost = refusals.sample_count();
    let refused = refusals.text().map(|text| Failure::new(StatusCode::BAD_REQUEST, text));
    Ok(Written { kept, refused, lost })
}

/// 429 for more than the tenant may write.
fn rate(context: &Context, tenant: &Tenant, limits: &Limits, passed: Counts) -> Result<(), Failure> {
    let (rate, burst) = (limits.ingestion_rate, limits.ingestion_burst_size);
    let now_ns = context.clock.now_ns();
    let rates = &context.admission.sample_rate;
    if rate <= 0.0 || rates.take_at(tenant, (rate, burst as f64), passed.total(), now_ns) {
        return Ok(());
    }
    count_discarded(&context.registry, tenant, Why::RateLimited, passed.total());
    let text = format!(
        "a write of {} samples is more than ingestion_rate ({rate} samples per second) and ingestion_burst_size \
         ({burst}) leave to tenant {tenant}; send fewer samples, or have the limits raised (err-mimir-{})",
        passed.total(),
        Why::RateLimited.id()
    );
    Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text))
}

/// What the streams at `positions` hold, which ascend.
fn counts_of(batch: &Batch, positions: &[usize]) -> Counts {
    let mut out = Counts::default();
    let mut positions = positions.iter().copied().peekable();
    for (at, stream) in batch.streams().enumerate() {
        if positions.next_if_eq(&at).is_none() {
            continue;
        }
        for row in stream.rows() {
            match Sample::read(row.body) {
                Some(Sample::Histogram(_)) => out.histograms += 1,
                Some(Sample::Exemplar(_)) => out.exemplars += 1,
                _ => out.samples += 1,
            }
        }
    }
    out
}

fn told_by_store(why: &Refusal, series: usize) -> String {
    match why {
        Refusal::StreamLimit { limit } => format!(
            "{series} new series were refused, the tenant has its max_global_series_per_user of {limit}; send fewer \
             series, or have the limit raised"
        ),
        Refusal::StreamRate { limit_bytes, .. } => {
            format!("{series} series were refused, each may get {limit_bytes} bytes per second")
        }
    }
}

fn count(registry: &Registry, tenant: &Tenant, admitted: &AdmittedSeries) {
    let received = admitted.received;
    let labels = [tenant.as_str()];
    registry.cell(&SAMPLES_RECEIVED, &labels).add((received.samples + received.histograms) as f64);
    if received.exemplars > 0 {
        registry.cell(&EXEMPLARS_RECEIVED, &labels).add(received.exemplars as f64);
    }
    for (why, samples) in admitted.refusals.samples() {
        count_discarded(registry, tenant, why, samples);
    }
}

#[cfg(test)]
mod tests;
