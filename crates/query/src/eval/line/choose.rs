//! `| drop a, b="x"` and `| keep a, b="x"`.

use super::labels::{LabelSet, Name, OwnedName};
use super::row::Row;
use super::{ERROR_DETAILS_LABEL, ERROR_LABEL, PRESERVE_ERROR_LABEL};
use crate::logql::ast::NameOrMatcher;
use model::Matcher;
use smallvec::SmallVec;

/// Labels that are meant.
#[derive(Debug)]
pub(super) struct Chosen(Vec<(OwnedName, Option<Matcher>)>);

impl Chosen {
    pub(super) fn compile(items: &[NameOrMatcher]) -> Self {
        let items = items.iter().map(|item| match item {
            NameOrMatcher::Name(name) => (OwnedName::new(name), None),
            NameOrMatcher::Matcher(matcher) => (OwnedName::new(&matcher.name), Some(matcher.clone())),
        });
        Self(items.collect())
    }

    /// Takes the chosen labels away. Errors are forgotten by their names.
    pub(super) fn drop_from(&self, row: &mut Row<'_>) {
        for (name, matcher) in &self.0 {
            let name = name.get();
            if !matcher.as_ref().is_none_or(|matcher| matcher.matches(row.text(name))) {
                continue;
            }
            match name.text() {
                ERROR_LABEL => row.labels.clear_error(),
                ERROR_DETAILS_LABEL => row.labels.clear_error_details(),
                _ => row.labels.delete(name),
            }
        }
    }

    /// Takes all other labels away, except errors.
    pub(super) fn keep_in(&self, row: &mut Row<'_>) {
        let mut others: SmallVec<[OwnedName; 16]> = SmallVec::new();
        LabelSet::for_each(row.labels, row.stream, |name, value, _| {
            let special = [ERROR_LABEL, ERROR_DETAILS_LABEL, PRESERVE_ERROR_LABEL].contains(&name.text());
            if !special && !self.names(name, value) {
                others.push(OwnedName::from(name));
            }
        });
        for name in &others {
            row.labels.delete(name.get());
        }
    }

    fn names(&self, name: Name<'_>, value: &str) -> bool {
        self.0.iter().any(|(chosen, matcher)| {
            chosen.get() == name && matcher.as_ref().is_none_or(|matcher| matcher.matches(value))
        })
    }
}
