//! The store does what a naive one does, whatever is appended, flushed, and crashed in between.

use super::*;
use crate::compact::Pace;
use crate::passes::Pass;
use base::unit::DAY_NS;
use model::twin::Twin;
use model::{LineFilter, Needle, Predicate};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(u8, Vec<RawRow>)>),
    Again(usize),
    Flush,
    Crash,
    Shutdown,
    Rebuild,
    Compact,
    /// Crash when a merge, or the deleting behind it, comes to this point.
    CrashCompacting(Pass),
    Ask(Ask),
}

/// Time, which letter, how often it is repeated, metadata.
type RawRow = (i64, u8, usize, Option<u8>);

/// A question.
#[derive(Clone, Debug)]
struct Ask {
    start_ns: i64,
    length_ns: i64,
    apps: &'static str,
    needle: Option<(&'static str, bool)>,
    set: Option<u8>,
    projection: Projection,
    forward: bool,
    limit: Option<usize>,
}

/// Texts are long at times, so that a stream goes over several pages.
fn rows() -> impl Strategy<Value = Vec<RawRow>> {
    let length = prop_oneof![30 => 0usize..4, 1 => 300_000usize..900_000];
    let row = (0i64..40, 0u8..3, length, prop::option::weighted(0.3, 0u8..2));
    prop::collection::vec(row, 1..12)
}

fn ask() -> impl Strategy<Value = Ask> {
    let needle = prop::option::of((prop::sample::select(vec!["a", "bb", "ab", "ccc"]), any::<bool>()));
    let projection =
        (any::<bool>(), any::<bool>()).prop_map(|(text, metadata)| Projection { body: text, metadata });
    (
        (-5i64..45, 0i64..50),
        prop::sample::select(vec![".+", "0", "1|2", "9"]),
        needle,
        prop::option::weighted(0.3, 0u8..2),
        projection,
        any::<bool>(),
        prop::option::of(1usize..10),
    )
        .prop_map(|((start_ns, length_ns), apps, needle, set, projection, forward, limit)| Ask {
            start_ns,
            length_ns,
            apps,
            needle,
            set,
            projection,
            forward,
            limit,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec((0u8..3, rows()), 1..4).prop_map(Step::Append),
        2 => (0usize..20).prop_map(Step::Again),
        3 => Just(Step::Flush),
        2 => Just(Step::Crash),
        1 => Just(Step::Shutdown),
        1 => Just(Step::Rebuild),
        2 => Just(Step::Compact),
        1 => prop::sample::select(vec![Pass::Put, Pass::Committed, Pass::Deleted]).prop_map(Step::CrashCompacting),
        6 => ask().prop_map(Step::Ask),
    ]
}

/// The batch with this number: each is received a nanosecond after the one before.
fn batch_of(number: usize, streams: &[(u8, Vec<RawRow>)]) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS + number as i64);
    for (app, rows) in streams {
        let letters = ["a", "b", "c"];
        let texts: Vec<String> =
            rows.iter().map(|(_, letter, length, _)| letters[*letter as usize].repeat(*length)).collect();
        let sets: Vec<Labels> = rows
            .iter()
            .map(|(_, _, _, set)| match set {
                Some(value) => Labels::from_pairs([("id", value.to_string().as_str())]),
                None => Labels::default(),
            })
            .collect();
        let lines = rows.iter().zip(&texts).zip(&sets).map(|(((ts_ns, ..), text), set)| RowRef {
            ts_ns: *ts_ns,
            body: text.as_bytes(),
            metadata: set.as_ref(),
        });
        batch.add_rows(Labels::from_pairs([("app", app.to_string().as_str())]).as_ref(), lines);
    }
    batch.build()
}

impl Ask {
    fn selection(&self) -> Selection {
        let mut predicates = Vec::new();
        if let Some((needle, negated)) = self.needle {
            let any = vec![Needle::text(needle.as_bytes())];
            predicates.push(Predicate::Line(LineFilter { negated, any }));
        }
        if let Some(set) = self.set {
            let matcher = Matcher::new("id", MatchOp::Equal, &set.to_string()).unwrap();
            predicates.push(Predicate::Metadata(matcher));
        }
        let direction = if self.forward { Direction::Forward } else { Direction::Backward };
        Selection {
            range: TimeRange::new(self.start_ns, self.start_ns + self.length_ns),
            matchers: vec![Matcher::new("app", MatchOp::Regex, self.apps).unwrap()],
            predicates,
            projection: self.projection,
            limit_hint: self.limit,
            ..selection(direction)
        }
    }
}

/// What must hold for runs whatever the rows are.
fn check_contract(runs: &[Run], direction: Direction) {
    for (at, run) in runs.iter().enumerate() {
        let times = &run.rows.ts_ns;
        assert!(!times.is_empty() && times.is_sorted());
        for later in &runs[at + 1..] {
            let bounded = later.rows.ts_ns.iter().all(|ts_ns| match direction {
                Direction::Backward => *ts_ns <= run.bound_ns,
                Direction::Forward => *ts_ns >= run.bound_ns,
            });
            assert!(bounded, "a row beyond the bound {}", run.bound_ns);
            if later.stream == run.stream {
                let later = &later.rows.ts_ns;
                assert!(later.last() < times.first() || times.last() < later.first(), "runs share a time");
            }
        }
    }
}

fn first_ones(mut times: Vec<i64>, direction: Direction, limit: usize) -> Vec<i64> {
    times.sort_unstable();
    if direction == Direction::Backward {
        times.reverse();
    }
    times.truncate(limit);
    times
}

