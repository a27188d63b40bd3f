//! Stages of pipelines.

use super::value::{Key, Value};
use super::{Trace, compute, condition, structure};
use crate::traceql::ast::{
    Aggregate, AggregateOp, Arithmetic, Comparison, Field, FieldExpr, Pipeline, ScalarBinary, ScalarExpr,
    ScalarFilter, Stage,
};
use indexmap::IndexMap;
use std::fmt;

/// Spans of one trace that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanset<'q> {
    /// Positions in the trace, ascending.
    pub spans: Vec<usize>,
    /// What stages found out about the spanset, in their order.
    pub told: Vec<(Told<'q>, Value<'q>)>,
}

/// What is told about a spanset. Printed it is the query's own text: `by(.a)`, `count()`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told<'q> {
    /// The value that all its spans share.
    By(&'q FieldExpr),
    /// A number computed over its spans.
    Aggregate(&'q Aggregate),
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(expr) => write!(f, "by({expr})"),
            Self::Aggregate(aggregate) => aggregate.fmt(f),
        }
    }
}

impl Trace<'_> {
    /// Which of `fields` the span at `position` has, and their values. With [`Pipeline::fields`] these
    /// are what a reply tells of a span: what was asked about and what was selected.
    pub fn values<'q>(&'q self, fields: &'q [Field], position: usize) -> Vec<(&'q Field, Value<'q>)> {
        let values = fields.iter().map(|field| (field, self.field(field, position)));
        values.filter(|(_, value)| *value != Value::Nil).collect()
    }
}

/// The spansets that the stages make of `given`.
pub fn run<'q>(trace: &'q Trace<'_>, pipeline: &'q Pipeline, given: Vec<Spanset<'q>>) -> Vec<Spanset<'q>> {
    pipeline.stages.iter().fold(given, |given, stage| match stage {
        Stage::Spansets(expr) => given
            .into_iter()
            .map(|set| Spanset { spans: structure::select(trace, expr, &set.spans), ..set })
            .filter(|set| !set.spans.is_empty())
            .collect(),
        Stage::By(expr) => given.into_iter().flat_map(|set| grouped(trace, expr, set)).collect(),
        Stage::Coalesce => coalesced(given),
        Stage::Select(_) => given,
        Stage::Scalar(filter) => given.into_iter().filter_map(|set| passing(trace, filter, set)).collect(),
    })
}

/// A spanset for each value, in the order in which they are met. Spans without one stay together.
fn grouped<'q>(trace: &'q Trace<'_>, expr: &'q FieldExpr, set: Spanset<'q>) -> Vec<Spanset<'q>> {
    let mut groups: IndexMap<Key<'q>, Vec<usize>> = IndexMap::new();
    for at in set.spans {
        groups.entry(Key(condition::value(trace, expr, at))).or_default().push(at);
    }
    let told = |value| [set.told.as_slice(), &[(Told::By(expr), value)]].concat();
    groups.into_iter().map(|(Key(value), spans)| Spanset { spans, told: told(value) }).collect()
}

/// One spanset of all. What was told of each no longer holds.
fn coalesced(given: Vec<Spanset<'_>>) -> Vec<Spanset<'_>> {
    let mut spans: Vec<usize> = given.into_iter().flat_map(|set| set.spans).collect();
    spans.sort_unstable();
    spans.dedup();
    if spans.is_empty() { Vec::new() } else { vec![Spanset { spans, told: Vec::new() }] }
}

fn passing<'q>(trace: &'q Trace<'_>, filter: &'q ScalarFilter, mut set: Spanset<'q>) -> Option<Spanset<'q>> {
    let left = scalar(trace, &filter.left, &mut set);
    let right = scalar(trace, &filter.right, &mut set);
    compute::compare(filter.op, &left, &right).then_some(set)
}

/// The value of `expr` over the spans of `set`, which is told of the aggregates in it.
fn scalar<'q>(trace: &'q Trace<'_>, expr: &'q ScalarExpr, set: &mut Spanset<'q>) -> Value<'q> {
    match expr {
        ScalarExpr::Literal(literal) => Value::of_literal(literal),
        ScalarExpr::Negate(of) => compute::negate(&scalar(trace, of, set)),
        ScalarExpr::Binary(binary) => {
            let ScalarBinary { op, left, right } = &**binary;
            let left = scalar(trace, left, set);
            compute::compute(*op, &left, &scalar(trace, right, set))
        }
        ScalarExpr::Aggregate(aggregate) => {
            let value = match aggregate {
                Aggregate::Count => Value::Int(i64::try_from(set.spans.len()).unwrap_or(i64::MAX)),
                Aggregate::Over(op, expr) => {
                    let values = set.spans.iter().map(|at| condition::value(trace, expr, *at));
                    aggregated(*op, values)
                }
            };
            set.told.push((Told::Aggregate(aggregate), value.clone()));
            value
        }
    }
}

/// Over the numbers among `values`; nil when there are none.
fn aggregated<'q>(op: AggregateOp, values: impl Iterator<Item = Value<'q>>) -> Value<'q> {
    let numbers = values.filter(|value| value.number().is_some());
    let better = |op| move |best, value| if compute::compare(op, &value, &best) { value } else { best };
    let sum = |total: Value<'q>, value| compute::compute(Arithmetic::Add, &total, &value);
    match op {
        AggregateOp::Max => numbers.reduce(better(Comparison::Greater)).unwrap_or(Value::Nil),
        AggregateOp::Min => numbers.reduce(better(Comparison::Less)).unwrap_or(Value::Nil),
        AggregateOp::Sum => numbers.reduce(sum).unwrap_or(Value::Nil),
        AggregateOp::Avg => {
            let mut count = 0i64;
            let total = numbers.inspect(|_| count += 1).reduce(sum);
            mean(&total.unwrap_or(Value::Nil), count)
        }
    }
}

fn mean<'q>(total: &Value<'_>, count: i64) -> Value<'q> {
    match (total, total.number()) {
        (Value::Duration(total), _) => Value::Duration(total / count.max(1)),
        (_, Some(total)) => Value::Float(total / count as f64),
        (_, None) => Value::Nil,
    }
}
