//! The body of a span, cut into what becomes columns.

use model::attribute::{unzigzag, zigzag};
use model::span::{SpanId, TraceId};
use model::varint;

/// Bytes of the three ids in front.
const ID_BYTES: usize = 32;
/// Bytes of a trace id.
pub const TRACE_ID_BYTES: usize = 16;
/// Bytes of a span id.
pub const SPAN_ID_BYTES: usize = 8;

/// The parts of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The trace id; of what is no span its first bytes, or zeros where it is too short for one.
    pub trace_id: TraceId,
    /// The span id.
    pub span_id: SpanId,
    /// The parent's span id.
    pub parent_id: SpanId,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// Kind, status, name and message, as they stand in the body; empty when the body is no span.
    pub form: &'a [u8],
    /// What comes behind; the whole body when it is no span.
    pub extra: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The parts of any `body`: [`Parts::put`] gives the same bytes.
    pub fn of(body: &'a [u8]) -> Self {
        let no_span = || Self {
            trace_id: body.first_chunk().copied().unwrap_or_default(),
            span_id: SpanId::default(),
            parent_id: SpanId::default(),
            duration_ns: 0,
            form: &[],
            extra: body,
        };
        Self::of_span(body).unwrap_or_else(no_span)
    }

    fn of_span(body: &'a [u8]) -> Option<Self> {
        let (trace_id, rest) = body.split_first_chunk()?;
        let (span_id, rest) = rest.split_first_chunk()?;
        let (parent_id, rest) = rest.split_first_chunk()?;
        let mut behind = rest;
        let duration = varint::take(&mut behind)?;
        // A longer way to write the same number would not come back.
        if rest.len() - behind.len() != varint_bytes(duration) {
            return None;
        }
        let form = behind;
        let mut extra = behind.get(2..)?;
        varint::take_bytes(&mut extra)?;
        varint::take_bytes(&mut extra)?;
        Some(Self {
            trace_id: *trace_id,
            span_id: *span_id,
            parent_id: *parent_id,
            duration_ns: unzigzag(duration),
            form: form.get(..form.len() - extra.len())?,
            extra,
        })
    }

    /// Length of the body.
    pub fn body_len(&self) -> usize {
        match self.form {
            [] => self.extra.len(),
            form => ID_BYTES + varint_bytes(zigzag(self.duration_ns)) + form.len() + self.extra.len(),
        }
    }

    /// Appends the body.
    pub fn put(&self, out: &mut Vec<u8>) {
        if !self.form.is_empty() {
            out.extend_from_slice(&self.trace_id);
            out.extend_from_slice(&self.span_id);
            out.extend_from_slice(&self.parent_id);
            varint::put(out, zigzag(self.duration_ns));
            out.extend_from_slice(self.form);
        }
        out.extend_from_slice(self.extra);
    }
}

/// Bytes of the shortest varint of `value`.
fn varint_bytes(value: u64) -> usize {
    (u64::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}
