//! Loki's push formats: snappy-compressed protobuf, JSON, and the older JSON of `/api/prom/push`.

pub mod encode;
pub mod json;
pub mod label_set;
pub mod legacy_json;
pub mod proto;

use crate::push::{LabelPairs, Push, PushBuilder};
use crate::refused::Refused;
use std::borrow::Cow;

/// The longest text of a stream's labels, in bytes.
pub const LABELS_TEXT_MAX: usize = 1 << 24;

/// Streams as they are decoded. Labels are judged last: a body that is damaged anywhere is refused
/// for that, as Loki does.
#[derive(Default)]
struct Streams<'a> {
    builder: PushBuilder<'a>,
    refused: Option<Refused>,
}

impl<'a> Streams<'a> {
    /// Ends a stream with labels in text form.
    fn end_text(&mut self, labels: &'a [u8]) {
        let pairs = parse_labels(labels);
        self.end(pairs);
    }

    /// Ends a stream.
    fn end(&mut self, labels: Result<LabelPairs<'a>, Refused>) {
        match labels {
            Ok(labels) => self.builder.stream(labels),
            Err(refused) => drop(self.refused.get_or_insert(refused)),
        }
    }

    fn build(self) -> Result<Push<'a>, Refused> {
        match self.refused {
            Some(refused) => Err(refused),
            None => Ok(self.builder.build()),
        }
    }
}

/// Reads the text of a stream's labels.
fn parse_labels(text: &[u8]) -> Result<LabelPairs<'_>, Refused> {
    if text.len() > LABELS_TEXT_MAX {
        return Err(Refused::too_large(format!(
            "request body too large: stream labels size {} bytes exceeds limit of {LABELS_TEXT_MAX} bytes",
            text.len()
        )));
    }
    label_set::parse(text).map_err(|why| Refused::invalid(format!("couldn't parse labels: {why}")))
}

/// The same pairs without what they were borrowed from.
fn into_owned(pairs: LabelPairs<'_>) -> LabelPairs<'static> {
    let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    pairs.into_iter().map(|(name, value)| (owned(name), owned(value))).collect()
}
