//! A block that is being read from one end to the other, a page at a time.

use crate::block::{Block, PagePlan, order_key};
use base::{ByteBudget, Error, Lease, Result};
use bytes::Bytes;
use model::{Labels, RowColumns, ScanStats, Stream};
use page::Question;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Stored bytes of pages that are fetched at once, about.
const FETCH_BYTES: u64 = 1 << 20;

/// What streams are sorted by.
pub type StreamKey = (Vec<u8>, Labels);

/// The rest of a block. Rows come run by run: by stream, then by time.
pub struct Input {
    /// Which block.
    pub block: Arc<Block>,
    question: Question,
    /// Not fetched yet.
    closed: VecDeque<PagePlan>,
    /// Fetched, not decoded.
    fetched: VecDeque<(PagePlan, Vec<Bytes>)>,
    /// The runs of a page, by ordinal.
    runs: VecDeque<(u32, RowColumns)>,
    /// The stream of the next run.
    next: Option<(u32, Arc<Stream>, StreamKey)>,
    /// For pages fetched and decoded.
    held: Lease,
    /// Of that, for the last two pages decoded: rows of the older one may wait for others.
    decoded_bytes: [u64; 2],
}

impl Input {
    /// All of `block`, on `budget`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`], [`base::Kind::Limit`].
    pub fn new(block: Arc<Block>, budget: &ByteBudget) -> Result<Self> {
        let question = Question::all();
        let ordinals: Vec<u32> = (0..block.index().stream_count()).collect();
        let closed = block.plan(&ordinals, &question).pages.into();
        Ok(Self {
            block,
            question,
            closed,
            fetched: VecDeque::new(),
            runs: VecDeque::new(),
            next: None,
            held: budget.lease(0)?,
            decoded_bytes: [0; 2],
        })
    }

    /// Ranges of the object to be given to [`Input::take`] before [`Input::ready`]; none when there is
    /// enough, or nothing more.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when the budget is spent.
    pub fn wanted(&mut self) -> Result<Vec<Range<u64>>> {
        if !self.runs.is_empty() || !self.fetched.is_empty() {
            return Ok(Vec::new());
        }
        let pages = self.closed.iter().scan(0, |before, page| {
            let fits = *before == 0 || *before + page.fetch_bytes() <= FETCH_BYTES;
            *before += page.fetch_bytes();
            fits.then_some(page)
        });
        let (bytes, parts): (Vec<u64>, Vec<_>) = pages.map(|page| (page.fetch_bytes(), &page.parts)).unzip();
        self.held.grow(bytes.iter().sum())?;
        Ok(parts.into_iter().flatten().cloned().collect())
    }

    /// Takes what lies at the ranges that were wanted.
    pub fn take(&mut self, mut parts: VecDeque<Bytes>) {
        while !parts.is_empty()
            && let Some(page) = self.closed.pop_front()
        {
            let count = page.parts.len().min(parts.len());
            let of_page = parts.drain(..count).collect();
            self.fetched.push_back((page, of_page));
        }
    }

    /// Decodes the next page when all runs of the last one are taken.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`]; [`base::Kind::Limit`] when the budget is spent.
    pub fn ready(&mut self) -> Result<()> {
        while self.runs.is_empty()
            && let Some((page, parts)) = self.fetched.pop_front()
        {
            self.held.shrink(self.decoded_bytes[1]);
            self.decoded_bytes = [0, self.decoded_bytes[0]];
            self.held.grow(page.decoded_bytes)?;
            self.decoded_bytes[0] = page.decoded_bytes;
            let runs = self.block.scan_page(&page, &parts, &self.question, &ScanStats::default())?;
            self.held.shrink(page.fetch_bytes());
            self.runs = runs.into();
        }
        let Some((ordinal, _)) = self.runs.front() else {
            self.next = None;
            return match self.closed.len() {
                0 => Ok(()),
                left => Err(Error::corrupt(format!("{left} pages without bytes"))),
            };
        };
        if self.next.as_ref().is_none_or(|(known, ..)| known != ordinal) {
            let stream = self.block.stream(*ordinal)?;
            let key = order_key(&stream.labels);
            let is_in_order = self.next.as_ref().is_none_or(|(_, _, last)| *last < key);
            if !is_in_order {
                return Err(Error::corrupt(format!("stream {} is out of order", stream.labels)));
            }
            self.next = Some((*ordinal, stream, key));
        }
        Ok(())
    }

    /// The stream of the next run; none at the end. To be asked when [`Input::ready`].
    pub fn stream(&self) -> Option<(&Arc<Stream>, &StreamKey)> {
        self.next.as_ref().map(|(_, stream, key)| (stream, key))
    }

    /// Takes the next run.
    pub fn run(&mut self) -> Option<RowColumns> {
        self.runs.pop_front().map(|(_, rows)| rows)
    }
}
