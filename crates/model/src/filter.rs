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
    /// Its time is one of these.
    Times(Times),
}

/// Some times, Unix nanoseconds; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times(Arc<[i64]>);

impl Times {
    /// These, in any order.
    pub fn new(mut ts_ns: Vec<i64>) -> Self {
        ts_ns.sort_unstable();
        ts_ns.dedup();
        Self(ts_ns.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `ts_ns` is one of them.
    pub fn has(&self, ts_ns: i64) -> bool {
        self.0.binary_search(&ts_ns).is_ok()
    }

    /// Whether one of them lies from `first_ns` to `last_ns`.
    pub fn any_in(&self, first_ns: i64, last_ns: i64) -> bool {
        self.0.get(self.0.partition_point(|ts_ns| *ts_ns < first_ns)).is_some_and(|ts_ns| *ts_ns <= last_ns)
    }
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
            Self::Times(times) => times.has(row.ts_ns),
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
