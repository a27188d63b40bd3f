//! Selectors, ranges and subqueries: where samples enter the evaluation.

use super::evaluator::{Evaluator, Series};
use super::reading::moved;
use super::{MetricSeries, SUBQUERY_STEP_NS, duration};
use crate::eval::sample::{Samples, Value, Window};
use crate::eval::series::StepSeries;
use crate::eval::window::Steps;
use crate::promql::ast::{Expr, Modifiers, Selector, Subquery};
use base::{Error, Kind, Result};
use model::Labels;
use std::borrow::Cow;

/// Most steps of a subquery: more than any answer has, for queries of long times in short steps.
const SUBQUERY_STEPS_MAX: i64 = 1_000_000;

/// Labels of a series with its last sample at each step: step, time of the sample, value.
pub(super) type Found = (Labels, Vec<(u32, i64, Value)>);

/// Series whose samples are looked at through a window at each step.
pub(super) struct Ranged<'a> {
    pub series: Vec<RangedSeries<'a>>,
    pub range_ns: i64,
    /// The end of the window of each step.
    ends_ns: Vec<i64>,
}

/// A series of [`Ranged`].
pub(super) struct RangedSeries<'a> {
    pub labels: Cow<'a, Labels>,
    samples: Cow<'a, Samples>,
    pub sheds_name: bool,
}

impl Ranged<'_> {
    /// The windows of `series` at all steps at which there are samples in it.
    pub fn windows<'s>(&'s self, series: &'s RangedSeries<'_>) -> impl Iterator<Item = (u32, Window<'s>)> {
        let windows = (0u32..).zip(&self.ends_ns);
        let windows = windows.map(|(step, end_ns)| {
            (step, series.samples.window(end_ns.saturating_sub(self.range_ns), *end_ns))
        });
        windows.filter(|(_, window)| !window.is_empty())
    }
}

