//! The pieces of work of a question.

use super::gather::{Piece, Source};
use super::order::{Order, Reach};
use crate::block::{Block, Counted, PagePlan};
use crate::engine::Engine;
use crate::head::{Head, RunView, StreamKey};
use crate::open_blocks::Rounds;
use base::{Error, Result};
use bytes::Bytes;
use model::{RowColumns, ScanStats};
use page::Question;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// What a row of a head costs in a scan besides its bytes.
const HEAD_ROW_BYTES: u64 = 24;

/// Some work that gives rows.
#[derive(Debug)]
pub struct Task {
    /// How far its rows reach.
    pub span: Reach,
    /// Whose rows it gives; those of counted pages are told apart before it is begun.
    pub members: Vec<Member>,
    /// Number of the block or head.
    pub place: u32,
    /// What to do.
    pub work: Work,
}

/// What to read.
#[derive(Debug)]
pub enum Work {
    /// Pages of a block.
    Pages(Arc<Opened>, Vec<PagePlan>),
    /// Pages of a block that their counts answer, each with its members.
    Counted(Arc<Opened>, Vec<CountedPage>),
    /// A block that its counts answer at once. The members of the task are those of its streams with rows in time that others
    /// have rows in.
    Whole(Arc<Opened>, Counted),
    /// Runs of a head, in the order of the task's members.
    Runs(Arc<Head>, Vec<(StreamKey, RunView)>),
}

/// A page that its counts answer, and whose rows these are.
pub type CountedPage = (PagePlan, Vec<Member>);

/// Number of a stream and near end of what was expected of it.
pub type Member = (u32, i64);

/// A block of a question, open.
#[derive(Debug)]
pub struct Opened {
    /// The block.
    pub block: Arc<Block>,
    /// Ordinals of the streams asked for, ascending, with their numbers in the question.
    pub streams: Vec<(u32, u32)>,
    /// The far end of all its rows asked for.
    pub far: i64,
    /// Requests so far.
    pub rounds: Rounds,
}

/// What a task gives.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Rows of streams by number.
    pub pieces: Vec<(u32, Piece)>,
    /// Rows that count for several, maybe of several streams that are alike, by the number of one of them. Nothing else
    /// of these streams shares time with them.
    pub counted: Vec<(u32, RowColumns)>,
    /// The block whose streams all have rows among these.
    pub whole: Option<Arc<Opened>>,
}

impl Task {
    /// Bytes of memory that doing it takes, results included.
    pub fn cost_bytes(&self) -> u64 {
        match &self.work {
            Work::Pages(_, pages) => pages.iter().map(|page| page.decoded_bytes + page.fetch_bytes()).sum(),
            // Held since they were planned.
            Work::Counted(..) | Work::Whole(..) => 0,
            Work::Runs(_, runs) => {
                runs.iter().map(|(_, run)| run.facts.bytes + HEAD_ROW_BYTES * run.facts.rows).sum()
            }
        }
    }

    /// Adds a page that its counts answer.
    pub fn add_counted(&mut self, page: PagePlan, members: Vec<Member>) {
        if let Work::Counted(_, pages) = &mut self.work {
            pages.push((page, members));
        }
    }

    /// The same without counted pages of which a stream `is_mixed`: these come as tasks that read them, for of rows that
    /// lie in several places all must be known.
    pub fn without_mixed(mut self, order: Order, is_mixed: impl Fn(u32) -> bool) -> (Self, Vec<Self>) {
        let (span, place) = (self.span, self.place);
        let mut to_read = Vec::new();
        if let Work::Counted(opened, pages) = &mut self.work {
            for (page, members) in std::mem::take(pages) {
                if members.iter().any(|(stream, _)| is_mixed(*stream)) {
                    let span = order.span(page.min_ns(), page.max_ns()).within(span).unwrap_or(span);
                    to_read.push(Self {
                        span,
                        members,
                        place,
                        work: Work::Pages(opened.clone(), vec![page]),
                    });
                } else {
                    self.members.extend_from_slice(&members);
                    pages.push((page, members));
                }
            }
        }
        (self, to_read)
    }

    /// Blocks that reach nearer than this have to be open before it can begin.
    pub fn needs_open_from(&self) -> i64 {
        match &self.work {
            Work::Pages(opened, _) | Work::Counted(opened, _) | Work::Whole(opened, _) => opened.far,
            Work::Runs(..) => self.span.far,
        }
    }

    /// Does the work. Of blocks, the rows have what `question` projects; of heads, everything.
    ///
    /// # Errors
    /// What reading gives.
    pub async fn run(self, engine: &Engine, question: Question, stats: Arc<ScanStats>) -> Result<Scanned> {
        match self.work {
            Work::Pages(opened, pages) => {
                scan_pages(engine, self.place, opened, pages, question, stats).await
            }
            Work::Counted(opened, pages) => Ok(give_counted(&opened, pages, &stats)),
            Work::Whole(opened, counted) => Ok(give_whole(opened, counted, &stats)),
            Work::Runs(head, runs) => {
                let place = self.place;
                let streams = self.members.into_iter().map(|(stream, _)| stream);
                let runs: Vec<_> = streams.zip(runs).collect();
                engine.pool.run(move || scan_runs(place, &head, &runs, &question, &stats)).await
            }
        }
    }
}

