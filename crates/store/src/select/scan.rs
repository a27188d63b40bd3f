//! Doing the tasks of a question: what to begin next, and what to give when something is done.

use super::gather::{Gather, Group, Joined, span_of};
use super::order::{Order, Reach};
use super::plan::{self, Asked, Found};
use super::task::{Scanned, Task, Work};
use crate::block::BlockMeta;
use crate::engine::Engine;
use crate::head::{Head, StreamView};
use base::{Error, Lease, Result};
use model::{Projection, Run, Selection};
use page::Question;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Tasks at the same time, at most.
const TASKS_MAX: usize = 16;
/// Tasks at the same time at first, when only few rows are asked for.
const TASKS_FEW: usize = 2;
/// Blocks opened at the same time.
const OPENS_MAX: usize = 8;

/// Parts in which a head is sifted, for each thread, and the fewest streams of one.
const SIFT_PARTS: usize = 4;
const SIFT_STREAMS_MIN: usize = 8;

/// A block that was not opened yet.
struct Closed {
    meta: Arc<BlockMeta>,
    place: u32,
    near: i64,
}

/// Something that was begun and is done.
enum Done {
    Opened { place: u32, found: Found },
    Scanned { number: u64, members: Vec<(u32, i64)>, scanned: Scanned, lease: Lease },
}

/// A question under way.
pub struct Scan {
    engine: Arc<Engine>,
    selection: Selection,
    asked: Asked,
    /// The question with everything of each row, for rows that may lie in several places.
    whole: Question,
    gather: Gather,
    /// Numbers of all heads and blocks, and the times they have rows in.
    spans: Vec<(u32, Reach)>,
    /// By near end, the nearest last.
    closed: Vec<Closed>,
    /// Places and near ends of blocks being opened.
    opening: BTreeMap<u32, i64>,
    waiting: BinaryHeap<Task>,
    /// Near ends of tasks that run, by number.
    running: BTreeMap<u64, i64>,
    next_number: u64,
    /// Tasks that may run now.
    tasks_max: usize,
    /// What that may grow to.
    tasks_most: usize,
    work: JoinSet<Result<Done>>,
    /// For plans and for rows that wait for others.
    held: Lease,
    runs: mpsc::Sender<Result<Vec<Run>>>,
}

impl Scan {
    /// Gives the runs of `selection` to `runs` until all are given or nobody takes them.
    ///
    /// # Errors
    /// What reading gives; [`base::Kind::Limit`] when the question's budget is spent.
    pub async fn run(
        engine: Arc<Engine>,
        selection: Selection,
        runs: mpsc::Sender<Result<Vec<Run>>>,
    ) -> Result<()> {
        let order = Order(selection.direction);
        let Some(span) = order.span_of(selection.range) else { return Ok(()) };
        let question = Question::new(selection.range, &selection.predicates, selection.projection)
            .with_digest(selection.digest.clone())
            .with_nearest(selection.direction, selection.nearest);
        let few = selection.limit_hint.is_some();
        let tasks_most = engine.pool.threads().saturating_mul(2).clamp(4, TASKS_MAX);
        let mut scan = Self {
            whole: question.with_projection(Projection::ALL),
            asked: Asked {
                matchers: selection.matchers.clone().into(),
                question,
                order,
                span,
                few,
                stats: selection.stats.clone(),
            },
            gather: Gather::new(order),
            spans: Vec::new(),
            closed: Vec::new(),
            opening: BTreeMap::new(),
            waiting: BinaryHeap::new(),
            running: BTreeMap::new(),
            next_number: 0,
            tasks_max: if few { TASKS_FEW } else { tasks_most },
            tasks_most,
            work: JoinSet::new(),
            held: selection.budget.lease(0)?,
            runs,
            engine,
            selection,
        };
        scan.find().await?;
        loop {
            scan.begin()?;
            let Some(done) = scan.work.join_next().await else { return Ok(()) };
            let done = done.map_err(|e| Error::bug("a part of a scan has failed").because(e))??;
            if few {
                scan.tasks_max = (scan.tasks_max + 1).min(tasks_most);
            }
            if !scan.finish(done).await? {
                return Ok(());
            }
        }
    }

    /// Finds heads, then blocks.
    async fn find(&mut self) -> Result<()> {
        let tenant = self.engine.known_tenant(&self.selection.tenant);
        let heads = tenant.map(|tenant| tenant.heads());
        let metas = self.engine.catalogue.state().blocks(&self.selection.tenant, self.selection.range);
        let head_place = metas.len() as u32;
        for (place, head) in (head_place..).zip(heads.iter().flat_map(|heads| heads.each())) {
            self.find_in(head, place).await?;
        }
        for (place, meta) in (0..).zip(metas) {
            let reach = self.asked.order.span(meta.min_ns, meta.max_ns).within(self.asked.span);
            self.spans.extend(reach.map(|reach| (place, reach)));
            self.closed.extend(reach.map(|Reach { near, .. }| Closed { meta, place, near }));
        }
        self.closed.sort_by_key(|closed| closed.near);
        Ok(())
    }

