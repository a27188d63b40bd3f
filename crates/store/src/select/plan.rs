//! From heads and blocks to tasks.

use super::gather::{Gather, MEMBER_BYTES, STREAM_BYTES};
use super::order::{Order, Reach};
use super::task::{Opened, Task, Work};
use crate::block::{Block, BlockMeta, Counted, PagePlan, Plan, Search, UnreadCounts};
use crate::engine::Engine;
use crate::head::{Head, RunView, StreamKey, StreamView};
use crate::open_blocks::Rounds;
use base::{Error, Result};
use model::{Matcher, ScanStats, Stream};
use page::Question;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of rows in one task, about: enough to be worth a request, little enough to be held.
const TASK_BYTES: u64 = 8 << 20;
/// The same of pages with something rare.
const SOUGHT_TASK_BYTES: u64 = 16 << 20;
/// Pages that filters leave where what is looked for is rare, at most.
const SOUGHT_PAGES: usize = 16;
/// Bytes of a head's rows in one task.
const HEAD_TASK_BYTES: u64 = 1 << 20;
/// The most runs of a head in one task.
const HEAD_TASK_RUNS: usize = 1024;

/// What all tasks of a question are planned by.
#[derive(Clone)]
pub struct Asked {
    /// Which streams.
    pub matchers: Arc<[Matcher]>,
    /// Which rows, and what of them.
    pub question: Question,
    /// In which order.
    pub order: Order,
    /// Keys that are asked for.
    pub span: Reach,
    /// Whether only few rows are asked for.
    pub few: bool,
    /// What the work costs.
    pub stats: Arc<ScanStats>,
}

/// A block that was opened, before its streams are numbered.
pub struct Found {
    /// The block.
    pub block: Arc<Block>,
    /// Streams with rows that may pass, by ordinal.
    pub streams: Vec<(u32, Arc<Stream>)>,
    /// What to read of it.
    pub pages: Vec<PagePlan>,
    /// What its counts answer at once, if they do. Then there are no pages, and only the streams of that, and those with
    /// rows in time that others have rows in.
    counted: Option<Whole>,
    /// Bytes of the filters that were asked for that.
    pub filter_bytes: u64,
    /// Pages that filters proved empty.
    pub skipped: u64,
    /// Requests so far.
    rounds: Rounds,
}

/// A block that its counts answer at once.
struct Whole {
    counted: Counted,
    /// Streams with rows in time that others have rows in, by ordinal, and how far their rows reach.
    beside: Vec<(u32, Reach)>,
}

impl Whole {
    /// The task that gives the counts of `block`, whose `streams` have these numbers.
    fn task(
        self,
        block: Arc<Block>,
        streams: Vec<(u32, u32)>,
        rounds: Rounds,
        (gather, place, asked): (&mut Gather, u32, &Asked),
    ) -> Option<Task> {
        let span = asked.order.span(block.meta().min_ns, block.meta().max_ns).within(asked.span)?;
        let opened = Opened { block, streams, far: span.far, rounds };
        let mut members = Vec::with_capacity(self.beside.len());
        for (ordinal, span) in self.beside {
            if let Some(stream) = opened.number(ordinal) {
                gather.expect(stream, place, span);
                members.push((stream, span.near));
            }
        }
        Some(Task { span, members, place, work: Work::Whole(Arc::new(opened), self.counted) })
    }
}

/// What there is to do for a block.
enum Planned {
    Whole(Found),
    Pages(Vec<u32>, Plan, UnreadCounts),
}

