//! Calls: which function is evaluated where.

use super::evaluator::{Evaluator, Operand, Series, mapped};
use super::over_time::takes_range;
use super::selecting::to_come;
use crate::eval::sample::Value;
use crate::eval::sample::calendar::{Date, day_of_week, hour, minute};
use crate::eval::series::StepSeries;
use crate::eval::window::Steps;
use crate::promql::ast::{Call, Expr};
use crate::promql::functions::Function;
use base::{Error, Result};
use model::Labels;

impl Evaluator<'_> {
    /// A function of its arguments.
    ///
    /// # Errors
    /// Of its arguments; [`base::Kind::Invalid`] for a function that is to come.
    pub fn call(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        use Function as F;
        let times = || (0..steps.count()).map(|step| (steps.ts_ns(step) / 1_000_000) as f64 / 1e3);
        let same = |value: f64| Ok(Operand::Scalar(vec![value; steps.count() as usize]));
        let whole = &self.query.steps;
        match call.function {
            function if takes_range(function) => self.over_time(call, steps),
            F::Time => Ok(Operand::Scalar(times().collect())),
            F::Pi => same(std::f64::consts::PI),
            F::Start => same(whole.start_ns as f64 / 1e9),
            F::End => same(whole.end_ns as f64 / 1e9),
            F::Step => same(if self.query.instant { 0.0 } else { whole.step_ns as f64 / 1e9 }),
            F::Range => same(whole.end_ns.saturating_sub(whole.start_ns) as f64 / 1e9),
            F::MinOf | F::MaxOf => self.choice(call, steps),
            F::ToScalar => self.to_scalar(call, steps),
            F::ToVector => {
                let points = (0u32..).zip(self.scalar(argument(call, 0)?, steps)?);
                let points = points.map(|(step, value)| (step, Value::Float(value))).collect();
                Ok(Operand::Vector(vec![StepSeries::new(Labels::default(), points)]))
            }
            F::Timestamp => self.timestamp(call, steps),
            F::Absent => self.absent(call, steps),
            F::LabelReplace => self.label_replace(call, steps),
            F::LabelJoin => self.label_join(call, steps),
            F::Sort | F::SortDesc => self.sort(call, steps),
            F::SortByLabel | F::SortByLabelDesc => self.sort_by_label(call, steps),
            F::HistogramCount
            | F::HistogramSum
            | F::HistogramAvg
            | F::HistogramStddev
            | F::HistogramStdvar => self.of_histograms(call, steps),
            F::HistogramQuantile => self.histogram_quantile(call, steps),
            F::HistogramQuantiles => self.histogram_quantiles(call, steps),
            F::HistogramFraction => self.histogram_fraction(call, steps),
            F::Clamp | F::ClampMin | F::ClampMax | F::Round => self.bounded(call, steps),
            function => {
                if let Some(part) = calendar(function) {
                    return self.calendar(call, steps, part, times());
                }
                let Some(map) = mathematics(function) else {
                    return Err(to_come(&format!("the function {}", function.signature().name)));
                };
                let series = self.vector(argument(call, 0)?, steps)?;
                Ok(Operand::Vector(mapped(series, |_, value| value.float().map(|v| Value::Float(map(v))))))
            }
        }
    }

    fn choice(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let (a, b) = (self.scalar(argument(call, 0)?, steps)?, self.scalar(argument(call, 1)?, steps)?);
        let largest = call.function == Function::MaxOf;
        let choose = |(a, b): (f64, f64)| if largest { go_max(a, b) } else { go_min(a, b) };
        Ok(Operand::Scalar(a.into_iter().zip(b).map(choose).collect()))
    }

    /// The number of the only series, NaN where there is none or there are several.
    fn to_scalar(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let mut found: Vec<(u32, f64)> = vec![(0, f64::NAN); steps.count() as usize];
        for (step, value) in self.vector(argument(call, 0)?, steps)?.into_iter().flat_map(|one| one.points) {
            if let (Some(number), Some(cell)) = (value.float(), found.get_mut(step as usize)) {
                *cell = (cell.0 + 1, number);
            }
        }
        let single = |(count, number)| if count == 1 { number } else { f64::NAN };
        Ok(Operand::Scalar(found.into_iter().map(single).collect()))
    }

    /// The time of each sample: of a selector when it was stored, of others when it was evaluated.
    fn timestamp(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let mut inner = argument(call, 0)?;
        while let Expr::Paren(paren) = inner {
            inner = &paren.expr;
        }
        let seconds = |ts_ns: i64| Value::Float((ts_ns / 1_000_000) as f64 / 1e3);
        let Expr::Selector(selector) = inner else {
            let series = self.vector(inner, steps)?;
            return Ok(Operand::Vector(mapped(series, |step, _| Some(seconds(steps.ts_ns(step))))));
        };
        let found = self.last_samples(selector, steps)?.into_iter();
        let series = found.map(|(labels, samples)| {
            let points = samples.into_iter().map(|(step, ts_ns, _)| (step, seconds(ts_ns)));
            Series { labels, points: points.collect(), sheds_name: true }
        });
        Ok(Operand::Vector(series.collect()))
    }

    /// `clamp`, `clamp_min`, `clamp_max`, `round`: of a number and others beside it.
    fn bounded(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let scalars = call.args.iter().skip(1).map(|arg| self.scalar(arg, steps));
        let scalars = scalars.collect::<Result<Vec<Vec<f64>>>>()?;
        let at = |n: usize, step: u32| scalars.get(n).and_then(|values| values.get(step as usize)).copied();
        let series = self.vector(argument(call, 0)?, steps)?;
        Ok(Operand::Vector(mapped(series, |step, value| {
            let value = value.float()?;
            let first = at(0, step);
            Some(Value::Float(match call.function {
                Function::Clamp => {
                    let (least, most) = (first?, at(1, step)?);
                    if most < least {
                        return None;
                    }
                    go_max(least, go_min(most, value))
                }
                Function::ClampMin => go_max(first?, value),
                Function::ClampMax => go_min(first?, value),
                // By the inverse, since that is exact for tenths.
                _ => {
                    let inverse = 1.0 / first.unwrap_or(1.0);
                    (value * inverse + 0.5).floor() / inverse
                }
            }))
        })))
    }

    fn calendar(
        &self,
        call: &Call,
        steps: &Steps,
        part: fn(f64) -> i64,
        times: impl Iterator<Item = f64>,
    ) -> Result<Operand> {
        let Some(inner) = call.args.first() else {
            let points = (0u32..).zip(times).map(|(step, time)| (step, Value::Float(part(time) as f64)));
            return Ok(Operand::Vector(vec![StepSeries::new(Labels::default(), points.collect())]));
        };
        let series = self.vector(inner, steps)?;
        let each = |_, value: Value| value.float().map(|seconds| Value::Float(part(seconds) as f64));
        Ok(Operand::Vector(mapped(series, each)))
    }
}

