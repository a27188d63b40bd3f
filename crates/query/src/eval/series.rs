//! Numbers over the steps of a query, as they go from operator to operator.

use super::window::Steps;
use model::{Labels, Point, Series};

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// The values of one label set: numbers, or what else a language has. Steps without a value are left out, so
/// that memory follows the data and not the number of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSeries<V = f64> {
    /// Labels.
    pub labels: Labels,
    /// `(step, value)`, ascending by step.
    pub points: Vec<(u32, V)>,
    /// Whether the metric's name goes when the query ends. Until then it can be grouped by and be read; so
    /// series of several metrics stay apart. Only samples have such a name.
    pub sheds_name: bool,
}

impl<V> StepSeries<V> {
    /// Values of `labels`.
    pub fn new(labels: Labels, points: Vec<(u32, V)>) -> Self {
        Self { labels, points, sheds_name: false }
    }

    /// Bytes held, for budgets; without what values hold elsewhere.
    pub fn held_bytes(&self) -> u64 {
        (self.labels.bytes().len() + self.points.len() * size_of::<(u32, V)>() + size_of::<Self>()) as u64
    }
}

impl StepSeries {
    /// `value` at each of `count` steps, without labels.
    pub fn constant(value: f64, count: u32) -> Self {
        Self::new(Labels::default(), (0..count).map(|step| (step, value)).collect())
    }

    /// The same labels with every value mapped; points mapped to `None` go.
    #[must_use]
    pub fn mapped(mut self, map: impl Fn(f64) -> Option<f64>) -> Self {
        self.points.retain_mut(|(_, value)| match map(*value) {
            Some(mapped) => {
                *value = mapped;
                true
            }
            None => false,
        });
        self
    }
}

/// As the answer of a range query: ordered by labels, series of equal labels joined.
pub fn into_matrix(mut series: Vec<StepSeries>, steps: &Steps) -> Vec<Series> {
    series.retain(|series| !series.points.is_empty());
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    let mut matrix: Vec<Series> = Vec::with_capacity(series.len());
    for StepSeries { labels, points, .. } in series {
        let points = points.into_iter().map(|(step, value)| (steps.ts_ns(step), value));
        match matrix.last_mut().filter(|last| last.labels == labels) {
            // Only `label_replace` makes equal label sets. Loki then gives all points in one series.
            Some(last) => {
                last.points.extend(points);
                last.points.sort_by_key(|(ts_ns, _)| *ts_ns);
            }
            None => matrix.push(Series { labels, points: points.collect() }),
        }
    }
    matrix
}

/// As the answer of an instant query: ordered by labels unless the query `sorts`.
pub fn into_vector(series: Vec<StepSeries>, ts_ns: i64, sorts: bool) -> Vec<Point> {
    let points = series.into_iter().filter_map(|StepSeries { labels, points, .. }| {
        points.first().map(|(_, value)| Point { labels, ts_ns, value: *value })
    });
    let mut vector: Vec<Point> = points.collect();
    if !sorts {
        vector.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
    vector
}
