//! `sum by (…) (…)` and its kin: grouping is LogQL's, what is collected of a group's values is here.

use super::evaluator::{Evaluator, Series};
use crate::eval::aggregate::{By, groups, nan_last, reduce, select};
use crate::eval::fold::{ExactMean, ExactSum};
use crate::eval::quantile::quantile;
use crate::eval::sample::histogram::Histogram;
use crate::eval::sample::{Remark, Value, range};
use crate::eval::series::METRIC_NAME;
use crate::eval::window::Steps;
use crate::go;
use crate::promql::ast::{AggregateOp, Aggregation, Expr};
use base::{Error, Result};
use model::LabelsBuilder;
use model::labels::GoQuoted;
use std::cell::RefCell;

impl Evaluator<'_> {
    /// An aggregation over a vector.
    ///
    /// # Errors
    /// Of its parameter and its operand.
    pub fn aggregation(&self, aggregation: &Aggregation, steps: &Steps) -> Result<Vec<Series>> {
        let op = aggregation.op;
        let mut grouping = aggregation.grouping.clone();
        if let Some(grouping) = grouping.as_mut().filter(|grouping| grouping.without) {
            grouping.labels.push(METRIC_NAME.to_owned());
        }
        let by = grouping.as_ref().map(|by| By { without: by.without, labels: &by.labels });
        if op == AggregateOp::CountValues {
            return self.count_values(aggregation, by, steps);
        }
        let parameter = match &aggregation.parameter {
            Some(parameter) => self.scalar(parameter, steps)?,
            None => Vec::new(),
        };
        let at = |step: u32| parameter.get(step as usize).copied().unwrap_or(f64::NAN);
        let series = self.vector(&aggregation.inner, steps)?;
        match op {
            AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk => {
                self.first_of(aggregation, by, series, &parameter)
            }
            AggregateOp::LimitRatio => Ok(self.ratio_of(aggregation, series, &at)),
            AggregateOp::Sum | AggregateOp::Avg => Ok(self.total(aggregation, by, &series)),
            AggregateOp::Count => Ok(counted(by, &series, |count| count)),
            AggregateOp::Group => Ok(counted(by, &series, |_| 1.0)),
            AggregateOp::Min => Ok(self.floats(aggregation, by, &series, |_, values| range::min(values))),
            AggregateOp::Max => Ok(self.floats(aggregation, by, &series, |_, values| range::max(values))),
            AggregateOp::Stdvar => {
                Ok(self.floats(aggregation, by, &series, |_, values| range::variance(values)))
            }
            AggregateOp::Stddev => {
                Ok(self.floats(aggregation, by, &series, |_, values| range::variance(values).sqrt()))
            }
            AggregateOp::Quantile => {
                let span = aggregation.parameter.as_ref().map(Expr::span).unwrap_or_default();
                parameter.iter().for_each(|q| self.check_quantile(span, *q));
                Ok(self.floats(aggregation, by, &series, |step, values| {
                    quantile(at(step), &mut values.to_vec())
                }))
            }
            AggregateOp::CountValues => Err(Error::bug("count_values has no number as parameter")),
        }
    }

    /// Aggregations of numbers, which leave histograms out.
    fn floats(
        &self,
        aggregation: &Aggregation,
        by: Option<By<'_>>,
        series: &[Series],
        value: impl Fn(u32, &[f64]) -> f64,
    ) -> Vec<Series> {
        let mut ignored = false;
        let take = |cell: &mut Option<Vec<f64>>, _: u32, one: &Value| match one {
            Value::Float(number) => cell.get_or_insert_default().push(*number),
            Value::Histogram(_) => ignored = true,
        };
        let reduced = reduce(by, series, take, |step, values| Some(Value::Float(value(step, &values))));
        if ignored {
            self.note_ignored(aggregation);
        }
        reduced.into_iter().filter(|one| !one.points.is_empty()).collect()
    }

    fn note_ignored(&self, aggregation: &Aggregation) {
        let what = format!("ignored histogram in {} aggregation", aggregation.op.text());
        self.inform(aggregation.inner.span(), &what);
    }

    /// `sum` and `avg`, of numbers or of histograms.
    fn total(&self, aggregation: &Aggregation, by: Option<By<'_>>, series: &[Series]) -> Vec<Series> {
        let mean = aggregation.op == AggregateOp::Avg;
        let noted: RefCell<Vec<Remark>> = RefCell::default();
        let mut remark = |remark: Remark| {
            if !noted.borrow().contains(&remark) {
                noted.borrow_mut().push(remark);
            }
        };
        let take = |cell: &mut Option<Total>, _: u32, value: &Value| {
            cell.get_or_insert_default().add(value, &mut remark);
        };
        let totals = reduce(by, series, take, |_, total| match (&total.histogram, total.floats) {
            _ if total.failed => None,
            (Some(_), floats) if floats > 0.0 => {
                noted.borrow_mut().push(Remark::MixedKinds);
                None
            }
            (Some(sum), _) if mean => Some(sum.divided(total.histograms).compact().into()),
            (Some(sum), _) => Some(sum.compact().into()),
            (None, _) if mean => Some(Value::Float(total.mean.value())),
            (None, _) => Some(Value::Float(total.sum.value())),
        });
        let span = aggregation.inner.span();
        self.annotate(|annotations, text| {
            noted.take().into_iter().for_each(|remark| annotations.remark_aggregation(text, span, remark));
        });
        totals.into_iter().filter(|one| !one.points.is_empty()).collect()
    }

    /// `topk`, `bottomk`, `limitk`
    fn first_of(
        &self,
        aggregation: &Aggregation,
        by: Option<By<'_>>,
        mut series: Vec<Series>,
        parameter: &[f64],
    ) -> Result<Vec<Series>> {
        if let Some(wrong) = parameter.iter().find(|k| k.is_nan() || k.abs() >= i64::MAX as f64) {
            return Err(Error::invalid(match wrong.is_nan() {
                true => "Parameter value is NaN".to_owned(),
                false => format!("Scalar value {} overflows int64", go::format_g(*wrong)),
            }));
        }
        if aggregation.op != AggregateOp::Limitk {
            let mut ignored = false;
            for one in &mut series {
                let before = one.points.len();
                one.points.retain(|point| point.1.float().is_some());
                ignored |= one.points.len() < before;
            }
            if ignored {
                self.note_ignored(aggregation);
            }
        }
        let value = |value: &Value| value.float().unwrap_or(f64::NAN);
        let order = |a: &Value, b: &Value| match aggregation.op {
            AggregateOp::Topk => nan_last(value(a), value(b), |a, b| b.total_cmp(&a)),
            AggregateOp::Bottomk => nan_last(value(a), value(b), |a, b| a.total_cmp(&b)),
            _ => std::cmp::Ordering::Equal,
        };
        let k = |step: u32| parameter.get(step as usize).map_or(0, |k| *k as usize);
        let selected = select(k, by, series, order);
        if !self.query.instant || aggregation.op == AggregateOp::Limitk {
            return Ok(selected);
        }
        // Shown group by group, each in its order.
        let mut ranked = Vec::with_capacity(selected.len());
        for members in groups(by, &selected).into_values() {
            let mut members: Vec<Series> =
                members.iter().filter_map(|at| selected.get(*at)).cloned().collect();
            members.sort_by(|a, b| match (a.points.first(), b.points.first()) {
                (Some(a), Some(b)) => order(&a.1, &b.1),
                _ => std::cmp::Ordering::Equal,
            });
            ranked.append(&mut members);
        }
        Ok(ranked)
    }

    /// `limit_ratio`: the series whose hash lies in the wanted part of all hashes.
    fn ratio_of(
        &self,
        aggregation: &Aggregation,
        mut series: Vec<Series>,
        ratio: &impl Fn(u32) -> f64,
    ) -> Vec<Series> {
        let span = aggregation.parameter.as_ref().map(Expr::span).unwrap_or_default();
        for one in &mut series {
            let place = hash(one) as f64 / u64::MAX as f64;
            one.points.retain(|(step, _)| {
                let wanted = ratio(*step);
                let capped = wanted.clamp(-1.0, 1.0);
                if wanted != capped {
                    let (wanted, capped) = (go::format_g(wanted), go::format_g(capped));
                    let what =
                        format!("ratio value should be between -1 and 1, got {wanted}, capping to {capped}");
                    self.warn(span, &what);
                }
                if capped >= 0.0 { place < capped } else { place >= 1.0 + capped }
            });
        }
        series.retain(|one| !one.points.is_empty());
        series
    }

    /// `count_values("label", v)`
    fn count_values(
        &self,
        aggregation: &Aggregation,
        by: Option<By<'_>>,
        steps: &Steps,
    ) -> Result<Vec<Series>> {
        let parameter = aggregation.parameter.as_ref().ok_or_else(|| Error::bug("a parameter is missing"))?;
        let label = self.text(parameter, steps)?;
        if label.is_empty() {
            return Err(Error::invalid(format!("invalid label name {}", GoQuoted(&label))));
        }
        let mut valued: Vec<Series> = Vec::new();
        let mut known = hashbrown::HashMap::new();
        for one in self.vector(&aggregation.inner, steps)? {
            self.check_stopped()?;
            let group =
                crate::eval::aggregate::group_labels(one.labels.as_ref(), by, &mut LabelsBuilder::default());
            for (step, value) in one.points {
                let text = match &value {
                    Value::Float(value) => go::format_float(*value, b'f', -1),
                    Value::Histogram(histogram) => histogram.to_string(),
                };
                let labels = LabelsBuilder::from(group.as_ref()).set(&label, &text).build();
                let sheds_name = one.sheds_name && label != METRIC_NAME;
                let at = *known.entry(labels.clone()).or_insert_with(|| {
                    valued.push(Series { labels, points: Vec::new(), sheds_name });
                    valued.len() - 1
                });
                if let Some(series) = valued.get_mut(at) {
                    series.points.push((step, value));
                }
            }
        }
        Ok(valued
            .into_iter()
            .map(|one| {
                let mut counts = std::collections::BTreeMap::new();
                one.points.iter().for_each(|(step, _)| *counts.entry(*step).or_insert(0.0) += 1.0);
                let points = counts.into_iter().map(|(step, count)| (step, Value::Float(count)));
                Series { points: points.collect(), ..one }
            })
            .collect())
    }

    /// Warns of a quantile that is none.
    pub fn check_quantile(&self, span: crate::promql::span::Span, q: f64) {
        if !(0.0..=1.0).contains(&q) {
            let what = format!("quantile value should be between 0 and 1, got {}", go::format_g(q));
            self.warn(span, &what);
        }
    }
}

