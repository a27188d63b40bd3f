//! What a query does with the series of its aggregates: arithmetic, comparisons and rankings, each at every
//! step on its own.

use crate::eval::aggregate::aggregate;
use crate::eval::binary::{Operand, binary};
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::logql::ast::{BinaryOp, VectorOp};
use crate::traceql::ast::{Arithmetic, Comparison, Literal, MetricsExpr, SecondStage};
use base::{Error, Result};
use model::LabelsBuilder;

/// The series of `expr` over `count` steps, of the series that its aggregates gave, from left to right.
///
/// # Errors
/// [`base::Kind::Bug`] when these are not as many as the aggregates.
pub(super) fn combined(
    expr: &MetricsExpr,
    given: Vec<Vec<StepSeries>>,
    count: u32,
) -> Result<Vec<StepSeries>> {
    let series = match operand(expr, &mut given.into_iter())? {
        Operand::Vector(series) => series,
        Operand::Scalar(number) => vec![StepSeries::constant(number, count)],
    };
    // 0/0 is no value.
    Ok(series.into_iter().map(|one| one.mapped(|value| (!value.is_nan()).then_some(value))).collect())
}

fn operand(expr: &MetricsExpr, given: &mut std::vec::IntoIter<Vec<StepSeries>>) -> Result<Operand> {
    match expr {
        MetricsExpr::Aggregate(_) => {
            given.next().map(Operand::Vector).ok_or_else(|| Error::bug("an aggregate without its series"))
        }
        MetricsExpr::Number(number) => Ok(Operand::Scalar(value(number))),
        MetricsExpr::Binary(sides) => {
            let left = nameless(operand(&sides.left, given)?);
            let right = nameless(operand(&sides.right, given)?);
            binary(arithmetic(sides.op), false, None, left, right)
        }
        MetricsExpr::Refined(of, stages) => {
            let of = operand(of, given)?;
            stages.iter().try_fold(of, refined)
        }
    }
}

/// What is computed is no longer what the name says, and finds its other side without it.
fn nameless(operand: Operand) -> Operand {
    let Operand::Vector(mut series) = operand else { return operand };
    for one in &mut series {
        one.labels = LabelsBuilder::from(one.labels.as_ref()).remove(METRIC_NAME).build();
    }
    Operand::Vector(series)
}

fn refined(of: Operand, stage: &SecondStage) -> Result<Operand> {
    let (op, most) = match stage {
        SecondStage::Filter(op, than) => {
            return binary(comparison(*op), false, None, of, Operand::Scalar(value(than)));
        }
        SecondStage::TopK(most) => (VectorOp::Topk, *most),
        SecondStage::BottomK(most) => (VectorOp::Bottomk, *most),
    };
    let most = usize::try_from(most).unwrap_or(0);
    Ok(match of {
        Operand::Vector(series) => Operand::Vector(aggregate(op, most, None, series)),
        number @ Operand::Scalar(_) => number,
    })
}

/// A number as written, durations in seconds as values are.
fn value(literal: &Literal) -> f64 {
    match literal {
        Literal::Int(number) => *number as f64,
        Literal::Float(number) => *number,
        Literal::Duration(ns) => *ns as f64 / 1e9,
        // The parser takes nothing else.
        _ => f64::NAN,
    }
}

fn arithmetic(op: Arithmetic) -> BinaryOp {
    match op {
        Arithmetic::Add => BinaryOp::Add,
        Arithmetic::Sub => BinaryOp::Sub,
        Arithmetic::Mul => BinaryOp::Mul,
        Arithmetic::Div => BinaryOp::Div,
        Arithmetic::Mod => BinaryOp::Mod,
        Arithmetic::Pow => BinaryOp::Pow,
    }
}

fn comparison(op: Comparison) -> BinaryOp {
    match op {
        Comparison::Equal => BinaryOp::Equal,
        Comparison::NotEqual => BinaryOp::NotEqual,
        Comparison::Less => BinaryOp::Less,
        Comparison::LessEqual => BinaryOp::LessEqual,
        Comparison::Greater => BinaryOp::Greater,
        Comparison::GreaterEqual => BinaryOp::GreaterEqual,
    }
}
