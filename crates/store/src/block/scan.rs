//! Rows out of a block: which pages, which bytes of them, and what is in there.

use super::Block;
use super::open::{PlacedPage, PlacedRun};
use base::{Error, Result};
use bytes::Bytes;
use model::{RowColumns, RunFacts, ScanStats};
use page::{KeptPage, KnownRun, Question};
use std::ops::Range;

/// What to read of a block for a question.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whether filters may drop pages: then [`Block::prune`] has to be called.
    pub asks_filters: bool,
    /// Pages in the block's order (by stream, then time).
    pub pages: Vec<PagePlan>,
}

/// Search regions of neighbouring pages, checked.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where they begin in the object.
    start: u64,
    bytes: Bytes,
}

impl Search {
    /// Their bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// What to read of one page.
#[derive(Clone, Debug)]
pub struct PagePlan {
    /// Position in the block.
    pub page: u32,
    /// The runs that are wanted, in the page's order; none before [`Block::prune`] unless they are counted.
    pub runs: Vec<PlannedRun>,
    /// Ranges of the object to fetch for [`Block::scan_page`], ascending, no two adjacent; none before [`Block::prune`]
    /// where filters are to be asked.
    pub parts: Vec<Range<u64>>,
    /// Bytes of the page once decoded: what a scan may hold, besides what it gives.
    pub decoded_bytes: u64,
    /// What its counts answer, by the ordinal of one of the streams that are alike: then nothing has to be fetched.
    pub counted: Option<Vec<(u32, RowColumns)>>,
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

impl PlannedRun {
    /// What is known of its rows.
    pub(super) fn facts(&self) -> RunFacts {
        RunFacts { min_ns: self.min_ns, max_ns: self.max_ns, rows: self.rows, bytes: self.bytes }
    }
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

    /// Bytes of what its counts answer.
    pub fn counted_bytes(&self) -> u64 {
        self.counted.iter().flatten().map(|(_, rows)| rows.held_bytes()).sum()
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
        let mut plan = Plan::default();
        for (_, run) in self.touched(ordinals, question) {
            if plan.pages.last().is_none_or(|last| last.page != run.page) {
                plan.pages.extend(self.page_plan(run.page));
            }
        }
        plan.asks_filters =
            question.uses_filters() && plan.pages.iter().any(|page| self.has_search(page.page));
        if !plan.asks_filters || question.only_counts() {
            self.list_runs(&mut plan.pages, ordinals, question);
        }
        if !plan.asks_filters {
            self.place_parts(&mut plan.pages, question);
        }
        plan
    }

    /// The runs of `ordinals` that may have rows, in the block's order.
    fn touched(&self, ordinals: &[u32], question: &Question) -> impl Iterator<Item = (u32, &PlacedRun)> {
        let runs = ordinals
            .iter()
            .flat_map(|ordinal| self.placed_runs(*ordinal, question.range).map(|run| (*ordinal, run)));
        runs.filter(|(_, run)| question.touches(run.facts.min_ns, run.facts.max_ns))
    }

    /// Puts the runs of `ordinals` into `pages`, of which there may be fewer than these lie in.
    fn list_runs(&self, pages: &mut [PagePlan], ordinals: &[u32], question: &Question) {
        let mut pages = pages.iter_mut().peekable();
        for (ordinal, run) in self.touched(ordinals, question) {
            while pages.next_if(|page| page.page < run.page).is_some() {}
            let Some(page) = pages.peek_mut() else { return };
            if page.page == run.page {
                let RunFacts { min_ns, max_ns, rows, bytes } = run.facts;
                let position = run.position;
                page.runs.push(PlannedRun { ordinal, position, min_ns, max_ns, rows, bytes });
            }
        }
    }

    /// Finds out what to fetch of `pages` for `question`.
    pub fn place_parts(&self, pages: &mut [PagePlan], question: &Question) {
        for plan in pages {
            let Some(placed) = self.pages.get(plan.page as usize) else { continue };
            let start = placed.body_start;
            let parts = placed.page.parts(question).into_iter();
            plan.parts = parts.map(|part| start + part.start..start + part.end).collect();
        }
    }

    fn page_plan(&self, page: u32) -> Option<PagePlan> {
        let placed = self.pages.get(page as usize)?;
        let decoded_bytes = placed.page.decoded_bytes();
        Some(PagePlan { page, runs: Vec::new(), parts: Vec::new(), decoded_bytes, counted: None })
    }

    fn has_search(&self, page: u32) -> bool {
        self.pages.get(page as usize).is_some_and(|placed| placed.page.search_len() > 0)
    }

    /// Where the search regions of all pages lie in the object, one after the other.
    pub fn search_range(&self) -> Range<u64> {
        let start = self.pages.first().map_or(0, |placed| placed.search_start);
        start..self.pages.last().map_or(start, |placed| placed.search_range().end)
    }

    /// Where those lie that `plan` needs.
    pub fn search_range_of(&self, plan: &Plan) -> Range<u64> {
        let of = |plan: &PagePlan| self.pages.get(plan.page as usize).map(PlacedPage::search_range);
        let first = plan.pages.first().and_then(of).unwrap_or_default();
        first.start..plan.pages.last().and_then(of).map_or(first.start, |last| last.end)
    }

