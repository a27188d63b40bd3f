//! Reading rows of spans: those that pass sieves, newest first, and those of one trace.

use crate::engine::checks;
use crate::traces::sieve::Sieve;
use crate::traces::{Cost, Whole};
use base::{ByteBudget, Error, Kind, Lease, Pool, Result};
use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use hashbrown::HashMap;
use indexmap::IndexMap;
use model::span::{Origin, Span, TraceId};
use model::trace::OriginSpans;
use model::{
    Direction, Labels, Limits, Predicate, Projection, Run, RunStream, ScanStats, Select, Selection, Signal,
    Tenant, TimeRange,
};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Bytes that a byte of a row becomes when it is a span.
const SPAN_BYTES_PER_BYTE: u64 = 6;

/// What one question may ask and hold.
pub(super) struct Reader<'a> {
    pub select: &'a dyn Select,
    pub pool: &'a Pool,
    pub limits: &'a Limits,
    pub tenants: &'a [Tenant],
    pub budget: ByteBudget,
    pub scan: Arc<ScanStats>,
    pub traces_max: u64,
}

/// A trace with the memory it was counted for.
pub(super) struct HeldTrace {
    pub whole: Whole,
    pub lease: Lease,
}

/// A run that passed a sieve.
pub(super) struct Passed {
    /// Which sieve.
    pub sieve: usize,
    /// The rows.
    pub run: Run,
    /// Their memory.
    pub lease: Lease,
}

type Item = (usize, Option<Result<Run>>);

/// Rows that pass sieves, newest first.
pub(super) struct Passing {
    runs: SelectAll<Pin<Box<dyn futures_util::Stream<Item = Item> + Send>>>,
    /// How new the rest of each selection can still be; none before it said anything.
    bounds: Vec<Option<i64>>,
    sieves: usize,
}

impl Passing {
    /// No row still to come is newer than this; none as long as nothing is known.
    pub fn bound_ns(&self) -> Option<i64> {
        self.bounds.iter().copied().try_fold(i64::MIN, |bound, of| Some(bound.max(of?)))
    }
}

