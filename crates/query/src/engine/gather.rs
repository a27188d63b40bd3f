//! Asks the store and hands every run to the compute pool: a bounded number at a time, within the
//! query's memory, until all came or the rest cannot matter.

use super::{Partial, checks};
use crate::eval::line::{Doer, Pipeline, Pushdown, Wanted};
use crate::logql::ast::Stage;
use crate::volume::holding;
use base::{ByteBudget, Error, Kind, Lease, Pool, Result};
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, SelectAll};
use futures_util::{FutureExt, StreamExt};
use model::{
    BoxFuture, Digest, Direction, Estimate, Labels, LabelsBuilder, Limits, MatchOp, Matcher, Predicate,
    Projection, Run, RunStream, ScanStats, Select, Selection, Signal, Stream, StreamQuery, Tenant, TimeRange,
};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Label that says whose line it is, when several tenants are asked.
const TENANT_LABEL: &str = "__tenant_id__";
/// The name of a metric. Lines have none, and Loki ignores matchers on it.
const NAME_LABEL: &str = "__name__";
/// What a label called like [`TENANT_LABEL`] in the data is called then.
const ORIGINAL_TENANT_LABEL: &str = "original___tenant_id__";

/// What one query may ask and hold, and what it has cost so far.
pub(super) struct Gather<'a> {
    pub select: &'a dyn Select,
    pub pool: &'a Pool,
    pub limits: &'a Limits,
    pub tenants: &'a [Tenant],
    pub partial: Option<Partial>,
    /// What made the answer partial.
    pub warnings: Mutex<Vec<String>>,
    pub budget: ByteBudget,
    pub scan: Arc<ScanStats>,
    pub cost: Arc<Cost>,
}

/// What a query has cost besides the store's own work.
#[derive(Debug, Default)]
pub(super) struct Cost {
    pub selections: AtomicU64,
    pub runs: AtomicU64,
    pub compute_ns: AtomicU64,
    pub lines_passed: AtomicU64,
    /// Set when nobody waits for the answer any more: a job that runs looks at it for every line.
    pub stopped: AtomicBool,
}

impl Cost {
    /// Whether nobody waits for the answer any more.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Dropping the query's future drops this; jobs on the compute threads end at their next line.
impl Drop for Gather<'_> {
    fn drop(&mut self) {
        self.cost.stopped.store(true, Ordering::Relaxed);
    }
}

/// Which rows are wanted.
pub(super) struct Question<'a> {
    pub matchers: &'a [Matcher],
    pub predicates: Vec<Predicate>,
    /// As in [`Pushdown::on_labels`].
    pub on_labels: Vec<Matcher>,
    pub range: TimeRange,
    pub projection: Projection,
    /// As in [`Selection`].
    pub digest: Option<Arc<Digest>>,
    pub direction: Direction,
    pub limit_hint: Option<usize>,
    /// As in [`Selection`].
    pub nearest: Option<usize>,
}

/// A run of a question.
pub(super) struct Given {
    /// Position of its tenant among those that are asked.
    pub tenant: usize,
    /// The labels of its stream, as the query sees them.
    pub labels: Labels,
    /// Its rows.
    pub run: Run,
}

impl Given {
    /// Orders rows of equal times in different streams.
    pub fn rank(&self) -> (u64, usize) {
        (tie_rank(&self.labels), self.tenant)
    }
}

/// Works on the runs of a question, on several threads at once.
pub(super) trait Work: Send + Sync + 'static {
    /// Takes the rows of some runs in.
    fn take(&self, runs: &[Given]) -> Result<()>;

    /// Whether rows at `bound_ns` or beyond it, in the question's direction, cannot matter any more.
    fn is_done(&self, bound_ns: i64) -> bool;
}

/// Whether what was found before an error of this kind is worth something.
fn leaves_a_part(kind: Kind) -> bool {
    matches!(kind, Kind::Limit | Kind::Unavailable | Kind::Cancelled)
}

/// What comes from the stores: runs of a source, or its end.
type Item = (usize, Option<Vec<Result<Run>>>);

