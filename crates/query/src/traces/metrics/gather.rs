//! Reading the spans of an aggregate, row by row or trace by trace.

use super::leaf::{Leaf, Part};
use crate::eval::kept::KeptSeries;
use crate::eval::series::StepSeries;
use crate::eval::span::Member;
use crate::traces::candidates::{AT_ONCE, Candidates};
use crate::traces::read::{HeldTrace, Origins, Passed, Reader, spans};
use crate::traces::sieve::{self, Sieve};
use crate::traces::{around, members};
use base::{ByteBudget, Error, Lease, Result};
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;
use model::span::{Origin, TraceId};
use model::{Projection, Run, TimeRange};
use std::sync::Arc;

/// The series of an aggregate.
pub(super) struct Gathered {
    /// Ordered by labels.
    pub series: Vec<StepSeries>,
    /// Their memory.
    pub lease: Lease,
    /// Traces that were evaluated; 0 where rows were.
    pub traces: u64,
    /// Traces that were known to be worth it.
    pub candidates: u64,
    /// Why spans are missing; none when all were counted.
    pub partial: Option<String>,
}

/// Reads the spans that `leaf` counts.
///
/// # Errors
/// Of the store, and of the limits on memory, bytes and series.
pub(super) async fn gather(reader: &Reader<'_>, leaf: Leaf) -> Result<Gathered> {
    let leaf = Arc::new(leaf);
    let kept = KeptSeries::new(reader.budget.lease(0)?);
    let mut counting = Counting { reader, leaf: leaf.clone(), kept, partial: None };
    let (traces, candidates) = match leaf.looks_at_single_spans() {
        true => counting.rows().await.map(|()| (0, 0))?,
        false => counting.traces().await?,
    };
    let Counting { kept, partial, .. } = counting;
    let budget = reader.budget.clone();
    let (series, lease) = reader.pool.run(move || finished(&leaf, kept, &budget)).await??;
    Ok(Gathered { series, lease, traces, candidates, partial })
}

fn finished(leaf: &Leaf, kept: KeptSeries, budget: &ByteBudget) -> Result<(Vec<StepSeries>, Lease)> {
    let (mut lease, mut series) = (budget.lease(0)?, Vec::new());
    kept.give(|labels, kept| {
        // Each of several quantiles looks at rows of its own.
        let working = budget.lease(kept.bytes())?;
        for one in leaf.series(labels, kept) {
            lease.grow(one.held_bytes())?;
            series.push(one);
        }
        drop(working);
        Ok(())
    })?;
    // A map gives its entries in any order; answers shall not depend on it.
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok((series, lease))
}

/// Counts spans as they come.
struct Counting<'a> {
    reader: &'a Reader<'a>,
    leaf: Arc<Leaf>,
    kept: KeptSeries,
    partial: Option<String>,
}

impl Counting<'_> {
    fn merge(&mut self, part: Part) -> Result<()> {
        part.into_iter().try_for_each(|(labels, kept)| self.kept.merge(labels, kept))?;
        let most = self.reader.limits.max_query_series;
        if most > 0 && self.kept.count() > most {
            return Err(Error::limit(format!(
                "the query makes more than {most} series, the limit max_query_series; group by fewer values \
                 or select fewer spans"
            )));
        }
        Ok(())
    }

    /// Every row by itself.
    async fn rows(&mut self) -> Result<()> {
        let sieves: Arc<[Sieve]> = sieve::of_pipeline(&self.leaf.pipeline).into();
        let range = self.leaf.windows.time_range();
        let mut passing = self.reader.passing(&sieves, range, Projection::ALL, None);
        let (mut origins, mut working, mut more) = (Origins::default(), FuturesUnordered::new(), true);
        loop {
            while more && working.len() < AT_ONCE {
                let Some(Passed { sieve, run, lease }) = self.reader.next(&mut passing).await? else {
                    more = false;
                    break;
                };
                let (leaf, sieves, origin) = (self.leaf.clone(), sieves.clone(), origins.of(&run));
                working.push(self.reader.pool.run(move || {
                    let part = of_run(&leaf, sieves.get(..sieve).unwrap_or_default(), &run, &origin);
                    drop((run, lease));
                    part
                }));
            }
            let Some(part) = working.next().await else { return Ok(()) };
            self.merge(part??)?;
        }
    }

    /// Whole traces; says how many were evaluated and how many were known.
    async fn traces(&mut self) -> Result<(u64, u64)> {
        let window = self.leaf.windows.time_range();
        // The span that a sieve finds need not be the one that counts.
        let range = if self.leaf.counts_what_passes() { window } else { around(window) };
        let sieves = sieve::of_pipeline(&self.leaf.pipeline);
        let mut candidates = Candidates::new(self.reader, sieves, range, None);
        let mut evaluated = 0;
        while let Some(ready) = candidates.next().await? {
            if evaluated >= self.reader.traces_max {
                let text =
                    format!("only the newest {evaluated} traces were counted; ask for a shorter range");
                self.partial.get_or_insert(text);
                return Ok((evaluated, candidates.seen().max(evaluated + 1)));
            }
            evaluated += ready.len() as u64;
            let reading = ready.into_iter().map(|(ts_ns, id)| self.of_trace(ts_ns, id));
            for (part, missing) in try_join_all(reading).await? {
                self.merge(part)?;
                self.partial = self.partial.take().or(missing);
            }
        }
        Ok((evaluated, candidates.seen()))
    }

    /// What a trace gives, and why spans of it are missing.
    async fn of_trace(&self, ts_ns: i64, id: TraceId) -> Result<(Part, Option<String>)> {
        let HeldTrace { whole, lease } = self.reader.trace(id, around(TimeRange::new(ts_ns, ts_ns))).await?;
        let leaf = self.leaf.clone();
        let working = self.reader.pool.run(move || {
            let part = leaf.part(&members(&whole.groups), |_| true);
            let missing = whole.partial.clone();
            drop((whole, lease));
            (part, missing)
        });
        working.await
    }
}

/// What the rows of `run` give that none of the sieves `before` lets pass: those come again, or came.
fn of_run(leaf: &Leaf, before: &[Sieve], run: &Run, origin: &Origin) -> Result<Part> {
    let spans = spans(run)?;
    let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin }).collect();
    let labels = run.stream.labels.as_ref();
    let is_first = |at: usize| {
        let row = run.rows.row(at);
        !before.iter().any(|sieve| sieve.lets_pass(labels, &row))
    };
    Ok(leaf.part(&members, is_first))
}
