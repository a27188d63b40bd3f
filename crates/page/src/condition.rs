//! Predicates prepared for pages: what a filter can disprove, and how to search a whole block of text.

mod literal;

use crate::filter::{self, Filter, gram, word};
pub use literal::Literals;
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
    /// This expression.
    Regex(Expression),
}

/// A prepared expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The expression.
    pub regex: Arc<GoRegex>,
    /// Where it cannot match without one of some literals, these.
    pub literals: Option<Literals>,
    /// Where it cannot match without one of some texts in whatever case, these in lower case.
    pub folded: Option<Vec<Vec<u8>>>,
    /// Whether a text matches of which a part does: there are no anchors and no word boundaries.
    pub matches_parts: bool,
}

impl Expression {
    fn new(regex: &Arc<GoRegex>) -> Self {
        let (literals, folded) = (Literals::of(regex), literal::folded_texts(regex));
        Self { regex: regex.clone(), literals, folded, matches_parts: literal::is_unanchored(regex) }
    }
}

/// What a row must have, as keys of filters: all keys of at least one alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    alternatives: Vec<Keys>,
}

/// Keys of a page's filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Keys {
    /// Of the filter of long ids, values and rows.
    ids: Vec<u64>,
    /// Of the filter of words.
    words: Vec<u64>,
}

impl Keys {
    fn of<'n>(pieces: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut keys = Self::default();
        for piece in pieces {
            keys.ids.extend(gram::needle_keys(piece));
            keys.words.extend(word::needle_keys(piece));
        }
        keys
    }

    fn id(key: u64) -> Self {
        Self { ids: vec![key], words: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.words.is_empty()
    }
}

/// The filters that a page has, as far as they were read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filters<'a> {
    /// Of long ids, values and rows.
    pub ids: Option<Filter<'a>>,
    /// Of words.
    pub words: Option<Filter<'a>>,
}

impl Filters<'_> {
    fn allow(&self, keys: &Keys) -> bool {
        let all = |filter: &Option<Filter<'_>>, keys: &[u64]| {
            filter.is_none_or(|filter| keys.iter().all(|key| filter.may_contain(*key)))
        };
        all(&self.ids, &keys.ids) && all(&self.words, &keys.words)
    }
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
        let alternatives: Vec<Keys> = match self {
            Self::Text(text) if text.negated => return None,
            Self::Text(text) => text.any.iter().flat_map(Sought::alternatives).collect(),
            // A missing value is "", which has no key.
            Self::Metadata(m) if m.op == MatchOp::Equal && !m.value.is_empty() => {
                vec![Keys::id(filter::value_key(&m.name, &m.value))]
            }
            Self::Metadata(_) | Self::Times(_) => return None,
            Self::Key(key) => vec![Keys::id(filter::row_key(key))],
        };
        let useful = !alternatives.is_empty() && alternatives.iter().all(|keys| !keys.is_empty());
        useful.then_some(Proof { alternatives })
    }
}

impl Proof {
    /// Whether a page with these filters may have a row for which the condition holds.
    pub fn allows(&self, filters: &Filters<'_>) -> bool {
        self.alternatives.iter().any(|keys| filters.allow(keys))
    }

    /// Whether it has keys of the filter of long ids, values and rows.
    pub fn has_ids(&self) -> bool {
        self.alternatives.iter().any(|keys| !keys.ids.is_empty())
    }

    /// Whether it has keys of the filter of words.
    pub fn has_words(&self) -> bool {
        self.alternatives.iter().any(|keys| !keys.words.is_empty())
    }
}

impl Sought {
    fn new(needle: &Needle) -> Self {
        match needle {
            Needle::Text(text) => Self::Text(text.clone()),
            Needle::Regex(regex) => Self::Regex(Expression::new(regex)),
        }
    }

    /// Keys that a text needs to have, per alternative of the expression.
    fn alternatives(&self) -> Vec<Keys> {
        match self {
            Self::Text(text) => vec![Keys::of([text.bytes()].into_iter())],
            Self::Regex(of) => literal::folded_pieces(&of.regex)
                .iter()
                .map(|pieces| Keys::of(pieces.iter().map(Vec::as_slice)))
                .collect(),
        }
    }

    /// Whether it is in `text`.
    pub fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(needle) => needle.finder().find(text).is_some(),
            Self::Regex(of) => of.regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests;
