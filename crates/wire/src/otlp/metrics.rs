//! OTLP metrics: read from protobuf or JSON, translated to series as Prometheus translates them.

pub mod json;
pub mod map;
mod name;
pub mod proto;

use crate::otlp::value::KeyValue;
use crate::protobuf::{put_bytes, put_varint};
use std::borrow::Cow;

/// A request to export metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics<'a> {
    /// Metrics by what produced them.
    pub resources: Vec<ResourceMetrics<'a>>,
}

/// Metrics of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceMetrics<'a> {
    /// Attributes of the resource.
    pub attributes: Vec<KeyValue<'a>>,
    /// Its metrics by instrumentation scope.
    pub scopes: Vec<ScopeMetrics<'a>>,
}

/// Metrics of one instrumentation scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeMetrics<'a> {
    /// Name of the scope.
    pub name: Cow<'a, [u8]>,
    /// Version of the scope.
    pub version: Cow<'a, [u8]>,
    /// Where the schema of the scope's metrics is described.
    pub schema_url: Cow<'a, [u8]>,
    /// Attributes of the scope.
    pub attributes: Vec<KeyValue<'a>>,
    /// Its metrics.
    pub metrics: Vec<Metric<'a>>,
}

/// A metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric<'a> {
    /// Its name.
    pub name: Cow<'a, [u8]>,
    /// What it means.
    pub description: Cow<'a, [u8]>,
    /// What it is measured in, by UCUM.
    pub unit: Cow<'a, [u8]>,
    /// Its points.
    pub data: Data<'a>,
}

/// The points of a metric by its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data<'a> {
    /// A kind that is not known here.
    #[default]
    None,
    /// Numbers as they are.
    Gauge(Vec<NumberPoint<'a>>),
    /// Numbers that add up.
    Sum(Sum<'a>),
    /// Counts in buckets whose bounds are spelled out.
    Histogram(Points<HistogramPoint<'a>>),
    /// Counts in buckets that grow by a factor.
    Exponential(Points<ExponentialPoint<'a>>),
    /// Quantiles made by the source.
    Summary(Vec<SummaryPoint<'a>>),
}

/// Numbers that add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum<'a> {
    /// The points.
    pub points: Points<NumberPoint<'a>>,
    /// Whether it only grows.
    pub monotonic: bool,
}

/// Points that count since a start, or since the point before.
#[derive(Clone, Debug, PartialEq)]
pub struct Points<P> {
    /// The points.
    pub points: Vec<P>,
    /// 1: since the point before (delta), 2: since the start (cumulative).
    pub temporality: i32,
}

/// The temporality of counts since the start.
pub const CUMULATIVE: i32 = 2;

impl<P> Default for Points<P> {
    fn default() -> Self {
        Self { points: Vec::new(), temporality: 0 }
    }
}

/// What every point has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointHead<'a> {
    /// Attributes of the point.
    pub attributes: Vec<KeyValue<'a>>,
    /// When, Unix nanoseconds.
    pub time_ns: u64,
    /// Bit 0: there is no value, the series ended.
    pub flags: u32,
}

impl PointHead<'_> {
    /// Whether it says that the series ended.
    pub fn is_end(&self) -> bool {
        self.flags & 1 == 1
    }

    /// When, Unix milliseconds.
    pub fn ts_ms(&self) -> i64 {
        (self.time_ns / 1_000_000) as i64
    }
}

/// A number at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberPoint<'a> {
    /// Time, attributes and flags.
    pub head: PointHead<'a>,
    /// The number.
    pub value: f64,
    /// Observations that stand for others.
    pub exemplars: Vec<PointExemplar<'a>>,
}

/// Counts in buckets whose bounds are spelled out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramPoint<'a> {
    /// Time, attributes and flags.
    pub head: PointHead<'a>,
    /// All observations.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// Observations of each bucket; one more than bounds.
    pub bucket_counts: Vec<u64>,
    /// Upper bounds of buckets, ascending.
    pub explicit_bounds: Vec<f64>,
    /// Observations that stand for others.
    pub exemplars: Vec<PointExemplar<'a>>,
}

/// Counts in buckets that grow by 2^(2^-scale).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialPoint<'a> {
    /// Time, attributes and flags.
    pub head: PointHead<'a>,
    /// All observations.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// How fine the buckets are.
    pub scale: i32,
    /// Observations in the zero bucket.
    pub zero_count: u64,
    /// Width of the zero bucket.
    pub zero_threshold: f64,
    /// Buckets of positive observations.
    pub positive: ExponentialBuckets,
    /// Buckets of negative observations.
    pub negative: ExponentialBuckets,
    /// Observations that stand for others.
    pub exemplars: Vec<PointExemplar<'a>>,
}

/// Neighbouring buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialBuckets {
    /// Index of the first.
    pub offset: i32,
    /// Observations of each.
    pub counts: Vec<u64>,
}

/// Quantiles made by the source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryPoint<'a> {
    /// Time, attributes and flags.
    pub head: PointHead<'a>,
    /// All observations.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantiles and their values.
    pub quantiles: Vec<(f64, f64)>,
}

/// An observation that stands for others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointExemplar<'a> {
    /// When, Unix nanoseconds.
    pub time_ns: u64,
    /// What was observed.
    pub value: f64,
    /// Attributes that the point does not have.
    pub attributes: Vec<KeyValue<'a>>,
    /// The trace it belongs to; all zero is none.
    pub trace_id: [u8; 16],
    /// The span it belongs to; all zero is none.
    pub span_id: [u8; 8],
}

impl Data<'_> {
    /// Number of points.
    pub fn point_count(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Gauge(points) => points.len(),
            Self::Sum(sum) => sum.points.points.len(),
            Self::Histogram(histogram) => histogram.points.len(),
            Self::Exponential(histogram) => histogram.points.len(),
            Self::Summary(points) => points.len(),
        }
    }

    /// When each point was.
    pub fn heads(&self) -> Box<dyn Iterator<Item = &PointHead<'_>> + '_> {
        match self {
            Self::None => Box::new(std::iter::empty()),
            Self::Gauge(points) => Box::new(points.iter().map(|point| &point.head)),
            Self::Sum(sum) => Box::new(sum.points.points.iter().map(|point| &point.head)),
            Self::Histogram(histogram) => Box::new(histogram.points.iter().map(|point| &point.head)),
            Self::Exponential(histogram) => Box::new(histogram.points.iter().map(|point| &point.head)),
            Self::Summary(points) => Box::new(points.iter().map(|point| &point.head)),
        }
    }
}

/// An `ExportMetricsServiceResponse` that tells of `rejected` points; nothing when all were taken.
pub fn response(rejected: u64, message: &[u8]) -> Vec<u8> {
    let (mut out, mut partial_success) = (Vec::new(), Vec::new());
    put_varint(&mut partial_success, 1, rejected);
    put_bytes(&mut partial_success, 2, message);
    put_bytes(&mut out, 1, &partial_success);
    out
}

#[cfg(test)]
mod tests;
