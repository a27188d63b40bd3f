//! What a write of samples holds, whatever its wire format: series after series, each given to a [`Sink`] as soon as it
//! is read. Nothing of a series is kept when the next one comes, so reading a write costs no more memory than its
//! largest series.

use model::sample::Histogram;

/// The label that names the metric.
pub const METRIC_NAME: &[u8] = b"__name__";

/// A label's name and value, any bytes.
pub type Label<'a> = (&'a [u8], &'a [u8]);

/// One series with what was written to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series<'a> {
    /// Its labels in the order in which they came; names may repeat.
    pub labels: Vec<Label<'a>>,
    /// Floats: Unix milliseconds and value.
    pub floats: Vec<(i64, f64)>,
    /// Native histograms with their Unix milliseconds.
    pub histograms: Vec<(i64, Histogram)>,
    /// Exemplars.
    pub exemplars: Vec<Exemplar<'a>>,
}

/// An observation that stands for others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemplar<'a> {
    /// When, Unix milliseconds.
    pub ts_ms: i64,
    /// What was observed.
    pub value: f64,
    /// Its labels in the order in which they came.
    pub labels: Vec<Label<'a>>,
}

/// What is said about a metric, for all of its series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Family<'a> {
    /// The metric's name: of a histogram or summary the part that its series have in common.
    pub name: &'a [u8],
    /// What kind of metric it is.
    pub kind: FamilyKind,
    /// What it means.
    pub help: &'a [u8],
    /// What it is measured in.
    pub unit: &'a [u8],
}

/// What kind of metric a family is, by the numbers of remote write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FamilyKind {
    /// Not told.
    #[default]
    Unknown = 0,
    /// Only grows, or starts anew.
    Counter = 1,
    /// Any number.
    Gauge = 2,
    /// Counts in buckets that only grow.
    Histogram = 3,
    /// Counts in buckets as they are now.
    GaugeHistogram = 4,
    /// Quantiles made by the source.
    Summary = 5,
    /// Only its labels matter.
    Info = 6,
    /// One of several states is 1.
    StateSet = 7,
}

impl FamilyKind {
    const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Counter,
        Self::Gauge,
        Self::Histogram,
        Self::GaugeHistogram,
        Self::Summary,
        Self::Info,
        Self::StateSet,
    ];

    /// The kind of its number; numbers of later versions are unknown.
    pub fn from_number(number: u64) -> Self {
        Self::ALL.into_iter().find(|kind| *kind as u64 == number).unwrap_or_default()
    }

    /// The word that Prometheus' metadata endpoint says.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }
}

/// Takes what is read.
pub trait Sink {
    /// Takes a series.
    ///
    /// # Errors
    /// The whole write is refused: it becomes too large.
    fn series(&mut self, series: &Series<'_>) -> Result<(), crate::Refused>;

    /// Takes what is said about a metric.
    fn family(&mut self, family: Family<'_>);
}

impl<'a> Series<'a> {
    /// The value of the label `name`, the first when it repeats.
    pub fn label(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.labels.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Whether nothing was written to it.
    pub fn is_empty(&self) -> bool {
        self.floats.is_empty() && self.histograms.is_empty() && self.exemplars.is_empty()
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.labels.clear();
        self.floats.clear();
        self.histograms.clear();
        self.exemplars.clear();
    }
}
