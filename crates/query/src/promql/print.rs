//! Writes trees as queries, on one line, in the form that Prometheus writes: the same text for the
//! same query, whatever its spaces, case, quotes, and order of matchers were. Parentheses are those
//! of the tree.
//!
//! Trees may be a thousand operators deep, so what calls itself is kept small: one function for each
//! kind of expression.

use super::ast::{
    AggregateOp, Aggregation, At, Binary, BinaryOp, Call, Duration, DurationBinary, DurationChoice,
    DurationExpr, Expr, Grouping, METRIC_NAME, Matching, Modifiers, Number, Paren, RangeSelector, Selector,
    Subquery, Unary,
};
use crate::go;
use crate::syntax::duration;
use model::labels::GoQuoted;
use model::{MatchOp, Matcher};
use std::fmt::{Display, Formatter, Result};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => GoQuoted(&text.value).fmt(f),
            Self::Selector(selector) => selector.fmt(f),
            Self::Range(range) => range.fmt(f),
            Self::Subquery(subquery) => subquery.fmt(f),
            Self::Call(call) => call.fmt(f),
            Self::Aggregation(aggregation) => aggregation.fmt(f),
            Self::Unary(unary) => unary.fmt(f),
            Self::Binary(binary) => binary.fmt(f),
            Self::Paren(paren) => paren.fmt(f),
        }
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.expr, Suffix(self))
    }
}

impl Display for Unary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", if self.negative { "-" } else { "+" }, self.expr)
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match is_power_of_infinity(self) {
            true => write!(f, "Inf {} {}", Operator(self), self.right),
            false => write!(f, "{} {} {}", self.left, Operator(self), self.right),
        }
    }
}

/// Whether infinity has to be written without its sign, which would be that of the power.
pub fn is_power_of_infinity(binary: &Binary) -> bool {
    let infinite = matches!(binary.left, Expr::Number(Number { value: f64::INFINITY, .. }));
    infinite && binary.op == BinaryOp::Pow
}

impl Display for Paren {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({})", self.expr)
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.is_duration {
            true => duration_text((self.value * 1000.0).round() as i64).fmt(f),
            false => go::format_float(self.value, b'f', -1).fmt(f),
        }
    }
}

fn duration_text(ms: i64) -> String {
    duration::write(ms.saturating_mul(1_000_000))
}

/// Whether a name needs no quotes among labels.
fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// A label's name.
struct Label<'a>(&'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if is_plain(self.0) { f.write_str(self.0) } else { GoQuoted(self.0).fmt(f) }
    }
}

/// `(a, "b.c")`
struct Labels<'a>(&'a [String]);

impl Display for Labels<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("(")?;
        for (at, label) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            // Here these are numbers.
            match ["inf", "nan"].iter().any(|number| label.eq_ignore_ascii_case(number)) {
                true => GoQuoted(label).fmt(f)?,
                false => Label(label).fmt(f)?,
            }
        }
        f.write_str(")")
    }
}

/// A matcher.
pub struct MatcherText<'a>(pub &'a Matcher);

impl Display for MatcherText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Matcher { name, op, value, .. } = self.0;
        write!(f, "{}{}{}", Label(name), op.text(), GoQuoted(value))
    }
}

/// A selector without modifiers.
struct Series<'a>(&'a Selector);

impl Display for Series<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Selector { name, matchers, .. } = self.0;
        f.write_str(name)?;
        let is_name = |matcher: &Matcher| {
            matcher.name == METRIC_NAME && matcher.op == MatchOp::Equal && matcher.value == *name
        };
        let mut others = matchers.iter().filter(|matcher| name.is_empty() || !is_name(matcher));
        match others.next() {
            Some(first) => write!(f, "{{{}", MatcherText(first))?,
            None if name.is_empty() => return f.write_str("{}"),
            None => return Ok(()),
        }
        for matcher in others {
            write!(f, ",{}", MatcherText(matcher))?;
        }
        f.write_str("}")
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // The order of these three is not that of ranges.
        write!(f, "{}{}", Series(self), Time(&self.modifiers))?;
        if let Some(edges) = self.edges {
            write!(f, " {}", edges.text())?;
        }
        Offset(&self.modifiers).fmt(f)
    }
}

