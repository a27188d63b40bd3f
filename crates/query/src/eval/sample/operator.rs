//! PromQL's operators between two values.

use super::{Remark, Remarks, Value};
use crate::promql::ast::BinaryOp;
use std::sync::Arc;

/// `a op b` between numbers; comparisons give 0 or 1. None for operators that numbers do not have.
pub fn floats(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    match compare(op, a, b) {
        Some(holds) => Some(f64::from(u8::from(holds))),
        None => arithmetic(op, a, b),
    }
}

fn arithmetic(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Atan2 => a.atan2(b),
        _ => return None,
    })
}

fn compare(op: BinaryOp, a: f64, b: f64) -> Option<bool> {
    Some(match op {
        BinaryOp::Equal => a == b,
        BinaryOp::NotEqual => a != b,
        BinaryOp::Greater => a > b,
        BinaryOp::GreaterEqual => a >= b,
        BinaryOp::Less => a < b,
        BinaryOp::LessEqual => a <= b,
        _ => return None,
    })
}

/// An operator with what it does where it compares.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    /// Which one.
    pub op: BinaryOp,
    /// Comparisons give 0 or 1, and do not keep a value or nothing.
    pub return_bool: bool,
}

impl Operator {
    /// `a op b`. A comparison that holds keeps `kept`. None where it does not hold, or the kinds of values do
    /// not go together, which is remarked.
    pub fn apply(self, a: &Value, b: &Value, kept: &Value, remarks: Remarks<'_>) -> Option<Value> {
        let told = |holds: bool| match (self.return_bool, holds) {
            (true, _) => Some(Value::Float(f64::from(u8::from(holds)))),
            (false, true) => Some(kept.clone()),
            (false, false) => None,
        };
        let incompatible = |remarks: Remarks<'_>| {
            let (left, right) = (a.histogram().is_some(), b.histogram().is_some());
            remarks(Remark::IncompatibleKinds { left, right });
            None
        };
        match (a, b) {
            (Value::Float(x), Value::Float(y)) => match compare(self.op, *x, *y) {
                Some(holds) => told(holds),
                None => match arithmetic(self.op, *x, *y) {
                    Some(number) => Some(Value::Float(number)),
                    None => incompatible(remarks),
                },
            },
            (Value::Float(factor), Value::Histogram(h)) | (Value::Histogram(h), Value::Float(factor))
                if self.op == BinaryOp::Mul =>
            {
                Some(h.scaled(*factor).into())
            }
            (Value::Histogram(h), Value::Float(divisor)) if self.op == BinaryOp::Div => {
                Some(h.divided(*divisor).into())
            }
            (Value::Histogram(x), Value::Histogram(y)) => {
                let combined = match self.op {
                    BinaryOp::Add => x.plus(y, remarks),
                    BinaryOp::Sub => x.minus(y, remarks),
                    BinaryOp::Equal => return told(x.same(y)),
                    BinaryOp::NotEqual => return told(!x.same(y)),
                    _ => return incompatible(remarks),
                };
                match combined {
                    Ok(histogram) => Some(Value::Histogram(Arc::new(histogram.compact()))),
                    Err(_) => {
                        remarks(Remark::MixedSchemas);
                        None
                    }
                }
            }
            _ => incompatible(remarks),
        }
    }
}

#[cfg(test)]
mod tests;