/// A part of a question: streams of a tenant that have or lack the labels of its conditions.
struct Source<'a> {
    /// Position among the tenants asked.
    at: usize,
    tenant: &'a Tenant,
    matchers: Vec<Matcher>,
    predicates: Vec<Predicate>,
}

impl<'a> Source<'a> {
    /// Splits itself by the conditions on one label, that all have its name: streams that have the label
    /// answer them with it, others with the metadata of their rows.
    fn split(self, conditions: &[&Matcher]) -> [Self; 2] {
        let name = conditions.first().map_or("", |matcher| &matcher.name);
        let present = |op| Matcher::new(name, op, "").ok();
        let own = conditions.iter().copied().cloned();
        let mut has = Source { matchers: self.matchers.clone(), predicates: self.predicates.clone(), ..self };
        has.matchers.extend(present(MatchOp::NotEqual));
        has.matchers.extend(own.clone());
        let mut lacks = self;
        lacks.matchers.extend(present(MatchOp::Equal));
        lacks.predicates.extend(own.map(Predicate::Metadata));
        [has, lacks]
    }
}

/// Rows that are worked on together, about, when they lie in many runs: a job for each small one would cost more
/// than its rows.
const JOB_ROWS: usize = 4096;
/// Runs of a job, at most.
const JOB_RUNS: usize = 512;
/// Runs that are taken at once where they have come: the store may be that far ahead.
const RUNS_TOGETHER: usize = 8;

/// Runs for the next job.
#[derive(Default)]
struct Job {
    runs: Vec<Given>,
    leases: Vec<Lease>,
    rows: usize,
}

impl Job {
    fn is_full(&self, rows_most: usize) -> bool {
        self.rows >= rows_most || self.runs.len() >= JOB_RUNS
    }

    fn add(&mut self, given: Given, lease: Lease) {
        self.rows += given.run.rows.len();
        self.runs.push(given);
        self.leases.push(lease);
    }

    fn work(self, work: &impl Work, cost: &Cost) -> Result<()> {
        let started = Instant::now();
        let taken = work.take(&self.runs);
        let spent = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        cost.compute_ns.fetch_add(spent, Ordering::Relaxed);
        cost.runs.fetch_add(self.runs.len() as u64, Ordering::Relaxed);
        taken
    }
}

/// A question while its runs come.
struct Flow<'g, 'q, W> {
    gather: &'g Gather<'q>,
    work: Arc<W>,
    bounds: Bounds,
    /// Of each source the position of its tenant.
    tenants: Vec<usize>,
    streams: usize,
    /// Rows of a job, about: no more than are asked for.
    job_rows: usize,
    working: FuturesUnordered<BoxFuture<'static, Result<Result<()>>>>,
}

impl<W: Work> Flow<'_, '_, W> {
    /// Takes in `first` and what has come already behind it, and begins to work on that. False when no more
    /// will come.
    async fn take_in(
        &mut self,
        first: Item,
        runs: &mut (impl futures_util::Stream<Item = Item> + Unpin),
    ) -> Result<bool> {
        let mut job = Job::default();
        let taken = self.collect(&mut job, first, runs).await;
        self.begin(job);
        if taken.is_err() {
            // What came before may be a part of the answer.
            while self.working.next().await.is_some() {}
        }
        taken
    }

    async fn collect(
        &mut self,
        job: &mut Job,
        first: Item,
        runs: &mut (impl futures_util::Stream<Item = Item> + Unpin),
    ) -> Result<bool> {
        let (mut came, mut begun) = (Some(Some(first)), false);
        while let Some(item) = came.take() {
            match item {
                None => return Ok(false),
                Some((source, None)) => self.bounds.end(source),
                Some((source, Some(runs))) => {
                    for run in runs {
                        self.add(job, source, run?).await?;
                        if job.is_full(self.job_rows) {
                            self.begin(std::mem::take(job));
                            begun = true;
                        }
                    }
                }
            }
            if !begun && !job.is_full(self.job_rows) {
                came = runs.next().now_or_never();
            }
        }
        Ok(true)
    }

