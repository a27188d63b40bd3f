//! OTLP metrics as series, the way Prometheus translates them: attributes of points become labels, `job` and `instance`
//! come from the resource, whose other attributes are the labels of `target_info`. Counts since the point before (delta)
//! are refused: a series counts since its start.

mod exemplar;
mod labels;
mod native;
mod target_info;

use crate::otlp::metrics::map::exemplar::{ExemplarTexts, exemplar_texts};
use crate::otlp::metrics::map::labels::{Common, Identity, LabelMap, series_of};
use crate::otlp::metrics::map::native::native;
use crate::otlp::metrics::map::target_info::target_info;
use crate::otlp::metrics::name::{NamedKind, metric_name};
use crate::otlp::metrics::{
    CUMULATIVE, Data, ExponentialPoint, HistogramPoint, Metric, Metrics, NumberPoint, PointHead, SummaryPoint,
};
use crate::refused::Refused;
use crate::series::{Exemplar, Family, FamilyKind, Sink};
use model::sample::STALE_BITS;

/// What a tenant wants of the translation.
#[derive(Clone, Debug, Default)]
pub struct Translation {
    /// Whether names tell unit and kind.
    pub suffixes: bool,
    /// Attributes of resources that become labels of every series.
    pub promoted: Vec<String>,
    /// Whether `target_info` repeats what `job` and `instance` are made of.
    pub keep_identifying: bool,
    /// Whether the scope becomes labels of every series.
    pub promote_scope: bool,
}

/// Points that have no place in series, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rejected {
    /// Points.
    pub points: u64,
    /// Different reasons, only the first ones.
    pub reasons: Vec<String>,
}

/// Reasons that are told.
const REASONS_MAX: usize = 20;

impl Rejected {
    fn add(&mut self, points: u64, metric: &Metric<'_>, why: &str) {
        self.points += points;
        let reason = format!("metric {:?}: {why}", String::from_utf8_lossy(&metric.name));
        if self.reasons.len() < REASONS_MAX && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// Gives the series of `metrics` to `sink`.
///
/// # Errors
/// What the sink refuses.
pub fn translate(
    metrics: &Metrics<'_>,
    translation: &Translation,
    sink: &mut impl Sink,
) -> Result<Rejected, Refused> {
    let mut rejected = Rejected::default();
    for resource in &metrics.resources {
        let identity = Identity::of(resource, translation);
        for scope in &resource.scopes {
            let common = Common { identity: &identity, scope, promote_scope: translation.promote_scope };
            let mut mapper = Mapper { common, suffixes: translation.suffixes, sink, rejected: &mut rejected };
            scope.metrics.iter().try_for_each(|metric| mapper.metric(metric))?;
        }
        target_info(resource, &identity, translation, sink)?;
    }
    Ok(rejected)
}

struct Mapper<'m, S> {
    common: Common<'m>,
    suffixes: bool,
    sink: &'m mut S,
    rejected: &'m mut Rejected,
}

/// What became of a point: refused by the sink with all others, rejected with a reason, or taken.
type Outcome = Result<Result<(), String>, Refused>;

impl<S: Sink> Mapper<'_, S> {
    fn metric(&mut self, metric: &Metric<'_>) -> Result<(), Refused> {
        let (kind, named) = kinds(&metric.data);
        let name = metric_name(&metric.name, &metric.unit, named, self.suffixes);
        let (name, why) = match name {
            Some(name) if is_cumulative(&metric.data) => (name, None),
            Some(name) => (name, Some(NOT_CUMULATIVE)),
            None => (String::new(), Some("the name has no letter or digit")),
        };
        if let Some(why) = why {
            self.rejected.add(metric.data.point_count() as u64, metric, why);
            return Ok(());
        }
        let (help, unit) = (metric.description.as_ref(), metric.unit.as_ref());
        self.sink.family(Family { name: name.as_bytes(), kind, help, unit });
        match &metric.data {
            Data::None => Ok(()),
            Data::Gauge(points) => self.each(metric, points, |own, point| own.number(&name, point)),
            Data::Sum(sum) => self.each(metric, &sum.points.points, |own, point| own.number(&name, point)),
            Data::Histogram(histogram) => {
                self.each(metric, &histogram.points, |own, point| own.histogram(&name, point))
            }
            Data::Exponential(histogram) => {
                self.each(metric, &histogram.points, |own, point| own.exponential(&name, point))
            }
            Data::Summary(points) => self.each(metric, points, |own, point| own.summary(&name, point)),
        }
    }

    fn each<P>(
        &mut self,
        metric: &Metric<'_>,
        points: &[P],
        translate: impl Fn(&mut Self, &P) -> Outcome,
    ) -> Result<(), Refused> {
        for point in points {
            if let Err(why) = translate(self, point)? {
                self.rejected.add(1, metric, &why);
            }
        }
        Ok(())
    }

