//! What is pushed down to where rows are stored: conditions that a page can answer by itself.

use crate::go_regex::GoRegex;
use crate::matcher::Matcher;
use crate::row::RowRef;
use std::sync::Arc;

/// A condition on a row. A selection's predicates must all hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// On the body, as text.
    Line(LineFilter),
    /// On a value of structured metadata; a missing one is `""`.
    Metadata(Matcher),
    /// The body begins with these bytes: a span's trace id.
    Key(Key),
}

/// First bytes of a body by which rows are looked up.
pub type Key = crate::span::TraceId;

impl Predicate {
    /// Whether `row` passes.
    pub fn matches(&self, row: &RowRef<'_>) -> bool {
        match self {
            Self::Line(filter) => filter.matches(row.body),
            Self::Metadata(matcher) => matcher.matches_labels(row.metadata),
            Self::Key(key) => row.body.starts_with(key),
        }
    }
}

/// `|= a or b` (any of them), or negated `!= a or b` (none of them).
#[derive(Clone, Debug, PartialEq)]
pub struct LineFilter {
    /// Whether matching lines are dropped instead of kept.
    pub negated: bool,
    /// What is looked for; never empty.
    pub any: Vec<Needle>,
}

impl LineFilter {
    /// Whether a line of this text passes.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.any.iter().any(|needle| needle.is_in(text)) != self.negated
    }
}

/// What a line filter looks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Needle {
    /// These bytes.
    Text(Text),
    /// This expression, unanchored.
    Regex(Arc<GoRegex>),
}

impl Needle {
    /// Looks for `bytes`.
    pub fn text(bytes: &[u8]) -> Self {
        Self::Text(Text { finder: Arc::new(memchr::memmem::Finder::new(bytes).into_owned()) })
    }

    /// Whether it is in `text`.
    pub fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(needle) => needle.finder.find(text).is_some(),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Bytes to look for with their prepared searcher.
#[derive(Clone, Debug)]
pub struct Text {
    finder: Arc<memchr::memmem::Finder<'static>>,
}

impl Text {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.finder.needle()
    }

    /// The prepared searcher.
    pub fn finder(&self) -> &memchr::memmem::Finder<'static> {
        &self.finder
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}
