//! Functions of ranges.

use super::evaluator::{Evaluator, Operand};
use super::selecting::to_come;
use crate::eval::quantile::quantile;
use crate::eval::sample::range::{self, of_floats};
use crate::eval::sample::{Remark, Remarks, Value, Window, trend};
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::eval::window::Steps;
use crate::promql::ast::{Call, Expr, ValueType};
use crate::promql::functions::Function;
use base::{Error, Result};
use model::labels::GoQuoted;

/// Whether `function` takes a range.
pub(super) fn takes_range(function: Function) -> bool {
    function.signature().args.contains(&ValueType::Matrix)
}

/// A function with what it needs besides the window.
struct OverTime<'a> {
    function: Function,
    /// Seconds of the range.
    seconds: f64,
    /// Scalar arguments, each a number per step.
    scalars: &'a [Vec<f64>],
    steps: &'a Steps,
}

impl Evaluator<'_> {
    /// A function of a range, at each step whose window holds samples.
    ///
    /// # Errors
    /// Of its arguments.
    pub fn over_time(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let function = call.function;
        let (mut scalars, mut range) = (Vec::new(), None);
        for arg in &call.args {
            match arg.value_type() {
                ValueType::Matrix => range = Some(arg),
                _ => scalars.push(self.scalar(arg, steps)?),
            }
        }
        let range = range.ok_or_else(|| Error::bug("a call without its range"))?;
        self.check_scalars(call, &scalars)?;
        let ranged = self.ranged(range, steps)?;
        let over_time =
            OverTime { function, seconds: ranged.range_ns as f64 / 1e9, scalars: &scalars, steps };
        let keeps_name = matches!(function, Function::LastOverTime | Function::FirstOverTime);
        let mut given = Vec::with_capacity(ranged.series.len());
        for series in &ranged.series {
            self.check_stopped()?;
            let mut remarks = Vec::new();
            let mut points = Vec::new();
            for (step, window) in ranged.windows(series) {
                let mut remark = |remark: Remark| {
                    if !remarks.contains(&remark) {
                        remarks.push(remark);
                    }
                };
                points.extend(over_time.value(step, window, &mut remark)?.map(|value| (step, value)));
            }
            self.hold(points.len())?;
            let name = series.labels.get(METRIC_NAME);
            self.annotate(|annotations, text| {
                remarks.iter().for_each(|remark| annotations.remark(text, range.span(), name, *remark));
            });
            if !points.is_empty() {
                self.check_counter(function, range, name, &points);
                let sheds_name = series.sheds_name || !keeps_name;
                given.push(StepSeries { labels: series.labels.clone().into_owned(), points, sheds_name });
            }
        }
        if function == Function::AbsentOverTime {
            given = vec![super::labels::absence(&given, super::labels::absent_labels(range), steps.count())];
        }
        Ok(Operand::Vector(given))
    }

    fn check_scalars(&self, call: &Call, scalars: &[Vec<f64>]) -> Result<()> {
        match (call.function, scalars) {
            (Function::QuantileOverTime, [quantiles]) => {
                let span = call.args.first().map(Expr::span).unwrap_or_default();
                quantiles.iter().for_each(|q| self.check_quantile(span, *q));
            }
            (Function::DoubleExponentialSmoothing, [levels, trends]) => {
                for (what, factors) in [("smoothing", levels), ("trend", trends)] {
                    if let Some(wrong) = factors.iter().find(|factor| **factor <= 0.0 || **factor >= 1.0) {
                        return Err(Error::invalid(format!(
                            "invalid {what} factor. Expected: 0 < {} < 1, got: {wrong:.6}",
                            if what == "smoothing" { "sf" } else { "tf" }
                        )));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A counter is usually called so.
    fn check_counter(&self, function: Function, range: &Expr, name: Option<&str>, points: &[(u32, Value)]) {
        let counts = matches!(function, Function::Rate | Function::Increase | Function::Irate);
        let floats = points.iter().any(|point| point.1.float().is_some());
        let Some(name) = name.filter(|_| counts && floats) else { return };
        if !["_total", "_sum", "_count", "_bucket"].iter().any(|end| name.ends_with(end)) {
            let what = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:";
            self.inform(range.span(), &format!("{what} {}", GoQuoted(name)));
        }
    }
}

impl OverTime<'_> {
    /// The value over `window`, which is not empty.
    fn value(&self, step: u32, window: Window<'_>, remarks: Remarks<'_>) -> Result<Option<Value>> {
        let scalar = |at: usize| {
            self.scalars.get(at).and_then(|values| values.get(step as usize)).copied().unwrap_or(f64::NAN)
        };
        let float = |value: f64| Some(Value::Float(value));
        let seconds = |ts_ns: i64| Value::Float((ts_ns / 1_000_000) as f64 / 1e3);
        Ok(match self.function {
            Function::Rate => {
                let change = range::extrapolated(window, true, remarks);
                change.map(|change| per_second(change, self.seconds))
            }
            Function::Increase => range::extrapolated(window, true, remarks),
            Function::Delta => range::extrapolated(window, false, remarks),
            Function::Irate => range::instant_change(window, true, remarks)
                .and_then(|(change, seconds)| (seconds > 0.0).then(|| per_second(change, seconds))),
            Function::Idelta => range::instant_change(window, false, remarks).map(|(change, _)| change),
            Function::Resets => range::resets(window).map(Value::Float),
            Function::Changes => range::changes(window).map(Value::Float),
            Function::SumOverTime => range::sum(window, remarks),
            Function::AvgOverTime => range::mean(window, remarks),
            Function::CountOverTime => float(range::count(window)),
            Function::PresentOverTime | Function::AbsentOverTime => float(1.0),
            Function::LastOverTime => range::last(window).map(|(_, value)| value),
            Function::FirstOverTime => range::first(window).map(|(_, value)| value),
            Function::TsOfLastOverTime => range::last(window).map(|(ts_ns, _)| seconds(ts_ns)),
            Function::TsOfFirstOverTime => range::first(window).map(|(ts_ns, _)| seconds(ts_ns)),
            Function::TsOfMaxOverTime => range::time_of_extreme(window, false).map(seconds),
            Function::TsOfMinOverTime => range::time_of_extreme(window, true).map(seconds),
            Function::MaxOverTime => of_floats(window, remarks, range::max),
            Function::MinOverTime => of_floats(window, remarks, range::min),
            Function::StdvarOverTime => of_floats(window, remarks, range::variance),
            Function::StddevOverTime => of_floats(window, remarks, |values| range::variance(values).sqrt()),
            Function::MadOverTime => of_floats(window, remarks, range::median_deviation),
            Function::QuantileOverTime => {
                of_floats(window, remarks, |values| quantile(scalar(0), &mut values.to_vec()))
            }
            Function::Deriv | Function::PredictLinear => self.linear(step, window, scalar(0), remarks),
            Function::DoubleExponentialSmoothing => {
                if !window.histograms.is_empty() && !window.floats.is_empty() {
                    remarks(Remark::HistogramsIgnored);
                }
                trend::smoothed(window.floats, scalar(0), scalar(1)).map(Value::Float)
            }
            other => return Err(to_come(&format!("the function {}", other.signature().name))),
        })
    }

    fn linear(&self, step: u32, window: Window<'_>, ahead: f64, remarks: Remarks<'_>) -> Option<Value> {
        if !window.histograms.is_empty() && !window.floats.is_empty() {
            remarks(Remark::HistogramsIgnored);
        }
        let [first, _, ..] = window.floats else { return None };
        Some(Value::Float(match self.function {
            Function::Deriv => trend::regression(window.floats, first.0).slope,
            _ => {
                let line = trend::regression(window.floats, self.steps.ts_ns(step));
                line.slope * ahead + line.intercept
            }
        }))
    }
}

fn per_second(change: Value, seconds: f64) -> Value {
    match change {
        Value::Float(change) => Value::Float(change / seconds),
        Value::Histogram(change) => change.scaled(1.0 / seconds).into(),
    }
}