    async fn find_in(&mut self, head: &Arc<Head>, place: u32) -> Result<()> {
        let (seen, asked) = (head.clone(), self.asked.clone());
        let view = move || {
            let views = seen.view(&asked.matchers, asked.question.range);
            let is_rare = asked.question.seek().is_some_and(|seek| seen.is_rare(&views, &seek));
            (views, is_rare)
        };
        let (mut views, is_rare) = self.engine.pool.run(view).await?;
        if is_rare {
            views = self.sift(head, views).await?;
        }
        self.held.grow(plan::head_cost_bytes(&views))?;
        let tasks = plan::head_tasks(head, views, &mut self.gather, place, &self.asked);
        let span = tasks.iter().map(|task| task.span).reduce(Reach::around);
        self.spans.extend(span.map(|span| (place, span)));
        self.waiting.extend(tasks);
        Ok(())
    }

    /// What is left of `views` when runs without what the question needs are left out.
    async fn sift(&self, head: &Arc<Head>, mut views: Vec<StreamView>) -> Result<Vec<StreamView>> {
        let parts = SIFT_PARTS * self.engine.pool.threads();
        let streams = views.len().div_ceil(parts).max(SIFT_STREAMS_MIN);
        let mut sifted = Vec::with_capacity(parts);
        while !views.is_empty() {
            let mut part = views.split_off(views.len().saturating_sub(streams));
            let (head, asked) = (head.clone(), self.asked.clone());
            sifted.push(self.engine.pool.run(move || {
                if let Some(seek) = asked.question.seek() {
                    head.sift(&mut part, asked.question.range, &seek, &asked.stats);
                }
                part
            }));
        }
        Ok(futures_util::future::try_join_all(sifted).await?.into_iter().flatten().collect())
    }

    /// Begins what can be begun.
    fn begin(&mut self) -> Result<()> {
        loop {
            let next = self.waiting.peek();
            // Nothing may be begun before all blocks are open that share time with it.
            let open_from = next.map(|task| task.needs_open_from());
            let is_needed = |near: i64| open_from.is_none_or(|far| near >= far);
            if self.closed.last().is_some_and(|closed| is_needed(closed.near) || !self.asked.few)
                && self.opening.len() < OPENS_MAX
            {
                self.open_next();
                continue;
            }
            let is_blocked = self.closed.last().is_some_and(|closed| is_needed(closed.near))
                || self.opening.values().any(|near| is_needed(*near));
            if is_blocked || next.is_none() || self.running.len() >= self.tasks_max {
                return Ok(());
            }
            if !self.begin_task()? {
                return Ok(());
            }
        }
    }

    fn open_next(&mut self) {
        let Some(Closed { meta, place, near }) = self.closed.pop() else { return };
        let others = self.asked.question.only_counts().then(|| {
            let others = self.spans.iter().filter(|(other, _)| *other != place);
            others.map(|(_, span)| *span).collect()
        });
        self.open(meta, place, near, others);
    }

    fn open(&mut self, meta: Arc<BlockMeta>, place: u32, near: i64, others: Option<Vec<Reach>>) {
        self.opening.insert(place, near);
        let (engine, asked) = (self.engine.clone(), self.asked.clone());
        self.work.spawn(async move {
            let found = plan::open(&engine, &meta, asked, others).await?;
            Ok(Done::Opened { place, found })
        });
    }

    /// Opens the block of `task`, which its counts were to answer at once, again to read it page by page: some of its rows may
    /// lie in several places.
    fn open_again(&mut self, task: Task) {
        let Work::Whole(opened, _) = &task.work else { return };
        for (stream, near) in &task.members {
            self.gather.came(*stream, *near);
        }
        self.open(Arc::new(opened.block.meta().clone()), task.place, task.span.near, None);
    }

