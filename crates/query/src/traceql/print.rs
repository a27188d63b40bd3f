//! Writes trees as queries, on one line: the same text for the same query, whatever its spaces,
//! quotes, scopes and parentheses were. Only parentheses that mean something are written.

use super::ast::*;
use super::lexer::is_name_char;
use super::precedence::{self, WHOLE};
use crate::syntax::pratt::Binding;
use base::unit::go_duration_text;
use model::labels::GoQuoted;
use std::fmt::{Display, Formatter, Result};

/// Items with commas between.
struct Listed<'a, T>(&'a [T]);

impl<T: Display> Display for Listed<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (at, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// An operand that binds with `own` where at least `needed` is asked.
struct Operand<'a, T> {
    operand: &'a T,
    own: u8,
    needed: u8,
}

impl<T: Display> Display for Operand<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.own >= self.needed {
            true => self.operand.fmt(f),
            false => write!(f, "({})", self.operand),
        }
    }
}

/// A tree of operators.
trait Tree: Display + Sized {
    /// How strongly its outermost operator binds its left operand.
    fn strength(&self) -> u8;

    fn left_of(&self, binding: Binding) -> Operand<'_, Self> {
        // A right-associative operator takes one of its own kind only on the right.
        let needed = if binding.left == binding.right { binding.left + 1 } else { binding.left };
        Operand { operand: self, own: self.strength(), needed }
    }

    fn right_of(&self, binding: Binding) -> Operand<'_, Self> {
        Operand { operand: self, own: self.strength(), needed: binding.right }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.expr {
            Expr::Spans(pipeline) => pipeline.fmt(f)?,
            Expr::Metrics(metrics) => metrics.fmt(f)?,
        }
        match self.hints.is_empty() {
            true => Ok(()),
            false => write!(f, " with({})", Listed(&self.hints)),
        }
    }
}

impl Display for Hint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (at, stage) in self.stages.iter().enumerate() {
            write!(f, "{}{stage}", if at == 0 { "" } else { " | " })?;
        }
        Ok(())
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Spansets(expr) => expr.fmt(f),
            Self::By(expr) => write!(f, "by({expr})"),
            Self::Coalesce => f.write_str("coalesce()"),
            Self::Select(fields) => write!(f, "select({})", Listed(fields)),
            Self::Scalar(filter) => filter.fmt(f),
        }
    }
}

impl Tree for SpansetExpr {
    fn strength(&self) -> u8 {
        match self {
            Self::Filter(_) => WHOLE,
            Self::Pipeline(_) => 0,
            Self::Binary(binary) => precedence::spanset(binary.op).left,
        }
    }
}

impl Display for SpansetExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Filter(expr) => write!(f, "{{ {expr} }}"),
            Self::Pipeline(pipeline) => pipeline.fmt(f),
            Self::Binary(binary) => {
                let SpansetBinary { op, left, right } = &**binary;
                let binding = precedence::spanset(*op);
                write!(f, "{} {op} {}", left.left_of(binding), right.right_of(binding))
            }
        }
    }
}

impl Display for SpansetOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And => f.write_str("&&"),
            Self::Or => f.write_str("||"),
            Self::Structural(relation, form) => {
                let form = match form {
                    Form::Plain => "",
                    Form::Negated => "!",
                    Form::Union => "&",
                };
                write!(f, "{form}{}", relation.text())
            }
        }
    }
}

impl Relation {
    /// Its sign.
    pub fn text(self) -> &'static str {
        match self {
            Self::Child => ">",
            Self::Descendant => ">>",
            Self::Parent => "<",
            Self::Ancestor => "<<",
            Self::Sibling => "~",
        }
    }
}

impl Tree for FieldExpr {
    fn strength(&self) -> u8 {
        match self {
            Self::Literal(_) | Self::Field(_) => WHOLE,
            Self::Not(_) => precedence::NEGATED.left,
            Self::Negate(_) => precedence::SIGNED.left,
            Self::Match(_) => precedence::COMPARED.left,
            Self::Binary(binary) => precedence::field(binary.op).left,
        }
    }
}

impl Display for FieldExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Field(field) => field.fmt(f),
            Self::Not(of) => write!(f, "!{}", of.right_of(precedence::NEGATED)),
            Self::Negate(of) => write!(f, "-{}", of.right_of(precedence::SIGNED)),
            Self::Match(matched) => {
                let Match { value, negated, regex } = &**matched;
                let op = if *negated { "!~" } else { "=~" };
                write!(f, "{} {op} {}", value.left_of(precedence::COMPARED), GoQuoted(regex.text()))
            }
            Self::Binary(binary) => {
                let FieldBinary { op, left, right } = &**binary;
                let binding = precedence::field(*op);
                write!(f, "{} {op} {}", left.left_of(binding), right.right_of(binding))
            }
        }
    }
}

