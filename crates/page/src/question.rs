//! What a scan is asked, prepared once for all pages.

use crate::condition::{Condition, Filters, Proof};
use crate::section::Tag;
use crate::seek::Seek;
use model::{Cells, Digest, Direction, Fields, Predicate, Projection, TimeRange};
use std::ops::Range;
use std::sync::Arc;

/// A question to pages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Question {
    /// Rows of this time.
    pub range: TimeRange,
    /// What of them is wanted.
    pub projection: Projection,
    /// What suffices of rows.
    digest: Option<Arc<Digest>>,
    /// So many rows suffice, at this end.
    nearest: Option<(Direction, usize)>,
    prepared: Arc<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    conditions: Vec<Condition>,
    proofs: Vec<Proof>,
}

impl Question {
    /// Rows in `range` for which all `predicates` hold, and of them what `projection` names.
    pub fn new(range: TimeRange, predicates: &[Predicate], projection: Projection) -> Self {
        let conditions: Vec<Condition> = predicates.iter().map(Condition::new).collect();
        let proofs = conditions.iter().filter_map(Condition::proof).collect();
        Self {
            range,
            projection,
            digest: None,
            nearest: None,
            prepared: Arc::new(Prepared { conditions, proofs }),
        }
    }

    /// All rows with everything.
    pub fn all() -> Self {
        Self::new(TimeRange::ALL, &[], Projection::ALL)
    }

    /// The same question, of whose rows this suffices.
    #[must_use]
    pub fn with_digest(self, digest: Option<Arc<Digest>>) -> Self {
        Self { digest, ..self }
    }

    /// The same question, of which so many rows suffice, at the first end of `direction`.
    #[must_use]
    pub fn with_nearest(self, direction: Direction, rows: Option<usize>) -> Self {
        Self { nearest: rows.map(|rows| (direction, rows)), ..self }
    }

    /// The part of so many rows of a run that suffices.
    pub(crate) fn nearest_of(&self, rows: usize) -> Range<usize> {
        match self.nearest {
            Some((Direction::Backward, most)) => rows.saturating_sub(most)..rows,
            Some((Direction::Forward, most)) => 0..rows.min(most),
            None => 0..rows,
        }
    }

    /// How many rows suffice, and at which end.
    pub(crate) fn nearest(&self) -> Option<(Direction, usize)> {
        self.nearest
    }

    /// The same question about all of time.
    #[must_use]
    pub fn of_all_time(&self) -> Self {
        Self { range: TimeRange::ALL, ..self.clone() }
    }

    /// The same question with another projection, of whole rows.
    #[must_use]
    pub fn with_projection(&self, projection: Projection) -> Self {
        Self { projection, digest: None, ..self.clone() }
    }

    /// What suffices of rows.
    pub(crate) fn digest(&self) -> Option<&Digest> {
        self.digest.as_deref()
    }

    /// The fields that suffice of bodies, where these are wanted.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        self.digest().filter(|_| self.projection.body)?.fields.as_ref()
    }

    /// Whether rows from `min_ns` to `max_ns` can pass, as far as times tell.
    pub fn touches(&self, min_ns: i64, max_ns: i64) -> bool {
        let may_hold = |condition: &Condition| match condition {
            Condition::Times(times) => times.any_in(min_ns, max_ns),
            _ => true,
        };
        self.range.overlaps(min_ns, max_ns) && self.conditions().iter().all(may_hold)
    }

    /// Bytes without which no row can pass: the longest that one of the conditions tells.
    pub fn seek(&self) -> Option<Seek<'_>> {
        self.conditions().iter().filter_map(Seek::of).max_by_key(Seek::len)
    }

    /// Whether filters can drop pages.
    pub fn uses_filters(&self) -> bool {
        !self.prepared.proofs.is_empty()
    }

    /// Whether the filter in section `tag` can drop pages.
    pub(crate) fn uses_filter(&self, tag: Tag) -> bool {
        self.prepared.proofs.iter().any(|proof| match tag {
            Tag::FILTER => proof.has_ids(),
            Tag::WORD_FILTER => proof.has_words(),
            _ => false,
        })
    }

    /// Whether a page with `filters` may hold a row that passes.
    pub(crate) fn allows(&self, filters: &Filters<'_>) -> bool {
        self.prepared.proofs.iter().all(|proof| proof.allows(filters))
    }

    /// Where in time rows may be put together, when they are only counted, by their metadata at most.
    pub(crate) fn counted_cells(&self) -> Option<Cells> {
        let of_metadata = |condition: &Condition| matches!(condition, Condition::Metadata(_));
        let counts =
            !self.projection.body && self.nearest.is_none() && self.conditions().iter().all(of_metadata);
        self.digest().filter(|_| counts)?.cells
    }

    /// Whether rows are only counted: then a page's counts may answer instead of its rows.
    pub fn only_counts(&self) -> bool {
        self.counted_cells().is_some()
    }

    /// The names of labels that matter, where rows of streams that are alike in these may be put together; none: all.
    pub fn label_names(&self) -> Option<&[String]> {
        self.digest().filter(|digest| digest.cells.is_some())?.names.as_deref()
    }

    pub(crate) fn conditions(&self) -> &[Condition] {
        &self.prepared.conditions
    }

    /// Whether bodies must be read in whole: wanted, or searched for texts.
    pub(crate) fn reads_texts(&self) -> bool {
        self.projection.body || self.conditions().iter().any(|c| matches!(c, Condition::Text(_)))
    }

    /// Whether it is of no consequence how long bodies are that are not read.
    pub(crate) fn ignores_lengths(&self) -> bool {
        self.digest.is_some()
    }

    /// The names of metadata that are given; none is all of them.
    pub(crate) fn metadata_names(&self) -> Option<&[String]> {
        match self.digest() {
            _ if !self.projection.metadata => Some(&[]),
            Some(digest) => digest.names.as_deref(),
            None => None,
        }
    }

    /// Whether metadata of this name is given.
    pub(crate) fn gives_metadata(&self, name: &str) -> bool {
        self.metadata_names().is_none_or(|names| names.iter().any(|given| given == name))
    }

    /// Whether metadata of this name is compared.
    pub(crate) fn compares_metadata(&self, name: &str) -> bool {
        self.conditions().iter().any(|c| matches!(c, Condition::Metadata(m) if m.name == name))
    }

    /// Whether bodies must be read: wanted or searched.
    pub(crate) fn reads_bodies(&self) -> bool {
        self.projection.body || self.searches_bodies()
    }

    /// Whether bodies are searched.
    pub(crate) fn searches_bodies(&self) -> bool {
        self.conditions().iter().any(|c| matches!(c, Condition::Text(_) | Condition::Key(_)))
    }

    /// Whether structured metadata must be read: wanted or compared.
    pub(crate) fn reads_metadata(&self) -> bool {
        let gives = self.metadata_names().is_none_or(|names| !names.is_empty());
        gives || self.conditions().iter().any(|c| matches!(c, Condition::Metadata(_)))
    }
}
