//! Values that expressions give.

use crate::traceql::ast::{Literal, SpanKind, Status};
use model::attribute;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// What an expression gives for a span, or an aggregate for a spanset.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not there, or unknown.
    Nil,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A duration in nanoseconds.
    Duration(i64),
    /// True or false.
    Bool(bool),
    /// A text.
    Text(Cow<'a, str>),
    /// How a span ended.
    Status(Status),
    /// What a span is.
    Kind(SpanKind),
    /// An array, or what several events or links have.
    Many(Vec<Value<'a>>),
    /// There, but nothing that can be compared: bytes, a map, an array in an array.
    Opaque,
}

impl<'a> Value<'a> {
    /// A value as written.
    pub fn of_literal(literal: &'a Literal) -> Self {
        match literal {
            Literal::Nil => Self::Nil,
            Literal::Int(value) => Self::Int(*value),
            Literal::Float(value) => Self::Float(*value),
            Literal::Duration(ns) => Self::Duration(*ns),
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Text(text) => Self::Text(text.as_str().into()),
            Literal::Status(status) => Self::Status(*status),
            Literal::Kind(kind) => Self::Kind(*kind),
        }
    }

    /// A value as its sender gave it.
    pub fn of_attribute(value: &'a attribute::Value) -> Self {
        match value {
            attribute::Value::Array(values) => Self::Many(values.iter().map(Self::of_element).collect()),
            value => Self::of_element(value),
        }
    }

    fn of_element(value: &'a attribute::Value) -> Self {
        match value {
            attribute::Value::Empty => Self::Nil,
            attribute::Value::String(text) => Self::Text(text.as_str().into()),
            attribute::Value::Bool(value) => Self::Bool(*value),
            attribute::Value::Int(value) => Self::Int(*value),
            attribute::Value::Double(value) => Self::Float(*value),
            attribute::Value::Bytes(_) | attribute::Value::Array(_) | attribute::Value::Map(_) => {
                Self::Opaque
            }
        }
    }

    /// What several places have: nothing, one value, or many.
    pub fn of_all(values: impl Iterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for value in values {
            match value {
                Self::Nil => {}
                Self::Many(values) => all.extend(values),
                value => all.push(value),
            }
        }
        match all.len() {
            0 => Self::Nil,
            1 => all.pop().unwrap_or(Self::Nil),
            _ => Self::Many(all),
        }
    }

    /// Integers and durations.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Duration(value) => Some(*value),
            _ => None,
        }
    }

    /// Any number; durations in nanoseconds.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) | Self::Duration(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// What is known: neither for what is not true or false.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(truth: Option<bool>) -> Self {
        truth.map_or(Self::Nil, Self::Bool)
    }
}

/// A value that groups are told apart by: floats are equal when their bits are.
#[derive(Clone, Debug)]
pub struct Key<'a>(pub Value<'a>);

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for Key<'_> {}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.to_bits() == right.to_bits(),
        (Value::Many(left), Value::Many(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (left, right) => left == right,
    }
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

fn hash<H: Hasher>(value: &Value<'_>, state: &mut H) {
    std::mem::discriminant(value).hash(state);
    match value {
        Value::Nil | Value::Opaque => {}
        Value::Int(value) | Value::Duration(value) => value.hash(state),
        Value::Float(value) => value.to_bits().hash(state),
        Value::Bool(value) => value.hash(state),
        Value::Text(text) => text.hash(state),
        Value::Status(status) => status.hash(state),
        Value::Kind(kind) => kind.hash(state),
        Value::Many(values) => values.iter().for_each(|value| hash(value, state)),
    }
}
