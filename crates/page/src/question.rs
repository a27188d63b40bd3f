//! What a scan is asked, prepared once for all pages.

use model::{Predicate, Projection, TimeRange};
use std::sync::Arc;

/// A question to pages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Question {
    /// Rows of this time.
    pub range: TimeRange,
    /// What of them is wanted.
    pub projection: Projection,
    predicates: Arc<[Predicate]>,
}

impl Question {
    /// Rows in `range` for which all `predicates` hold, and of them what `projection` names.
    pub fn new(range: TimeRange, predicates: &[Predicate], projection: Projection) -> Self {
        Self { range, projection, predicates: predicates.into() }
    }

    /// The conditions.
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }
}
