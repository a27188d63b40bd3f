//! Expressions on one span.

use super::value::Value;
use super::{Trace, compute, field};
use crate::traceql::ast::{Comparison, FieldBinary, FieldExpr, FieldOp, Literal};

/// Whether `expr` holds for the span at `at`.
pub fn holds(trace: &Trace<'_>, expr: &FieldExpr, at: usize) -> bool {
    value(trace, expr, at).truth() == Some(true)
}

/// What `expr` gives for the span at `at`.
pub fn value<'q>(trace: &'q Trace<'_>, expr: &'q FieldExpr, at: usize) -> Value<'q> {
    match expr {
        FieldExpr::Literal(literal) => Value::of_literal(literal),
        FieldExpr::Field(field) => field::value(trace, field, at),
        FieldExpr::Not(of) => value(trace, of, at).truth().map(|truth| !truth).into(),
        FieldExpr::Negate(of) => compute::negate(&value(trace, of, at)),
        FieldExpr::Match(rule) => Value::Bool(compute::matches(rule, &value(trace, &rule.value, at))),
        FieldExpr::Binary(binary) => binary_value(trace, binary, at),
    }
}

fn binary_value<'q>(trace: &'q Trace<'_>, binary: &'q FieldBinary, at: usize) -> Value<'q> {
    let FieldBinary { op, left, right } = binary;
    match op {
        FieldOp::And => decide(trace, binary, at, false),
        FieldOp::Or => decide(trace, binary, at, true),
        FieldOp::Compare(op) => match presence(*op, left, right) {
            Some((of, wanted)) => Value::Bool((value(trace, of, at) != Value::Nil) == wanted),
            None => Value::Bool(compute::compare(*op, &value(trace, left, at), &value(trace, right, at))),
        },
        FieldOp::Compute(op) => compute::compute(*op, &value(trace, left, at), &value(trace, right, at)),
    }
}

/// What a comparison with `nil` as written asks: whether something is there, and whether it should be.
fn presence<'q>(op: Comparison, left: &'q FieldExpr, right: &'q FieldExpr) -> Option<(&'q FieldExpr, bool)> {
    const NIL: FieldExpr = FieldExpr::Literal(Literal::Nil);
    let of = match (left, right) {
        (of, nil) | (nil, of) if *nil == NIL => of,
        _ => return None,
    };
    Some((of, op == Comparison::NotEqual))
}

/// `&&` or `||`: one side that is `decisive` decides, whatever the other is.
fn decide<'q>(trace: &'q Trace<'_>, binary: &'q FieldBinary, at: usize, decisive: bool) -> Value<'q> {
    let left = value(trace, &binary.left, at).truth();
    if left == Some(decisive) {
        return Value::Bool(decisive);
    }
    match value(trace, &binary.right, at).truth() {
        Some(right) if right == decisive => Value::Bool(decisive),
        right => left.and(right).into(),
    }
}