    /// Checks search regions, before they are given to [`Block::prune`]; `range` is where they lie.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn check_search(&self, range: Range<u64>, bytes: Bytes) -> Result<Search> {
        let search = Search { start: range.start, bytes };
        let inside = |placed: &PlacedPage| {
            let own = placed.search_range();
            range.start <= own.start && own.end <= range.end
        };
        for placed in self.pages.iter().filter(|placed| inside(placed)) {
            placed.page.check_search(self.search_of(placed, &search)?)?;
        }
        Ok(search)
    }

    /// The part of a page of `search`.
    fn search_of<'a>(&self, placed: &PlacedPage, search: &'a Search) -> Result<&'a [u8]> {
        let start = usize::try_from(placed.search_start.wrapping_sub(search.start)).ok();
        let len = placed.page.search_len() as usize;
        start.and_then(|start| search.bytes.get(start..)?.get(..len)).ok_or_else(|| {
            let (name, bytes) = (&self.meta().name, search.bytes.len());
            Error::corrupt(format!("block {name}: {bytes} bytes of filters"))
        })
    }

    /// Drops the pages of `plan`, which was made for these `ordinals`, whose filters prove that no row passes;
    /// `search` has those of all of them. Gives the number of pages dropped.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] when `search` is too short.
    pub fn prune(
        &self,
        plan: &mut Plan,
        ordinals: &[u32],
        search: &Search,
        question: &Question,
    ) -> Result<u64> {
        let before = plan.pages.len();
        let mut kept = Vec::new();
        for page in plan.pages.drain(..) {
            let placed = self.pages.get(page.page as usize).ok_or_else(|| self.foreign(page.page))?;
            if placed.page.allows(self.search_of(placed, search)?, question)? {
                kept.push(page);
            }
        }
        if !question.only_counts() {
            self.list_runs(&mut kept, ordinals, question);
        }
        self.place_parts(&mut kept, question);
        plan.pages = kept;
        Ok((before - plan.pages.len()) as u64)
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
    ) -> Result<Vec<(u32, RowColumns)>> {
        self.scan(page, question, |placed, wanted, known, question| {
            placed.page.scan_known(parts, wanted, known, question, stats)
        })
    }

    /// The parts of `page` that `kept` has not.
    pub fn missing(&self, page: &PagePlan, kept: &KeptPage) -> Vec<Range<u64>> {
        let Some(start) = self.pages.get(page.page as usize).map(|placed| placed.body_start) else {
            return Vec::new();
        };
        let within: Vec<_> = page.parts.iter().map(|part| part.start - start..part.end - start).collect();
        kept.missing(&within).into_iter().map(|part| start + part.start..start + part.end).collect()
    }

    /// As [`Block::scan_page`] of what is kept of the page, to which come `fetched`, the bytes at `missing`.
    ///
    /// # Errors
    /// As [`Block::scan_page`].
    pub fn scan_kept(
        &self,
        page: &PagePlan,
        kept: &KeptPage,
        (missing, fetched): (&[Range<u64>], &[Bytes]),
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, RowColumns)>> {
        self.scan(page, question, |placed, wanted, known, question| {
            for (range, bytes) in missing.iter().zip(fetched) {
                kept.add(range.start - placed.body_start, bytes);
            }
            placed.page.scan_kept(kept, wanted, known, question, stats)
        })
    }

    fn scan(
        &self,
        page: &PagePlan,
        question: &Question,
        scan: impl FnOnce(&PlacedPage, &[u32], &[KnownRun], &Question) -> Result<Vec<(u32, RowColumns)>>,
    ) -> Result<Vec<(u32, RowColumns)>> {
        let placed = self.pages.get(page.page as usize).ok_or_else(|| self.foreign(page.page))?;
        let wanted: Vec<u32> = page.runs.iter().map(|run| run.position).collect();
        // Rows whose times need not be compared may be ruled out without reading any.
        let covered = page.runs.iter().all(|run| question.range.covers(run.min_ns, run.max_ns));
        let question = if covered { &question.of_all_time() } else { question };
        let known = page.runs.iter().zip(self.alike(&page.runs, question)?);
        let known: Vec<KnownRun> = known.map(|(run, alike)| KnownRun { facts: run.facts(), alike }).collect();
        let runs = scan(placed, &wanted, &known, question).map_err(|e| {
            let what = format!("block {}: page {}", self.meta().name, page.page);
            Error::new(e.kind(), what).because(e)
        })?;
        let ordinal_of = |position: u32| {
            let at = page.runs.binary_search_by_key(&position, |run| run.position).ok()?;
            page.runs.get(at).map(|run| run.ordinal)
        };
        Ok(runs.into_iter().filter_map(|(position, rows)| Some((ordinal_of(position)?, rows))).collect())
    }

    pub(super) fn foreign(&self, page: u32) -> Error {
        Error::bug(format!("block {} has no page {page}", self.meta().name))
    }
}

impl PlacedPage {
    fn search_range(&self) -> Range<u64> {
        self.search_start..self.search_start + self.page.search_len()
    }
}
