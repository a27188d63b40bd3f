//! The whole store behind its doors, on a bucket in memory and a log in a temporary directory.

mod compact;
mod crash;
mod doors;
mod estimate;
mod signals;
mod twin;

use super::*;
use base::unit::{ByteSize, Period, SECOND_NS};
use base::{ByteBudget, Clock, Kind, Pool};
use bucket::Bucket;
use futures_util::StreamExt as _;
use model::{
    BatchBuilder, Direction, Labels, LabelsRef, Limits, LimitsOf, MatchOp, Matcher, Projection, RowRef, Run,
    ScanStats, Signal, TimeRange,
};
use std::sync::LazyLock;
use tempfile::TempDir;

/// When tests begin.
const NOW_NS: i64 = 1_700_000_000 * SECOND_NS;

/// Compute threads of all tests.
static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(2).unwrap());

/// Where a store keeps what it has, and how to open it.
struct Place {
    dir: TempDir,
    bucket: Bucket,
    clock: Clock,
    limits: LimitsOf,
    config: StoreConfig,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig {
            wal_dir: dir.path().to_owned(),
            wal_sync: "off".to_owned(),
            append_wait: Period(SECOND_NS / 10),
            tick: Period(SECOND_NS / 100),
            ..StoreConfig::default()
        };
        let limits = Limits { per_stream_rate_limit_burst: ByteSize(1 << 40), ..Limits::default() };
        Self { dir, bucket: Bucket::memory(), clock: Clock::manual(NOW_NS), limits: limits.fixed(), config }
    }

    /// What stores of this place have in common.
    fn shared(&self) -> Shared {
        let (bucket, limits, clock) = (self.bucket.clone(), self.limits.clone(), self.clock.clone());
        Shared::new(&self.config, bucket, limits, clock, Registry::default(), POOL.clone())
    }

    /// Opens the store without waiting.
    async fn begin(&self) -> Store {
        Store::open(self.config.clone(), self.shared()).await.unwrap()
    }

    async fn open(&self) -> Store {
        let store = self.begin().await;
        store.started().await.unwrap();
        store
    }
}

/// Stops a store where it is, as a crash does, and waits until another one can be opened.
async fn kill(store: Store) {
    store.engine.enter(Phase::Closed);
    store.engine.wal.close().await;
}

/// One row per text, at the given time.
fn batch(app: &str, rows: &[(i64, &str)]) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS);
    let lines = rows.iter().map(|(ts_ns, text)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: LabelsRef::EMPTY,
    });
    batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), lines);
    batch.build()
}

async fn push(store: &Store, app: &str, rows: &[(i64, &str)]) {
    let ack = store.append(batch(app, rows)).await.unwrap();
    assert_eq!(ack.refused, []);
}

fn selection(direction: Direction) -> Selection {
    Selection {
        tenant: Tenant::single(),
        signal: Signal::Line,
        range: TimeRange::new(0, i64::MAX),
        matchers: vec![Matcher::new("app", MatchOp::Regex, ".+").unwrap()],
        predicates: Vec::new(),
        projection: Projection::ALL,
        digest: None,
        direction,
        limit_hint: None,
        nearest: None,
        budget: ByteBudget::unbounded("query"),
        stats: Arc::new(ScanStats::default()),
    }
}

async fn runs(store: &impl Select, selection: Selection) -> Vec<Run> {
    store.select(selection).map(|run| run.unwrap()).collect().await
}

/// Rows as (application, time, text), sorted by application and time; those of one time as they come.
fn rows_of(runs: &[Run]) -> Vec<(String, i64, String)> {
    let mut runs: Vec<&Run> = runs.iter().collect();
    let first_ns = |run: &Run| run.rows.ts_ns.first().copied();
    runs.sort_by_key(|run| (run.stream.labels.clone(), first_ns(run)));
    let rows = runs.into_iter().flat_map(|run| {
        let lines = &run.rows;
        let app = run.stream.labels.get("app").unwrap_or("").to_owned();
        let rows = lines.rows().map(move |row| {
            let text = String::from_utf8_lossy(row.body).into_owned();
            (app.clone(), row.ts_ns, format!("{text}{}", row.metadata))
        });
        rows.collect::<Vec<_>>()
    });
    rows.collect()
}

async fn texts(store: &Store) -> Vec<String> {
    let rows = rows_of(&runs(store, selection(Direction::Forward)).await);
    rows.into_iter().map(|(_, _, text)| text.trim_end_matches("{}").to_owned()).collect()
}

/// Blocks in the catalogue.
fn blocks(store: &Store) -> usize {
    store.engine.catalogue.state().all_blocks().count()
}

/// Rows in memory.
fn memory_rows(store: &Store) -> u64 {
    let heads = store.engine.all_tenants().into_iter().map(|tenant| tenant.heads());
    let views = heads
        .flat_map(|heads| heads.each().flat_map(|head| head.view(&[], TimeRange::ALL)).collect::<Vec<_>>());
    views.flat_map(|view| view.runs).map(|run| run.facts.rows).sum()
}
