//! `| distinct` and `| sort by`: what they take of a line, and how lines compare by it.

use crate::go;
use crate::logql::ast::{SortKey, Stage};
use model::{LabelsRef, varint};
use std::cmp::Ordering;

/// The stages at the end of a log query that look at the whole answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    distinct: Option<Vec<String>>,
    sort: Vec<SortKey>,
}

impl Ending {
    /// Splits `stages` into those of a line and the ending.
    pub fn split(stages: &[Stage]) -> (&[Stage], Self) {
        let first = stages.iter().position(Stage::is_ending).unwrap_or(stages.len());
        let (of_line, endings) = stages.split_at(first);
        let mut ending = Self::default();
        for stage in endings {
            match stage {
                Stage::Distinct(labels) => ending.distinct = Some(labels.clone()),
                Stage::Sort(keys) => ending.sort.clone_from(keys),
                _ => {}
            }
        }
        (of_line, ending)
    }

    /// Whether there is neither.
    pub fn is_none(&self) -> bool {
        self.distinct.is_none() && self.sort.is_empty()
    }

    /// Whether lines come in the order of labels.
    pub fn sorts(&self) -> bool {
        !self.sort.is_empty()
    }

    /// Whether of several lines only one is given.
    pub fn is_distinct(&self) -> bool {
        self.distinct.is_some()
    }

    /// The values by which lines are distinct, as bytes; empty when they need not be.
    pub fn key(&self, labels: LabelsRef<'_>) -> Box<[u8]> {
        let mut key = Vec::new();
        for label in self.distinct.iter().flatten() {
            varint::put_bytes(&mut key, labels.get(label).unwrap_or("").as_bytes());
        }
        key.into()
    }

    /// The values by which lines are sorted.
    pub fn place(&self, labels: LabelsRef<'_>) -> Box<[Ranked]> {
        let ranked = |key: &SortKey| Ranked {
            value: Value::of(labels.get(&key.label).unwrap_or("")),
            descending: key.descending,
        };
        self.sort.iter().map(ranked).collect()
    }
}

/// A value to sort by. Lines without it come last either way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranked {
    value: Value,
    descending: bool,
}

/// Numbers, durations and sizes compare by what they say, other texts as texts after them.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    Text(Box<str>),
    Missing,
}

impl Value {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Missing;
        }
        let number = go::parse_float(text)
            .or_else(|_| go::parse_duration(text).map(go::seconds))
            .or_else(|_| go::parse_size(text).map(|bytes| bytes as f64));
        number.map_or_else(|_| Self::Text(text.into()), Self::Number)
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Text(_) => 1,
            Self::Missing => 2,
        }
    }
}

impl Ranked {
    /// Bytes held, for budgets.
    pub fn held_bytes(&self) -> usize {
        size_of::<Self>() + if let Value::Text(text) = &self.value { text.len() } else { 0 }
    }

    /// Which comes first; both must be of the same key.
    pub fn cmp(&self, other: &Self) -> Ordering {
        let within = match (&self.value, &other.value) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (a, b) => return a.kind().cmp(&b.kind()),
        };
        if self.descending { within.reverse() } else { within }
    }
}
