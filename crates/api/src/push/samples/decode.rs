//! From a body to a batch: decompress, decode, admit. One plain function without I/O, for compute threads.

use crate::admit::series::{AdmittedSeries, SeriesAdmission};
use crate::push::{Encoded, Failure, Format};
use http::StatusCode;
use model::{Limits, Tenant};
use std::borrow::Cow;
use std::sync::Arc;
use wire::decompress::{Encoding, decompress};
use wire::otlp::metrics::map::{Rejected, Translation, translate};
use wire::otlp::metrics::{json, proto};
use wire::prometheus::{write_v1, write_v2};

/// Bytes that a byte of an OTLP body may become when it is decoded: the shortest points take more in memory than on the
/// wire. Remote write is not decoded as a whole.
const OTLP_BYTES_PER_BYTE: u64 = wire::room::DECODED_BYTES_PER_BYTE as u64;

/// How a body is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Remote write 1.0 in a snappy block.
    RemoteWriteV1,
    /// Remote write 2.0 in a snappy block.
    RemoteWriteV2,
    /// OTLP metrics.
    Otlp(Format),
}

/// What decoding and admission depend on.
pub(super) struct Job {
    pub wire: Wire,
    pub tenant: Tenant,
    pub limits: Arc<Limits>,
    pub now_ns: i64,
    /// The most bytes that may come out of decompression.
    pub decompressed_bytes_max: u64,
    /// The most bytes that a body may take while it is decoded.
    pub room_bytes: u64,
    /// The most bytes of rows and labels.
    pub batch_bytes_max: usize,
}

/// A body after admission.
pub(super) struct Decoded {
    pub admitted: AdmittedSeries,
    /// Points of OTLP that no series can hold.
    pub rejected: Rejected,
}

/// Decompresses, decodes and admits.
///
/// # Errors
/// 400 for what cannot be read, 413 for too much.
pub(super) fn decode(job: &Job, body: &[u8]) -> Result<Decoded, Failure> {
    let admission = SeriesAdmission::new(&job.tenant, &job.limits, job.now_ns, job.batch_bytes_max);
    match &job.wire {
        Wire::RemoteWriteV1 => {
            let body = decompressed(job, Some(Encoding::Snappy), body, 1)?;
            let mut admission = admission;
            write_v1::read(&body, &mut admission)?;
            Ok(Decoded { admitted: admission.finish(), rejected: Rejected::default() })
        }
        Wire::RemoteWriteV2 => {
            let body = decompressed(job, Some(Encoding::Snappy), body, 1)?;
            let mut admission = admission.refusing_empty();
            write_v2::read(&body, &mut admission)?;
            Ok(Decoded { admitted: admission.finish(), rejected: Rejected::default() })
        }
        Wire::Otlp(format) => {
            let body = decompressed(job, format.compression, body, OTLP_BYTES_PER_BYTE)?;
            otlp(job, &format.encoded, &body, admission)
        }
    }
}

fn otlp(
    job: &Job,
    encoded: &Encoded,
    body: &[u8],
    mut admission: SeriesAdmission<'_>,
) -> Result<Decoded, Failure> {
    let metrics = match encoded {
        Encoded::OtlpProto => proto::metrics(body)?,
        Encoded::OtlpJson => json::metrics(body)?,
        other => {
            let name = if let Encoded::Unknown(name) = other { name.clone() } else { format!("{other:?}") };
            let text = format!("content type: {name} is not supported");
            return Err(Failure::new(StatusCode::BAD_REQUEST, text));
        }
    };
    let limits = &job.limits;
    let names = limits.promote_otel_resource_attributes.split(',').map(str::trim);
    let translation = Translation {
        suffixes: limits.otel_metric_suffixes_enabled,
        promoted: names.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        keep_identifying: limits.otel_keep_identifying_resource_attributes,
        promote_scope: limits.otel_promote_scope_metadata,
    };
    let rejected = translate(&metrics, &translation, &mut admission)?;
    Ok(Decoded { admitted: admission.finish(), rejected })
}

/// The body after decompression, of which a byte may take `weight` bytes.
fn decompressed<'b>(
    job: &Job,
    compression: Option<Encoding>,
    body: &'b [u8],
    weight: u64,
) -> Result<Cow<'b, [u8]>, Failure> {
    let most = job.decompressed_bytes_max.min(job.room_bytes / weight);
    let body = match compression {
        Some(encoding) => Cow::Owned(decompress(encoding, body, most).map_err(|broken| broken.refused)?),
        None => Cow::Borrowed(body),
    };
    if body.len() as u64 > most {
        let text =
            format!("a body of {} bytes is more than the {most} bytes that may be sent at once", body.len());
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(body)
}