fn counted(by: Option<By<'_>>, series: &[Series], value: impl Fn(f64) -> f64) -> Vec<Series> {
    let take = |cell: &mut Option<f64>, _: u32, _: &Value| *cell.get_or_insert_default() += 1.0;
    reduce(by, series, take, |_, count| Some(Value::Float(value(count))))
}

/// What `sum` and `avg` collect.
#[derive(Debug, Default)]
struct Total {
    sum: ExactSum,
    mean: ExactMean,
    floats: f64,
    histogram: Option<Histogram>,
    histograms: f64,
    /// Histograms did not fit together.
    failed: bool,
}

impl Total {
    fn add(&mut self, value: &Value, remarks: &mut dyn FnMut(Remark)) {
        match value {
            Value::Float(number) => {
                self.sum.add(*number);
                self.mean.add(*number);
                self.floats += 1.0;
            }
            Value::Histogram(histogram) => {
                self.histograms += 1.0;
                match self.histogram.as_ref().map(|sum| sum.plus(histogram, remarks)) {
                    None => self.histogram = Some((**histogram).clone()),
                    Some(Ok(sum)) => self.histogram = Some(sum),
                    Some(Err(_)) => {
                        remarks(Remark::MixedSchemas);
                        self.failed = true;
                    }
                }
            }
        }
    }
}

/// Prometheus's hash of a label set.
fn hash(series: &Series) -> u64 {
    let mut bytes = Vec::with_capacity(series.labels.bytes().len() + 8);
    for text in series.labels.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0xff);
    }
    xxhash_rust::xxh64::xxh64(&bytes, 0)
}