    fn number(&mut self, name: &str, point: &NumberPoint<'_>) -> Outcome {
        let base = match self.common.base_labels(&point.head) {
            Ok(base) => base,
            Err(why) => return Ok(Err(why)),
        };
        let texts = exemplar_texts(&point.exemplars);
        let mut series = series_of(name, &base, None);
        series.floats.push(sample(&point.head, point.value));
        series.exemplars = texts.iter().map(ExemplarTexts::exemplar).collect();
        self.sink.series(&series).map(Ok)
    }

    /// As Prometheus' own histograms: counts up to each bound, of all, and their sum.
    fn histogram(&mut self, name: &str, point: &HistogramPoint<'_>) -> Outcome {
        let base = match self.common.base_labels(&point.head) {
            Ok(base) => base,
            Err(why) => return Ok(Err(why)),
        };
        let texts = exemplar_texts(&point.exemplars);
        let mut exemplars: Vec<Exemplar<'_>> = texts.iter().map(ExemplarTexts::exemplar).collect();
        self.count_and_sum(name, &base, &point.head, point.count, point.sum)?;
        let name = format!("{name}_bucket");
        let last = (f64::INFINITY, point.count);
        let mut count = 0u64;
        let bounded = point.explicit_bounds.iter().zip(&point.bucket_counts).map(|(bound, own)| {
            count = count.wrapping_add(*own);
            (*bound, count)
        });
        for (bound, count) in bounded.chain([last]) {
            let le = if bound == f64::INFINITY { "+Inf".to_owned() } else { bound.to_string() };
            let mut series = series_of(&name, &base, Some(("le", &le)));
            series.floats.push(sample(&point.head, count as f64));
            // An exemplar belongs to the first bucket that it fits into.
            series.exemplars = exemplars.extract_if(.., |exemplar| exemplar.value <= bound).collect();
            self.sink.series(&series)?;
        }
        Ok(Ok(()))
    }

    fn count_and_sum(
        &mut self,
        name: &str,
        base: &LabelMap<'_>,
        head: &PointHead<'_>,
        count: u64,
        sum: Option<f64>,
    ) -> Result<(), Refused> {
        let parts = [("_sum", sum), ("_count", Some(count as f64))];
        for (suffix, value) in parts {
            let Some(value) = value else { continue };
            let name = format!("{name}{suffix}");
            let mut series = series_of(&name, base, None);
            series.floats.push(sample(head, value));
            self.sink.series(&series)?;
        }
        Ok(())
    }

    fn exponential(&mut self, name: &str, point: &ExponentialPoint<'_>) -> Outcome {
        let base = self.common.base_labels(&point.head);
        let (base, histogram) = match base.and_then(|base| Ok((base, native(point)?))) {
            Ok(both) => both,
            Err(why) => return Ok(Err(why)),
        };
        let texts = exemplar_texts(&point.exemplars);
        let mut series = series_of(name, &base, None);
        series.histograms.push((point.head.ts_ms(), histogram));
        series.exemplars = texts.iter().map(ExemplarTexts::exemplar).collect();
        self.sink.series(&series).map(Ok)
    }

    fn summary(&mut self, name: &str, point: &SummaryPoint<'_>) -> Outcome {
        let base = match self.common.base_labels(&point.head) {
            Ok(base) => base,
            Err(why) => return Ok(Err(why)),
        };
        self.count_and_sum(name, &base, &point.head, point.count, Some(point.sum))?;
        for (quantile, value) in &point.quantiles {
            let quantile = quantile.to_string();
            let mut series = series_of(name, &base, Some(("quantile", &quantile)));
            series.floats.push(sample(&point.head, *value));
            self.sink.series(&series)?;
        }
        Ok(Ok(()))
    }
}

/// `value` at the time of a point, or that the series ended.
fn sample(head: &PointHead<'_>, value: f64) -> (i64, f64) {
    (head.ts_ms(), if head.is_end() { stale() } else { value })
}

const NOT_CUMULATIVE: &str = "its aggregation temporality is not cumulative; send it as cumulative, for example through \
                              the processor deltatocumulative";

/// The value of a series that ended.
fn stale() -> f64 {
    f64::from_bits(STALE_BITS)
}

fn is_cumulative(data: &Data<'_>) -> bool {
    match data {
        Data::Sum(sum) => sum.points.temporality == CUMULATIVE,
        Data::Histogram(histogram) => histogram.temporality == CUMULATIVE,
        Data::Exponential(histogram) => histogram.temporality == CUMULATIVE,
        Data::None | Data::Gauge(_) | Data::Summary(_) => true,
    }
}

fn kinds(data: &Data<'_>) -> (FamilyKind, NamedKind) {
    match data {
        Data::None => (FamilyKind::Unknown, NamedKind::Other),
        Data::Gauge(_) => (FamilyKind::Gauge, NamedKind::Gauge),
        Data::Sum(sum) if sum.monotonic => (FamilyKind::Counter, NamedKind::Counter),
        Data::Sum(_) => (FamilyKind::Gauge, NamedKind::Other),
        Data::Histogram(_) | Data::Exponential(_) => (FamilyKind::Histogram, NamedKind::Other),
        Data::Summary(_) => (FamilyKind::Summary, NamedKind::Other),
    }
}
