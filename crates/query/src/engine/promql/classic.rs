//! Functions of histograms, classic ones and native ones.

use super::evaluator::{Evaluator, Operand, Series, mapped};
use crate::eval::aggregate::{By, reduce};
use crate::eval::sample::Value;
use crate::eval::sample::bucket::{self, Cumulative};
use crate::eval::sample::histogram::Histogram;
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::eval::window::Steps;
use crate::go;
use crate::promql::ast::{Call, Expr};
use crate::promql::functions::Function;
use base::{Error, Result};
use hashbrown::{HashMap, HashSet};
use model::labels::GoQuoted;
use model::{Labels, LabelsBuilder};
use std::cell::RefCell;

/// The label that holds a classic bucket's bound.
const BUCKET_LABEL: &str = "le";

impl Evaluator<'_> {
    /// `histogram_count` and its kin, of native histograms only.
    pub fn of_histograms(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let inner = call.args.last().ok_or_else(|| Error::bug("arguments are missing"))?;
        let value = |histogram: &Histogram| match call.function {
            Function::HistogramCount => histogram.count,
            Function::HistogramSum => histogram.sum,
            Function::HistogramAvg => histogram.sum / histogram.count,
            Function::HistogramStdvar => bucket::native_variance(histogram),
            _ => bucket::native_variance(histogram).sqrt(),
        };
        let series = self.vector(inner, steps)?;
        Ok(Operand::Vector(mapped(series, |_, given| {
            given.histogram().map(|histogram| Value::Float(value(histogram)))
        })))
    }

    /// `histogram_quantile(q, v)`
    pub fn histogram_quantile(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [q, inner] = call.args.as_slice() else { return Err(Error::bug("arguments are missing")) };
        let quantiles = self.scalar(q, steps)?;
        self.quantile_of(inner, q, &quantiles, steps).map(Operand::Vector)
    }

    /// `histogram_quantiles(v, "label", q…)`: each quantile's series with the quantile as a label.
    pub fn histogram_quantiles(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [inner, label, ranks @ ..] = call.args.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let label = self.text(label, steps)?;
        let mut series = Vec::new();
        for q in ranks {
            let quantiles = self.scalar(q, steps)?;
            let value = open_metrics_float(quantiles.first().copied().unwrap_or(f64::NAN));
            for mut one in self.quantile_of(inner, q, &quantiles, steps)? {
                one.labels = LabelsBuilder::from(one.labels.as_ref()).set(&label, &value).build();
                series.push(one);
            }
        }
        super::evaluator::unified(series).map(Operand::Vector)
    }

    /// The quantiles of `inner`, at each step that of `quantiles`; `q` is where they stand.
    fn quantile_of(&self, inner: &Expr, q: &Expr, quantiles: &[f64], steps: &Steps) -> Result<Vec<Series>> {
        quantiles.iter().for_each(|value| self.check_quantile(q.span(), *value));
        let at = |step: u32| quantiles.get(step as usize).copied().unwrap_or(f64::NAN);
        let raised = RefCell::new(false);
        let series = self.of_buckets(
            inner,
            steps,
            |step, classic| {
                let estimate = bucket::quantile(at(step), classic);
                *raised.borrow_mut() |= estimate.was_raised;
                estimate.value
            },
            |step, histogram| bucket::native_quantile(at(step), histogram),
        )?;
        if raised.take() {
            let what = "input to histogram_quantile needed to be fixed for monotonicity (see \
                        https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
            let name = series.first().and_then(|one| one.labels.get(METRIC_NAME));
            let of_metric = name.map_or(String::new(), |name| format!(" for metric name {}", GoQuoted(name)));
            self.inform(inner.span(), &format!("{what}{of_metric}"));
        }
        Ok(series)
    }

    /// `histogram_fraction(lower, upper, v)`
    pub fn histogram_fraction(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [lower, upper, inner] = call.args.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let (lower, upper) = (self.scalar(lower, steps)?, self.scalar(upper, steps)?);
        let at = |bounds: &[f64], step: u32| bounds.get(step as usize).copied().unwrap_or(f64::NAN);
        let series = self.of_buckets(
            inner,
            steps,
            |step, classic| bucket::fraction(at(&lower, step), at(&upper, step), classic),
            |step, histogram| bucket::native_fraction(at(&lower, step), at(&upper, step), histogram),
        )?;
        Ok(Operand::Vector(series))
    }

    /// A number of each histogram: of classic ones, whose buckets are joined by all labels but `le`, and of
    /// native ones. Where one series would be both, it is none.
    fn of_buckets(
        &self,
        inner: &Expr,
        steps: &Steps,
        classic: impl Fn(u32, Vec<Cumulative>) -> f64,
        native: impl Fn(u32, &Histogram) -> f64,
    ) -> Result<Vec<Series>> {
        let mut buckets = Vec::new();
        let mut histograms = Vec::new();
        for one in self.vector(inner, steps)? {
            let (floats, others): (Vec<_>, Vec<_>) =
                one.points.into_iter().partition(|point| point.1.float().is_some());
            let of = |points| Series { labels: one.labels.clone(), points, sheds_name: true };
            if !others.is_empty() {
                histograms.push(of(others));
            }
            if !floats.is_empty() {
                buckets.push(of(floats));
            }
        }
        let natives = mapped(histograms, |step, value| Some(Value::Float(native(step, value.histogram()?))));
        let classics = self.joined_buckets(inner, buckets, classic);
        Ok(self.one_of_both(inner, natives, classics))
    }

    fn joined_buckets(
        &self,
        inner: &Expr,
        buckets: Vec<Series>,
        value: impl Fn(u32, Vec<Cumulative>) -> f64,
    ) -> Vec<Series> {
        let mut bounded: Vec<(f64, Series)> = Vec::new();
        for one in buckets {
            let le = one.labels.get(BUCKET_LABEL).unwrap_or("");
            match go::parse_float(le) {
                Ok(upper) => bounded.push((upper, one)),
                Err(_) => {
                    let name = one.labels.get(METRIC_NAME).unwrap_or("");
                    let of_metric = match name {
                        "" => String::new(),
                        name => format!(" for metric name {}", GoQuoted(name)),
                    };
                    let (label, le) = (GoQuoted(BUCKET_LABEL), GoQuoted(le));
                    let what = format!("bucket label {label} is missing or has a malformed value of {le}");
                    self.warn(inner.span(), &format!("{what}{of_metric}"));
                }
            }
        }
        // Grouping takes values as they are, so each carries its bound.
        let carrying = bounded.into_iter().map(|(upper, one)| {
            let points = one.points.into_iter();
            let points =
                points.filter_map(|(step, value)| Some((step, Cumulative { upper, count: value.float()? })));
            StepSeries { labels: one.labels, points: points.collect(), sheds_name: true }
        });
        let carrying: Vec<_> = carrying.collect();
        let names = [BUCKET_LABEL.to_owned()];
        let by = Some(By { without: true, labels: &names });
        let take = |cell: &mut Option<Vec<Cumulative>>, _: u32, bucket: &Cumulative| {
            cell.get_or_insert_default().push(*bucket);
        };
        reduce(by, &carrying, take, |step, buckets| Some(Value::Float(value(step, buckets))))
    }

    fn one_of_both(&self, inner: &Expr, natives: Vec<Series>, classics: Vec<Series>) -> Vec<Series> {
        let mut native_steps: HashMap<Labels, HashSet<u32>> = HashMap::new();
        for one in &natives {
            native_steps
                .entry(one.labels.clone())
                .or_default()
                .extend(one.points.iter().map(|point| point.0));
        }
        let mut both: HashMap<Labels, HashSet<u32>> = HashMap::new();
        for one in &classics {
            let Some(steps) = native_steps.get(&one.labels) else { continue };
            let common = one.points.iter().map(|point| point.0).filter(|step| steps.contains(step));
            let common: HashSet<u32> = common.collect();
            if !common.is_empty() {
                let name = one.labels.get(METRIC_NAME).unwrap_or("");
                let of_metric = match name {
                    "" => String::new(),
                    name => format!(" for metric name {}", GoQuoted(name)),
                };
                let what = "vector contains a mix of classic and native histograms";
                self.warn(inner.span(), &format!("{what}{of_metric}"));
                both.insert(one.labels.clone(), common);
            }
        }
        let mut series: Vec<Series> = natives.into_iter().chain(classics).collect();
        for one in &mut series {
            if let Some(steps) = both.get(&one.labels) {
                one.points.retain(|point| !steps.contains(&point.0));
            }
        }
        series.retain(|one| !one.points.is_empty());
        super::evaluator::unified(series).unwrap_or_default()
    }
}

/// A number as OpenMetrics writes it: with a point or an exponent, so that it is seen to be a float.
fn open_metrics_float(value: f64) -> String {
    let text = go::format_g(value);
    let is_seen = !value.is_finite() || text.contains(['.', 'e']);
    if is_seen { text } else { text + ".0" }
}
