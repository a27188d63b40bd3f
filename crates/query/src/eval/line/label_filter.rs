//! Label filters: `| level="error" or latency > 5s`.

use super::ip::IpPattern;
use super::labels::OwnedName;
use super::row::Row;
use crate::go;
use crate::logql::ast::{CompareOp, LabelFilter};
use model::{MatchOp, Matcher};

/// The error of a label that is no number, duration or size.
const LABEL_FILTER_ERROR: &str = "LabelFilterErr";

/// A compiled label filter.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Text(OwnedName, Matcher),
    Number(OwnedName, CompareOp, Quantity),
    Ip { name: OwnedName, negated: bool, pattern: IpPattern },
}

/// What a label is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quantity {
    Number(f64),
    DurationNs(i64),
    Bytes(u64),
}

impl Condition {
    /// Compiles `filter`.
    ///
    /// # Errors
    /// Loki's words for a bad address pattern.
    pub(super) fn compile(filter: &LabelFilter) -> Result<Self, String> {
        let number = |name: &str, op, quantity| Self::Number(OwnedName::new(name), op, quantity);
        Ok(match filter {
            LabelFilter::And(left, right) => {
                Self::And(Box::new(Self::compile(left)?), Box::new(Self::compile(right)?))
            }
            LabelFilter::Or(left, right) => {
                Self::Or(Box::new(Self::compile(left)?), Box::new(Self::compile(right)?))
            }
            LabelFilter::Text(matcher) => Self::Text(OwnedName::new(&matcher.name), matcher.clone()),
            LabelFilter::Number { name, op, value } => number(name, *op, Quantity::Number(*value)),
            LabelFilter::Duration { name, op, ns } => number(name, *op, Quantity::DurationNs(*ns)),
            LabelFilter::Bytes { name, op, bytes } => number(name, *op, Quantity::Bytes(*bytes)),
            LabelFilter::Ip { name, op, pattern } => Self::Ip {
                name: OwnedName::new(name),
                negated: *op == MatchOp::NotEqual,
                pattern: IpPattern::parse(pattern)?,
            },
        })
    }

    /// Whether the line passes. A label that is not of the wanted form lets it pass with an error.
    pub(super) fn passes(&self, row: &mut Row<'_>) -> bool {
        match self {
            // The right side runs even when the left says no: it may set an error that stays.
            Self::And(left, right) => {
                let left = left.passes(row);
                right.passes(row) && left
            }
            Self::Or(left, right) => left.passes(row) || right.passes(row),
            Self::Text(name, matcher) => matcher.matches(row.text(name.get())),
            Self::Number(name, op, quantity) => compare(row, name, *op, *quantity),
            Self::Ip { name, negated, pattern } => {
                // Unlike the other filters this one lets lines with an error pass unseen.
                row.labels.error().is_some()
                    || row.get(name.get()).is_some_and(|text| pattern.is_in(text.as_bytes()) != *negated)
            }
        }
    }

    /// The label that it looks at, when it is not a combination.
    pub(super) fn only_name(&self) -> Option<&str> {
        match self {
            Self::And(..) | Self::Or(..) => None,
            Self::Text(name, _) | Self::Number(name, ..) | Self::Ip { name, .. } => Some(name.get().text()),
        }
    }

    /// All labels that it looks at.
    pub(super) fn names<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.names(out);
                right.names(out);
            }
            Self::Text(name, _) | Self::Number(name, ..) | Self::Ip { name, .. } => {
                out.push(name.get().text());
            }
        }
    }
}

/// A missing label does not pass; what is not of the wanted form does, with an error unless there is
/// one already.
fn compare(row: &mut Row<'_>, name: &OwnedName, op: CompareOp, quantity: Quantity) -> bool {
    let Some(text) = row.get(name.get()) else { return false };
    let compared = match quantity {
        Quantity::Number(wanted) => go::parse_float(text).map(|value| holds(op, value, wanted)),
        Quantity::DurationNs(wanted) => go::parse_duration(text).map(|value| holds(op, value, wanted)),
        Quantity::Bytes(wanted) => go::parse_size(text).map(|value| holds(op, value, wanted)),
    };
    compared.unwrap_or_else(|details| {
        if row.labels.error().is_none() {
            row.labels.fail(LABEL_FILTER_ERROR, &details);
        }
        true
    })
}

fn holds<T: PartialOrd>(op: CompareOp, value: T, wanted: T) -> bool {
    match op {
        CompareOp::Equal => value == wanted,
        CompareOp::NotEqual => value != wanted,
        CompareOp::Greater => value > wanted,
        CompareOp::GreaterEqual => value >= wanted,
        CompareOp::Less => value < wanted,
        CompareOp::LessEqual => value <= wanted,
    }
}
