use super::*;
use base::unit::ByteSize;
use futures_util::StreamExt;
use model::{
    BoxFuture, Direction, Labels, LabelsRef, RowColumns, RowRef, Run, RunStream, Selection, Stream,
    StreamFacts, StreamQuery,
};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Gives runs of one line each, newest first, from second 1000 down; counts how many were taken.
struct Runs {
    given: Arc<AtomicUsize>,
    /// Position of a run that is an error instead.
    fails_at: usize,
    text_bytes: usize,
}

const RUNS: usize = 1000;

impl Select for Runs {
    fn select(&self, selection: Selection) -> RunStream {
        let (given, fails_at) = (self.given.clone(), self.fails_at);
        let text = vec![b'x'; self.text_bytes];
        let stream = Arc::new(Stream::new(Labels::from_pairs([("app", "a")])));
        let forward = selection.direction == Direction::Forward;
        let runs = (0..RUNS).map(move |at| {
            given.fetch_add(1, Ordering::Relaxed);
            if at == fails_at {
                return Err(Error::unavailable("the bucket does not answer"));
            }
            let second = if forward { at as i64 } else { (RUNS - at) as i64 };
            let line = RowRef { ts_ns: second * 1_000_000_000, body: &text, metadata: LabelsRef::EMPTY };
            let rows = RowColumns::from_rows([line]);
            Ok(Run { stream: stream.clone(), rows, new_streams: u32::from(at == 0), bound_ns: line.ts_ns })
        });
        Box::pin(futures_util::stream::iter(runs))
    }

