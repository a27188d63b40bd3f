//! Answers from the counts of pages, without reading rows.

use super::Block;
use super::open::PlacedPage;
use super::scan::{Plan, PlannedRun};
use base::{Error, Result};
use hashbrown::HashMap;
use model::{RowColumns, RunFacts};
use page::{Counts, Question, Tally};
use std::ops::Range;
use std::sync::Arc;

/// Pages whose counts are not known yet, and where in the object these lie.
pub type UnreadCounts = Vec<(u32, Range<u64>)>;

/// What the counts of a page say, by the ordinal of one of the streams that are alike.
pub type Counted = Vec<(u32, RowColumns)>;

/// Sets of labels by which the counts of a page are kept added up, at most.
const TOGETHER_MAX: usize = 2;
/// Cells of a page for each cell of its counts added up, at least: then what is kept of a page grows by a fourth at most.
const CELLS_FOR_EACH: usize = 8;

/// Counts of a page with those of all its runs added up that are alike: a question by `app` then looks at a few
/// classes, not at each stream.
#[derive(Debug)]
pub(super) struct CountsTogether {
    /// The labels that are told apart.
    names: Vec<String>,
    /// None where that would save little.
    added: Option<Added>,
}

#[derive(Debug)]
struct Added {
    /// The counts, a class as a run.
    counts: Counts,
    /// Of each class the ordinal of its first stream, and what is known of all its runs.
    runs: Vec<(u32, RunFacts)>,
}

impl CountsTogether {
    /// The `counts` of all `runs` of a page, of each of which `alike` says the first ordinal that is alike in `names`.
    fn new(counts: &Counts, runs: &[PlannedRun], alike: &[u32], names: &[String]) -> Self {
        Self { names: names.to_vec(), added: Added::new(counts, runs, alike) }
    }

    /// What they answer; none where single runs may tell more.
    fn counted(&self, placed: &PlacedPage, question: &Question) -> Option<Counted> {
        let added = self.added.as_ref()?;
        let counting = placed.page.counting(Some(&added.counts), question)?;
        let runs = (0..).zip(&added.runs).map(|(class, (ordinal, facts))| (class, *facts, *ordinal));
        let mut tally = Tally::new(question);
        counting.add(runs, &mut tally)?;
        tally.given()
    }
}

impl Added {
    fn new(counts: &Counts, runs: &[PlannedRun], alike: &[u32]) -> Option<Self> {
        let mut of_classes: Vec<(u32, RunFacts)> = Vec::new();
        let mut numbers: HashMap<u32, u32, foldhash::fast::RandomState> = HashMap::default();
        let mut classes = Vec::with_capacity(runs.len());
        let most = counts.cell_count() / CELLS_FOR_EACH;
        for (run, first) in runs.iter().zip(alike) {
            let count = of_classes.len();
            let class = *numbers.entry(*first).or_insert(count as u32);
            classes.push(class);
            match of_classes.get_mut(class as usize) {
                Some((_, facts)) => {
                    facts.min_ns = facts.min_ns.min(run.min_ns);
                    facts.max_ns = facts.max_ns.max(run.max_ns);
                    facts.rows += run.rows;
                    facts.bytes += run.bytes;
                }
                // Each class has a cell.
                None if count >= most => return None,
                None => of_classes.push((*first, run.facts())),
            }
        }
        let counts = counts.together(&classes, of_classes.len())?;
        (counts.cell_count() <= most).then_some(Self { counts, runs: of_classes })
    }
}

impl PlacedPage {
    fn known_together(&self, names: &[String]) -> Option<Arc<CountsTogether>> {
        self.together.lock().iter().find(|known| known.names == names).cloned()
    }

    fn keep_together(&self, together: CountsTogether) {
        let mut kept = self.together.lock();
        kept.truncate(TOGETHER_MAX - 1);
        kept.insert(0, Arc::new(together));
    }
}

