//! LogQL's operators between two expressions: between numbers, between a vector and a number, and between
//! two vectors whose series find each other by labels, at each step on its own.

use super::join::{self, Join, Many, Mismatch, Name};
use super::series::StepSeries;
use crate::logql::ast::{BinaryOp, GroupSide, Matching};
use base::{Error, Kind, Result};

/// A side of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number, the same at each step.
    Scalar(f64),
    /// Series.
    Vector(Vec<StepSeries>),
}

/// `left op right`.
///
/// # Errors
/// In Loki's words, when the series of a side do not match one to one where they must.
pub fn binary(
    op: BinaryOp,
    return_bool: bool,
    matching: Option<&Matching>,
    left: Operand,
    right: Operand,
) -> Result<Operand> {
    match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => Ok(Operand::Scalar(scalars(op, a, b))),
        (Operand::Vector(series), Operand::Scalar(number)) => {
            let each = |value| keep(op, return_bool, value, number, value);
            Ok(Operand::Vector(map(series, each)))
        }
        (Operand::Scalar(number), Operand::Vector(series)) => {
            let each = |value| keep(op, return_bool, number, value, value);
            Ok(Operand::Vector(map(series, each)))
        }
        (Operand::Vector(left), Operand::Vector(right)) => {
            let series = match op {
                BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => sets(op, matching, left, right),
                _ => joined(op, return_bool, matching, &left, &right)?,
            };
            Ok(Operand::Vector(series))
        }
    }
}

/// `a op b` between numbers; comparisons give 0 or 1.
pub fn scalars(op: BinaryOp, a: f64, b: f64) -> f64 {
    match (compare(op, a, b), arithmetic(op, a, b)) {
        (Some(holds), _) => f64::from(u8::from(holds)),
        (None, Some(number)) => number,
        (None, None) => f64::NAN, // a set operator; the parser refuses it between numbers
    }
}

fn arithmetic(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        // Loki gives NaN and not an infinity.
        BinaryOp::Div | BinaryOp::Mod if b == 0.0 => f64::NAN,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
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

/// What `a op b` gives in a vector: a number, or for a comparison without `bool` the value `kept`
/// where it holds and nothing where not.
fn keep(op: BinaryOp, return_bool: bool, a: f64, b: f64, kept: f64) -> Option<f64> {
    match compare(op, a, b) {
        None => arithmetic(op, a, b),
        Some(holds) if return_bool => Some(f64::from(u8::from(holds))),
        Some(holds) => holds.then_some(kept),
    }
}

fn map(series: Vec<StepSeries>, each: impl Fn(f64) -> Option<f64>) -> Vec<StepSeries> {
    let mapped = series.into_iter().map(|one| one.mapped(&each));
    mapped.filter(|one| !one.points.is_empty()).collect()
}

/// As the shared half wants it. Labels of lines have no name that is special.
fn matching_of(matching: Option<&Matching>) -> join::Matching<'_> {
    let (on, labels) = matching.map_or((false, [].as_slice()), |m| (m.on, m.labels.as_slice()));
    join::Matching { on, labels, name: Name::Label }
}

fn sets(
    op: BinaryOp,
    matching: Option<&Matching>,
    mut left: Vec<StepSeries>,
    mut right: Vec<StepSeries>,
) -> Vec<StepSeries> {
    let matching = matching_of(matching);
    if op == BinaryOp::Or {
        join::retain(matching, &mut right, &left, false);
        left.append(&mut right);
    } else {
        join::retain(matching, &mut left, &right, op == BinaryOp::And);
    }
    left
}

fn joined(
    op: BinaryOp,
    return_bool: bool,
    matching: Option<&Matching>,
    left: &[StepSeries],
    right: &[StepSeries],
) -> Result<Vec<StepSeries>> {
    let group = matching.and_then(|matching| matching.group.as_ref()).map(|(side, included)| {
        let many = if *side == GroupSide::Right { Many::Right } else { Many::Left };
        (many, included.as_slice())
    });
    let join = Join { matching: matching_of(matching), group, counts_all: true };
    join.join(left, right, |a, b| keep(op, return_bool, *a, *b, *a)).map_err(|wrong| {
        mismatch(match wrong {
            Mismatch::Duplicate { right, .. } => format!(
                "found duplicate series on the {} hand-side;many-to-many matching not allowed: \
                 matching labels must be unique on one side",
                if right { "right" } else { "left" }
            ),
            Mismatch::Several => {
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                    .to_owned()
            }
            Mismatch::SameLabels => {
                "multiple matches for labels: grouping labels must ensure unique matches".to_owned()
            }
        })
    })
}

/// Loki answers such queries with 500, and so do we: clients match on it.
fn mismatch(what: impl Into<String>) -> Error {
    Error::new(Kind::Bug, what)
}

#[cfg(test)]
mod tests;
