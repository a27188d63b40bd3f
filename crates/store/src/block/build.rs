//! Building: streams in their order, cut into pages, one object.

use super::order::order_key;
use super::{BlockMeta, tail};
use base::{Error, Result};
use bytes::Bytes;
use model::{Labels, RowColumns, RunFacts, Signal, Stream, Tenant};
use page::{Page, Piece, Sealed};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// Builds a block stream by stream. Besides the object it holds one page of rows.
#[derive(Debug)]
pub struct Builder {
    tenant: Tenant,
    signal: Signal,
    received_ns: RangeInclusive<i64>,
    /// Header and bodies.
    bytes: Vec<u8>,
    search: Vec<u8>,
    pages: Vec<Page>,
    streams: Vec<Arc<Stream>>,
    last_key: Option<(Vec<u8>, Labels)>,
    runs: Vec<Vec<RunFacts>>,
    /// Rows of the page that is being filled.
    waiting: Vec<Waiting>,
    waiting_bytes: u64,
    waiting_rows: usize,
    rows: u64,
    raw_bytes: u64,
}

#[derive(Debug)]
struct Waiting {
    ordinal: usize,
    rows: Arc<RowColumns>,
    range: Range<usize>,
}

impl Builder {
    /// A block of `signal` rows of `tenant` that were received in `received_ns`.
    pub fn new(tenant: Tenant, signal: Signal, received_ns: RangeInclusive<i64>) -> Self {
        Self {
            tenant,
            signal,
            received_ns,
            bytes: tail::HEADER.to_vec(),
            search: Vec::new(),
            pages: Vec::new(),
            streams: Vec::new(),
            last_key: None,
            runs: Vec::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            waiting_rows: 0,
            rows: 0,
            raw_bytes: 0,
        }
    }

    /// Appends rows of `stream`, sorted by time and without duplicates. Streams come in
    /// [`super::stream_order`]; a stream may come in several pieces, oldest first. Pages that are
    /// full are encoded at once.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] when streams or rows are out of order, or a page does not read back as it
    /// was written.
    pub fn push(&mut self, stream: &Arc<Stream>, rows: RowColumns) -> Result<()> {
        let count = rows.len();
        if count == 0 {
            return Ok(());
        }
        if !page::well_formed(&rows) {
            return Err(Error::bug(format!("rows of {} are not in order", stream.labels)));
        }
        let ordinal = self.ordinal_of(stream)?;
        let bytes = page::raw_bytes(&Piece { rows: &rows, range: 0..count });
        self.rows += count as u64;
        // A stream that fits into a page is not cut.
        let fits = page::fitting(&rows, 0, self.waiting_bytes, self.waiting_rows) == count;
        if !fits && bytes <= page::PAGE_BYTES {
            self.seal()?;
        }
        let rows = Arc::new(rows);
        let mut from = 0;
        while from < count {
            let mut end = page::fitting(&rows, from, self.waiting_bytes, self.waiting_rows);
            if end == from {
                if self.waiting.is_empty() {
                    // A row larger than a page has one to itself.
                    end = from + 1;
                } else {
                    self.seal()?;
                    continue;
                }
            }
            let range = from..end;
            self.waiting_bytes += page::raw_bytes(&Piece { rows: &rows, range: range.clone() });
            self.waiting_rows += range.len();
            self.waiting.push(Waiting { ordinal, rows: rows.clone(), range });
            from = end;
        }
        Ok(())
    }

    fn ordinal_of(&mut self, stream: &Arc<Stream>) -> Result<usize> {
        let same = self.streams.last().is_some_and(|last| last.labels == stream.labels);
        if !same {
            let key = order_key(&stream.labels);
            if self.last_key.as_ref().is_some_and(|last| *last >= key) {
                return Err(Error::bug(format!("stream {} is out of order", stream.labels)));
            }
            self.last_key = Some(key);
            self.streams.push(stream.clone());
            self.runs.push(Vec::new());
        }
        Ok(self.streams.len() - 1)
    }

