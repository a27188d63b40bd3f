//! Giving rows.
//!
//! ```text
//! heads ────────────┐ views        members: which task has rows of which stream, and how far they reach
//! catalogue ─ open ─┴▶ plan ─▶ tasks by time ─▶ fetch ─▶ scan ─▶ gather ─▶ runs
//! ```
//!
//! Tasks (some pages of a block, some runs of a head) are begun in the order of the question's direction.
//! [`gather`] knows of each stream which tasks are still to come, gives rows as soon as no such
//! task can have one nearer or equal, and puts rows of several sources together. So runs of a stream
//! never overlap, a row that lies in several places comes once, and little is held.
//!
//! Heads are looked at before the catalogue: rows that move in between are seen twice, and
//! collapse, and never not at all.
//!
//! Duplicates can only be told apart with texts and metadata. Where a question leaves these out, they are
//! still read for streams whose rows in a block share time with another source. Therefore a block is
//! read only after all blocks that share time with it have been opened.

mod estimate;
mod gather;
mod order;
mod plan;
mod scan;
mod task;

use crate::engine::Engine;
use crate::open_blocks::Rounds;
use base::{Error, Result};
pub use estimate::estimate;
use futures_util::{StreamExt as _, TryStreamExt as _};
use hashbrown::HashMap;
use model::{Labels, Run, RunFacts, RunStream, ScanStats, Selection, Stream, StreamFacts, StreamQuery};
use scan::Scan;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Vectors of runs that wait for who asked. What is beyond waits inside the scan, on the question's budget.
const RUNS_WAITING: usize = 1;
/// Blocks that are opened at the same time.
const OPENS_IN_FLIGHT: usize = 16;

/// The runs that `selection` asks for. Dropping the stream ends the work.
pub fn select(engine: Arc<Engine>, selection: Selection) -> RunStream {
    if let Err(error) = engine.check_serves() {
        return Box::pin(futures_util::stream::iter([Err(error)]));
    }
    let (sender, receiver) = mpsc::channel(RUNS_WAITING);
    let scan = tokio::spawn(async move {
        let told = sender.clone();
        if let Err(error) = Scan::run(engine, selection, sender).await {
            // Who asked may be gone; then nobody wants to know.
            let _ = told.send(Err(error)).await;
        }
    });
    let runs = Runs { receiver, ready: Vec::new().into_iter(), scan: Some(scan) };
    Box::pin(futures_util::stream::unfold(runs, |mut runs| async move {
        let next = runs.next().await?;
        Some((next, runs))
    }))
}

/// The receiving end of a scan.
struct Runs {
    receiver: mpsc::Receiver<Result<Vec<Run>>>,
    /// Runs that have come.
    ready: std::vec::IntoIter<Run>,
    scan: Option<JoinHandle<()>>,
}

impl Runs {
    async fn next(&mut self) -> Option<Result<Run>> {
        loop {
            if let Some(run) = self.ready.next() {
                return Some(Ok(run));
            }
            match self.receiver.recv().await {
                Some(Ok(runs)) => self.ready = runs.into_iter(),
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        // A scan that panicked must not look like one that found all there is.
        match self.scan.take()?.await {
            Ok(()) => None,
            Err(e) => Some(Err(Error::bug("a scan has failed").because(e))),
        }
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        if let Some(scan) = &self.scan {
            scan.abort();
        }
    }
}

/// What is known about the streams that `query` asks for.
///
/// # Errors
/// [`base::Kind::Unavailable`] when the store does not serve or a block cannot be opened;
/// [`base::Kind::Corrupt`].
pub async fn streams(engine: &Engine, query: StreamQuery) -> Result<Vec<StreamFacts>> {
    engine.check_serves()?;
    let query = Arc::new(query);
    let mut found = Found::default();
    if let Some(tenant) = engine.known_tenant(&query.tenant) {
        let (heads, asked) = (tenant.heads(), query.clone());
        let facts = move || -> Vec<_> {
            heads.each().flat_map(|head| head.facts(&asked.matchers, asked.range)).collect()
        };
        found.extend(engine.pool.run(facts).await?);
    }
    let metas = engine.catalogue.state().blocks(&query.tenant, query.range);
    let opened = futures_util::stream::iter(metas).map(|meta| {
        let query = query.clone();
        async move {
            let block = engine.blocks.get(&meta, &ScanStats::default(), &Rounds::default()).await?;
            let facts = move || -> Result<Vec<_>> {
                let ordinals = block.matching(&query.matchers, query.range)?;
                let one = |ordinal| block.facts(ordinal, query.range).map(|facts| (facts.stream, facts.runs));
                ordinals.into_iter().map(one).collect()
            };
            engine.pool.run(facts).await?
        }
    });
    let mut opened = opened.buffer_unordered(OPENS_IN_FLIGHT);
    while let Some(facts) = opened.try_next().await? {
        found.extend(facts);
    }
    Ok(found.streams)
}

/// Streams found so far, each once.
#[derive(Default)]
struct Found {
    streams: Vec<StreamFacts>,
    places: HashMap<Labels, usize, foldhash::fast::RandomState>,
}

impl Found {
    fn extend(&mut self, facts: impl IntoIterator<Item = (Arc<Stream>, Vec<RunFacts>)>) {
        for (stream, runs) in facts {
            let place = *self.places.entry(stream.labels.clone()).or_insert(self.streams.len());
            match self.streams.get_mut(place) {
                Some(known) => known.runs.extend(runs),
                None => self.streams.push(StreamFacts { stream, runs }),
            }
        }
    }
}