impl Evaluator<'_> {
    /// The time that each step's evaluation looks at.
    fn times(&self, modifiers: &Modifiers, steps: &Steps) -> Result<Vec<i64>> {
        let offset_of_zero = moved(modifiers, self.query, 0)?;
        let fixed = modifiers.at.is_some();
        let time =
            |step| if fixed { offset_of_zero } else { steps.ts_ns(step).saturating_add(offset_of_zero) };
        Ok((0..steps.count()).map(time).collect())
    }

    /// The last sample of each series at each step.
    pub fn selector(&self, selector: &Selector, steps: &Steps) -> Result<Vec<Series>> {
        let found = self.last_samples(selector, steps)?;
        let series = found.into_iter().map(|(labels, points)| {
            let points = points.into_iter().map(|(step, _, value)| (step, value));
            StepSeries::new(labels, points.collect())
        });
        Ok(series.collect())
    }

    /// The last sample of each series at each step, with its time.
    pub fn last_samples(&self, selector: &Selector, steps: &Steps) -> Result<Vec<Found>> {
        refuse_edges(selector)?;
        let back_ns = self.query.lookback_ns;
        let times = self.times(&selector.modifiers, steps)?;
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(Vec::new()) };
        let series = self.reads.series(&selector.matchers, first.saturating_sub(back_ns), *last)?;
        let mut found = Vec::with_capacity(series.len());
        for one in series {
            self.check_stopped()?;
            let samples = (0u32..).zip(&times).filter_map(|(step, end_ns)| {
                let (ts_ns, value) = one.samples.last(end_ns.saturating_sub(back_ns), *end_ns)?;
                Some((step, ts_ns, value))
            });
            let samples: Vec<_> = samples.collect();
            self.hold(samples.len())?;
            if !samples.is_empty() {
                found.push((one.labels.clone(), samples));
            }
        }
        Ok(found)
    }

    /// The windows that `expr`, a range or a subquery, gives at each step.
    pub fn ranged(&self, expr: &Expr, steps: &Steps) -> Result<Ranged<'_>> {
        match expr {
            Expr::Paren(paren) => self.ranged(&paren.expr, steps),
            Expr::Range(range) => {
                refuse_edges(&range.selector)?;
                let range_ns = duration::positive_ns(&range.range, self.query)?;
                let ends_ns = self.times(&range.selector.modifiers, steps)?;
                let (Some(first), Some(last)) = (ends_ns.first(), ends_ns.last()) else {
                    return Ok(Ranged { series: Vec::new(), range_ns, ends_ns });
                };
                let before_ns = first.saturating_sub(range_ns);
                let series = self.reads.series(&range.selector.matchers, before_ns, *last)?;
                let series = series.iter().map(|one| RangedSeries {
                    labels: Cow::Borrowed(&one.labels),
                    samples: Cow::Borrowed(one.plain()),
                    sheds_name: false,
                });
                Ok(Ranged { series: series.collect(), range_ns, ends_ns })
            }
            Expr::Subquery(subquery) => self.subquery(subquery, steps),
            _ => Err(Error::bug("no range where one is needed")),
        }
    }

    fn subquery(&self, subquery: &Subquery, steps: &Steps) -> Result<Ranged<'_>> {
        let range_ns = duration::positive_ns(&subquery.range, self.query)?;
        let ends_ns = self.times(&subquery.modifiers, steps)?;
        let (Some(first), Some(last)) = (ends_ns.first(), ends_ns.last()) else {
            return Ok(Ranged { series: Vec::new(), range_ns, ends_ns });
        };
        let step_ns = match &subquery.step {
            Some(step) => duration::positive_ns(step, self.query)?,
            None => SUBQUERY_STEP_NS,
        };
        // Steps are multiples of their length, so that they are the same for all evaluations.
        let before_ns = first.saturating_sub(range_ns);
        let mut start_ns = before_ns / step_ns * step_ns;
        if start_ns <= before_ns {
            start_ns = start_ns.saturating_add(step_ns);
        }
        let count = last.saturating_sub(start_ns) / step_ns;
        if count > SUBQUERY_STEPS_MAX {
            return Err(Error::limit(format!(
                "a subquery has {count} steps, limit {SUBQUERY_STEPS_MAX}; use a longer step or a shorter range"
            )));
        }
        let inner = Steps { start_ns, end_ns: *last, step_ns };
        let series = self.vector(&subquery.expr, &inner)?.into_iter().map(|one| {
            let mut samples = Samples::default();
            for (step, value) in one.points {
                match value {
                    Value::Float(value) => samples.floats.push((inner.ts_ns(step), value)),
                    Value::Histogram(histogram) => samples.histograms.push((inner.ts_ns(step), histogram)),
                }
            }
            let labels = Cow::Owned(one.labels);
            RangedSeries { labels, samples: Cow::Owned(samples), sheds_name: one.sheds_name }
        });
        let series = series.collect();
        Ok(Ranged { series, range_ns, ends_ns })
    }

    /// The samples of a range or a subquery that is the whole query.
    pub fn matrix(&self, expr: &Expr) -> Result<Vec<MetricSeries>> {
        let ranged = self.ranged(expr, &self.query.steps)?;
        let mut matrix = Vec::with_capacity(ranged.series.len());
        for series in &ranged.series {
            for (_, window) in ranged.windows(series).take(1) {
                let floats = window.floats.iter().map(|(ts_ns, value)| (*ts_ns, Value::Float(*value)));
                let histograms =
                    window.histograms.iter().map(|(ts_ns, value)| (*ts_ns, Value::Histogram(value.clone())));
                let mut points: Vec<(i64, Value)> = floats.chain(histograms).collect();
                points.sort_by_key(|point| point.0);
                let one = StepSeries {
                    labels: series.labels.clone().into_owned(),
                    points: vec![(0, Value::Float(0.0))],
                    sheds_name: series.sheds_name,
                };
                let labels = super::evaluator::shed_names(vec![one])?.remove(0).labels;
                matrix.push(MetricSeries { labels, points });
            }
        }
        Ok(matrix)
    }
}

fn refuse_edges(selector: &Selector) -> Result<()> {
    match selector.edges {
        None => Ok(()),
        Some(edges) => Err(to_come(&format!("the modifier {}", edges.text()))),
    }
}

/// What this engine does not do yet.
pub(super) fn to_come(what: &str) -> Error {
    Error::new(Kind::Invalid, format!("{what} is not supported yet; it is to come"))
}