fn give_counted(opened: &Opened, pages: Vec<CountedPage>, stats: &ScanStats) -> Scanned {
    stats.pages_counted.fetch_add(pages.len() as u64, Relaxed);
    let counted = pages.into_iter().flat_map(|(page, _)| page.counted).flatten();
    let counted = numbered(opened, counted, stats);
    Scanned { counted, ..Scanned::default() }
}

fn give_whole(opened: Arc<Opened>, counted: Counted, stats: &ScanStats) -> Scanned {
    let pages = opened.block.page_count() as u64;
    stats.blocks.fetch_add(1, Relaxed);
    stats.pages_considered.fetch_add(pages, Relaxed);
    stats.pages_counted.fetch_add(pages, Relaxed);
    let counted = numbered(&opened, counted.into_iter(), stats);
    Scanned { counted, whole: Some(opened), ..Scanned::default() }
}

/// The same by numbers of streams; their rows are counted.
fn numbered(
    opened: &Opened,
    counted: impl Iterator<Item = (u32, RowColumns)>,
    stats: &ScanStats,
) -> Vec<(u32, RowColumns)> {
    let counted: Vec<_> =
        counted.filter_map(|(ordinal, rows)| Some((opened.number(ordinal)?, rows))).collect();
    let rows = counted.iter().flat_map(|(_, rows)| &rows.counts);
    stats.rows_passed.fetch_add(rows.map(|count| u64::from(*count)).sum(), Relaxed);
    counted
}

async fn scan_pages(
    engine: &Engine,
    place: u32,
    opened: Arc<Opened>,
    mut pages: Vec<PagePlan>,
    question: Question,
    stats: Arc<ScanStats>,
) -> Result<Scanned> {
    // The question may project more than the one that pages were planned for.
    opened.block.place_parts(&mut pages, &question);
    let kept: Vec<_> = pages.iter().map(|page| engine.blocks.page(&opened.block, page.page)).collect();
    let missing: Vec<Vec<Range<u64>>> =
        pages.iter().zip(&kept).map(|(page, kept)| opened.block.missing(page, &kept.page)).collect();
    let misses = missing.iter().filter(|missing| !missing.is_empty()).count();
    engine.blocks.count_pages(pages.len() - misses, misses);
    let parts = missing.concat();
    let fetch_bytes: u64 = pages.iter().map(PagePlan::fetch_bytes).sum();
    let fetched = match parts.is_empty() {
        true => Vec::new(),
        false => engine.blocks.ranges(opened.block.meta(), &parts, &stats, &opened.rounds).await?,
    };
    stats.compressed_bytes.fetch_add(fetch_bytes, Relaxed);
    stats.pages_read.fetch_add(pages.len() as u64, Relaxed);
    let blocks = engine.blocks.clone();
    let scan = move || -> Result<Scanned> {
        let started = Instant::now();
        let mut fetched = fetched.as_slice();
        let (mut pieces, mut counted) = (Vec::new(), Vec::new());
        for ((page, kept), missing) in pages.iter().zip(kept).zip(&missing) {
            let fewer = || Error::bug("fewer parts than asked for");
            let (parts, rest): (&[Bytes], _) = fetched.split_at_checked(missing.len()).ok_or_else(fewer)?;
            fetched = rest;
            let runs = opened.block.scan_kept(page, &kept.page, (missing, parts), &question, &stats);
            match &runs {
                Ok(_) => blocks.keep_page(&opened.block, page.page, kept),
                // What is wrong may be right when it is fetched again.
                Err(_) => blocks.forget_page(&opened.block, page.page),
            }
            for (ordinal, rows) in runs? {
                let Some(stream) = opened.number(ordinal) else { continue };
                // What counts for several has no time of its own to be put in order by, and may be of several streams.
                if rows.counts.is_empty() {
                    let piece = Piece { source: Source { place, run: 0 }, page: page.page, rows };
                    pieces.push((stream, piece));
                } else {
                    counted.push((stream, rows));
                }
            }
        }
        count_time(started, &stats);
        Ok(Scanned { pieces, counted, whole: None })
    };
    engine.pool.run(scan).await?
}

impl Opened {
    /// The number of the stream of `ordinal` in the question.
    pub fn number(&self, ordinal: u32) -> Option<u32> {
        let at = self.streams.binary_search_by_key(&ordinal, |(known, _)| *known).ok()?;
        self.streams.get(at).map(|(_, number)| *number)
    }
}

fn scan_runs(
    place: u32,
    head: &Head,
    runs: &[(u32, (StreamKey, RunView))],
    question: &Question,
    stats: &ScanStats,
) -> Scanned {
    let started = Instant::now();
    let mut pieces = Vec::new();
    for (stream, (key, view)) in runs {
        let Some(run) = head.read(*key, view) else { continue };
        let picked = run.pick(question, stats);
        let rows: RowColumns = if run.ascending {
            picked
        } else {
            let (sorted, duplicates) = page::sort(&[&picked]);
            stats.duplicates.fetch_add(duplicates, Relaxed);
            sorted
        };
        if !rows.is_empty() {
            pieces.push((*stream, Piece { source: Source { place, run: view.run }, page: 0, rows }));
        }
    }
    count_time(started, stats);
    Scanned { pieces, ..Scanned::default() }
}

fn count_time(started: Instant, stats: &ScanStats) {
    let spent = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    stats.scan_ns.fetch_add(spent, Relaxed);
}

/// By near end: of several tasks the one with the largest comes first.
impl Ord for Task {
    fn cmp(&self, other: &Self) -> Ordering {
        self.span.near.cmp(&other.span.near)
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Task {}
