//! Which labels parsers look for.
//!
//! This is more than speed: a parser that has found all that is wanted does not see what is wrong
//! with the rest of the line, and the first label that fails a filter ends the line. Both decide
//! which lines end with an error, so they follow Loki's rules to the letter.

use super::label_filter::Condition;
use super::labels::{Name, OwnedName};
use super::row::Row;
use super::{ERROR_DETAILS_LABEL, ERROR_LABEL, EXTRACTED_SUFFIX, PRESERVE_ERROR_LABEL};
use crate::logql::ast::Grouping;

/// What a parser must find.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Nothing at all: parsers do not run.
    nothing: bool,
    /// These; everything when empty.
    required: Vec<OwnedName>,
    /// Whether errors are asked for, so that they must not fail the query.
    preserves_errors: bool,
    /// Conditions on one label, tried as soon as a parser finds the label.
    conditions: Vec<(OwnedName, Condition)>,
}

/// What the rest of the query needs of a line's labels.
pub(super) struct Needs<'a> {
    /// Labels that stages read.
    pub(super) stages: Vec<&'a str>,
    /// Labels of the series: all when `None`.
    pub(super) grouping: Option<&'a Grouping>,
    /// The label that `unwrap` reads.
    pub(super) unwrapped: Option<&'a str>,
    /// Filters of the pipeline, and those after `unwrap`.
    pub(super) conditions: Vec<Condition>,
}

impl Hints {
    /// For a query that needs all labels.
    pub(super) fn all(conditions: Vec<Condition>) -> Self {
        Self { conditions: with_names(conditions), ..Self::default() }
    }

    /// For a query that gives samples.
    pub(super) fn for_samples(needs: Needs<'_>) -> Self {
        let groups = needs.grouping.map_or(&[][..], |grouping| &grouping.labels);
        let names = needs.stages.iter().copied().chain(groups.iter().map(String::as_str));
        let required = with_clashing(names.chain(needs.unwrapped));
        let mut hints = Self::all(needs.conditions);
        match needs.grouping {
            Some(grouping) if !grouping.without && grouping.labels.is_empty() => {
                hints.nothing = required.is_empty();
            }
            Some(grouping) if !grouping.without => {}
            _ => return hints,
        }
        hints.preserves_errors = required.iter().any(|name| name == ERROR_LABEL);
        hints.required = required.iter().map(|name| OwnedName::new(name)).collect();
        hints
    }

    /// Whether parsers never run.
    pub(super) fn wants_nothing(&self) -> bool {
        self.nothing
    }

    /// The labels that parsers look for; none where they look for all.
    pub(super) fn required(&self) -> Option<Vec<String>> {
        let names = || self.required.iter().map(|name| name.get().text().to_owned());
        (!self.required.is_empty()).then(|| names().collect())
    }

    /// The labels that anything is asked of; none where it may be all, as on lines whose errors are kept.
    pub(super) fn named(&self) -> Option<Vec<String>> {
        if self.preserves_errors {
            return None;
        }
        let names = if self.nothing { Some(Vec::new()) } else { self.required() };
        names.map(with_errors)
    }

    /// Whether errors stay on samples as a label instead of failing the query.
    pub(super) fn preserves_errors(&self) -> bool {
        self.preserves_errors
    }

    /// Whether a parser has nothing to do, or has done all that is wanted.
    pub(super) fn is_done(&self, row: &Row<'_>) -> bool {
        self.nothing || self.all_found(row)
    }

    /// Whether all that is wanted was found; never when everything is wanted.
    pub(super) fn all_found(&self, row: &Row<'_>) -> bool {
        !self.required.is_empty() && self.required.iter().all(|name| row.was_extracted(name.get()))
    }

    /// Whether a label of this name is wanted. The first parser that finds a name keeps it.
    pub(super) fn wants(&self, row: &Row<'_>, name: Name<'_>) -> bool {
        !row.was_extracted(name)
            && (self.required.is_empty() || self.required.iter().any(|required| required.get() == name))
    }

    /// Whether a label whose name begins so may be wanted.
    pub(super) fn wants_prefix(&self, prefix: &str) -> bool {
        self.required.is_empty() || self.required.iter().any(|name| name.get().text().starts_with(prefix))
    }

    /// The first condition on `name`.
    pub(super) fn condition(&self, name: Name<'_>) -> Option<&Condition> {
        self.conditions.iter().find(|(condition_name, _)| condition_name.get() == name).map(|(_, c)| c)
    }
}

fn with_names(conditions: Vec<Condition>) -> Vec<(OwnedName, Condition)> {
    let named = conditions.into_iter().filter_map(|condition| {
        let name = condition.only_name()?;
        Some((OwnedName::new(name), condition))
    });
    named.collect()
}

/// `names` and those of errors.
pub(super) fn with_errors(mut names: Vec<String>) -> Vec<String> {
    names.extend([ERROR_LABEL, ERROR_DETAILS_LABEL, PRESERVE_ERROR_LABEL].map(str::to_owned));
    names
}

/// What fields must be looked at for labels of these `names`.
pub(super) fn with_clashing<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut required = Vec::new();
    names.into_iter().for_each(|name| add_required(&mut required, name));
    required
}

/// A parser meets a name before it knows that the name clashes and gets the suffix, so a wanted
/// `x_extracted` may come from a field `x`.
fn add_required(required: &mut Vec<String>, name: &str) {
    for name in [Some(name), name.strip_suffix(EXTRACTED_SUFFIX)].into_iter().flatten() {
        if !required.iter().any(|known| known == name) {
            required.push(name.to_owned());
        }
    }
}