    fn streams(&self, _query: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

fn engine(fails_at: usize, text_bytes: usize) -> (Engine, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let select = Runs { given: given.clone(), fails_at, text_bytes };
    (Engine::new(Arc::new(select), Pool::new(2).unwrap()), given)
}

fn query(query: &str, limit: usize) -> RangeQuery {
    RangeQuery {
        tenants: vec![Tenant::single()],
        query: query.to_owned(),
        start_ns: 0,
        end_ns: 2000 * 1_000_000_000,
        step_ns: 1_000_000_000_000,
        interval_ns: 0,
        limit,
        direction: Direction::Backward,
        categorize: false,
        align: true,
        cursor: None,
        partial: None,
        now_ns: 0,
    }
}

fn answer(engine: &Engine, query: RangeQuery, limits: &Limits) -> Result<Answered> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(engine.range(query, limits))
}

#[test]
fn a_limited_query_stops_when_the_rest_is_older() {
    let (engine, given) = engine(usize::MAX, 10);
    let answered = answer(&engine, query(r#"{app="a"}"#, 3), &Limits::default()).unwrap();
    let Answer::Streams(streams) = answered.answer else { panic!("no streams") };
    let seconds: Vec<i64> = streams[0].lines.iter().map(|line| line.ts_ns / 1_000_000_000).collect();
    assert_eq!(seconds, [1000, 999, 998]);
    assert!(given.load(Ordering::Relaxed) < 100, "{given:?} runs were taken");
    assert!(answered.stats.runs < 100);
    assert_eq!(answered.stats.entries_returned, 3);
}

#[test]
fn an_error_of_the_store_ends_the_query() {
    let (engine, given) = engine(5, 10);
    let error =
        answer(&engine, query(r#"count_over_time({app="a"}[1h])"#, 0), &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Unavailable, "the bucket does not answer"));
    assert!(given.load(Ordering::Relaxed) < 100);
}

#[test]
fn memory_bounds_the_runs_in_flight_and_not_how_many_there_are() {
    let (engine, _) = engine(usize::MAX, 10_000);
    let limits = Limits { max_query_memory: ByteSize(32 << 10), ..Limits::default() };
    let answered = answer(&engine, query(r#"sum(count_over_time({app="a"}[1h]))"#, 0), &limits).unwrap();
    let Answer::Matrix(matrix) = answered.answer else { panic!("no matrix") };
    assert_eq!(matrix[0].points.iter().map(|point| point.1).collect::<Vec<_>>(), [1.0, 1000.0, 1000.0]);
    assert_eq!(answered.stats.runs, RUNS as u64);
    assert!(answered.stats.peak_memory_bytes <= 32 << 10);
}

#[test]
fn a_run_larger_than_the_memory_is_refused() {
    let (engine, _) = engine(usize::MAX, 100_000);
    let limits = Limits { max_query_memory: ByteSize(32 << 10), ..Limits::default() };
    let error = answer(&engine, query(r#"sum(count_over_time({app="a"}[1h]))"#, 0), &limits).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
    assert!(error.what().starts_with("query memory limit exceeded"), "{error}");
}

/// Without an end to the running job the second query would wait for minutes of compute.
#[test]
fn work_ends_when_nobody_waits_for_the_answer() {
    let twin = model::twin::Twin::new();
    let mut batch = model::BatchBuilder::new(Tenant::single(), model::Signal::Line, 0);
    let lines = (1..20_000).map(|n| RowRef { ts_ns: n, body: b"x", metadata: LabelsRef::EMPTY });
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), lines);
    futures_util::FutureExt::now_or_never(model::Append::append(&twin, batch.build())).unwrap().unwrap();
    let engine = Engine::new(Arc::new(twin), Pool::new(1).unwrap());
    let numbers: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let list = format!("fromJson `[{}]`", numbers.join(","));
    let slow = format!(
        "{{app=\"a\"}} | line_format \"{{{{ range $i := {list} }}}}{{{{ range $j := {list} }}}}{{{{ end }}}}{{{{ end }}}}\" |= \"never\""
    );
    let limits = Limits::default();
    let mut asked = Box::pin(engine.range(query(&slow, 5000), &limits));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..10 {
        assert!(asked.as_mut().poll(&mut context).is_pending(), "the slow query must still run");
        // A job that has not begun would not begin; this is about one that has.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(asked);
    let quick = answer(&engine, query(r#"sum(count_over_time({app="a"}[1h]))"#, 0), &limits);
    assert!(quick.is_ok());
}

#[test]
fn bytes_read_are_bounded_while_reading() {
    let twin = model::twin::Twin::new();
    let mut batch = model::BatchBuilder::new(Tenant::single(), model::Signal::Line, 0);
    let text = [b'x'; 1000];
    let lines = (1..5).map(|n| RowRef { ts_ns: n, body: &text, metadata: LabelsRef::EMPTY });
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), lines);
    futures_util::FutureExt::now_or_never(model::Append::append(&twin, batch.build())).unwrap().unwrap();
    let engine = Engine::new(Arc::new(twin), Pool::new(1).unwrap());
    let asked = || query(r#"{app="a"}"#, 10);
    let limits = Limits { max_query_bytes_read: ByteSize(2000), ..Limits::default() };
    let error = answer(&engine, asked(), &limits).unwrap_err();
    assert!(
        error.what().starts_with("the query would read too many bytes (query: 4.0kB, limit: 2.0kB)"),
        "{error}"
    );
    let limits = Limits { max_querier_bytes_read: ByteSize(2000), ..Limits::default() };
    let error = answer(&engine, asked(), &limits).unwrap_err();
    assert!(
        error.what().starts_with("query too large to execute on a single querier: (query: 4.0kB"),
        "{error}"
    );
    assert!(answer(&engine, asked(), &Limits::default()).is_ok());
}

#[test]
fn too_many_streams_are_refused() {
    let twin = model::twin::Twin::new();
    for app in ["a", "b", "c"] {
        let mut batch = model::BatchBuilder::new(Tenant::single(), model::Signal::Line, 0);
        let line = RowRef { ts_ns: 1, body: b"x", metadata: LabelsRef::EMPTY };
        batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), [line]);
        futures_util::FutureExt::now_or_never(model::Append::append(&twin, batch.build())).unwrap().unwrap();
    }
    let engine = Engine::new(Arc::new(twin), Pool::new(1).unwrap());
    let limits = Limits { cardinality_limit: 2, ..Limits::default() };
    let error = answer(&engine, query(r#"{app=~".+"}"#, 10), &limits).unwrap_err();
    assert_eq!(error.what(), "cardinality limit exceeded for logs{}; 3 entries, more than limit of 2");
}

#[test]
fn a_dropped_query_drops_its_runs() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    struct Never(Arc<AtomicUsize>);
    impl Select for Never {
        fn select(&self, _selection: Selection) -> RunStream {
            let guard = Dropped(self.0.clone());
            let pending = futures_util::stream::pending::<Result<Run>>();
            Box::pin(pending.map(move |run| {
                let _ = &guard;
                run
            }))
        }

        fn streams(&self, _query: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let engine = Engine::new(Arc::new(Never(dropped.clone())), Pool::new(1).unwrap());
    let limits = Limits::default();
    let mut asking = Box::pin(engine.range(query(r#"{app="a"}"#, 10), &limits));
    let asked = futures_util::FutureExt::now_or_never(asking.as_mut());
    assert!(asked.is_none(), "nothing came");
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    drop(asking);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn a_partial_answer_holds_what_came_before_the_error_and_says_so() {
    let partial = Partial { deadline: Instant::now() + Duration::from_secs(600) };
    let asked = |text, limit| RangeQuery { partial: Some(partial), ..query(text, limit) };
    let (failing, _) = engine(5, 10);
    let answered = answer(&failing, asked(r#"{app="a"}"#, 100), &Limits::default()).unwrap();
    assert_eq!(answered.warnings, ["the answer is partial: the bucket does not answer"]);
    let Answer::Streams(streams) = answered.answer else { panic!("no streams") };
    assert!((1..=5).contains(&streams[0].lines.len()));
    // What is wrong with the query itself is no reason for half an answer.
    let (whole, _) = engine(usize::MAX, 10);
    let wrong = answer(&whole, asked(r#"{app="a"} |~ "(""#, 1), &Limits::default());
    assert!(wrong.is_err() || wrong.is_ok_and(|answered| answered.warnings.is_empty()));
}

#[test]
fn a_partial_answer_ends_at_its_deadline() {
    let (engine, given) = engine(usize::MAX, 10);
    let partial = Some(Partial { deadline: Instant::now() });
    let asked = RangeQuery { partial, ..query(r#"count_over_time({app="a"}[1h])"#, 0) };
    let answered = answer(&engine, asked, &Limits::default()).unwrap();
    assert_eq!(answered.warnings, ["the answer is partial: the time for the query is over"]);
    assert!(given.load(Ordering::Relaxed) < 10);
}
