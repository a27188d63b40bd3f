//! The functions over a window: what they keep of its rows, and what they give.

use super::counter;
use super::fold::{Fold, FoldKind, slide};
use super::kept::{Keeps, Kept, KeptRow};
use super::quantile::weighted_quantile;
use super::window::Windows;
use crate::logql::ast::RangeOp;

/// A function over windows of one range.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    op: RangeOp,
    parameter: f64,
    range_ns: i64,
}

impl Function {
    /// `op` with its parameter, over windows of `range_ns`.
    pub fn new(op: RangeOp, parameter: Option<f64>, range_ns: i64) -> Self {
        Self { op, parameter: parameter.unwrap_or(f64::NAN), range_ns }
    }

    /// What it keeps of the rows.
    pub fn keeps(&self) -> Keeps {
        match self.op {
            RangeOp::CountOverTime
            | RangeOp::Rate
            | RangeOp::BytesOverTime
            | RangeOp::BytesRate
            | RangeOp::SumOverTime
            | RangeOp::AbsentOverTime => Keeps::Folds(FoldKind::Sum),
            RangeOp::AvgOverTime => Keeps::Folds(FoldKind::Mean),
            RangeOp::MaxOverTime => Keeps::Folds(FoldKind::Max),
            RangeOp::MinOverTime => Keeps::Folds(FoldKind::Min),
            RangeOp::StdvarOverTime | RangeOp::StddevOverTime => Keeps::Folds(FoldKind::Moments),
            RangeOp::FirstOverTime => Keeps::Folds(FoldKind::First),
            RangeOp::LastOverTime => Keeps::Folds(FoldKind::Last),
            RangeOp::RateCounter => Keeps::Rows,
            RangeOp::QuantileOverTime | RangeOp::CountDistinctOverTime => Keeps::Values,
        }
    }

    /// The function's value at every step whose window holds rows.
    pub fn evaluate(&self, kept: Kept, windows: &Windows) -> Vec<(u32, f64)> {
        let mut points = Vec::new();
        match kept {
            Kept::Folds(panes) => {
                slide(&panes, windows, |step, fold| points.push((step, self.of_fold(&fold))));
            }
            Kept::Rows(mut rows) => {
                rows.sort_by(|a, b| a.ts_ns.cmp(&b.ts_ns).then(a.value.total_cmp(&b.value)));
                let (mut low, mut high) = (0, 0);
                for step in 0..windows.count() {
                    let (before, end) = windows.bounds(step);
                    low += later(&rows, low, before);
                    high += later(&rows, high, end);
                    if let Some(window) = rows.get(low..high).filter(|window| !window.is_empty()) {
                        points.push((step, counter_rate(window, (before, end))));
                    }
                }
            }
            Kept::Values(panes) => {
                let mut values = Vec::new();
                let mut step = 0;
                while step < windows.count() {
                    let window = windows.panes(step);
                    let within = panes.position(window.start)..panes.position(window.end);
                    if within.is_empty() {
                        // Nothing until the next pane.
                        let Some(pane) = panes.pane(within.start) else { break };
                        step = windows.steps(pane).start.max(step + 1);
                        continue;
                    }
                    panes.put(within, &mut values);
                    points.push((step, self.of_values(&mut values)));
                    step += 1;
                }
            }
        }
        points
    }

    fn of_fold(&self, fold: &Fold) -> f64 {
        match self.op {
            RangeOp::Rate | RangeOp::BytesRate => fold.value() / (self.range_ns as f64 / 1e9),
            RangeOp::StdvarOverTime => fold.variance(),
            RangeOp::StddevOverTime => fold.variance().sqrt(),
            _ => fold.value(),
        }
    }

    /// The value over `values`, each with how often it is there.
    fn of_values(&self, values: &mut Vec<(f64, u64)>) -> f64 {
        if self.op == RangeOp::CountDistinctOverTime {
            values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            values.dedup_by(|a, b| a.0 == b.0);
            return values.len() as f64;
        }
        weighted_quantile(self.parameter, values)
    }
}

/// The rate of a counter over the rows in the window `(before, end]`.
fn counter_rate(rows: &[KeptRow], (before_ns, end_ns): (i64, i64)) -> f64 {
    let samples: Vec<(i64, f64)> = rows.iter().map(|row| (row.ts_ns, row.value)).collect();
    counter::rate(&samples, before_ns, end_ns)
}

/// How many of `rows[from..]` are not after `ts_ns`.
fn later(rows: &[KeptRow], from: usize, ts_ns: i64) -> usize {
    rows.get(from..).unwrap_or_default().iter().take_while(|row| row.ts_ns <= ts_ns).count()
}

#[cfg(test)]
mod tests;
