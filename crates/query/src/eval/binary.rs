//! Operators between two expressions: between numbers, between a vector and a number, and between
//! two vectors whose series find each other by labels, at each step on its own.

use super::series::StepSeries;
use crate::logql::ast::{BinaryOp, GroupSide, Matching};
use base::{Error, Kind, Result};
use hashbrown::{HashMap, HashSet};
use model::{Labels, LabelsBuilder};
use std::collections::BTreeMap;

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
                _ => Join { op, return_bool, matching }.join(&left, &right)?,
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

/// The labels by which series find each other.
fn signature(labels: &Labels, matching: Option<&Matching>, builder: &mut LabelsBuilder) -> Labels {
    let Some(matching) = matching else { return labels.clone() };
    builder.clear();
    for (name, value) in labels.iter() {
        if matching.labels.iter().any(|listed| listed == name) == matching.on {
            builder.set(name, value);
        }
    }
    builder.build()
}

fn sets(
    op: BinaryOp,
    matching: Option<&Matching>,
    mut left: Vec<StepSeries>,
    mut right: Vec<StepSeries>,
) -> Vec<StepSeries> {
    if op == BinaryOp::Or {
        let present = Presence::of(&left, matching);
        present.retain(&mut right, matching, false);
        left.append(&mut right);
    } else {
        let present = Presence::of(&right, matching);
        present.retain(&mut left, matching, op == BinaryOp::And);
    }
    left
}

/// At which steps a signature has a point.
struct Presence(HashMap<Labels, HashSet<u32>>);

impl Presence {
    fn of(series: &[StepSeries], matching: Option<&Matching>) -> Self {
        let mut builder = LabelsBuilder::default();
        let mut present: HashMap<Labels, HashSet<u32>> = HashMap::new();
        for one in series {
            let steps = present.entry(signature(&one.labels, matching, &mut builder)).or_default();
            steps.extend(one.points.iter().map(|point| point.0));
        }
        Self(present)
    }

    /// Keeps the points whose presence here is `wanted`.
    fn retain(&self, series: &mut Vec<StepSeries>, matching: Option<&Matching>, wanted: bool) {
        let mut builder = LabelsBuilder::default();
        for one in series.iter_mut() {
            let steps = self.0.get(&signature(&one.labels, matching, &mut builder));
            let present = |step: &u32| steps.is_some_and(|steps| steps.contains(step));
            one.points.retain(|(step, _)| present(step) == wanted);
        }
        series.retain(|one| !one.points.is_empty());
    }
}

/// An arithmetic or comparing operator between two vectors.
struct Join<'a> {
    op: BinaryOp,
    return_bool: bool,
    matching: Option<&'a Matching>,
}

/// A point of the side that has one series per signature: its value and its series.
type One = (f64, usize);

impl Join<'_> {
    fn side(&self) -> Option<GroupSide> {
        self.matching.and_then(|matching| matching.group.as_ref()).map(|(side, _)| *side)
    }

    fn join(&self, left: &[StepSeries], right: &[StepSeries]) -> Result<Vec<StepSeries>> {
        let swapped = self.side() == Some(GroupSide::Right);
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let ones = self.ones(one, if swapped { "left" } else { "right" })?;
        let mut builder = LabelsBuilder::default();
        // Per signature: the steps that found a match, with the labels made there.
        let mut matched: HashMap<Labels, HashSet<(u32, Option<Labels>)>> = HashMap::new();
        let mut joined = Vec::new();
        for series in many {
            let signature = signature(&series.labels, self.matching, &mut builder);
            let Some(steps) = ones.get(&signature) else { continue };
            let matched = matched.entry(signature).or_default();
            let mut made: BTreeMap<usize, StepSeries> = BTreeMap::new();
            for (step, value) in &series.points {
                let Some((other, at)) = steps.get(step) else { continue };
                let made = made.entry(*at).or_insert_with(|| {
                    let labels =
                        self.labels(&series.labels, one.get(*at).map(|one| &one.labels), &mut builder);
                    StepSeries { labels, points: Vec::new() }
                });
                self.check_unique(matched, *step, &made.labels)?;
                let (a, b) = if swapped { (*other, *value) } else { (*value, *other) };
                made.points.extend(keep(self.op, self.return_bool, a, b, a).map(|value| (*step, value)));
            }
            joined.extend(made.into_values().filter(|series| !series.points.is_empty()));
        }
        Ok(joined)
    }

    /// The points of the side that may have one series per signature and step.
    fn ones(&self, series: &[StepSeries], side: &str) -> Result<HashMap<Labels, HashMap<u32, One>>> {
        let mut builder = LabelsBuilder::default();
        let mut ones: HashMap<Labels, HashMap<u32, One>> = HashMap::new();
        for (at, one) in series.iter().enumerate() {
            let steps = ones.entry(signature(&one.labels, self.matching, &mut builder)).or_default();
            for (step, value) in &one.points {
                if steps.insert(*step, (*value, at)).is_some() {
                    return Err(mismatch(format!(
                        "found duplicate series on the {side} hand-side;many-to-many matching not allowed: \
                         matching labels must be unique on one side"
                    )));
                }
            }
        }
        Ok(ones)
    }

    fn check_unique(
        &self,
        matched: &mut HashSet<(u32, Option<Labels>)>,
        step: u32,
        labels: &Labels,
    ) -> Result<()> {
        let grouped = self.side().is_some();
        if matched.insert((step, grouped.then(|| labels.clone()))) {
            return Ok(());
        }
        Err(mismatch(if grouped {
            "multiple matches for labels: grouping labels must ensure unique matches"
        } else {
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
        }))
    }

    /// Labels of the result, from those of both sides.
    fn labels(&self, many: &Labels, one: Option<&Labels>, builder: &mut LabelsBuilder) -> Labels {
        let Some(matching) = self.matching else { return many.clone() };
        let Some((_, included)) = &matching.group else { return signature(many, Some(matching), builder) };
        let mut builder = LabelsBuilder::from(many.as_ref());
        for name in included {
            match one.and_then(|one| one.get(name)).filter(|value| !value.is_empty()) {
                Some(value) => builder.set(name, value),
                None => builder.remove(name),
            };
        }
        builder.build()
    }
}

/// Loki answers such queries with 500, and so do we: clients match on it.
fn mismatch(what: impl Into<String>) -> Error {
    Error::new(Kind::Bug, what)
}

#[cfg(test)]
mod tests;
