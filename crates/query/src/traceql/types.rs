//! What kinds of values operators take, as far as it shows in the query: an attribute may turn out
//! to be anything.

use super::ast::{Arithmetic, Comparison, Field, FieldOp, Intrinsic, Literal};

/// What is known of a value before any span is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An attribute's.
    Any,
    /// `nil`
    Nil,
    /// Computed with an attribute.
    Number,
    /// An integer.
    Int,
    /// A float.
    Float,
    /// A duration.
    Duration,
    /// True or false.
    Bool,
    /// A text.
    Text,
    /// A span's status.
    Status,
    /// A span's kind.
    Kind,
}

impl Type {
    /// Of a value as written.
    pub fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::Nil => Self::Nil,
            Literal::Int(_) => Self::Int,
            Literal::Float(_) => Self::Float,
            Literal::Duration(_) => Self::Duration,
            Literal::Bool(_) => Self::Bool,
            Literal::Text(_) => Self::Text,
            Literal::Status(_) => Self::Status,
            Literal::Kind(_) => Self::Kind,
        }
    }

    /// Of a span's value.
    pub fn of_field(field: &Field) -> Self {
        let Field::Intrinsic(intrinsic) = field else { return Self::Any };
        match intrinsic {
            Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart => Self::Duration,
            Intrinsic::Status => Self::Status,
            Intrinsic::Kind => Self::Kind,
            Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent
            | Intrinsic::ChildCount => Self::Int,
            Intrinsic::Name
            | Intrinsic::StatusMessage
            | Intrinsic::RootName
            | Intrinsic::RootServiceName
            | Intrinsic::TraceId
            | Intrinsic::SpanId
            | Intrinsic::ParentId
            | Intrinsic::EventName
            | Intrinsic::LinkTraceId
            | Intrinsic::LinkSpanId
            | Intrinsic::InstrumentationName
            | Intrinsic::InstrumentationVersion => Self::Text,
        }
    }

    /// How errors call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "an attribute",
            Self::Nil => "nil",
            Self::Number => "a number",
            Self::Int => "an integer",
            Self::Float => "a float",
            Self::Duration => "a duration",
            Self::Bool => "a boolean",
            Self::Text => "a string",
            Self::Status => "a status",
            Self::Kind => "a kind",
        }
    }

    /// Whether it may be a number. Durations are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Any | Self::Number | Self::Int | Self::Float | Self::Duration)
    }

    /// Whether it may be true or false.
    pub fn is_boolean(self) -> bool {
        matches!(self, Self::Any | Self::Bool)
    }

    /// Whether it may be a text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Any | Self::Text)
    }

    /// Whether `op` can have it on a side.
    fn takes_part_in(self, op: FieldOp) -> bool {
        match op {
            FieldOp::And | FieldOp::Or => self.is_boolean(),
            FieldOp::Compute(_) => self.is_numeric(),
            FieldOp::Compare(Comparison::Equal | Comparison::NotEqual) => true,
            FieldOp::Compare(_) => self.is_numeric() || self.is_text(),
        }
    }

    /// Whether values of both can be equal.
    fn is_comparable_with(self, other: Self) -> bool {
        let open = |ty| matches!(ty, Self::Any | Self::Nil);
        open(self) || open(other) || self == other || self.is_numeric() && other.is_numeric()
    }
}

/// What `left op right` gives; `None` when it never gives anything.
pub fn of_binary(op: FieldOp, left: Type, right: Type) -> Option<Type> {
    let taken = left.takes_part_in(op) && right.takes_part_in(op) && left.is_comparable_with(right);
    taken.then_some(match op {
        FieldOp::Compute(op) => of_arithmetic(op, left, right),
        _ => Type::Bool,
    })
}

fn of_arithmetic(op: Arithmetic, left: Type, right: Type) -> Type {
    match (left, right) {
        (Type::Float, Type::Float | Type::Int) | (Type::Int, Type::Float) => Type::Float,
        (Type::Int, Type::Int) if op != Arithmetic::Pow => Type::Int,
        _ => Type::Number,
    }
}
