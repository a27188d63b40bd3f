//! Rows out of a block: which pages, which bytes of them, and what is in there.

use super::Block;
use base::{Error, Result};
use bytes::Bytes;
use model::{Rows, ScanStats};
use page::Question;
use std::ops::Range;

/// What to read of a block for a question.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Fetch this range first and call [`Block::prune`]: filters may drop pages. None when the
    /// question has nothing that a filter can answer.
    pub filters: Option<Range<u64>>,
    /// Pages in the block's order (by stream, then time).
    pub pages: Vec<PagePlan>,
}

/// What to read of one page.
#[derive(Clone, Debug)]
pub struct PagePlan {
    /// Position in the block.
    pub page: u32,
    /// The runs that are wanted.
    pub runs: Vec<PlannedRun>,
    /// Ranges of the object to fetch for [`Block::scan_page`], ascending, no two adjacent.
    pub parts: Vec<Range<u64>>,
    /// Bytes of the whole page once decoded: what a scan may hold at most, besides what it gives.
    pub raw_bytes: u64,
}

/// A stream's rows in one page, as far as known before reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedRun {
    /// Which stream.
    pub ordinal: u32,
    /// Position in the page.
    pub position: u32,
    /// Oldest row of the run, in the question's range or not.
    pub min_ns: i64,
    /// Newest row of the run.
    pub max_ns: i64,
    /// Rows of the run.
    pub rows: u64,
    /// Bytes of text and structured metadata of the run.
    pub bytes: u64,
}

impl PagePlan {
    /// Oldest row of the wanted runs.
    pub fn min_ns(&self) -> i64 {
        self.runs.iter().map(|run| run.min_ns).min().unwrap_or(i64::MAX)
    }

    /// Newest row of the wanted runs.
    pub fn max_ns(&self) -> i64 {
        self.runs.iter().map(|run| run.max_ns).max().unwrap_or(i64::MIN)
    }

    /// Bytes to fetch.
    pub fn fetch_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.end - part.start).sum()
    }
}

impl Block {
    /// What to read for `question` about the streams of `ordinals` (ascending, as
    /// [`Block::matching`] gives them).
    pub fn plan(&self, ordinals: &[u32], question: &Question) -> Plan {
        let _ = (ordinals, question);
        Plan::default()
    }

    /// Drops the pages of `plan` whose filters prove that no row passes; `filters` is what lies at
    /// [`Plan::filters`]. Gives the number of pages dropped.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn prune(&self, plan: &mut Plan, filters: &[u8], question: &Question) -> Result<u64> {
        let _ = (plan, filters, question);
        Ok(0)
    }

    /// The rows of `page` that `question` asks for, by ordinal and oldest first; streams without
    /// such rows are left out. `parts` are the bytes at [`PagePlan::parts`]; `stats` counts the work.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] when a checksum or a length is wrong.
    pub fn scan_page(
        &self,
        page: &PagePlan,
        parts: &[Bytes],
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, Rows)>> {
        let _ = (page, parts, question, stats);
        Err(Error::bug("blocks are not read yet"))
    }
}