    async fn add(&mut self, job: &mut Job, source: usize, run: Run) -> Result<()> {
        let gather = self.gather;
        gather.check_time()?;
        self.bounds.set(source, Some(run.bound_ns));
        let tenant = self.tenants.get(source).copied().unwrap_or(0);
        self.streams = self.streams.saturating_add(run.new_streams as usize);
        gather.check(self.streams)?;
        let bytes = run.rows.held_bytes();
        let lease = match gather.budget.lease(bytes) {
            Ok(lease) => lease,
            Err(_) => {
                // What is being worked on gives its bytes back.
                self.begin(std::mem::take(job));
                while let Some(worked) = self.working.next().await {
                    worked??;
                }
                gather.budget.lease(bytes)?
            }
        };
        job.add(Given { tenant, labels: gather.labels(tenant, &run.stream), run }, lease);
        Ok(())
    }

    fn begin(&mut self, job: Job) {
        if !job.runs.is_empty() {
            let (work, cost) = (self.work.clone(), self.gather.cost.clone());
            self.working.push(Box::pin(self.gather.pool.run(move || job.work(&*work, &cost))));
        }
    }
}

enum Event {
    Came(Option<Item>),
    Worked(Option<Result<Result<()>>>),
}

impl Gather<'_> {
    /// Puts all runs of `question` through `work`.
    ///
    /// # Errors
    /// Of the store, of `work`, and of the limits on memory, bytes and streams.
    pub async fn run(&self, question: &Question<'_>, work: Arc<impl Work>) -> Result<()> {
        match self.run_all(question, work).await {
            Err(error) if self.partial.is_some() && leaves_a_part(error.kind()) => {
                let warning = format!("the answer is partial: {error}");
                let mut warnings = self.warnings.lock();
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
                Ok(())
            }
            done => done,
        }
    }

    async fn run_all(&self, question: &Question<'_>, work: Arc<impl Work>) -> Result<()> {
        let sources = self.sources(question);
        let mut flow = Flow {
            gather: self,
            work,
            bounds: Bounds::new(sources.len(), question.direction),
            tenants: sources.iter().map(|source| source.at).collect(),
            streams: 0,
            job_rows: question.limit_hint.map_or(JOB_ROWS, |limit| limit.clamp(1, JOB_ROWS)),
            working: FuturesUnordered::new(),
        };
        let mut runs: SelectAll<_> = futures_util::stream::select_all(self.ask(question, sources));
        let most = self.pool.threads() * 2;
        let mut more = true;
        while more || !flow.working.is_empty() {
            let event = if more && flow.working.is_empty() {
                Event::Came(runs.next().await)
            } else if more && flow.working.len() < most {
                match select(runs.next(), flow.working.next()).await {
                    Either::Left((came, _)) => Event::Came(came),
                    Either::Right((worked, _)) => Event::Worked(worked),
                }
            } else {
                Event::Worked(flow.working.next().await)
            };
            match event {
                Event::Came(None) => more = false,
                Event::Came(Some(first)) => more = flow.take_in(first, &mut runs).await?,
                Event::Worked(None) => {}
                Event::Worked(Some(worked)) => worked??,
            }
            if more && flow.bounds.all().is_some_and(|bound_ns| flow.work.is_done(bound_ns)) {
                more = false;
            }
        }
        Ok(())
    }

    /// The selections that make up a question.
    fn sources(&self, question: &Question<'_>) -> Vec<Source<'_>> {
        let predicates = &question.predicates;
        let whole = |(at, tenant, matchers)| Source { at, tenant, matchers, predicates: predicates.clone() };
        let mut sources: Vec<Source<'_>> = self.asked(question.matchers).map(whole).collect();
        let mut conditions: Vec<&Matcher> = question.on_labels.iter().collect();
        conditions.sort_by(|a, b| a.name.cmp(&b.name));
        for same in conditions.chunk_by(|a, b| a.name == b.name) {
            sources = sources.into_iter().flat_map(|source| source.split(same)).collect();
        }
        sources
    }

    /// The runs of every source, each stream followed by its end.
    fn ask(
        &self,
        question: &Question<'_>,
        sources: Vec<Source<'_>>,
    ) -> Vec<impl futures_util::Stream<Item = Item> + Send + Unpin + use<>> {
        // Where few rows suffice, each run may be the last one needed.
        let together = if question.limit_hint.is_some() { 1 } else { RUNS_TOGETHER };
        let asked = sources.into_iter().enumerate().map(|(at, source)| {
            self.cost.selections.fetch_add(1, Ordering::Relaxed);
            let runs: RunStream = self.select.select(self.selection(question, source));
            let end = futures_util::stream::iter([(at, None)]);
            runs.ready_chunks(together).map(move |runs| (at, Some(runs))).chain(end)
        });
        asked.collect()
    }

    fn selection(&self, question: &Question<'_>, source: Source<'_>) -> Selection {
        Selection {
            tenant: source.tenant.clone(),
            signal: Signal::Line,
            range: question.range,
            matchers: source.matchers,
            predicates: source.predicates,
            projection: question.projection,
            digest: question.digest.clone(),
            direction: question.direction,
            limit_hint: question.limit_hint,
            nearest: question.nearest,
            budget: self.budget.clone(),
            stats: self.scan.clone(),
        }
    }

    /// What answering `question` would read, and how many selections it is.
    ///
    /// # Errors
    /// What the store says.
    pub async fn estimate(&self, question: &Question<'_>) -> Result<(Estimate, u64)> {
        let (mut estimate, mut selections, mut last) = (Estimate::default(), 0, None);
        for source in self.sources(question) {
            let at = source.at;
            let part = self.select.estimate(self.selection(question, source)).await?;
            // The parts of one tenant lie in the same blocks.
            estimate.add(&part, last.replace(at) == Some(at));
            selections += 1;
        }
        Ok((estimate, selections))
    }

    /// The tenants that the matchers let pass, each with the matchers on its own labels.
    fn asked(&self, matchers: &[Matcher]) -> impl Iterator<Item = (usize, &Tenant, Vec<Matcher>)> {
        let named = matchers.iter().filter(|matcher| matcher.name != NAME_LABEL).cloned();
        let (on_tenant, own): (Vec<Matcher>, Vec<Matcher>) =
            named.partition(|matcher| self.tenants.len() > 1 && matcher.name == TENANT_LABEL);
        let passes = move |tenant: &Tenant| on_tenant.iter().all(|matcher| matcher.matches(tenant.as_str()));
        let wanted = self.tenants.iter().enumerate().filter(move |(_, tenant)| passes(tenant));
        wanted.map(move |(at, tenant)| (at, tenant, own.clone()))
    }

    /// A stream's labels as the query sees them.
    fn labels(&self, tenant: usize, stream: &Stream) -> Labels {
        let Some(tenant) = self.tenants.get(tenant).filter(|_| self.tenants.len() > 1) else {
            return stream.labels.clone();
        };
        let mut labels = LabelsBuilder::from(stream.labels.as_ref());
        if let Some(original) = stream.labels.get(TENANT_LABEL) {
            labels.set(ORIGINAL_TENANT_LABEL, original);
        }
        labels.set(TENANT_LABEL, tenant.as_str());
        labels.build()
    }

    /// Ends the work of who takes a part of the answer before the deadline ends all of it.
    fn check_time(&self) -> Result<()> {
        match self.partial {
            Some(partial) if Instant::now() >= partial.deadline => {
                Err(Error::new(Kind::Cancelled, "the time for the query is over"))
            }
            _ => Ok(()),
        }
    }

    fn check(&self, streams: usize) -> Result<()> {
        let limit = self.limits.cardinality_limit;
        if limit > 0 && streams > limit {
            return Err(checks::too_many_streams(limit));
        }
        let (limit, scan) = (self.limits.max_querier_bytes_read.0, &self.scan);
        let bytes = scan.head_bytes.load(Ordering::Relaxed) + scan.block_bytes.load(Ordering::Relaxed);
        if limit > 0 && bytes > limit {
            return Err(checks::too_many_bytes_scanned(bytes, limit));
        }
        Ok(())
    }

    /// What `compiled` holds; `None` when it is an error but there is nothing to read. Loki compiles
    /// pipelines only for streams that it finds.
    ///
    /// # Errors
    /// That of `compiled`, or what the store says.
    pub async fn needed<T>(
        &self,
        compiled: Result<T>,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Option<T>> {
        let Err(error) = compiled else { return compiled.map(Some) };
        for (_, tenant, matchers) in self.asked(matchers) {
            let query = StreamQuery { tenant: tenant.clone(), signal: Signal::Line, range, matchers };
            if !self.select.streams(query).await?.is_empty() {
                return Err(error);
            }
        }
        Ok(None)
    }

    /// Refuses the question when the streams it touches hold too many bytes in its range.
    ///
    /// # Errors
    /// [`base::Kind::Limit`], or what the store says.
    pub async fn check_bytes(&self, matchers: &[Matcher], range: TimeRange) -> Result<()> {
        if self.limits.max_query_bytes_read.0 == 0 {
            return Ok(());
        }
        let mut bytes = 0;
        for (_, tenant, matchers) in self.asked(matchers) {
            let query = StreamQuery { tenant: tenant.clone(), signal: Signal::Line, range, matchers };
            bytes += holding(&self.select.streams(query).await?, range).bytes;
        }
        checks::bytes_read(self.limits, bytes)
    }
}

/// Stages, compiled.
pub(super) struct Compiled {
    /// What the store checks.
    pub predicates: Vec<Predicate>,
    /// As in [`Pushdown::on_labels`].
    pub on_labels: Vec<Matcher>,
    /// The stages that it does not check.
    pub rest: Vec<Stage>,
    /// As in [`Pushdown::doers`].
    pub doers: Vec<Doer>,
    /// A pipeline for these.
    pub pipeline: Pipeline,
}

/// What the store checks of `stages`, and a pipeline for the rest.
///
/// # Errors
/// [`base::Kind::Invalid`] for a stage that does not compile.
pub(super) fn compile(stages: &[Stage], wanted: Wanted<'_>) -> Result<Compiled> {
    let Pushdown { predicates, on_labels, rest, doers } = Pushdown::split(stages)?;
    let pipeline = Pipeline::compile(&rest, wanted)?;
    Ok(Compiled { predicates, on_labels, rest, doers, pipeline })
}

/// Which of several streams with a line at one time comes first: the one with the lesser hash, and
/// the hash is Prometheus' of a label set, so that a limit cuts among them as it does in Loki.
fn tie_rank(labels: &Labels) -> u64 {
    let mut bytes = Vec::with_capacity(labels.bytes().len());
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0xff);
    }
    xxhash_rust::xxh64::xxh64(&bytes, 0)
}

/// How far the rows still to come can reach, over all sources.
struct Bounds {
    /// `None` while a source has not said anything.
    of: Vec<Option<i64>>,
    direction: Direction,
}

impl Bounds {
    fn new(sources: usize, direction: Direction) -> Self {
        Self { of: vec![None; sources], direction }
    }

    fn end(&mut self, source: usize) {
        let nothing = if self.direction == Direction::Backward { i64::MIN } else { i64::MAX };
        self.set(source, Some(nothing));
    }

    fn set(&mut self, source: usize, bound_ns: Option<i64>) {
        if let Some(bound) = self.of.get_mut(source) {
            *bound = bound_ns;
        }
    }

    fn all(&self) -> Option<i64> {
        let bounds = self.of.iter().copied();
        match self.direction {
            Direction::Backward => bounds.reduce(|a, b| Some(a?.max(b?)))?,
            Direction::Forward => bounds.reduce(|a, b| Some(a?.min(b?)))?,
        }
    }
}
