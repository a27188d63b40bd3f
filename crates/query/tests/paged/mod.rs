//! Sealed pages to ask, without a store around them.

use base::Result;
use bytes::Bytes;
use futures_util::stream;
use model::{
    BoxFuture, Direction, RowColumns, Run, RunFacts, RunStream, ScanStats, Select, Selection, Signal, Stream,
    StreamFacts, StreamQuery,
};
use page::{Choice, Piece, Question, Sealed};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Log lines in pages.
pub struct Paged {
    pages: Vec<(Vec<Arc<Stream>>, Sealed)>,
    /// Whether fields are left out where the question allows it.
    pub shortens: AtomicBool,
    /// Bytes of bodies that were given.
    pub given: AtomicU64,
}

impl Paged {
    /// No pages.
    pub fn new() -> Self {
        Self { pages: Vec::new(), shortens: AtomicBool::new(true), given: AtomicU64::new(0) }
    }

    /// Seals rows of streams in a page, in columns if that is possible at all.
    pub fn add(&mut self, runs: Vec<(Arc<Stream>, RowColumns)>) -> Result<()> {
        let pieces: Vec<Piece<'_>> =
            runs.iter().map(|(_, rows)| Piece { rows, range: 0..rows.len() }).collect();
        let sealed = page::seal_as(Signal::Line, &pieces, Choice::Columns)?;
        self.pages.push((runs.into_iter().map(|(stream, _)| stream).collect(), sealed));
        Ok(())
    }
}

impl Select for Paged {
    fn select(&self, selection: Selection) -> RunStream {
        let digest = selection.digest.clone().filter(|_| self.shortens.load(Ordering::Relaxed));
        let question = Question::new(selection.range, &selection.predicates, selection.projection);
        let question = question.with_digest(digest);
        // Runs come in the order of streams, so later ones can lie anywhere.
        let bound_ns = if selection.direction == Direction::Backward { i64::MAX } else { i64::MIN };
        let mut runs: Vec<Result<Run>> = Vec::new();
        for (streams, Sealed { page, body, .. }) in &self.pages {
            let ranges = page.parts(&question);
            let parts: Vec<Bytes> =
                ranges.iter().map(|part| body.slice(part.start as usize..part.end as usize)).collect();
            let matches = |at: &u32| {
                let labels = streams[*at as usize].labels.as_ref();
                selection.matchers.iter().all(|matcher| matcher.matches_labels(labels))
            };
            let wanted: Vec<u32> = (0..streams.len() as u32).filter(matches).collect();
            match page.scan(&parts, &wanted, &question, &ScanStats::default()) {
                Ok(scanned) => runs.extend(scanned.into_iter().map(|(at, rows)| {
                    self.given.fetch_add(rows.bodies.len() as u64, Ordering::Relaxed);
                    Ok(Run { stream: streams[at as usize].clone(), rows, new_streams: 1, bound_ns })
                })),
                Err(error) => runs.push(Err(error)),
            }
        }
        Box::pin(stream::iter(runs))
    }

    fn streams(&self, _: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>> {
        let run = RunFacts { min_ns: 0, max_ns: 1000, rows: 1, bytes: 1 };
        let facts = |stream: &Arc<Stream>| StreamFacts { stream: stream.clone(), runs: vec![run] };
        let facts = self.pages.iter().flat_map(|(streams, _)| streams).map(facts).collect();
        Box::pin(std::future::ready(Ok(facts)))
    }
}
