//! Bodies of spans to sections.

use super::body::Parts;
use super::distinct::DistinctWriter;
use super::traces::TracesWriter;
use super::{
    DURATIONS_TAG, EXTRA_NUMBERS_TAG, EXTRAS_TAG, FORM_NUMBERS_TAG, FORMS_TAG, PARENT_IDS_TAG, PARENTS_TAG,
    SPAN_IDS_TAG, TRACE_NUMBERS_TAG, TRACES_TAG, parents,
};
use crate::codec::{self, Codec};
use crate::section::{SectionWriter, Tag};
use base::Result;
use model::span::SpanId;

/// The raw content of the sections of a page.
#[derive(Debug)]
pub struct Encoded {
    traces: [(Tag, Vec<u8>); 2],
    durations_ns: Vec<i64>,
    others: [(Tag, Vec<u8>); 7],
}

/// Encodes bodies of these `lengths`, which follow each other in `bodies`.
pub fn encode(bodies: &[u8], lengths: &[u32]) -> Encoded {
    let mut traces = TracesWriter::default();
    let mut ids: Vec<(SpanId, SpanId)> = Vec::with_capacity(lengths.len());
    let mut durations_ns = Vec::with_capacity(lengths.len());
    let (mut forms, mut extras) = (DistinctWriter::default(), DistinctWriter::default());
    let mut rest = bodies;
    for length in lengths {
        let (body, after) = rest.split_at_checked(*length as usize).unwrap_or_default();
        rest = after;
        let parts = Parts::of(body);
        traces.add(parts.trace_id);
        ids.push((parts.span_id, parts.parent_id));
        durations_ns.push(parts.duration_ns);
        forms.add(parts.form);
        extras.add(parts.extra);
    }
    let (parents, parent_ids) = parents::put(&traces.numbers, traces.count(), &ids);
    let (traces, trace_numbers) = traces.finish();
    let span_ids = ids.iter().flat_map(|(span, _)| *span).collect();
    let (forms, form_numbers) = forms.finish();
    let (extras, extra_numbers) = extras.finish();
    Encoded {
        traces: [(TRACES_TAG, traces), (TRACE_NUMBERS_TAG, trace_numbers)],
        durations_ns,
        others: [
            (SPAN_IDS_TAG, span_ids),
            (PARENTS_TAG, parents),
            (PARENT_IDS_TAG, parent_ids),
            (FORMS_TAG, forms),
            (FORM_NUMBERS_TAG, form_numbers),
            (EXTRAS_TAG, extras),
            (EXTRA_NUMBERS_TAG, extra_numbers),
        ],
    }
}

impl Encoded {
    /// Writes the sections that are not empty; those in which traces are looked up come first.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn write(&self, out: &mut SectionWriter) -> Result<()> {
        let filled = |sections: &'_ [(Tag, Vec<u8>)], out: &mut SectionWriter| {
            let mut filled = sections.iter().filter(|(_, raw)| !raw.is_empty());
            filled.try_for_each(|(tag, raw)| out.add_bytes(*tag, raw))
        };
        filled(&self.traces, out)?;
        out.add(DURATIONS_TAG, size_of_val(self.durations_ns.as_slice()), |out| {
            codec::compress_numbers(&self.durations_ns, out).map(|()| Codec::Pco)
        })?;
        filled(&self.others, out)
    }
}