/// Opens a block and finds what to read of it. What else may have rows has them in the times `others`; none where the block
/// is not to be answered at once.
///
/// # Errors
/// What reading gives.
pub async fn open(
    engine: &Engine,
    meta: &BlockMeta,
    asked: Asked,
    others: Option<Vec<Reach>>,
) -> Result<Found> {
    let rounds = Rounds::default();
    let block = engine.blocks.get(meta, &asked.stats, &rounds).await?;
    let (opened, by) = (block.clone(), asked.clone());
    let plan = move || -> Result<Planned> {
        let ordinals = opened.matching(&by.matchers, by.question.range)?;
        if let Some(others) = others.filter(|_| ordinals.len() == opened.meta().streams as usize)
            && let Some(counted) = opened.count_all(&by.question)?
        {
            return Ok(Planned::Whole(Found::whole(opened, counted, &by, &others)?));
        }
        let mut plan = opened.plan(&ordinals, &by.question);
        let unread = opened.count(&mut plan, &by.question)?;
        Ok(Planned::Pages(ordinals, plan, unread))
    };
    let (ordinals, mut plan, unread) = match engine.pool.run(plan).await?? {
        Planned::Whole(found) => return Ok(Found { rounds, ..found }),
        Planned::Pages(ordinals, plan, unread) => (ordinals, plan, unread),
    };
    let stats = &asked.stats;
    stats.blocks.fetch_add(u64::from(!plan.pages.is_empty()), Relaxed);
    stats.pages_considered.fetch_add(plan.pages.len() as u64, Relaxed);
    let (counts, unread): (Vec<u32>, Vec<_>) = unread.into_iter().unzip();
    let read_counts = async {
        match unread.is_empty() {
            true => Ok(Vec::new()),
            false => engine.blocks.ranges(meta, &unread, stats, &rounds).await,
        }
    };
    let read_filters = async {
        match plan.asks_filters {
            true => {
                engine.blocks.search(&block, block.search_range_of(&plan), stats, &rounds).await.map(Some)
            }
            false => Ok(None),
        }
    };
    let (unread, filters) = futures_util::future::try_join(read_counts, read_filters).await?;
    let filter_bytes = filters.as_ref().map_or(0, Search::bytes);
    let found = move || -> Result<Found> {
        let mut skipped = 0;
        if let Some(filters) = filters {
            skipped = block.prune(&mut plan, &ordinals, &filters, &asked.question)?;
            asked.stats.pages_skipped.fetch_add(skipped, Relaxed);
        }
        if !counts.is_empty() {
            counts.iter().zip(&unread).try_for_each(|(page, stored)| block.read_counts(*page, stored))?;
            block.count(&mut plan, &asked.question)?;
        }
        let mut ordinals: Vec<u32> =
            plan.pages.iter().flat_map(|page| &page.runs).map(|run| run.ordinal).collect();
        ordinals.dedup();
        let streams = ordinals.into_iter().map(|ordinal| Ok((ordinal, block.stream(ordinal)?)));
        let streams = streams.collect::<Result<_>>()?;
        Ok(Found { block, streams, pages: plan.pages, counted: None, filter_bytes, skipped, rounds })
    };
    engine.pool.run(found).await?
}

impl Found {
    /// A block that `counted` answers.
    fn whole(block: Arc<Block>, counted: Counted, asked: &Asked, others: &[Reach]) -> Result<Self> {
        let mut beside: Vec<(u32, Reach)> = Vec::new();
        let reach = asked.order.span(block.meta().min_ns, block.meta().max_ns);
        if others.iter().any(|other| other.overlaps(&reach)) {
            for ordinal in 0..block.meta().streams {
                for run in block.runs(ordinal, asked.question.range) {
                    let span = asked.order.span(run.min_ns, run.max_ns);
                    if others.iter().any(|other| other.overlaps(&span)) {
                        beside.push((ordinal, span));
                    }
                }
            }
        }
        let mut ordinals: Vec<u32> = counted.iter().map(|(ordinal, _)| *ordinal).collect();
        ordinals.extend(beside.iter().map(|(ordinal, _)| *ordinal));
        ordinals.sort_unstable();
        ordinals.dedup();
        let streams = ordinals.into_iter().map(|ordinal| Ok((ordinal, block.stream(ordinal)?)));
        let streams = streams.collect::<Result<_>>()?;
        let counted = Some(Whole { counted, beside });
        let (pages, rounds) = (Vec::new(), Rounds::default());
        Ok(Self { block, streams, pages, counted, filter_bytes: 0, skipped: 0, rounds })
    }

    /// Bytes of memory that planning it takes.
    pub fn cost_bytes(&self) -> u64 {
        let runs: usize = self.pages.iter().map(|page| page.runs.len()).sum();
        let counted: u64 = self.pages.iter().map(PagePlan::counted_bytes).sum();
        let whole = self.counted.as_ref().map_or(0, |whole| {
            let counted: u64 = whole.counted.iter().map(|(_, rows)| rows.held_bytes()).sum();
            counted + 2 * MEMBER_BYTES * whole.beside.len() as u64
        });
        STREAM_BYTES * self.streams.len() as u64 + 2 * MEMBER_BYTES * runs as u64 + counted + whole
    }

    /// Whether filters have shown that what is looked for is rare: then most pages left have some of it, and are best
    /// read at once however few rows are asked for.
    pub fn is_sought(&self) -> bool {
        self.skipped > 0 && self.pages.len() <= SOUGHT_PAGES
    }