impl Reader<'_> {
    /// The cost so far, without traces.
    pub fn cost(&self) -> Cost {
        Cost::from(&*self.scan)
    }

    fn selection(&self, tenant: &Tenant, range: TimeRange, predicates: Vec<Predicate>) -> Selection {
        Selection {
            tenant: tenant.clone(),
            signal: Signal::Span,
            range,
            matchers: Vec::new(),
            predicates,
            projection: Projection::ALL,
            digest: None,
            direction: Direction::Backward,
            limit_hint: None,
            nearest: None,
            budget: self.budget.clone(),
            stats: self.scan.clone(),
        }
    }

    /// Rows in `range` that pass any of `sieves`; a row may come for each that it passes. `few` says
    /// that the asker expects to stop early.
    pub fn passing(
        &self,
        sieves: &[Sieve],
        range: TimeRange,
        projection: Projection,
        few: Option<usize>,
    ) -> Passing {
        let mut passing = Passing { runs: SelectAll::new(), bounds: Vec::new(), sieves: sieves.len() };
        for tenant in self.tenants {
            for sieve in sieves {
                let selection = Selection {
                    matchers: sieve.matchers.clone(),
                    projection,
                    limit_hint: few,
                    ..self.selection(tenant, range, sieve.predicates.clone())
                };
                let at = passing.bounds.len();
                passing.bounds.push(None);
                let runs: RunStream = self.select.select(selection);
                let end = futures_util::stream::iter([(at, None)]);
                passing.runs.push(Box::pin(runs.map(move |run| (at, Some(run))).chain(end)));
            }
        }
        passing
    }

    /// The next run of `passing`; none at the end.
    ///
    /// # Errors
    /// Of the store, and of the limits on memory and bytes.
    pub async fn next(&self, passing: &mut Passing) -> Result<Option<Passed>> {
        while let Some((at, run)) = passing.runs.next().await {
            let Some(run) = run else {
                passing.bounds[at] = Some(i64::MIN);
                continue;
            };
            let run = run?;
            passing.bounds[at] = Some(run.bound_ns);
            self.check_bytes()?;
            let lease = self.budget.lease(run.rows.held_bytes() * SPAN_BYTES_PER_BYTE)?;
            return Ok(Some(Passed { sieve: at % passing.sieves.max(1), run, lease }));
        }
        Ok(None)
    }

    fn check_bytes(&self) -> Result<()> {
        let limit = self.limits.max_querier_bytes_read.0;
        let bytes =
            self.scan.head_bytes.load(Ordering::Relaxed) + self.scan.block_bytes.load(Ordering::Relaxed);
        if limit > 0 && bytes > limit {
            return Err(checks::too_many_bytes_scanned(bytes, limit));
        }
        Ok(())
    }

    /// The spans of a trace that start in `range`, as many as fit into memory.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn trace(&self, id: TraceId, range: TimeRange) -> Result<HeldTrace> {
        let mut lease = self.budget.lease(0)?;
        let mut found: IndexMap<Labels, Vec<Span>> = IndexMap::new();
        let mut partial = None;
        'tenants: for tenant in self.tenants {
            let mut runs = self.select.select(self.selection(tenant, range, vec![Predicate::Key(id)]));
            while let Some(run) = runs.next().await {
                let run = match run {
                    Err(error) if error.kind() == Kind::Limit => {
                        partial = Some(error.to_string());
                        break 'tenants;
                    }
                    run => run?,
                };
                if let Err(error) = lease.grow(run.rows.held_bytes() * SPAN_BYTES_PER_BYTE) {
                    partial = Some(error.to_string());
                    break 'tenants;
                }
                let spans =
                    self.pool.run(move || spans(&run).map(|spans| (run.stream.labels.clone(), spans)));
                let (labels, mut spans) = spans.await??;
                found.entry(labels).or_default().append(&mut spans);
            }
        }
        let whole = Whole { groups: grouped(found), partial, cost: Cost::default() };
        Ok(HeldTrace { whole, lease })
    }
}

/// The spans of a run.
///
/// # Errors
/// [`Kind::Corrupt`] for a body that is no span.
pub(super) fn spans(run: &Run) -> Result<Vec<Span>> {
    let damaged = || Error::corrupt(format!("a span of {} cannot be read", run.stream.labels));
    run.rows.rows().map(|row| Span::read(&row).ok_or_else(damaged)).collect()
}

/// Spans by origin: each origin's by time, origins by their first span, each span once.
fn grouped(found: IndexMap<Labels, Vec<Span>>) -> Vec<OriginSpans> {
    let mut groups: Vec<(i64, Labels, OriginSpans)> = Vec::with_capacity(found.len());
    for (labels, mut spans) in found {
        spans.sort_by_key(|span| (span.start_ns, span.span_id));
        // Two tenants may have the same span; one store gives no row twice.
        spans.dedup();
        let first_ns = spans.first().map_or(0, |span| span.start_ns);
        let origin = Origin::from_labels(labels.as_ref());
        groups.push((first_ns, labels, OriginSpans { origin, spans }));
    }
    groups.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    groups.into_iter().map(|(_, _, group)| group).collect()
}

/// Origins of streams, each read once.
#[derive(Default)]
pub(super) struct Origins(HashMap<u64, Arc<Origin>>);

/// Origins that are remembered at most.
const ORIGINS_MAX: usize = 10_000;

impl Origins {
    /// That of `run`.
    pub fn of(&mut self, run: &Run) -> Arc<Origin> {
        if self.0.len() >= ORIGINS_MAX {
            self.0.clear();
        }
        let read = || Arc::new(Origin::from_labels(run.stream.labels.as_ref()));
        self.0.entry(run.stream.fingerprint).or_insert_with(read).clone()
    }
}