    /// Begins the nearest task; false when the budget wants another one to end first.
    fn begin_task(&mut self) -> Result<bool> {
        let Some(task) = self.waiting.peek() else { return Ok(false) };
        let lease = match self.selection.budget.lease(task.cost_bytes()) {
            Ok(lease) => lease,
            Err(_) if !self.running.is_empty() => return Ok(false),
            Err(spent) => return Err(spent),
        };
        let Some(task) = self.waiting.pop() else { return Ok(false) };
        let place = task.place;
        if matches!(task.work, Work::Whole(..))
            && task.members.iter().any(|(stream, _)| self.gather.is_mixed(*stream, place))
        {
            self.open_again(task);
            return Ok(true);
        }
        let (task, to_read) =
            task.without_mixed(self.asked.order, |stream| self.gather.is_mixed(stream, place));
        self.waiting.extend(to_read);
        let mixed = task.members.iter().any(|(stream, _)| self.gather.is_mixed(*stream, place));
        let question = if mixed { self.whole.clone() } else { self.asked.question.clone() };
        let number = self.next_number;
        self.next_number += 1;
        self.running.insert(number, task.span.near);
        let (engine, stats) = (self.engine.clone(), self.selection.stats.clone());
        self.work.spawn(async move {
            let members = task.members.clone();
            let scanned = task.run(&engine, question, stats).await?;
            Ok(Done::Scanned { number, members, scanned, lease })
        });
        Ok(true)
    }

    /// Takes in what is done. False when nobody takes the runs any more.
    async fn finish(&mut self, done: Done) -> Result<bool> {
        match done {
            Done::Opened { place, found } => {
                self.opening.remove(&place);
                self.held.grow(found.cost_bytes())?;
                if found.is_sought() {
                    self.tasks_max = self.tasks_most;
                }
                self.waiting.extend(found.tasks(&mut self.gather, place, &self.asked)?);
                Ok(!self.runs.is_closed())
            }
            Done::Scanned { number, members, scanned, lease } => {
                self.running.remove(&number);
                drop(lease);
                for (stream, piece) in scanned.pieces {
                    self.held.grow(piece.rows.held_bytes())?;
                    self.gather.hold(stream, piece);
                }
                for (stream, near) in &members {
                    self.gather.came(*stream, *near);
                }
                let mut groups: Vec<Group> = Vec::new();
                for (stream, rows) in scanned.counted {
                    self.held.grow(rows.held_bytes())?;
                    groups.extend(self.gather.alike(stream, rows));
                }
                if let Some(first) = groups.first_mut() {
                    first.new_streams = self.gather.note_given(members.iter().map(|(stream, _)| *stream));
                    if let Some(opened) = &scanned.whole {
                        first.new_streams += self.gather.note_all_given(opened.block.fingerprints()?);
                    }
                }
                members.into_iter().for_each(|(stream, _)| self.gather.complete(stream, &mut groups));
                self.give(groups).await
            }
        }
    }

    /// Gives what is complete, the nearest first. False when nobody takes it.
    async fn give(&mut self, groups: Vec<Group>) -> Result<bool> {
        let held_bytes: u64 = groups.iter().map(|group| group.held_bytes).sum();
        let joined = self.join(groups).await?;
        let order = self.asked.order;
        let mut spanned: Vec<(Reach, Joined)> = Vec::with_capacity(joined.len());
        for mut one in joined {
            self.selection.stats.duplicates.fetch_add(one.duplicates, Relaxed);
            page::project(&mut one.rows, self.selection.projection);
            spanned.extend(span_of(order, &one.rows).map(|span| (span, one)));
        }
        spanned.sort_by_key(|(span, _)| span.near);
        // From the last one on: how near what comes after each can be.
        let mut bound = self.nearest();
        let mut given = Vec::with_capacity(spanned.len());
        for (span, Joined { stream, rows, new_streams, .. }) in spanned {
            let bound_ns = bound.map_or(order.end_ns(self.selection.range), |key| order.key(key));
            given.push(Run { stream, rows, new_streams, bound_ns });
            bound = bound.max(Some(span.near));
        }
        self.held.shrink(held_bytes);
        given.reverse();
        Ok(given.is_empty() || self.runs.send(Ok(given)).await.is_ok())
    }

    async fn join(&self, groups: Vec<Group>) -> Result<Vec<Joined>> {
        let (single, several): (Vec<_>, Vec<_>) = groups.into_iter().partition(Group::is_single);
        let mut joined: Vec<_> = single.into_iter().map(Group::join).collect();
        if !several.is_empty() {
            let join = move || several.into_iter().map(Group::join).collect::<Vec<_>>();
            joined.extend(self.engine.pool.run(join).await?);
        }
        Ok(joined)
    }

    /// The nearest key that anything still to come may have.
    fn nearest(&self) -> Option<i64> {
        let waiting = self.waiting.peek().map(|task| task.span.near);
        let running = self.running.values().max().copied();
        let closed = self.closed.last().map(|closed| closed.near);
        let opening = self.opening.values().max().copied();
        [waiting, running, closed, opening].into_iter().flatten().max()
    }
}