    /// The tasks that read it; its streams are expected in `gather` from `place`.
    pub fn tasks(self, gather: &mut Gather, place: u32, asked: &Asked) -> Result<Vec<Task>> {
        let numbers = self.streams.iter().map(|(ordinal, stream)| (*ordinal, gather.stream(stream)));
        let streams: Vec<(u32, u32)> = numbers.collect();
        let order = asked.order;
        if let Some(whole) = self.counted {
            let task = whole.task(self.block, streams, self.rounds, (gather, place, asked));
            return Ok(task.into_iter().collect());
        }
        let reach = |page: &PagePlan| order.span(page.min_ns(), page.max_ns()).within(asked.span);
        let far = self.pages.iter().filter_map(|page| Some(reach(page)?.far)).min().unwrap_or(i64::MAX);
        let limit = match (self.is_sought(), asked.few) {
            (true, _) => SOUGHT_TASK_BYTES,
            // Each page may be the last one needed.
            (false, true) => 0,
            (false, false) => TASK_BYTES,
        };
        let opened = Arc::new(Opened { block: self.block, streams, far, rounds: self.rounds });
        let mut tasks: Vec<Task> = Vec::new();
        let mut counted: Option<Task> = None;
        let mut bytes = u64::MAX;
        // Both ascend.
        let mut numbers = opened.streams.iter().peekable();
        for page in self.pages {
            // The plan has only runs that touch the question's time.
            let Some(span) = reach(&page) else { continue };
            let mut members = Vec::with_capacity(page.runs.len());
            for run in &page.runs {
                while numbers.next_if(|(known, _)| *known < run.ordinal).is_some() {}
                let number = numbers.peek().filter(|(known, _)| *known == run.ordinal);
                let (_, stream) =
                    **number.ok_or_else(|| Error::bug("a planned run of a stream not asked for"))?;
                if let Some(span) = order.span(run.min_ns, run.max_ns).within(asked.span) {
                    gather.expect(stream, place, span);
                    members.push((stream, span.near));
                }
            }
            if page.counted.is_some() {
                let task =
                    Task { span, members: Vec::new(), place, work: Work::Counted(opened.clone(), vec![]) };
                let task = counted.get_or_insert(task);
                task.span = task.span.around(span);
                task.add_counted(page, members);
                continue;
            }
            bytes = bytes.saturating_add(page.decoded_bytes);
            match tasks.last_mut() {
                Some(Task { span: reach, members: known, work: Work::Pages(_, pages), .. })
                    if bytes <= limit =>
                {
                    *reach = reach.around(span);
                    known.extend(members);
                    pages.push(page);
                }
                _ => {
                    bytes = page.decoded_bytes;
                    let work = Work::Pages(opened.clone(), vec![page]);
                    tasks.push(Task { span, members, place, work });
                }
            }
        }
        tasks.extend(counted);
        Ok(tasks)
    }
}

/// A run of a head that may have rows asked for.
struct HeadRun {
    span: Reach,
    stream: u32,
    key: StreamKey,
    view: RunView,
}

/// The tasks that read the streams `views` of `head`; they are expected in `gather` from `place`.
pub fn head_tasks(
    head: &Arc<Head>,
    views: Vec<StreamView>,
    gather: &mut Gather,
    place: u32,
    asked: &Asked,
) -> Vec<Task> {
    let mut runs = Vec::new();
    for StreamView { key, stream, runs: of_stream } in views {
        let stream = gather.stream(&stream);
        for view in of_stream {
            let span = asked.order.span(view.facts.min_ns, view.facts.max_ns).within(asked.span);
            if let Some(span) = span {
                gather.expect(stream, place, span);
                runs.push(HeadRun { span, stream, key, view });
            }
        }
    }
    runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.span.near));
    let mut tasks: Vec<Task> = Vec::new();
    let mut bytes = u64::MAX;
    for HeadRun { span, stream, key, view } in runs {
        bytes = bytes.saturating_add(view.facts.bytes);
        match tasks.last_mut() {
            Some(Task { span: reach, members, work: Work::Runs(_, runs), .. })
                if bytes <= HEAD_TASK_BYTES && runs.len() < HEAD_TASK_RUNS =>
            {
                *reach = reach.around(span);
                members.push((stream, span.near));
                runs.push((key, view));
            }
            _ => {
                bytes = view.facts.bytes;
                let work = Work::Runs(head.clone(), vec![(key, view)]);
                tasks.push(Task { span, members: vec![(stream, span.near)], place, work });
            }
        }
    }
    tasks
}

/// Bytes of memory that planning `views` takes.
pub fn head_cost_bytes(views: &[StreamView]) -> u64 {
    let runs: usize = views.iter().map(|view| view.runs.len()).sum();
    STREAM_BYTES * views.len() as u64 + 2 * MEMBER_BYTES * runs as u64
}
