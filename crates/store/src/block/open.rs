//! An open block: answers about its streams.

use super::BlockMeta;
use super::count::CountsTogether;
use super::tail::{self, Tail};
use base::{Error, Result};
use bytes::Bytes;
use index::Index;
use model::{Matcher, RunFacts, Stream, StreamFacts, TimeRange};
use page::{Counts, Page};
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// What a stream takes that was asked for, about.
const STREAM_BYTES: u64 = 208;
/// What a byte of counts takes once they are read, about.
const COUNTS_FACTOR: u64 = 8;

/// An open block: its tables, not its rows. Streams are numbered in the block's order; such a
/// number is an *ordinal*.
#[derive(Debug)]
pub struct Block {
    meta: BlockMeta,
    name: Arc<str>,
    index: Index,
    pub(super) pages: Vec<PlacedPage>,
    pub(super) runs: Vec<PlacedRun>,
    /// Which runs each stream has: where they end in `runs`.
    run_ends: Vec<u32>,
    /// Streams that were asked for, by ordinal.
    streams: Vec<OnceLock<Arc<Stream>>>,
    /// Fingerprints of all streams, by ordinal, once they were asked for.
    fingerprints: OnceLock<Vec<u64>>,
    held_bytes: u64,
}

/// A page and where its bytes lie in the object.
#[derive(Debug)]
pub(super) struct PlacedPage {
    pub page: Page,
    pub body_start: u64,
    pub search_start: u64,
    /// Its counts, once they were read.
    pub counts: OnceLock<Counts>,
    /// The same added up, as last asked for.
    pub together: Mutex<Vec<Arc<CountsTogether>>>,
}

/// A run and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlacedRun {
    pub facts: RunFacts,
    pub page: u32,
    pub position: u32,
}

/// The catalogue's entry of the object called `name`, from its tail.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn describe(name: &str, size_bytes: u64, tail: &Bytes) -> Result<BlockMeta> {
    meta_of(name, size_bytes, tail.len() as u64, &tail::take(tail, true)?)
}

fn meta_of(name: &str, size_bytes: u64, tail_bytes: u64, decoded: &Tail) -> Result<BlockMeta> {
    let runs = || decoded.runs.iter().flatten();
    let empty = || Error::corrupt(format!("block {name} without rows"));
    Ok(BlockMeta {
        name: name.to_owned(),
        min_ns: runs().map(|run| run.min_ns).min().ok_or_else(empty)?,
        max_ns: runs().map(|run| run.max_ns).max().ok_or_else(empty)?,
        received_min_ns: *decoded.received_ns.start(),
        received_max_ns: *decoded.received_ns.end(),
        rows: runs().map(|run| run.rows).sum(),
        streams: decoded.index.stream_count(),
        raw_bytes: runs().map(|run| run.bytes).fold(0, u64::saturating_add),
        size_bytes,
        tail_bytes,
        tenant: decoded.tenant.clone(),
        signal: decoded.signal,
    })
}

impl Block {
    /// Reads and checks the tables in `tail`, the bytes at [`BlockMeta::tail_range`].
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(meta: BlockMeta, tail: &[u8]) -> Result<Self> {
        if tail.len() as u64 != meta.tail_bytes {
            let what = format!("block {}: tail of {} bytes, not {}", meta.name, tail.len(), meta.tail_bytes);
            return Err(Error::corrupt(what));
        }
        Self::place(meta, tail::take(tail, true)?)
    }

    /// Puts everything where the lengths say that it lies.
    fn place(meta: BlockMeta, decoded: Tail) -> Result<Self> {
        let wrong = |what: &str| Error::corrupt(format!("block {}: {what}", meta.name));
        if decoded.tenant != meta.tenant || decoded.signal != meta.signal {
            return Err(wrong("of another tenant or signal than its catalogue entry"));
        }
        let mut body_start = tail::HEADER.len() as u64;
        let bodies: u64 = decoded.pages.iter().map(Page::body_len).sum();
        let mut search_start = body_start + bodies;
        let mut pages = Vec::with_capacity(decoded.pages.len());
        for page in decoded.pages {
            let (body_len, search_len) = (page.body_len(), page.search_len());
            let (counts, together) = (OnceLock::new(), Mutex::default());
            pages.push(PlacedPage { page, body_start, search_start, counts, together });
            body_start += body_len;
            search_start += search_len;
        }
        if search_start + meta.tail_bytes != meta.size_bytes {
            return Err(wrong(&format!("{} bytes, its parts have another sum", meta.size_bytes)));
        }
        let places = (0..).zip(&pages).flat_map(|(page, placed)| {
            (0..placed.page.run_rows().len() as u32).map(move |position| (page, position))
        });
        let facts = decoded.runs.iter().flatten();
        let runs: Vec<PlacedRun> = facts
            .zip(places)
            .map(|(facts, (page, position))| PlacedRun { facts: *facts, page, position })
            .collect();
        let mut end = 0;
        let ends = decoded.runs.iter().map(|of_stream| {
            end += of_stream.len() as u32;
            end
        });
        let run_ends: Vec<u32> = ends.collect();
        let held_bytes = decoded.index.held_bytes()
            + (size_of_val(runs.as_slice()) + size_of_val(run_ends.as_slice())) as u64
            + STREAM_BYTES * u64::from(decoded.index.stream_count())
            + pages.iter().map(PlacedPage::held_bytes).sum::<u64>();
        let streams = (0..decoded.index.stream_count()).map(|_| OnceLock::new()).collect();
        let name = meta.name.as_str().into();
        let fingerprints = OnceLock::new();
        Ok(Self {
            meta,
            name,
            index: decoded.index,
            pages,
            runs,
            run_ends,
            streams,
            fingerprints,
            held_bytes,
        })
    }