    fn seal(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let pieces: Vec<Piece<'_>> = self
            .waiting
            .iter()
            .map(|waiting| Piece { rows: &waiting.rows, range: waiting.range.clone() })
            .collect();
        let Sealed { page, body, search, facts } = page::seal(self.signal, &pieces)?;
        self.bytes.extend_from_slice(&body);
        self.search.extend_from_slice(&search);
        self.pages.push(page);
        for (waiting, run) in self.waiting.drain(..).zip(facts) {
            let runs = &mut self.runs[waiting.ordinal];
            if runs.last().is_some_and(|last| last.max_ns > run.min_ns) {
                return Err(Error::bug("pieces of a stream are out of order"));
            }
            self.raw_bytes += run.bytes;
            runs.push(run);
        }
        (self.waiting_bytes, self.waiting_rows) = (0, 0);
        Ok(())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes held in memory, about.
    pub fn held_bytes(&self) -> u64 {
        (self.bytes.len() + self.search.len()) as u64 + self.waiting_bytes
    }

    /// Bytes of text and structured metadata so far, without the page that is being filled.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// The object and what the catalogue keeps of it. The same rows, however they were cut into
    /// pieces, give the same object and so the same name.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] without rows, or when a page does not read back as it was written;
    /// [`base::Kind::Limit`] for more labels than an index can hold.
    pub fn finish(mut self) -> Result<(BlockMeta, Bytes)> {
        self.seal()?;
        let runs = || self.runs.iter().flatten();
        let oldest = runs().map(|run| run.min_ns).min();
        let newest = runs().map(|run| run.max_ns).max();
        let (Some(min_ns), Some(max_ns)) = (oldest, newest) else {
            return Err(Error::bug("a block without rows was to be built"));
        };
        let index = index::encode(self.streams.iter().map(|stream| stream.labels.as_ref()))?;
        let mut bytes = self.bytes;
        bytes.append(&mut self.search);
        let tail_start = bytes.len();
        tail::put(
            &index,
            &self.runs,
            &self.pages,
            (&self.tenant, self.signal, &self.received_ns),
            &mut bytes,
        );
        let meta = BlockMeta {
            name: name(&self.tenant, self.signal, min_ns, &bytes),
            min_ns,
            max_ns,
            received_min_ns: *self.received_ns.start(),
            received_max_ns: *self.received_ns.end(),
            rows: self.rows,
            streams: self.streams.len() as u32,
            raw_bytes: self.raw_bytes,
            size_bytes: bytes.len() as u64,
            tail_bytes: (bytes.len() - tail_start) as u64,
            tenant: self.tenant,
            signal: self.signal,
        };
        Ok((meta, bytes.into()))
    }
}

/// Tenant, signal and day for people and for listing; the content's hash so that a retried flush
/// writes the same object again.
fn name(tenant: &Tenant, signal: Signal, min_ns: i64, bytes: &[u8]) -> String {
    let day = model::time::rfc3339(min_ns);
    let day = day.get(..10).unwrap_or("unknown");
    let hash = xxhash_rust::xxh3::xxh3_128(bytes);
    format!("{tenant}/{}/{day}/{hash:032x}.block", signal.word())
}

/// Builds a block of `streams`, given in any order, each once, its rows sorted by time and without
/// duplicates.
///
/// # Errors
/// As [`Builder::push`] and [`Builder::finish`].
pub fn build(
    tenant: Tenant,
    signal: Signal,
    mut streams: Vec<(Arc<Stream>, RowColumns)>,
    received_ns: RangeInclusive<i64>,
) -> Result<(BlockMeta, Bytes)> {
    streams.sort_by_cached_key(|(stream, _)| order_key(&stream.labels));
    let mut builder = Builder::new(tenant, signal, received_ns);
    for (stream, rows) in streams {
        builder.push(&stream, rows)?;
    }
    builder.finish()
}