impl Display for FieldOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And => f.write_str("&&"),
            Self::Or => f.write_str("||"),
            Self::Compare(op) => f.write_str(op.text()),
            Self::Compute(op) => f.write_str(op.text()),
        }
    }
}

impl Comparison {
    /// Its sign.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

impl Arithmetic {
    /// Its sign.
    pub fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Nil => f.write_str("nil"),
            // Its digits alone are too many for an integer.
            Self::Int(i64::MIN) => f.write_str("minInt"),
            Self::Int(value) => value.fmt(f),
            // With a point or an exponent, always.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Duration(ns) => f.write_str(&go_duration_text(*ns)),
            Self::Bool(value) => value.fmt(f),
            Self::Text(text) => GoQuoted(text).fmt(f),
            Self::Status(status) => f.write_str(status.text()),
            Self::Kind(kind) => f.write_str(kind.text()),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Intrinsic(intrinsic) => f.write_str(intrinsic.text()),
        }
    }
}

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { scope, name } = self;
        // After a bare dot a digit would begin a number.
        let number = *scope == Scope::Any && name.starts_with(|c: char| c.is_ascii_digit());
        match name.chars().all(is_name_char) && !number {
            true => write!(f, "{}.{name}", scope.text()),
            false => {
                write!(f, "{}.\"{}\"", scope.text(), name.replace('\\', "\\\\").replace('"', "\\\""))
            }
        }
    }
}

impl Display for ScalarFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { op, left, right } = self;
        let binding = precedence::COMPARED;
        write!(f, "{} {} {}", left.left_of(binding), op.text(), right.right_of(binding))
    }
}

impl Tree for ScalarExpr {
    fn strength(&self) -> u8 {
        match self {
            Self::Literal(_) | Self::Aggregate(_) => WHOLE,
            Self::Negate(_) => precedence::SIGNED.left,
            Self::Binary(binary) => precedence::arithmetic(binary.op).left,
        }
    }
}

impl Display for ScalarExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Aggregate(aggregate) => aggregate.fmt(f),
            Self::Negate(of) => write!(f, "-{}", of.right_of(precedence::SIGNED)),
            Self::Binary(binary) => {
                let ScalarBinary { op, left, right } = &**binary;
                let binding = precedence::arithmetic(*op);
                write!(f, "{} {} {}", left.left_of(binding), op.text(), right.right_of(binding))
            }
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Count => f.write_str("count()"),
            Self::Over(op, expr) => write!(f, "{}({expr})", op.text()),
        }
    }
}

impl Tree for MetricsExpr {
    fn strength(&self) -> u8 {
        match self {
            Self::Aggregate(_) | Self::Refined(..) => 0,
            Self::Number(_) => WHOLE,
            Self::Binary(binary) => precedence::arithmetic(binary.op).left,
        }
    }
}

impl Display for MetricsExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Aggregate(aggregate) => write!(f, "{} | {}", aggregate.spans, aggregate.stage),
            Self::Number(number) => number.fmt(f),
            Self::Binary(binary) => {
                let MetricsBinary { op, left, right } = &**binary;
                let binding = precedence::arithmetic(*op);
                write!(f, "{} {} {}", left.left_of(binding), op.text(), right.right_of(binding))
            }
            Self::Refined(of, stages) => {
                of.fmt(f)?;
                stages.iter().try_for_each(|stage| stage.fmt(f))
            }
        }
    }
}

impl Display for FirstStage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Range { function, by } => {
                function.fmt(f)?;
                match by.is_empty() {
                    true => Ok(()),
                    false => write!(f, " by({})", Listed(by)),
                }
            }
            Self::Compare(Compare { selection, top, window_ns }) => {
                write!(f, "compare({{ {selection} }}")?;
                if *top != Compare::DEFAULT_TOP || window_ns.is_some() {
                    write!(f, ", {top}")?;
                }
                if let Some((start_ns, end_ns)) = window_ns {
                    write!(f, ", {start_ns}, {end_ns}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Display for RangeFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Rate => f.write_str("rate()"),
            Self::Count => f.write_str("count_over_time()"),
            Self::Over(op, field) => write!(f, "{}_over_time({field})", op.text()),
            Self::Histogram(field) => write!(f, "histogram_over_time({field})"),
            Self::Quantile(field, quantiles) => {
                write!(f, "quantile_over_time({field}, {})", Listed(quantiles))
            }
        }
    }
}

impl Display for SecondStage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::TopK(limit) => write!(f, " | topk({limit})"),
            Self::BottomK(limit) => write!(f, " | bottomk({limit})"),
            Self::Filter(op, value) => write!(f, " {} {value}", op.text()),
        }
    }
}