fn argument(call: &Call, at: usize) -> Result<&Expr> {
    call.args.get(at).ok_or_else(|| Error::bug("an argument is missing"))
}

/// The greater number; NaN when one is.
fn go_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// The lesser number; NaN when one is.
fn go_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

fn calendar(function: Function) -> Option<fn(f64) -> i64> {
    Some(match function {
        Function::Year => |t| Date::of(t).year,
        Function::Month => |t| Date::of(t).month,
        Function::DayOfMonth => |t| Date::of(t).day,
        Function::DayOfYear => |t| Date::of(t).day_of_year(),
        Function::DaysInMonth => |t| Date::of(t).days_in_month(),
        Function::DayOfWeek => day_of_week,
        Function::Hour => hour,
        Function::Minute => minute,
        _ => return None,
    })
}

fn mathematics(function: Function) -> Option<fn(f64) -> f64> {
    Some(match function {
        Function::Abs => f64::abs,
        Function::Acos => f64::acos,
        Function::Acosh => f64::acosh,
        Function::Asin => f64::asin,
        Function::Asinh => f64::asinh,
        Function::Atan => f64::atan,
        Function::Atanh => f64::atanh,
        Function::Ceil => f64::ceil,
        Function::Cos => f64::cos,
        Function::Cosh => f64::cosh,
        Function::Deg => |v| v * 180.0 / std::f64::consts::PI,
        Function::Exp => f64::exp,
        Function::Floor => f64::floor,
        Function::Ln => f64::ln,
        Function::Log10 => f64::log10,
        Function::Log2 => f64::log2,
        Function::Rad => |v| v * std::f64::consts::PI / 180.0,
        Function::Sgn => |v| if v == 0.0 || v.is_nan() { v } else { v.signum() },
        Function::Sin => f64::sin,
        Function::Sinh => f64::sinh,
        Function::Sqrt => f64::sqrt,
        Function::Tan => f64::tan,
        Function::Tanh => f64::tanh,
        _ => return None,
    })
}
