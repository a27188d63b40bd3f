//! Exemplars of points.

use crate::otlp::metrics::PointExemplar;
use crate::otlp::metrics::map::labels::labels_of;
use crate::push::Pair;
use crate::series::Exemplar;
use std::borrow::Cow;

/// Characters of an exemplar's labels, by OpenMetrics.
const CHARS_MAX: usize = 128;

/// The texts that an exemplar's labels are made of.
pub(super) struct ExemplarTexts<'a> {
    labels: Vec<Pair<'a>>,
    ts_ms: i64,
    value: f64,
}

pub(super) fn exemplar_texts<'a>(exemplars: &'a [PointExemplar<'_>]) -> Vec<ExemplarTexts<'a>> {
    let texts = exemplars.iter().map(|exemplar| {
        let ids = [(&b"trace_id"[..], hex(&exemplar.trace_id)), (b"span_id", hex(&exemplar.span_id))];
        let ids = ids.into_iter().filter(|(_, id)| !id.is_empty());
        let mut labels: Vec<Pair<'_>> = ids.map(|(name, id)| (Cow::Borrowed(name), Cow::Owned(id))).collect();
        let chars = |labels: &[Pair<'_>]| {
            let texts = labels.iter().flat_map(|(name, value)| [name, value]);
            texts.map(|text| String::from_utf8_lossy(text).chars().count()).sum::<usize>()
        };
        let attributes = labels_of(exemplar.attributes.iter()).unwrap_or_default();
        let attributes: Vec<_> = attributes
            .into_iter()
            .filter(|(name, _)| ![&b"trace_id"[..], b"span_id"].contains(&name.as_ref()))
            .collect();
        if chars(&labels) + chars(&attributes) <= CHARS_MAX {
            labels.extend(attributes);
        }
        ExemplarTexts { labels, ts_ms: (exemplar.time_ns / 1_000_000) as i64, value: exemplar.value }
    });
    texts.collect()
}

impl ExemplarTexts<'_> {
    pub(super) fn exemplar(&self) -> Exemplar<'_> {
        let labels = self.labels.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        Exemplar { ts_ms: self.ts_ms, value: self.value, labels }
    }
}

/// `id` in hex; nothing when it is all zero.
fn hex(id: &[u8]) -> Vec<u8> {
    if id.iter().all(|byte| *byte == 0) {
        return Vec::new();
    }
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    id.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| DIGITS[usize::from(digit)]).collect()
}
