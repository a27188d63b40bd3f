//! Which stages the store can answer by itself.

use crate::logql::ast::Stage;
use base::Result;
use model::Predicate;

/// A pipeline split into what is pushed down and what is left.
#[derive(Debug)]
pub struct Pushdown {
    /// Conditions for [`model::Selection::predicates`].
    pub predicates: Vec<Predicate>,
    /// The stages that remain, given that all rows hold the predicates.
    pub rest: Vec<Stage>,
}

impl Pushdown {
    /// Splits `stages`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a filter that does not compile.
    pub fn split(stages: &[Stage]) -> Result<Self> {
        Ok(Self { predicates: Vec::new(), rest: stages.to_vec() })
    }
}