impl Display for RangeSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}[{}]", Series(&self.selector), self.range)?;
        if let Some(edges) = self.selector.edges {
            write!(f, " {}", edges.text())?;
        }
        let modifiers = &self.selector.modifiers;
        write!(f, "{}{}", Time(modifiers), Offset(modifiers))
    }
}

/// What stands behind a subquery's expression.
pub struct Suffix<'a>(pub &'a Subquery);

impl Display for Suffix<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Subquery { range, step, modifiers, .. } = self.0;
        write!(f, "[{range}:")?;
        if let Some(step) = step {
            step.fmt(f)?;
        }
        write!(f, "]{}{}", Time(modifiers), Offset(modifiers))
    }
}

/// `@ …`
struct Time<'a>(&'a Modifiers);

impl Display for Time<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.at {
            None => Ok(()),
            Some(At::Start) => f.write_str(" @ start()"),
            Some(At::End) => f.write_str(" @ end()"),
            Some(At::Time(ms)) => {
                let sign = if ms < 0 { "-" } else { "" };
                let ms = ms.unsigned_abs();
                write!(f, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)
            }
        }
    }
}

/// `offset …`
struct Offset<'a>(&'a Modifiers);

impl Display for Offset<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.0.offset {
            Some(offset) => write!(f, " offset {offset}"),
            None => Ok(()),
        }
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Fixed(ms) => duration_text(*ms).fmt(f),
            Self::Computed(expr) => expr.fmt(f),
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Step(_) => f.write_str("step()"),
            Self::Range(_) => f.write_str("range()"),
            Self::Negative(inner, _) => write!(f, "-{inner}"),
            Self::Paren(inner, _) => write!(f, "({inner})"),
            Self::Choice(choice) => choice.fmt(f),
            Self::Binary(binary) => binary.fmt(f),
        }
    }
}

impl Display for DurationChoice {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({}, {})", if self.largest { "max_of" } else { "min_of" }, self.left, self.right)
    }
}

impl Display for DurationBinary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} {}", self.left, self.op.text(), self.right)
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.function.signature().name)?;
        for (at, arg) in self.args.iter().enumerate() {
            write!(f, "{}{arg}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}

/// `sum by (a) `
pub struct Head<'a>(pub AggregateOp, pub Option<&'a Grouping>);

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.0.text())?;
        match self.1 {
            None => Ok(()),
            Some(Grouping { without, labels }) => {
                write!(f, " {} {} ", if *without { "without" } else { "by" }, Labels(labels))
            }
        }
    }
}

impl Display for Aggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", Head(self.op, self.grouping.as_ref()))?;
        if let Some(parameter) = &self.parameter {
            write!(f, "{parameter}, ")?;
        }
        write!(f, "{})", self.inner)
    }
}

/// An operator with what says how the series of both sides find each other.
pub struct Operator<'a>(pub &'a Binary);

impl Display for Operator<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.0.op.text())?;
        if self.0.return_bool {
            f.write_str(" bool")?;
        }
        self.0.matching.as_ref().map_or(Ok(()), |matching| matching.fmt(f))
    }
}

impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.on || !self.labels.is_empty() || self.group.is_some() {
            write!(f, " {} {}", if self.on { "on" } else { "ignoring" }, Labels(&self.labels))?;
        }
        if let Some((side, include)) = &self.group {
            write!(f, " {} {}", side.text(), Labels(include))?;
        }
        let value = |number: &Number| go::format_g(number.value);
        match (&self.fill_left, &self.fill_right) {
            (Some(left), Some(right)) if left == right => write!(f, " fill ({})", value(left)),
            (left, right) => {
                for (word, number) in [("fill_left", left), ("fill_right", right)] {
                    if let Some(number) = number {
                        write!(f, " {word} ({})", value(number))?;
                    }
                }
                Ok(())
            }
        }
    }
}
