//! What did not pass, counted by reason and told by text.

use base::meter::{Metric, Registry, Type};
use http::StatusCode;
use model::Tenant;
use std::collections::BTreeMap;

/// Why a line was left out; the word stands in the metrics' label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// `missing_labels`
    MissingLabels,
    /// `max_label_names_per_series`
    MaxLabelNames,
    /// `label_name_too_long`
    LabelNameTooLong,
    /// `label_value_too_long`
    LabelValueTooLong,
    /// `duplicate_label_names`
    DuplicateLabelNames,
    /// `missing_enforced_labels`
    MissingEnforcedLabels,
    /// `blocked_ingestion`
    BlockedIngestion,
    /// `greater_than_max_sample_age`
    TooOld,
    /// `too_far_in_future`
    TooNew,
    /// `line_too_long`
    LineTooLong,
    /// `disallowed_structured_metadata`
    DisallowedMetadata,
    /// `structured_metadata_too_large`
    MetadataTooLarge,
    /// `structured_metadata_too_many`
    MetadataTooMany,
    /// `rate_limited`
    RateLimited,
    /// `stream_limit`
    StreamLimit,
    /// `per_stream_rate_limit`
    StreamRateLimit,
}

impl Reason {
    /// The word in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::MissingLabels => "missing_labels",
            Self::MaxLabelNames => "max_label_names_per_series",
            Self::LabelNameTooLong => "label_name_too_long",
            Self::LabelValueTooLong => "label_value_too_long",
            Self::DuplicateLabelNames => "duplicate_label_names",
            Self::MissingEnforcedLabels => "missing_enforced_labels",
            Self::BlockedIngestion => "blocked_ingestion",
            Self::TooOld => "greater_than_max_sample_age",
            Self::TooNew => "too_far_in_future",
            Self::LineTooLong => "line_too_long",
            Self::DisallowedMetadata => "disallowed_structured_metadata",
            Self::MetadataTooLarge => "structured_metadata_too_large",
            Self::MetadataTooMany => "structured_metadata_too_many",
            Self::RateLimited => "rate_limited",
            Self::StreamLimit => "stream_limit",
            Self::StreamRateLimit => "per_stream_rate_limit",
        }
    }
}

/// Lines and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discarded {
    /// Lines.
    pub lines: u64,
    /// Bytes of text and metadata.
    pub bytes: u64,
}

impl Discarded {
    /// Counts `lines` of `bytes` more.
    pub fn add(&mut self, lines: u64, bytes: u64) {
        self.lines += lines;
        self.bytes += bytes;
    }
}

/// Different texts that are kept; further ones are only counted.
const TEXTS_MAX: usize = 100;

static DISCARDED_SAMPLES: Metric = Metric {
    name: "loki_discarded_samples_total",
    help: "Lines that were not stored.",
    kind: Type::Counter,
    labels: &["reason", "tenant"],
    buckets: &[],
};

static DISCARDED_BYTES: Metric = Metric {
    name: "loki_discarded_bytes_total",
    help: "Bytes of lines and structured metadata that were not stored.",
    kind: Type::Counter,
    labels: &["reason", "tenant"],
    buckets: &[],
};

/// Counts `discarded` for `reason`.
pub fn count_discarded(registry: &Registry, tenant: &Tenant, reason: Reason, discarded: Discarded) {
    let labels = [reason.word(), tenant.as_str()];
    registry.cell(&DISCARDED_SAMPLES, &labels).add(discarded.lines as f64);
    registry.cell(&DISCARDED_BYTES, &labels).add(discarded.bytes as f64);
}

/// Everything that did not pass in one push.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// How often each text was said, in the order in which they were said first.
    texts: Vec<(String, u64)>,
    /// Refusals whose texts are not kept.
    untold: u64,
    blocked: Option<(StatusCode, String)>,
    discarded: BTreeMap<Reason, Discarded>,
}

impl Refusals {
    /// Refuses `discarded` lines with one `text`.
    pub fn add(&mut self, reason: Reason, discarded: Discarded, text: String) {
        self.count(reason, discarded);
        // The same text comes in rows, so the last ones are looked at first.
        if let Some((_, count)) = self.texts.iter_mut().rev().find(|(known, _)| *known == text) {
            *count += 1;
        } else if self.texts.len() < TEXTS_MAX {
            self.texts.push((text, 1));
        } else {
            self.untold += 1;
        }
    }

    /// Refuses lines because the tenant may not push at all; told only when nothing else is.
    pub fn block(&mut self, discarded: Discarded, status: StatusCode, text: String) {
        self.count(Reason::BlockedIngestion, discarded);
        self.blocked = Some((status, text));
    }

    fn count(&mut self, reason: Reason, discarded: Discarded) {
        self.discarded.entry(reason).or_default().add(discarded.lines, discarded.bytes);
    }

    /// What was left out, by reason.
    pub fn discarded(&self) -> impl Iterator<Item = (Reason, Discarded)> {
        self.discarded.iter().map(|(reason, discarded)| (*reason, *discarded))
    }

    /// The answer that tells of everything, `None` when nothing was refused (or the tenant is
    /// blocked without being told).
    pub fn answer(&self) -> Option<(StatusCode, String)> {
        if self.texts.is_empty() {
            return self.blocked.clone().filter(|(status, _)| *status != StatusCode::OK);
        }
        let text = match self.texts.as_slice() {
            [(text, 1)] => text.clone(),
            texts => {
                let kinds: Vec<_> =
                    texts.iter().map(|(text, count)| format!("{count} errors like: {text}")).collect();
                kinds.join("; ")
            }
        };
        let untold = match self.untold {
            0 => String::new(),
            count => format!("; {count} other errors"),
        };
        Some((StatusCode::BAD_REQUEST, text + &untold))
    }
}
