//! What one aggregate makes of spans: series by labels, and their values over windows.

use super::{BUCKET_LABEL, QUANTILE_LABEL};
use crate::eval::function::Function;
use crate::eval::kept::{Keeps, Kept, KeptRow};
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::eval::span::{Member, Trace, Value};
use crate::eval::window::{Steps, Windows};
use crate::logql::ast::RangeOp;
use crate::traceql::ast::{
    AggregateOp, Field, FieldExpr, FirstStage, MetricsAggregate, Pipeline, RangeFunction, SpansetBinary,
    SpansetExpr, SpansetOp, Stage,
};
use crate::traces::search::attribute_of;
use crate::traces::sieve::{is_own, is_own_field};
use base::unit::go_duration_text;
use base::{Error, Result};
use hashbrown::HashMap;
use model::attribute;
use model::{Labels, LabelsBuilder};
use smallvec::SmallVec;

/// Series of some spans.
pub(super) type Part = HashMap<Labels, Kept>;

/// What stands in a label for a value that is not there.
const NIL: &str = "nil";

/// An aggregate over windows.
pub(super) struct Leaf {
    /// Which spans.
    pub pipeline: Pipeline,
    /// When.
    pub windows: Windows,
    function: RangeFunction,
    keeps: Keeps,
    /// What series are told apart by, with the names of their labels.
    by: Vec<(String, Field)>,
    /// The series' name, where nothing else tells what it is.
    name: Option<String>,
}

impl Leaf {
    /// `aggregate` over the `range_ns` before each of `steps`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for `compare()`.
    pub fn new(aggregate: &MetricsAggregate, steps: &Steps, range_ns: i64) -> Result<Self> {
        let FirstStage::Range { function, by } = &aggregate.stage else {
            return Err(Error::invalid("compare() is to come; ask for rate() by(…) of both selections"));
        };
        let windows = Windows::new(steps, range_ns, 0);
        let is_told = matches!(function, RangeFunction::Quantile(..) | RangeFunction::Histogram(_));
        Ok(Self {
            pipeline: aggregate.spans.clone(),
            windows,
            keeps: Function::new(range_op(function), None, windows.range_ns()).keeps(),
            function: function.clone(),
            by: by.iter().map(|field| (field.to_string(), field.clone())).collect(),
            name: (by.is_empty() && !is_told).then(|| name(function)),
        })
    }

    /// Whether every span tells by itself whether and where it counts.
    pub fn looks_at_single_spans(&self) -> bool {
        let stage = |stage: &Stage| match stage {
            Stage::Spansets(expr) => is_of_filters(expr, &is_own),
            Stage::By(expr) => is_own(expr),
            Stage::Coalesce | Stage::Select(_) => true,
            Stage::Scalar(_) => false,
        };
        let value = match &self.function {
            RangeFunction::Rate | RangeFunction::Count => None,
            RangeFunction::Over(_, field)
            | RangeFunction::Quantile(field, _)
            | RangeFunction::Histogram(field) => Some(field),
        };
        let mut fields = self.by.iter().map(|(_, field)| field).chain(value);
        self.pipeline.stages.iter().all(stage) && fields.all(is_own_field)
    }

    /// Whether each span that counts passes a sieve of the pipeline; else one of its trace does.
    pub fn counts_what_passes(&self) -> bool {
        match self.pipeline.stages.first() {
            Some(Stage::Spansets(expr)) => is_of_filters(expr, &|_| true),
            _ => true,
        }
    }