    /// What the catalogue keeps of it.
    pub fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Its name, shared.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Bytes held in memory, for caches: with what is kept of it once it was asked for.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    /// Number of pages.
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The page at this position.
    pub fn page(&self, at: u32) -> Option<&Page> {
        self.pages.get(at as usize).map(|placed| &placed.page)
    }

    /// Where the body of the page at this position lies in the object.
    pub fn body_range(&self, at: u32) -> Option<Range<u64>> {
        let placed = self.pages.get(at as usize)?;
        Some(placed.body_start..placed.body_start + placed.page.body_len())
    }

    /// What is known about the runs of the page at this position.
    pub fn runs_of_page(&self, at: u32) -> impl Iterator<Item = RunFacts> {
        let start = self.runs.partition_point(|run| run.page < at);
        let runs = self.runs.get(start..).unwrap_or(&[]);
        runs.iter().take_while(move |run| run.page == at).map(|run| run.facts)
    }

    /// The label index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Ordinals, ascending, of the streams that match all `matchers` and have rows in `range`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn matching(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<u32>> {
        let mut ordinals = self.index.matching(matchers)?;
        if !range.covers(self.meta.min_ns, self.meta.max_ns) {
            ordinals.retain(|ordinal| self.placed_runs(*ordinal, range).next().is_some());
        }
        Ok(ordinals)
    }

    /// The stream of `ordinal`.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] when there is no such stream, [`base::Kind::Corrupt`].
    pub fn stream(&self, ordinal: u32) -> Result<Arc<Stream>> {
        let missing = || Error::bug(format!("block {} has no stream {ordinal}", self.meta.name));
        let kept = self.streams.get(ordinal as usize).ok_or_else(missing)?;
        if let Some(stream) = kept.get() {
            return Ok(stream.clone());
        }
        let labels = self.index.labels(ordinal)?.ok_or_else(missing)?;
        Ok(kept.get_or_init(|| Arc::new(Stream::new(labels))).clone())
    }

    /// Fingerprints of all streams, by ordinal.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn fingerprints(&self) -> Result<&[u64]> {
        if let Some(known) = self.fingerprints.get() {
            return Ok(known);
        }
        let all = (0..self.meta.streams).map(|ordinal| Ok(self.stream(ordinal)?.fingerprint));
        let all: Vec<u64> = all.collect::<Result<_>>()?;
        Ok(self.fingerprints.get_or_init(|| all))
    }

    /// What is known about the runs of `ordinal` that touch `range`.
    pub fn runs(&self, ordinal: u32, range: TimeRange) -> Vec<RunFacts> {
        self.placed_runs(ordinal, range).map(|run| run.facts).collect()
    }

    /// The runs at these positions of all pages, with the ordinals of their streams.
    pub(super) fn runs_at(&self, range: Range<usize>) -> Vec<(u32, RunFacts)> {
        let mut ordinal = self.run_ends.partition_point(|end| *end as usize <= range.start);
        let runs = range.clone().zip(self.runs.get(range).unwrap_or(&[]));
        let with_ordinal = |(at, run): (usize, &PlacedRun)| {
            while self.run_ends.get(ordinal).is_some_and(|end| *end as usize <= at) {
                ordinal += 1;
            }
            (ordinal as u32, run.facts)
        };
        runs.map(with_ordinal).collect()
    }

    pub(super) fn placed_runs(&self, ordinal: u32, range: TimeRange) -> impl Iterator<Item = &PlacedRun> {
        let end_of = |ordinal: usize| self.run_ends.get(ordinal).map_or(0, |end| *end as usize);
        let ordinal = ordinal as usize;
        let of_stream = ordinal.checked_sub(1).map_or(0, end_of)..end_of(ordinal);
        let runs = self.runs.get(of_stream).unwrap_or(&[]);
        runs.iter().filter(move |run| range.overlaps(run.facts.min_ns, run.facts.max_ns))
    }

    /// What is known about the stream of `ordinal` in `range`.
    ///
    /// # Errors
    /// As [`Block::stream`].
    pub fn facts(&self, ordinal: u32, range: TimeRange) -> Result<StreamFacts> {
        Ok(StreamFacts { stream: self.stream(ordinal)?, runs: self.runs(ordinal, range) })
    }
}

impl PlacedPage {
    fn held_bytes(&self) -> u64 {
        (size_of::<Self>() + self.page.held_bytes()) as u64 + COUNTS_FACTOR * self.page.counts_len()
    }
}

/// Reads `tail` as if it ended an object of fitting length, without the help of checksums, and asks
/// for its streams: what a fuzzer feeds.
pub fn decode_untrusted(tail: &[u8]) {
    let Ok(decoded) = tail::take(tail, false) else { return };
    let pages: u64 = decoded.pages.iter().map(|page| page.body_len() + page.search_len()).sum();
    let size_bytes = (tail::HEADER.len() + tail.len()) as u64 + pages;
    let Ok(meta) = meta_of("untrusted", size_bytes, tail.len() as u64, &decoded) else { return };
    let Ok(block) = Block::place(meta, decoded) else { return };
    for ordinal in block.matching(&[], TimeRange::ALL).unwrap_or_default() {
        let _ = block.facts(ordinal, TimeRange::ALL);
    }
}