/// Takes runs until `limit` rows are known to be the first ones, as a limited query does.
async fn limited(store: &Store, ask: &Ask, limit: usize, nearest: Option<usize>) -> Vec<i64> {
    let selection = Selection { nearest, ..ask.selection() };
    let (direction, mut times) = (selection.direction, Vec::new());
    let mut runs = store.select(selection);
    while let Some(run) = runs.next().await {
        let run = run.unwrap();
        times.extend_from_slice(&run.rows.ts_ns);
        let certain = times.iter().filter(|ts_ns| match direction {
            Direction::Backward => **ts_ns > run.bound_ns,
            Direction::Forward => **ts_ns < run.bound_ns,
        });
        if certain.count() >= limit {
            break;
        }
    }
    first_ones(times, direction, limit)
}

async fn ask_both(store: &Store, twin: &Twin, ask: &Ask) {
    let selection = ask.selection();
    let direction = selection.direction;
    let (found, expected) = (runs(store, selection).await, runs(twin, ask.selection()).await);
    check_contract(&found, direction);
    let (found, expected) = (rows_of(&found), rows_of(&expected));
    // First without the texts, which may be long, so that a difference can be read.
    let brief =
        |rows: &[(String, i64, String)]| rows.iter().map(|row| (row.1, row.2.len())).collect::<Vec<_>>();
    assert_eq!(brief(&found), brief(&expected), "{ask:?}");
    assert!(found == expected, "{ask:?}");
    if let Some(limit) = ask.limit {
        let times = expected.iter().map(|row| row.1).collect();
        let first = first_ones(times, direction, limit);
        assert_eq!(limited(store, ask, limit, None).await, first, "{ask:?}");
        assert_eq!(limited(store, ask, limit, Some(limit)).await, first, "others left out: {ask:?}");
    }
}

/// Streams with their first and last times.
async fn check_streams(store: &Store, twin: &Twin) {
    let query = StreamQuery {
        tenant: Tenant::single(),
        signal: Signal::Line,
        range: TimeRange::ALL,
        matchers: Vec::new(),
    };
    let spans = |facts: Vec<StreamFacts>| {
        let span = |facts: StreamFacts| {
            let min_ns = facts.runs.iter().map(|run| run.min_ns).min();
            let max_ns = facts.runs.iter().map(|run| run.max_ns).max();
            (facts.stream.labels.clone(), min_ns, max_ns)
        };
        let mut spans: Vec<_> = facts.into_iter().map(span).collect();
        spans.sort();
        spans
    };
    let found = store.streams(query.clone()).await.unwrap();
    assert_eq!(spans(found), spans(twin.streams(query).await.unwrap()));
}

/// Merges blocks and deletes what is not needed any more, far later.
async fn compact(engine: &Engine) {
    engine.compact(Pace::Forced).await.unwrap();
    let far_ns = Clock::System.now_ns() + 10 * DAY_NS;
    engine.condemn_orphans(far_ns).await.unwrap();
    engine.delete_removed(far_ns + DAY_NS).await.unwrap();
}

async fn play(block_bytes: u64, steps: Vec<Step>) {
    let mut place = Place::new();
    place.config.block_bytes = ByteSize(block_bytes);
    let twin = Twin::new();
    let mut store = place.open().await;
    let mut appended: Vec<Batch> = Vec::new();
    for step in steps {
        match step {
            Step::Append(streams) => {
                let batch = batch_of(appended.len(), &streams);
                appended.push(batch.clone());
                twin.append(batch.clone()).await.unwrap();
                assert_eq!(store.append(batch).await.unwrap().refused, []);
            }
            Step::Again(number) => {
                if let Some(batch) = appended.get(number) {
                    twin.append(batch.clone()).await.unwrap();
                    assert_eq!(store.append(batch.clone()).await.unwrap().refused, []);
                }
            }
            Step::Flush => store.flush(None).await.unwrap(),
            Step::Crash => {
                kill(store).await;
                store = place.open().await;
            }
            Step::Shutdown => {
                place.config.flush_on_shutdown = appended.len().is_multiple_of(2);
                store.shutdown().await;
                store = place.open().await;
            }
            Step::Rebuild => store.rebuild_catalogue().await.unwrap(),
            Step::Compact => compact(&store.engine).await,
            Step::CrashCompacting(pass) => {
                let engine = store.engine.clone();
                super::compact::killed_at(store, pass, async move { compact(&engine).await }).await;
                store = place.open().await;
                // What is appended again is received at the same time, so it may be a block that was removed,
                // and a flush would wait until that is deleted.
                store.engine.delete_removed(Clock::System.now_ns() + DAY_NS).await.unwrap();
            }
            Step::Ask(ask) => {
                ask_both(&store, &twin, &ask).await;
                check_streams(&store, &twin).await;
            }
        }
    }
    kill(store).await;
}

#[test]
fn the_store_answers_as_the_naive_one() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 100, ..ProptestConfig::default() });
    // Blocks are cut at the end of a page, so with the least size several of them come from one flush, and
    // none is merged.
    let block_bytes = prop::sample::select(vec![1, 3 << 20, 128 << 20]);
    let played = runner.run(&(block_bytes, prop::collection::vec(step(), 1..30)), |(block_bytes, steps)| {
        runtime.block_on(play(block_bytes, steps));
        Ok(())
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}
