//! Operators between two expressions: what PromQL makes of [`crate::eval::join`].

use super::evaluator::{Evaluator, Operand, Series, mapped, unified};
use super::selecting::to_come;
use crate::eval::join::{self, Fill, Join, Many, Mismatch, Name};
use crate::eval::sample::operator::{Operator, floats};
use crate::eval::sample::{Remark, Value};
use crate::eval::window::Steps;
use crate::promql::ast::{Binary, BinaryOp, GroupSide, Number};
use base::{Error, Result};

impl Evaluator<'_> {
    /// `left op right`
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] when series do not match one to one where they must.
    pub fn binary(&self, binary: &Binary, steps: &Steps) -> Result<Operand> {
        if matches!(binary.op, BinaryOp::TrimUpper | BinaryOp::TrimLower) {
            return Err(to_come(&format!("the operator {}", binary.op.text())));
        }
        let (left, right) = (self.eval(&binary.left, steps)?, self.eval(&binary.right, steps)?);
        match (left, right) {
            (Operand::Scalar(a), Operand::Scalar(b)) => {
                let each = |(a, b)| floats(binary.op, a, b).unwrap_or(f64::NAN);
                Ok(Operand::Scalar(a.into_iter().zip(b).map(each).collect()))
            }
            (Operand::Vector(series), Operand::Scalar(numbers)) => {
                Ok(Operand::Vector(self.with_scalar(binary, series, &numbers, false)))
            }
            (Operand::Scalar(numbers), Operand::Vector(series)) => {
                Ok(Operand::Vector(self.with_scalar(binary, series, &numbers, true)))
            }
            (Operand::Vector(left), Operand::Vector(right)) => {
                self.vectors(binary, left, right).map(Operand::Vector)
            }
            _ => Err(Error::bug("an operator between other than numbers and vectors")),
        }
    }

    /// With a number on one side; `first` says that it is the left one.
    fn with_scalar(&self, binary: &Binary, series: Vec<Series>, numbers: &[f64], first: bool) -> Vec<Series> {
        let operator = Operator { op: binary.op, return_bool: binary.return_bool };
        let keeps_name = binary.op.is_comparison() && !binary.return_bool;
        let names: Vec<bool> = series.iter().map(|one| one.sheds_name).collect();
        let mut remarks = Vec::new();
        let mut each = |step: u32, value: &Value| {
            let number = Value::Float(numbers.get(step as usize).copied().unwrap_or(f64::NAN));
            let (a, b) = if first { (&number, value) } else { (value, &number) };
            operator.apply(a, b, value, &mut |remark| note(&mut remarks, remark))
        };
        let given = match keeps_name {
            false => mapped(series, |step, value| each(step, &value)),
            true => {
                let kept = series.into_iter().zip(names).map(|(one, sheds_name)| {
                    let points = one.points.into_iter();
                    let points = points.filter_map(|(step, value)| Some((step, each(step, &value)?)));
                    Series { points: points.collect(), sheds_name, ..one }
                });
                kept.filter(|one| !one.points.is_empty()).collect()
            }
        };
        self.remark_all(binary, remarks);
        given
    }

    fn remark_all(&self, binary: &Binary, remarks: Vec<Remark>) {
        let span = binary.left.span().to(binary.right.span());
        self.annotate(|annotations, text| {
            remarks.into_iter().for_each(|remark| annotations.remark_operator(text, span, binary.op, remark));
        });
    }

    fn vectors(&self, binary: &Binary, mut left: Vec<Series>, mut right: Vec<Series>) -> Result<Vec<Series>> {
        let op = binary.op;
        let given = binary.matching.as_ref();
        let compares = op.is_comparison() && !binary.return_bool;
        let name =
            if compares || op.is_set_operator() || binary.return_bool { Name::Kept } else { Name::Lost };
        let (on, labels) = given.map_or((false, [].as_slice()), |m| (m.on, m.labels.as_slice()));
        let matching = join::Matching { on, labels, name };
        match op {
            BinaryOp::Or => {
                join::retain(matching, &mut right, &left, false);
                left.append(&mut right);
                return Ok(left);
            }
            BinaryOp::And | BinaryOp::Unless => {
                join::retain(matching, &mut left, &right, op == BinaryOp::And);
                return Ok(left);
            }
            _ => {}
        }
        let group = given.and_then(|matching| matching.group.as_ref()).map(|(side, included)| {
            let many = if *side == GroupSide::Right { Many::Right } else { Many::Left };
            (many, included.as_slice())
        });
        let operator = Operator { op, return_bool: binary.return_bool };
        let mut remarks = Vec::new();
        let join = Join { matching, group, counts_all: false };
        let number = |number: Option<Number>| number.map(|number| Value::Float(number.value));
        let fill = Fill {
            left: number(given.and_then(|matching| matching.fill_left)),
            right: number(given.and_then(|matching| matching.fill_right)),
        };
        let joined = join.join_filled(&left, &right, fill, |a, b| {
            operator.apply(a, b, a, &mut |remark| note(&mut remarks, remark))
        });
        let mut joined = joined.map_err(mismatch)?;
        joined.iter_mut().for_each(|one| one.sheds_name |= binary.return_bool);
        self.remark_all(binary, remarks);
        unified(joined)
    }
}

fn note(remarks: &mut Vec<Remark>, remark: Remark) {
    if !remarks.contains(&remark) {
        remarks.push(remark);
    }
}

fn mismatch(wrong: Mismatch) -> Error {
    Error::invalid(match wrong {
        Mismatch::Duplicate { right, group, series } => {
            let side = if right { "right" } else { "left" };
            let [a, b] = *series;
            format!(
                "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
                 [{a}, {b}];many-to-many matching not allowed: matching labels must be unique on one side"
            )
        }
        Mismatch::Several => {
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                .to_owned()
        }
        Mismatch::SameLabels => {
            "multiple matches for labels: grouping labels must ensure unique matches".to_owned()
        }
    })
}
