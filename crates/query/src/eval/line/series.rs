//! Which labels of a line are those of its series.

use super::labels::{OwnedName, put_pair};
use super::row::Row;
use crate::logql::ast::Grouping;

/// The labels of series.
#[derive(Debug)]
pub(super) enum SeriesLabels {
    /// All but these.
    Without(Vec<OwnedName>),
    /// These, by name.
    By(Vec<OwnedName>),
}

impl SeriesLabels {
    /// What `grouping` asks for; without one everything but the label that became the number.
    pub(super) fn new(grouping: Option<&Grouping>, unwrapped: Option<&OwnedName>) -> Self {
        let mut names: Vec<&str> = grouping.iter().flat_map(|g| &g.labels).map(String::as_str).collect();
        let by = grouping.is_some_and(|grouping| !grouping.without);
        if !by {
            names.extend(unwrapped.map(|name| name.get().text()));
        }
        names.sort_unstable();
        names.dedup();
        let names = names.into_iter().map(OwnedName::new).collect();
        if by { Self::By(names) } else { Self::Without(names) }
    }

    /// Whether series have no labels.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::By(names) if names.is_empty())
    }

    /// Appends the canonical bytes of the series' labels. A line with an error keeps all its labels,
    /// so that the error is not lost.
    pub(super) fn write(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        match self {
            _ if row.labels.error().is_some() => row.labels.write(row.stream, out, |_, _| true),
            Self::Without(names) => row
                .labels
                .write(row.stream, out, |name, _| !names.iter().any(|without| without.get() == name)),
            Self::By(names) => {
                for name in names {
                    if let Some(value) = row.get(name.get()) {
                        put_pair(out, name.get().text(), value);
                    }
                }
            }
        }
    }
}
