//! Bytes without which no row can pass: where rows are not in pages yet, searching for them drops many rows at once.

use crate::condition::{Condition, Literals, Sought};
use memchr::memmem::Finder;
use model::MatchOp;

/// Bytes that a row needs to have to pass.
#[derive(Debug)]
pub struct Seek<'q> {
    bytes: Bytes<'q>,
    in_metadata: bool,
}

#[derive(Debug)]
enum Bytes<'q> {
    One(Box<Finder<'q>>),
    Any(&'q Literals),
}

impl<'q> Bytes<'q> {
    fn one(finder: Finder<'q>) -> Self {
        Self::One(Box::new(finder))
    }
}

impl<'q> Seek<'q> {
    /// What a row needs for `condition` to hold, where that tells any.
    pub(crate) fn of(condition: &'q Condition) -> Option<Self> {
        let (bytes, in_metadata) = match condition {
            Condition::Text(text) if !text.negated => match text.any.as_slice() {
                [Sought::Text(needle)] => (Bytes::one(needle.finder().as_ref()), false),
                [Sought::Regex(expression)] => (Bytes::Any(expression.literals.as_ref()?), false),
                _ => return None,
            },
            Condition::Metadata(matcher) if matcher.op == MatchOp::Equal => {
                (Bytes::one(Finder::new(&matcher.value)), true)
            }
            Condition::Key(key) => (Bytes::one(Finder::new(key)), false),
            _ => return None,
        };
        Some(Self { bytes, in_metadata }).filter(|seek| seek.len() > 0)
    }

    /// The fewest bytes that suffice.
    pub(crate) fn len(&self) -> usize {
        match &self.bytes {
            Bytes::One(finder) => finder.needle().len(),
            Bytes::Any(literals) => literals.all().iter().map(Vec::len).min().unwrap_or(0),
        }
    }

    /// Whether it is in a row's metadata and not in its body.
    pub fn in_metadata(&self) -> bool {
        self.in_metadata
    }

    /// Whether it is anywhere in `bytes`, the bodies of rows or their metadata one after the other.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        match &self.bytes {
            Bytes::One(finder) => finder.find(bytes).is_some(),
            Bytes::Any(literals) => literals.find(bytes).is_some(),
        }
    }
}
