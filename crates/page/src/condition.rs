//! Predicates prepared for pages: what a filter can disprove, and how to search a whole block of text.

mod literal;

use crate::filter::{self, Filter, gram};
use literal::Literals;
use model::filter::{Key, Text, Times};
use model::go_regex::GoRegex;
use model::{LineFilter, MatchOp, Matcher, Needle, Predicate};
use std::sync::Arc;

/// A prepared predicate.
#[derive(Clone, Debug)]
pub enum Condition {
    /// On the text.
    Text(TextCondition),
    /// On a value of structured metadata.
    Metadata(Matcher),
    /// On the first bytes of the body.
    Key(Key),
    /// On the time.
    Times(Times),
}

/// `|=`, `!=`, `|~`, `!~` with their needles.
#[derive(Clone, Debug)]
pub struct TextCondition {
    /// Whether rows with a needle are dropped instead of kept.
    pub negated: bool,
    /// What is looked for.
    pub any: Vec<Sought>,
}

/// A prepared needle.
#[derive(Clone, Debug)]
pub enum Sought {
    /// These bytes.
    Text(Text),
    /// This expression; where it cannot match without one of some literals, these.
    Regex(Arc<GoRegex>, Option<Literals>),
}

/// What a row must have, as keys of the filter: all keys of at least one alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    alternatives: Vec<Vec<u64>>,
}

impl Condition {
    /// Prepares `predicate`.
    pub fn new(predicate: &Predicate) -> Self {
        match predicate {
            Predicate::Line(LineFilter { negated, any }) => {
                Self::Text(TextCondition { negated: *negated, any: any.iter().map(Sought::new).collect() })
            }
            Predicate::Metadata(matcher) => Self::Metadata(matcher.clone()),
            Predicate::Key(key) => Self::Key(*key),
            Predicate::Times(times) => Self::Times(times.clone()),
        }
    }

    /// The first bytes of the body that this asks for.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Key(key) => Some(key),
            _ => None,
        }
    }

    /// What a filter needs to have for this to hold anywhere; none when a filter says nothing
    /// about it.
    pub fn proof(&self) -> Option<Proof> {
        let alternatives: Vec<Vec<u64>> = match self {
            Self::Text(text) if text.negated => return None,
            Self::Text(text) => text.any.iter().flat_map(Sought::alternatives).collect(),
            // A missing value is "", which has no key.
            Self::Metadata(m) if m.op == MatchOp::Equal && !m.value.is_empty() => {
                vec![vec![filter::value_key(&m.name, &m.value)]]
            }
            Self::Metadata(_) | Self::Times(_) => return None,
            Self::Key(key) => vec![vec![filter::row_key(key)]],
        };
        let useful = !alternatives.is_empty() && alternatives.iter().all(|keys| !keys.is_empty());
        useful.then_some(Proof { alternatives })
    }
}

impl Proof {
    /// Whether a page with this filter may have a row for which the condition holds.
    pub fn allows(&self, filter: &Filter<'_>) -> bool {
        self.alternatives.iter().any(|keys| keys.iter().all(|key| filter.may_contain(*key)))
    }
}

impl Sought {
    fn new(needle: &Needle) -> Self {
        match needle {
            Needle::Text(text) => Self::Text(text.clone()),
            Needle::Regex(regex) => Self::Regex(regex.clone(), Literals::of(regex)),
        }
    }

    /// Keys that a text needs to have, per alternative of the expression.
    fn alternatives(&self) -> Vec<Vec<u64>> {
        match self {
            Self::Text(text) => vec![gram::needle_keys(text.bytes())],
            Self::Regex(regex, _) => literal::folded_pieces(regex)
                .into_iter()
                .map(|pieces| pieces.iter().flat_map(|piece| gram::needle_keys(piece)).collect())
                .collect(),
        }
    }

    /// Whether it is in `text`.
    pub fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(needle) => needle.finder().find(text).is_some(),
            Self::Regex(regex, _) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests;
