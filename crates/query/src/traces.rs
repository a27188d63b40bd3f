//! Traces out of any [`Select`]: one by its id, those that a TraceQL query selects, and what their
//! spans can be asked about.
//!
//! A trace is not stored as such; its spans lie as rows in the streams of their origins, some perhaps
//! in blocks and some in memory, and are put together by their trace id. A search goes from rows to
//! traces: a [`sieve`] made of the query finds rows of which at least one must be in each trace that
//! the query selects, newest first; their traces are read whole and evaluated, until enough matched.
//!
//! Two bounds keep that affordable. A trace is looked for within [`REACH_NS`] of the time that is
//! known of it, unless nothing is. A search evaluates at most [`TRACES_MAX`] traces; then it says in
//! its counts that it is not complete. Series of spans ([`SpanMetrics`]) need whole traces only where
//! a query asks for what spans are to one another.

mod candidates;
mod metrics;
mod read;
mod search;
mod sieve;
mod tags;

pub use metrics::{SpanMetrics, SpanSeries};
pub use search::{Search, Searched};
pub use tags::{TagScope, TagsAsked};

use crate::eval::span::{Member, Trace};
use base::unit::HOUR_NS;
use base::{ByteBudget, Pool, Result};
use model::span::{Span, TraceId};
use model::trace::OriginSpans;
use model::{Limits, ScanStats, Select, Tenant, TimeRange};
use read::Reader;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How far from one of its spans the others of a trace are looked for, in nanoseconds.
pub const REACH_NS: i64 = HOUR_NS;

/// Traces that one search, or one aggregate of metrics, evaluates at most.
pub const TRACES_MAX: u64 = 10_000;

/// Finds traces. Cloning gives the same one.
#[derive(Clone)]
pub struct Traces {
    select: Arc<dyn Select>,
    pool: Pool,
    traces_max: u64,
}

/// What finding cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Traces that were evaluated.
    pub traces: u64,
    /// Traces that were known to be worth it; more than were evaluated when the search stopped early.
    pub candidates: u64,
    /// Rows that were looked at.
    pub spans: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks that might hold rows.
    pub blocks: u64,
    /// Bytes of pages as stored.
    pub compressed_bytes: u64,
    /// Bytes fetched from the bucket.
    pub fetched_bytes: u64,
    /// Requests to the bucket.
    pub bucket_requests: u64,
}

/// A trace, or that there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    /// Its spans by origin, origins and spans by time; empty when there is no such trace.
    pub groups: Vec<OriginSpans>,
    /// Why spans are missing; none when all are there.
    pub partial: Option<String>,
    /// What it cost.
    pub cost: Cost,
}

impl Traces {
    /// Finds traces in `select` and computes on `pool`.
    pub fn new(select: Arc<dyn Select>, pool: Pool) -> Self {
        Self { select, pool, traces_max: TRACES_MAX }
    }

    /// All spans of a trace, of all `tenants`. With `near`, a range of time that some span of it starts
    /// in, they are looked for within [`REACH_NS`] of that.
    ///
    /// # Errors
    /// Whatever the store says. A trace that does not fit into `max_query_memory` is given in part.
    pub async fn by_id(
        &self,
        tenants: &[Tenant],
        id: TraceId,
        near: Option<TimeRange>,
        limits: &Limits,
    ) -> Result<Whole> {
        let reader = self.reader(tenants, limits);
        let range = near.map_or(TimeRange::ALL, around);
        let mut whole = reader.trace(id, range).await?.whole;
        whole.cost = Cost { traces: u64::from(!whole.groups.is_empty()), ..reader.cost() };
        Ok(whole)
    }

    fn reader<'a>(&'a self, tenants: &'a [Tenant], limits: &'a Limits) -> Reader<'a> {
        Reader {
            select: &*self.select,
            pool: &self.pool,
            limits,
            tenants,
            budget: ByteBudget::new("query", limits.max_query_memory.0),
            scan: Arc::default(),
            traces_max: self.traces_max,
        }
    }
}

/// `range` and what lies within reach of it.
fn around(range: TimeRange) -> TimeRange {
    TimeRange::new(range.start_ns.saturating_sub(REACH_NS), range.end_ns.saturating_add(REACH_NS))
}

/// The spans of `groups` with their origins.
fn members(groups: &[OriginSpans]) -> Vec<Member<'_>> {
    groups
        .iter()
        .flat_map(|group| group.spans.iter().map(|span: &Span| Member { span, origin: &group.origin }))
        .collect()
}

/// The service that a span is of.
fn service<'t>(member: &Member<'t>) -> &'t str {
    let attributes = &member.origin.resource.attributes;
    let named = attributes.iter().find(|(name, _)| name == "service.name");
    match named {
        Some((_, model::attribute::Value::String(service))) => service,
        _ => "",
    }
}

/// The service of the root of `trace`; none while it is not known.
fn root_service(trace: &Trace<'_>) -> Option<String> {
    trace.root().map(|root| service(root).to_owned())
}

impl From<&ScanStats> for Cost {
    fn from(scan: &ScanStats) -> Self {
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            traces: 0,
            candidates: 0,
            spans: of(&scan.head_rows) + of(&scan.block_rows),
            bytes: of(&scan.head_bytes) + of(&scan.block_bytes),
            blocks: of(&scan.blocks),
            compressed_bytes: of(&scan.compressed_bytes),
            fetched_bytes: of(&scan.fetched_bytes),
            bucket_requests: of(&scan.bucket_requests),
        }
    }
}

#[cfg(test)]
mod tests;
