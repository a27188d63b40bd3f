//! Why samples are refused, and how it is told. Each text ends with the id that users of Mimir search for.

use base::meter::{Metric, Registry, Type};
use model::Tenant;
use std::collections::BTreeMap;

/// Why samples were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A series without `__name__`.
    MissingMetricName,
    /// A metric's name that is no UTF-8.
    MetricNameInvalid,
    /// Too many labels.
    MaxLabelNames,
    /// A label's name that is empty or no UTF-8.
    LabelInvalid,
    /// A label's value that is no UTF-8.
    LabelValueInvalid,
    /// A label's name that is too long.
    LabelNameTooLong,
    /// A label's value that is too long.
    LabelValueTooLong,
    /// A label twice.
    DuplicateLabelNames,
    /// A series of remote write 2.0 with nothing in it.
    Empty,
    /// A time too far in the future.
    TooFarInFuture,
    /// A time too far in the past.
    TooFarInPast,
    /// Another value at a time that the request has already.
    DuplicateTimestamp,
    /// Native histograms that the tenant may not send.
    HistogramDisabled,
    /// A schema that nobody knows.
    HistogramSchema,
    /// Spans that go back.
    HistogramOffset,
    /// Spans and buckets that do not fit together.
    HistogramSpans,
    /// A negative count.
    HistogramNegative,
    /// Buckets that hold more or less than is counted.
    HistogramCount,
    /// Buckets that hold more than is counted.
    HistogramCountTooSmall,
    /// Too many buckets.
    HistogramBuckets,
    /// Too many buckets, and the coarsest has them still.
    HistogramNotReducible,
    /// More samples than the tenant may send in a second.
    RateLimited,
    /// More series than the tenant may have.
    MaxSeries,
}

impl Why {
    /// What stands after `err-mimir-`.
    pub fn id(self) -> &'static str {
        match self {
            Self::MissingMetricName => "missing-metric-name",
            Self::MetricNameInvalid => "metric-name-invalid",
            Self::MaxLabelNames => "max-label-names-per-series",
            Self::LabelInvalid => "label-invalid",
            Self::LabelValueInvalid => "label-value-invalid",
            Self::LabelNameTooLong => "label-name-too-long",
            Self::LabelValueTooLong => "label-value-too-long",
            Self::DuplicateLabelNames => "duplicate-label-names",
            Self::Empty => "series-without-samples",
            Self::TooFarInFuture => "too-far-in-future",
            Self::TooFarInPast => "too-far-in-past",
            Self::DuplicateTimestamp => "sample-duplicate-timestamp",
            Self::HistogramDisabled => "native-histograms-disabled",
            Self::HistogramSchema => "invalid-native-histogram-schema",
            Self::HistogramOffset => "native-histogram-span-negative-offset",
            Self::HistogramSpans => "native-histogram-spans-buckets-mismatch",
            Self::HistogramNegative => "native-histogram-negative-bucket-count",
            Self::HistogramCount => "native-histogram-count-mismatch",
            Self::HistogramCountTooSmall => "native-histogram-count-not-big-enough",
            Self::HistogramBuckets => "max-native-histogram-buckets",
            Self::HistogramNotReducible => "not-reducible-native-histogram",
            Self::RateLimited => "tenant-max-ingestion-rate",
            Self::MaxSeries => "max-series-per-user",
        }
    }
}

static DISCARDED: Metric = Metric {
    name: "cortex_discarded_samples_total",
    help: "Samples that were not stored.",
    kind: Type::Counter,
    labels: &["reason", "user"],
    buckets: &[],
};

/// Counts `samples` that were left out.
pub fn count_discarded(registry: &Registry, tenant: &Tenant, why: Why, samples: u64) {
    if samples > 0 {
        let reason = why.id().replace('-', "_");
        registry.cell(&DISCARDED, &[&reason, tenant.as_str()]).add(samples as f64);
    }
}

/// Everything that did not pass in one write: for each reason the first text, and how much.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesRefusals {
    reasons: BTreeMap<Why, Refused>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Refused {
    text: String,
    times: u64,
    samples: u64,
}

impl SeriesRefusals {
    /// Refuses `samples`; the words of `text` are made for the first of a reason.
    pub fn add(&mut self, why: Why, samples: u64, text: impl FnOnce() -> String) {
        let refused =
            self.reasons.entry(why).or_insert_with(|| Refused { text: text(), times: 0, samples: 0 });
        refused.times += 1;
        refused.samples += samples;
    }

    /// Samples that were left out, by reason.
    pub fn samples(&self) -> impl Iterator<Item = (Why, u64)> {
        self.reasons.iter().map(|(why, refused)| (*why, refused.samples))
    }

    /// Samples that were left out.
    pub fn sample_count(&self) -> u64 {
        self.reasons.values().map(|refused| refused.samples).sum()
    }

    /// What is told; `None` when nothing was refused.
    pub fn text(&self) -> Option<String> {
        let texts = self.reasons.iter().map(|(why, refused)| {
            let more = match refused.times {
                0 | 1 => String::new(),
                times => format!(", and {} more like it", times - 1),
            };
            format!("{}{more} (err-mimir-{})", refused.text, why.id())
        });
        let texts: Vec<_> = texts.collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}
