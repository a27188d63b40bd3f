//! Admission: what a decoded push must pass before it is stored, and what is added to it on the
//! way. One pass over the lines turns a [`wire::Push`] into a [`Batch`].
//!
//! In order, as clients of Loki know it: labels are checked, each entry's age, size and metadata;
//! metadata is brought into canonical form, the level is found and added. What does not pass is
//! left out and told in one text; what passes is stored all the same.

pub mod families;
mod known;
mod labels;
mod level;
mod metadata;
mod rate;
mod refusals;
pub mod series;
pub mod spans;
mod stream;
mod trace_sizes;

pub use known::{Found, KnownStreams};
pub use level::LevelFinder;
pub use rate::IngestionRate;
pub use refusals::{Discarded, Reason, Refusals, count_discarded};
pub use trace_sizes::TraceSizes;

use crate::error::HttpError;
use base::ByteBudget;
use http::StatusCode;
use model::time::rfc3339;
use model::{Ack, Batch, BatchBuilder, Limits, Refusal, Signal, Tenant};
use std::sync::{Arc, OnceLock};
use stream::StreamAdmission;
use wire::Push;

/// What admission remembers between pushes; one for all doors of a process.
#[derive(Debug, Default)]
pub struct Admission {
    /// Streams whose labels were checked before.
    pub streams: KnownStreams,
    /// The tenants' token buckets.
    pub rate: IngestionRate,
    /// The same for spans.
    pub span_rate: IngestionRate,
    /// The same for samples.
    pub sample_rate: IngestionRate,
    /// What is said about metrics.
    pub families: families::Families,
    /// Bytes of the traces that come in.
    pub trace_sizes: TraceSizes,
    /// Bytes of pushes in work; made with the limit of the settings at the first push.
    pub(crate) in_work: OnceLock<ByteBudget>,
}

/// A push after admission.
#[derive(Debug)]
pub struct Admitted {
    /// What passed.
    pub batch: Batch,
    /// Bytes of what passed: text and metadata as the client sent them. Rate limits count these.
    pub bytes: u64,
    /// What the push held, before any check.
    pub received: Received,
    /// What did not pass.
    pub refusals: Refusals,
    /// Lines that were cut, and the bytes that were cut off.
    pub truncated: Discarded,
}

/// What a push held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Streams.
    pub streams: u64,
    /// Lines.
    pub lines: u64,
    /// Bytes of text.
    pub line_bytes: u64,
    /// Bytes of structured metadata.
    pub metadata_bytes: u64,
}

/// What a row and a stream take in a batch besides lines, about: times, lengths, a level; labels.
const ROW_BYTES: usize = 40;
const STREAM_BYTES: usize = 128;

/// Whose push, and by what it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'j> {
    /// Whose push.
    pub tenant: &'j Tenant,
    /// The tenant's limits.
    pub limits: &'j Arc<Limits>,
    /// Streams whose labels were checked before.
    pub streams: &'j KnownStreams,
    /// When it came in, Unix nanoseconds.
    pub now_ns: i64,
}

/// Admits `push`.
///
/// # Errors
/// 400 for metadata whose name cannot be made a label name, which refuses the whole push.
pub fn admit(push: &Push<'_>, judge: Judge<'_>) -> Result<Admitted, HttpError> {
    let lines_bytes = push.line_bytes() + ROW_BYTES * push.entry_count();
    let mut admission = Streamwise::new(judge, lines_bytes + STREAM_BYTES * push.streams().len());
    admission.take(push, None)?;
    Ok(admission.finish())
}

/// Admission of a push that comes stream by stream.
pub struct Streamwise<'j> {
    admission: StreamAdmission<'j>,
    batch: BatchBuilder,
    streams: u64,
}

impl<'j> Streamwise<'j> {
    /// Admission of a push whose batch will be about `batch_bytes` long.
    pub fn new(judge: Judge<'j>, batch_bytes: usize) -> Self {
        let mut batch = BatchBuilder::new(judge.tenant.clone(), Signal::Line, judge.now_ns);
        batch.reserve(batch_bytes);
        Self { admission: StreamAdmission::new(judge), batch, streams: 0 }
    }

    /// Admits the streams of `push`. Where `found`, it tells what is known of them.
    ///
    /// # Errors
    /// As [`admit`].
    pub fn take(&mut self, push: &Push<'_>, found: Option<&Found<'_>>) -> Result<(), HttpError> {
        for stream in push.streams() {
            self.streams += 1;
            let admitted = self.admission.stream(push, stream, found, &mut self.batch);
            admitted.map_err(HttpError::bad_request)?;
        }
        Ok(())
    }

    /// What came of it.
    pub fn finish(self) -> Admitted {
        self.admission.finish(self.batch.build(), self.streams)
    }
}

/// The text of a push without any stream, 422.
pub const NO_STREAM_TEXT: &str = "error at least one valid stream is required for ingestion";

/// The answer to a push larger than its tenant's rate allows: 429, for the whole push.
pub fn rate_limited(tenant: &Tenant, limits: &Limits, admitted: &Admitted) -> HttpError {
    let limit_bytes = (limits.ingestion_rate_mb * rate::MB) as i64;
    let (lines, bytes) = (admitted.batch.row_count(), admitted.bytes);
    let text = format!(
        "ingestion rate limit exceeded for user {tenant} (limit: {limit_bytes} bytes/sec) while attempting to \
         ingest '{lines}' lines totaling '{bytes}' bytes, reduce log volume or contact your Loki administrator \
         to see if the limit can be increased"
    );
    HttpError::new(StatusCode::TOO_MANY_REQUESTS, text)
}

/// Lines of a refused stream that are named one by one.
const NAMED_LINES_MAX: usize = 10;

/// The answer to a push of which the store refused streams: 429, with the last of them, as Loki
/// tells it. `None` when it refused none.
pub fn refused_by_store(batch: &Batch, ack: &Ack) -> Option<HttpError> {
    let last = ack.refused.last()?;
    let stream = batch.streams().nth(last.stream)?;
    let (labels, user) = (stream.labels, batch.tenant());
    let text = match last.why {
        Refusal::StreamLimit { .. } => format!(
            "maximum active stream limit exceeded when trying to create stream {labels}, reduce the number of \
             active streams (reduce labels or reduce label values), or contact your Loki administrator to see if \
             the limit can be increased, user: '{user}'"
        ),
        Refusal::StreamRate { limit_bytes, .. } => {
            let limit = base::unit::ByteSize(limit_bytes);
            let mut text = String::new();
            for line in stream.rows().take(NAMED_LINES_MAX) {
                let (time, size) = (go_time(line.ts_ns), base::unit::ByteSize(line.body.len() as u64));
                text.push_str(&format!(
                    "entry with timestamp {time} ignored, reason: 'Per stream rate limit exceeded (limit: \
                     {limit}/sec) while attempting to ingest for stream '{labels}' totaling {size}, consider \
                     splitting a stream via additional labels or contact your Loki administrator to see if the \
                     limit can be increased',\n"
                ));
            }
            let lines = stream.row_count;
            format!("{text}user '{user}', total ignored: {lines} out of {lines} for stream: {labels}")
        }
    };
    Some(HttpError::new(StatusCode::TOO_MANY_REQUESTS, text))
}

/// `ts_ns` as Go prints a time: `2025-03-10 22:00:00.000000001 +0000 UTC`.
fn go_time(ts_ns: i64) -> String {
    rfc3339(ts_ns).replace('T', " ").replace('Z', " +0000 UTC")
}

#[cfg(test)]
mod tests;
