//! Operators between values.

use super::value::Value;
use crate::traceql::ast::{Arithmetic, Comparison, Match};
use std::cmp::Ordering;

/// Whether `left op right`. What is not there is neither equal nor unequal to anything, nor are values of different
/// kinds; integers, floats and durations are of one kind. Of many values `!=` must hold for all, any other
/// comparison for one.
pub fn compare(op: Comparison, left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Many(values), one) => of_many(op, values, |value| compare(op, value, one)),
        (one, Value::Many(values)) => of_many(op, values, |value| compare(op, one, value)),
        (left, right) => compare_single(op, left, right),
    }
}

fn of_many(op: Comparison, values: &[Value<'_>], holds: impl Fn(&Value<'_>) -> bool) -> bool {
    if op == Comparison::NotEqual { values.iter().all(holds) } else { values.iter().any(holds) }
}

fn compare_single(op: Comparison, left: &Value<'_>, right: &Value<'_>) -> bool {
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Status(left), Value::Status(right)) => Some(left.cmp(right)),
        (Value::Kind(left), Value::Kind(right)) => Some(left.cmp(right)),
        _ => match (left.whole(), right.whole(), left.number(), right.number()) {
            (Some(left), Some(right), ..) => Some(left.cmp(&right)),
            (_, _, Some(left), Some(right)) => left.partial_cmp(&right),
            _ => return false,
        },
    };
    match op {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// Whether a text matches; what is no text does neither match nor not. As with [`compare`], of many `!~` must hold
/// for all.
pub fn matches(rule: &Match, value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => rule.regex.is_match(text.as_bytes()) != rule.negated,
        Value::Many(values) if rule.negated => values.iter().all(|value| matches(rule, value)),
        Value::Many(values) => values.iter().any(|value| matches(rule, value)),
        _ => false,
    }
}

/// `left op right` of numbers; nil for all else and for what has no value, as a division of integers
/// by zero. Integers that would overflow become floats. Durations with integers stay durations where
/// a duration comes out: not in quotients and powers.
pub fn compute<'a>(op: Arithmetic, left: &Value<'_>, right: &Value<'_>) -> Value<'a> {
    let (Some(x), Some(y)) = (left.number(), right.number()) else { return Value::Nil };
    let duration: Option<fn(i64) -> Value<'a>> = match (left, right) {
        (Value::Int(_), Value::Int(_)) => Some(Value::Int),
        (Value::Duration(_), Value::Duration(_)) if op == Arithmetic::Mul => None,
        (Value::Duration(_), Value::Duration(_) | Value::Int(_)) | (Value::Int(_), Value::Duration(_)) => {
            let kept = !matches!(op, Arithmetic::Div | Arithmetic::Pow);
            kept.then_some(Value::Duration)
        }
        _ => None,
    };
    let float = || match op {
        Arithmetic::Add => x + y,
        Arithmetic::Sub => x - y,
        Arithmetic::Mul => x * y,
        Arithmetic::Div => x / y,
        Arithmetic::Mod => x % y,
        Arithmetic::Pow => x.powf(y),
    };
    match (duration, left.whole(), right.whole()) {
        (Some(_), _, Some(0)) if matches!(op, Arithmetic::Div | Arithmetic::Mod) => Value::Nil,
        (Some(made), Some(x), Some(y)) => compute_whole(op, x, y).map_or_else(|| Value::Float(float()), made),
        _ => Value::Float(float()),
    }
}

/// `None` where the result is no integer of 64 bits.
fn compute_whole(op: Arithmetic, x: i64, y: i64) -> Option<i64> {
    match op {
        Arithmetic::Add => x.checked_add(y),
        Arithmetic::Sub => x.checked_sub(y),
        Arithmetic::Mul => x.checked_mul(y),
        Arithmetic::Div => x.checked_div(y),
        Arithmetic::Mod => Some(x.wrapping_rem(y)),
        Arithmetic::Pow => x.checked_pow(u32::try_from(y).ok()?),
    }
}

/// `-value`
pub fn negate<'a>(value: &Value<'_>) -> Value<'a> {
    match value {
        Value::Duration(ns) => ns.checked_neg().map_or(Value::Float(-(*ns as f64)), Value::Duration),
        Value::Int(value) => value.checked_neg().map_or(Value::Float(-(*value as f64)), Value::Int),
        Value::Float(value) => Value::Float(-value),
        _ => Value::Nil,
    }
}
