//! The async door of queries: plan, ask the store, merge, answer.

mod ask;

pub use ask::{Answered, InstantQuery, QueryStats, RangeQuery, ScanCounts};

use base::{Error, Pool, Result};
use model::{Limits, Select};
use std::sync::Arc;

/// Answers queries from a [`Select`]. Cloning gives the same engine.
#[derive(Clone)]
pub struct Engine {
    select: Arc<dyn Select>,
    pool: Pool,
}

impl Engine {
    /// An engine that asks `select` and computes on `pool`.
    pub fn new(select: Arc<dyn Select>, pool: Pool) -> Self {
        Self { select, pool }
    }

    /// Answers a query over a range of time. `limits` are those of the tenant, or the strictest of
    /// several tenants. The caller sets a deadline; dropping the future stops the work.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] and [`base::Kind::Limit`] in Loki's words; whatever the store says.
    pub async fn range(&self, query: RangeQuery, limits: &Limits) -> Result<Answered> {
        let _ = (query, limits, &self.select, &self.pool);
        Err(Error::unavailable("queries are not evaluated yet"))
    }

    /// Answers a query at one point of time.
    ///
    /// # Errors
    /// As [`Engine::range`].
    pub async fn instant(&self, query: InstantQuery, limits: &Limits) -> Result<Answered> {
        let _ = (query, limits);
        Err(Error::unavailable("queries are not evaluated yet"))
    }
}
