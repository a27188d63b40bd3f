//! Admission of spans: texts of attributes are cut, traces that are too large get no more, the rest
//! becomes rows. The stream of a span is its origin.

use crate::admit::TraceSizes;
use base::unit::ByteSize;
use indexmap::IndexMap;
use model::attribute::Value;
use model::span::{Attributes, Span};
use model::{Batch, BatchBuilder, Labels, Limits, RowRef, Signal, Tenant};
use wire::otlp::traces::{Export, RefusedSpans, hex};

/// An export after admission.
#[derive(Debug)]
pub struct AdmittedSpans {
    /// What is to be stored.
    pub batch: Batch,
    /// Its bytes, of bodies and metadata; rate limits count these.
    pub bytes: u64,
    /// Spans that came, before any check.
    pub received: u64,
    /// Spans that could not be read as spans.
    pub invalid: u64,
    /// Spans of traces that are too large.
    pub too_large: u64,
    /// All spans that were left out, and why the first was.
    pub refused: RefusedSpans,
    /// Names and texts that were cut.
    pub cut: u64,
}

/// Admits `export` of `tenant` by its `limits` at `now_ns`.
pub fn admit(
    export: Export,
    tenant: &Tenant,
    limits: &Limits,
    sizes: &TraceSizes,
    now_ns: i64,
) -> AdmittedSpans {
    let Export { groups, refused } = export;
    let mut cutter = Cutter::new(limits.ingestion_max_attribute_bytes);
    let mut streams: IndexMap<Labels, Vec<Span>> = IndexMap::new();
    for mut group in groups {
        cutter.cut(&mut group.origin.resource.attributes);
        cutter.cut(&mut group.origin.scope.attributes);
        streams.entry(group.origin.labels()).or_default().append(&mut group.spans);
    }
    let invalid = refused.count;
    let mut admission = Admission {
        tenant,
        limits,
        sizes,
        now_ns,
        cutter,
        refused,
        bytes: 0,
        batch: BatchBuilder::new(tenant.clone(), Signal::Span, now_ns),
    };
    let mut received = invalid;
    for (labels, spans) in streams {
        received += spans.len() as u64;
        spans.into_iter().for_each(|span| admission.span(span));
        admission.batch.end_stream(labels.as_ref());
    }
    let Admission { cutter, refused, bytes, batch, .. } = admission;
    let too_large = refused.count - invalid;
    AdmittedSpans { batch: batch.build(), bytes, received, invalid, too_large, refused, cut: cutter.count }
}

struct Admission<'a> {
    tenant: &'a Tenant,
    limits: &'a Limits,
    sizes: &'a TraceSizes,
    now_ns: i64,
    cutter: Cutter,
    refused: RefusedSpans,
    bytes: u64,
    batch: BatchBuilder,
}

impl Admission<'_> {
    fn span(&mut self, mut span: Span) {
        self.cutter.cut(&mut span.attributes);
        span.extra.events.iter_mut().for_each(|event| self.cutter.cut(&mut event.attributes));
        span.extra.links.iter_mut().for_each(|link| self.cutter.cut(&mut link.attributes));
        let (metadata, mut body) = (span.metadata(), Vec::new());
        span.put_body(&mut body);
        let bytes = (body.len() + metadata.bytes().len()) as u64;
        let most = self.limits.max_bytes_per_trace.0;
        if most > 0 && !self.sizes.add(self.tenant, span.trace_id, bytes, most, self.now_ns) {
            self.refused.add(|| {
                format!(
                    "TRACE_TOO_LARGE: trace {} has its max_bytes_per_trace of {most} bytes, a span of {bytes} \
                     bytes was refused; send fewer or smaller spans, or have the limit raised",
                    hex(&span.trace_id)
                )
            });
            return;
        }
        self.bytes += bytes;
        self.batch.add_row(RowRef { ts_ns: span.start_ns, body: &body, metadata: metadata.as_ref() });
    }
}

/// Cuts names and texts of attributes.
struct Cutter {
    most: usize,
    count: u64,
}

impl Cutter {
    /// To `most` bytes; 0 is no limit.
    fn new(most: ByteSize) -> Self {
        let most = if most.0 == 0 { usize::MAX } else { usize::try_from(most.0).unwrap_or(usize::MAX) };
        Self { most, count: 0 }
    }

    fn cut(&mut self, attributes: &mut Attributes) {
        for (name, value) in attributes {
            self.text(name);
            self.value(value);
        }
    }

    /// Values are nested no deeper than the wire lets them be.
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Map(pairs) => self.cut(pairs),
            _ => {}
        }
    }

    fn text(&mut self, text: &mut String) {
        if text.len() > self.most {
            text.truncate(text.floor_char_boundary(self.most));
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests;