impl Block {
    /// Answers `question` for the pages of `plan` whose counts can. Gives the pages whose counts would have to be read
    /// for that with [`Block::read_counts`], and where these lie in the object.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn count(&self, plan: &mut Plan, question: &Question) -> Result<UnreadCounts> {
        let mut unread = Vec::new();
        if !question.only_counts() {
            return Ok(unread);
        }
        for page in plan.pages.iter_mut().filter(|page| page.counted.is_none()) {
            let Some(placed) = self.pages.get(page.page as usize) else { continue };
            let counts = placed.counts.get();
            page.counted = self.counted(placed, &page.runs, question)?;
            if page.counted.is_none() && counts.is_none() {
                let start = placed.search_start;
                let range = placed.page.counts_range();
                unread.extend(range.map(|range| (page.page, start + range.start..start + range.end)));
            }
        }
        if plan.pages.iter().all(|page| page.counted.is_some()) {
            plan.asks_filters = false;
        }
        Ok(unread)
    }

    /// What the counts of a page say of `runs`; none when one of them has to be read.
    fn counted(
        &self,
        placed: &PlacedPage,
        runs: &[PlannedRun],
        question: &Question,
    ) -> Result<Option<Counted>> {
        let (counts, names) = (placed.counts.get(), question.label_names());
        let all = counts.zip(names).filter(|_| runs.len() == placed.page.run_rows().len());
        let known = all.and_then(|(_, names)| placed.known_together(names));
        if let Some(counted) = known.as_ref().and_then(|known| known.counted(placed, question)) {
            return Ok(Some(counted));
        }
        let Some(counting) = placed.page.counting(counts, question) else { return Ok(None) };
        let alike = self.alike(runs, question)?;
        if let Some((counts, names)) = all.filter(|_| known.is_none()) {
            placed.keep_together(CountsTogether::new(counts, runs, &alike, names));
        }
        // Times of single runs may tell on which side of an edge rows lie, where those of classes did not.
        let runs = runs.iter().zip(alike).map(|(run, alike)| (run.position, run.facts(), alike));
        let mut tally = Tally::new(question);
        Ok(counting.add(runs, &mut tally).and_then(|()| tally.given()))
    }

    /// What the counts of all pages say of all streams, put together by the ordinal of one of the streams that are alike:
    /// then runs are looked at only of pages whose counts are not worth adding up. None where it is not known yet which
    /// these are, or where counts do not answer `question`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn count_all(&self, question: &Question) -> Result<Option<Counted>> {
        let (min_ns, max_ns) = (self.meta().min_ns, self.meta().max_ns);
        let names = question.label_names().filter(|_| question.only_counts());
        let Some(names) = names.filter(|_| question.range.covers(min_ns, max_ns)) else { return Ok(None) };
        let known = self.pages.iter().map(|placed| placed.known_together(names));
        let Some(known) = known.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let mut end = 0;
        let of_page = |(placed, known): (&'_ PlacedPage, &'_ Arc<CountsTogether>)| {
            let start = end;
            end += placed.page.run_rows().len();
            known.added.is_none().then(|| self.runs_at(start..end))
        };
        let single: Vec<Option<Vec<(u32, RunFacts)>>> = self.pages.iter().zip(&known).map(of_page).collect();
        // Of each page its counts, and what they are of.
        let pages = self.pages.iter().zip(&known).zip(&single).map(|((placed, known), single)| {
            let single = single.as_ref().map(|runs| (placed.counts.get(), runs));
            let added = || known.added.as_ref().map(|added| (Some(&added.counts), &added.runs));
            Some((placed, single.or_else(added)?))
        });
        let Some(pages) = pages.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let ordinals = pages.iter().flat_map(|(_, (_, runs))| runs.iter().map(|(ordinal, _)| *ordinal));
        let mut classes = self.index().alike(ordinals, names)?.into_iter();
        let mut tally = Tally::new(question);
        for (placed, (counts, runs)) in pages {
            let Some(counting) = placed.page.counting(counts, question) else { return Ok(None) };
            let runs = (0..).zip(runs).zip(classes.by_ref());
            let runs = runs.map(|((run, (_, facts)), class)| (run, *facts, class));
            if counting.add(runs, &mut tally).is_none() {
                return Ok(None);
            }
        }
        Ok(tally.given())
    }

    /// For each of `runs` the ordinal of the first one that the question need not tell apart from it.
    pub(super) fn alike(&self, runs: &[PlannedRun], question: &Question) -> Result<Vec<u32>> {
        let ordinals = runs.iter().map(|run| run.ordinal);
        match question.label_names() {
            Some(names) => self.index().alike(ordinals, names),
            None => Ok(ordinals.collect()),
        }
    }

    /// Keeps the counts of `page`; `stored` is what lies where [`Block::count`] said.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read_counts(&self, page: u32, stored: &[u8]) -> Result<()> {
        let placed = self.pages.get(page as usize).ok_or_else(|| self.foreign(page))?;
        let counts = placed.page.read_counts(stored).map_err(|e| {
            Error::new(e.kind(), format!("block {}: page {page}", self.meta().name)).because(e)
        })?;
        // Two questions may have read them at once.
        let _ = placed.counts.set(counts);
        Ok(())
    }
}
