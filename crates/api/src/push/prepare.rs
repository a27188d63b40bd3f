//! From a body to a batch: decompress, decode, admit. One plain function without I/O, for compute
//! threads, benchmarks and fuzzing.

use crate::admit::{Admitted, Judge, KnownStreams, Streamwise, admit};
use crate::push::failure::Failure;
use axum::body::Bytes;
use http::StatusCode;
use model::{Limits, Tenant};
use std::cell::RefCell;
use std::sync::Arc;
use wire::decompress::{Broken, Encoding, decompress, snappy};
use wire::otlp::rules::Rules;
use wire::room::Room;
use wire::{Push, Refused, loki, otlp};

/// The largest buffer that a thread keeps for the next message.
const KEPT_MESSAGE_BYTES: usize = 4 << 20;

thread_local! {
    /// New memory for each message would cost as much as filling it.
    static MESSAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How a body is wrapped and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The outer compression, if any.
    pub compression: Option<Encoding>,
    /// What is in it.
    pub encoded: Encoded,
}

/// How a push is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// Loki's protobuf, itself in a snappy block.
    LokiProto,
    /// Loki's JSON.
    LokiJson,
    /// Loki's JSON of old.
    LegacyJson,
    /// OTLP in protobuf.
    OtlpProto,
    /// OTLP in JSON.
    OtlpJson,
    /// A content type that OTLP does not have; told after the body could be decompressed.
    Unknown(String),
}

/// A body with all that its admission depends on.
pub struct Job {
    /// What the headers say.
    pub format: Format,
    /// The body as sent.
    pub body: Bytes,
    /// Whose push.
    pub tenant: Tenant,
    /// The tenant's limits.
    pub limits: Arc<Limits>,
    /// Streams whose labels were checked before.
    pub streams: KnownStreams,
    /// When it came in, Unix nanoseconds.
    pub received_ns: i64,
    /// The most bytes that may come out of decompression.
    pub decompressed_bytes_max: u64,
}

/// Decompresses, decodes and admits.
///
/// # Errors
/// 400 for what cannot be read, 413 for too much.
pub fn prepare(job: &Job) -> Result<Admitted, Failure> {
    let Some(encoding) = job.format.compression else {
        return decode(job, &job.body);
    };
    match decompress(encoding, &job.body, job.decompressed_bytes_max) {
        Ok(body) => decode(job, &body),
        Err(Broken { so_far: Some(body), refused }) => Err(decode_cut(job, &body, refused)),
        Err(Broken { so_far: None, refused }) => Err(refused.into()),
    }
}

fn decode(job: &Job, body: &[u8]) -> Result<Admitted, Failure> {
    match &job.format.encoded {
        Encoded::LokiProto => {
            let mut message = MESSAGE.take();
            let decoded = snappy(body, job.decompressed_bytes_max, &mut message);
            let admitted = admit_proto(job, decoded.map_err(|broken| broken.refused)?);
            if message.capacity() <= KEPT_MESSAGE_BYTES {
                MESSAGE.set(message);
            }
            admitted
        }
        Encoded::LokiJson => admit_push(job, &loki::json::push(body, None)?),
        Encoded::LegacyJson => admit_push(job, &loki::legacy_json::push(body, None)?),
        Encoded::OtlpProto => admit_otlp(job, otlp::proto::logs(body)?, body),
        Encoded::OtlpJson => admit_otlp(job, otlp::json::logs(body)?, body),
        Encoded::Unknown(content_type) => {
            let text = format!("content type: {content_type} is not supported");
            Err(Failure::new(StatusCode::BAD_REQUEST, text))
        }
    }
}

/// Why a push is refused of which only `body` came out of decompression: JSON of Loki is decoded
/// as far as it goes, since Loki answers by what it finds first.
fn decode_cut(job: &Job, body: &[u8], cut_by: Refused) -> Failure {
    let decoded = match &job.format.encoded {
        Encoded::LokiJson => loki::json::push(body, Some(cut_by.clone())),
        Encoded::LegacyJson => loki::legacy_json::push(body, Some(cut_by.clone())),
        _ => Err(cut_by.clone()),
    };
    decoded.err().unwrap_or(cut_by).into()
}

fn admit_otlp(job: &Job, logs: otlp::Logs<'_>, body: &[u8]) -> Result<Admitted, Failure> {
    let rules = Rules::new(&job.limits.otlp_config)?;
    let discover = &job.limits.discover_service_name;
    let push = otlp::map::push(logs, &rules, discover, job.received_ns, &Room::of(body))?;
    admit_push(job, &push)
}

/// Streams are admitted as they are read, while their entries are at hand; labels of streams that are known are not
/// even read. Of what is wrong the body comes first, then the first labels, then metadata.
fn admit_proto(job: &Job, message: &[u8]) -> Result<Admitted, Failure> {
    // What frames the lines of a message is about as long as times and lengths in a batch; levels come to it.
    let mut admission = Streamwise::new(job.judge(), message.len() + message.len() / 4);
    let (mut labels_refused, mut refused) = (None, None);
    loki::proto::each_stream(message, |stream| {
        let found = job.streams.find(&job.tenant, &job.limits, stream.labels);
        let labels = match found.stream {
            Some(_) => Ok(Vec::new()),
            None => stream.read_labels(),
        };
        match labels {
            Err(why) => drop(labels_refused.get_or_insert(why)),
            Ok(labels) if labels_refused.is_none() && refused.is_none() => {
                refused = admission.take(stream.push(labels), Some(&found)).err();
            }
            Ok(_) => {}
        }
    })?;
    match (labels_refused, refused) {
        (Some(why), _) => Err(why.into()),
        (None, Some(why)) => Err(why.into()),
        (None, None) => Ok(admission.finish()),
    }
}

fn admit_push(job: &Job, push: &Push<'_>) -> Result<Admitted, Failure> {
    Ok(admit(push, job.judge())?)
}

impl Job {
    fn judge(&self) -> Judge<'_> {
        let Self { tenant, limits, streams, received_ns, .. } = self;
        Judge { tenant, limits, streams, now_ns: *received_ns }
    }
}