    /// The series of those of `members` that the pipeline selects and that `counts` lets count.
    pub fn part(&self, members: &[Member<'_>], counts: impl Fn(usize) -> bool) -> Part {
        let trace = Trace::new(members);
        let selected = trace.run(&self.pipeline).into_iter().flat_map(|set| set.spans);
        let mut spans: Vec<(i64, usize)> = selected.map(|at| (members[at].span.start_ns, at)).collect();
        // Panes are filled in the order of time.
        spans.sort_unstable();
        spans.dedup();
        let (mut part, mut builder) = (Part::default(), LabelsBuilder::default());
        for (start_ns, at) in spans {
            let Some(pane) = self.windows.pane(start_ns).filter(|_| counts(at)) else { continue };
            for (bucket, value) in self.values(&trace, at) {
                let labels = self.labels(&trace, at, bucket, &mut builder);
                let kept = part.entry(labels).or_insert_with(|| self.keeps.nothing());
                kept.take(self.keeps, pane, KeptRow { ts_ns: start_ns, value, count: 1 });
            }
        }
        part
    }

    /// What the span at `at` adds: numbers, of a histogram with their buckets.
    fn values(&self, trace: &Trace<'_>, at: usize) -> SmallVec<[(Option<f64>, f64); 1]> {
        match &self.function {
            RangeFunction::Rate | RangeFunction::Count => SmallVec::from([(None, 1.0)]),
            RangeFunction::Over(_, field) | RangeFunction::Quantile(field, _) => {
                each(&trace.field(field, at)).filter_map(|value| Some((None, measure(value)?))).collect()
            }
            RangeFunction::Histogram(field) => {
                each(&trace.field(field, at)).filter_map(|value| Some((Some(bucket(value)?), 1.0))).collect()
            }
        }
    }

    fn labels(
        &self,
        trace: &Trace<'_>,
        at: usize,
        bucket: Option<f64>,
        builder: &mut LabelsBuilder,
    ) -> Labels {
        builder.clear();
        if let Some(name) = &self.name {
            builder.set(METRIC_NAME, name);
        }
        for (name, field) in &self.by {
            set(builder, name, &label_value(trace.field(field, at)));
        }
        if let Some(bucket) = bucket {
            set(builder, BUCKET_LABEL, &attribute::Value::Double(bucket));
        }
        builder.build()
    }

    /// The values at each step of the series `labels`; of several quantiles one series each.
    pub fn series(&self, labels: Labels, kept: Kept) -> Vec<StepSeries> {
        let (windows, op) = (&self.windows, range_op(&self.function));
        let function = |parameter| Function::new(op, parameter, windows.range_ns());
        match &self.function {
            RangeFunction::Quantile(_, quantiles) => {
                let series = |quantile: &f64| {
                    let mut builder = LabelsBuilder::from(labels.as_ref());
                    set(&mut builder, QUANTILE_LABEL, &attribute::Value::Double(*quantile));
                    let points = function(Some(*quantile)).evaluate(kept.clone(), windows);
                    StepSeries::new(builder.build(), points)
                };
                quantiles.iter().map(series).collect()
            }
            RangeFunction::Over(..) => {
                vec![StepSeries::new(labels, function(None).evaluate(kept, windows))]
            }
            RangeFunction::Rate | RangeFunction::Count | RangeFunction::Histogram(_) => {
                let points = function(None).evaluate(kept, windows);
                vec![StepSeries::new(labels, with_zeros(&points, windows.count()))]
            }
        }
    }
}

/// Whether `expr` is one or more filters joined by `||`, and all are as `wanted`.
fn is_of_filters(expr: &SpansetExpr, wanted: &dyn Fn(&FieldExpr) -> bool) -> bool {
    match expr {
        SpansetExpr::Filter(filter) => wanted(filter),
        SpansetExpr::Pipeline(_) => false,
        SpansetExpr::Binary(binary) => {
            let SpansetBinary { op, left, right } = &**binary;
            *op == SpansetOp::Or && is_of_filters(left, wanted) && is_of_filters(right, wanted)
        }
    }
}

/// The function of LogQL that does the same.
fn range_op(function: &RangeFunction) -> RangeOp {
    match function {
        RangeFunction::Rate => RangeOp::Rate,
        RangeFunction::Count | RangeFunction::Histogram(_) => RangeOp::CountOverTime,
        RangeFunction::Over(AggregateOp::Avg, _) => RangeOp::AvgOverTime,
        RangeFunction::Over(AggregateOp::Max, _) => RangeOp::MaxOverTime,
        RangeFunction::Over(AggregateOp::Min, _) => RangeOp::MinOverTime,
        RangeFunction::Over(AggregateOp::Sum, _) => RangeOp::SumOverTime,
        RangeFunction::Quantile(..) => RangeOp::QuantileOverTime,
    }
}

/// As queries write it.
fn name(function: &RangeFunction) -> String {
    match function {
        RangeFunction::Rate => "rate".to_owned(),
        RangeFunction::Count => "count_over_time".to_owned(),
        RangeFunction::Over(op, _) => format!("{}_over_time", op.text()),
        RangeFunction::Quantile(..) => "quantile_over_time".to_owned(),
        RangeFunction::Histogram(_) => "histogram_over_time".to_owned(),
    }
}

/// A value, or the elements of an array and what several events have.
fn each<'v, 'a>(value: &'v Value<'a>) -> std::slice::Iter<'v, Value<'a>> {
    match value {
        Value::Many(values) => values.iter(),
        value => std::slice::from_ref(value).iter(),
    }
}

/// A number, durations in seconds.
fn measure(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Duration(ns) => Some(*ns as f64 / 1e9),
        value => value.number(),
    }
}

/// The upper bound of the bucket of a number: the power of two that is not less; a duration's is one of
/// nanoseconds, given in seconds. What is not positive is in bucket 0.
fn bucket(value: &Value<'_>) -> Option<f64> {
    let number = value.number().filter(|number| !number.is_nan())?;
    let bound = if number > 0.0 { power_of_two(number) } else { 0.0 };
    Some(if matches!(value, Value::Duration(_)) { bound / 1e9 } else { bound })
}

/// The least power of two that is not less than `number`, which is positive.
fn power_of_two(number: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    // A number without its fraction bits is the power below it.
    let below = f64::from_bits(number.max(f64::MIN_POSITIVE).to_bits() & EXPONENT);
    if below < number { below * 2.0 } else { below }
}

fn label_value(value: Value<'_>) -> attribute::Value {
    match value {
        Value::Duration(ns) => attribute::Value::String(go_duration_text(ns)),
        value => attribute_of(value).unwrap_or_else(|| attribute::Value::String(NIL.to_owned())),
    }
}

fn set(builder: &mut LabelsBuilder, name: &str, value: &attribute::Value) {
    let (name, text) = value.to_pair(name);
    builder.set(&name, &text);
}

/// `points` and 0 at every other of `count` steps.
fn with_zeros(points: &[(u32, f64)], count: u32) -> Vec<(u32, f64)> {
    let mut filled: Vec<(u32, f64)> = (0..count).map(|step| (step, 0.0)).collect();
    for (step, value) in points {
        if let Some(point) = filled.get_mut(*step as usize) {
            point.1 = *value;
        }
    }
    filled
}

#[cfg(test)]
mod tests;
