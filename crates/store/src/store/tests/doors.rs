//! Each door on its own.

use super::*;
use model::fields::Format;
use model::{Cells, DETECTED_LEVEL, Digest, Fields, LineFilter, Needle, Predicate, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn all_streams() -> StreamQuery {
    StreamQuery {
        tenant: Tenant::single(),
        signal: Signal::Line,
        range: TimeRange::ALL,
        matchers: Vec::new(),
    }
}

/// A batch of another tenant with one row at `ts_ns`.
fn batch_of(tenant: &Tenant, ts_ns: i64) -> Batch {
    let mut batch = BatchBuilder::new(tenant.clone(), Signal::Line, NOW_NS);
    let row = RowRef { ts_ns, body: b"theirs", metadata: LabelsRef::EMPTY };
    batch.add_rows(Labels::from_pairs([("app", "b")]).as_ref(), [row]);
    batch.build()
}

/// A bucket that fails every request.
fn failing_bucket() -> Bucket {
    let config = bucket::BucketConfig {
        object_store: "memory".to_owned(),
        max_retries: 0,
        faults: bucket::config::FaultsConfig { fail_percent: 100, ..Default::default() },
        ..Default::default()
    };
    Bucket::open(&config, &Registry::default()).unwrap()
}

#[tokio::test]
async fn a_row_is_seen_once_it_is_acknowledged_wherever_it_lies() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one"), (2, "two")]).await;
    assert_eq!(texts(&store).await, ["one", "two"]);
    store.flush(None).await.unwrap();
    assert_eq!((blocks(&store), memory_rows(&store)), (1, 0));
    assert_eq!(texts(&store).await, ["one", "two"]);
    push(&store, "a", &[(2, "two"), (3, "three")]).await;
    assert_eq!(texts(&store).await, ["one", "two", "three"], "what is sent again is there once");
    let facts = store.streams(all_streams()).await.unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].runs.iter().map(|run| run.rows).sum::<u64>(), 4);
}

#[tokio::test]
async fn counting_without_texts_still_drops_what_was_sent_again() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one"), (2, "two"), (2, "zwei")]).await;
    push(&store, "b", &[(1, "one"), (1, "eins")]).await;
    store.flush(None).await.unwrap();
    push(&store, "a", &[(2, "two")]).await;
    let mut asked = selection(Direction::Backward);
    asked.projection = Projection { body: false, metadata: false };
    let stats = asked.stats.clone();
    let runs = runs(&store, asked).await;
    let count: usize = runs.iter().map(|run| run.rows.len()).sum();
    assert_eq!(count, 5);
    assert_eq!(stats.duplicates.load(Ordering::Relaxed), 1);
    let lines = &runs[0].rows;
    assert!(lines.bodies.is_empty() && lines.body_len(0) > 0);
}

#[tokio::test]
async fn fields_are_left_out_unless_what_was_sent_again_must_be_found() {
    let place = Place::new();
    let store = place.open().await;
    let line = |n: i64| format!(r#"{{"id":"request-{n}","path":"/api/items/{n}","ms":{}}}"#, n % 7);
    let lines: Vec<String> = (0..2000).map(line).collect();
    let rows: Vec<(i64, &str)> = (0..).zip(lines.iter().map(String::as_str)).collect();
    push(&store, "a", &rows).await;
    store.flush(None).await.unwrap();
    let fields = Fields { format: Format::Json, names: vec!["ms".to_owned()] };
    let digest = Arc::new(Digest { fields: Some(fields), ..Digest::default() });
    let asked = || Selection { digest: Some(digest.clone()), ..selection(Direction::Forward) };
    let texts = async || {
        let found = rows_of(&runs(&store, asked()).await).into_iter();
        found.map(|(_, _, text)| text.trim_end_matches("{}").to_owned()).collect::<Vec<_>>()
    };
    let short: Vec<String> = (0..2000).map(|n| format!(r#"{{"ms":{}}}"#, n % 7)).collect();
    assert_eq!(texts().await, short);
    push(&store, "a", &rows[1990..]).await;
    assert_eq!(texts().await, lines, "rows in a block and in memory are compared");
}

/// Rows by the end of their minute and their level.
fn by_minute_and_level(runs: &[Run]) -> BTreeMap<(i64, String), u64> {
    let mut sums = BTreeMap::new();
    for rows in runs.iter().map(|run| &run.rows) {
        for (at, row) in rows.rows().enumerate() {
            let minute = (row.ts_ns - 1).div_euclid(60 * SECOND_NS);
            let level = row.metadata.get(DETECTED_LEVEL).unwrap_or("").to_owned();
            *sums.entry((minute, level)).or_default() += u64::from(rows.count(at));
        }
    }
    sums
}

#[tokio::test]
async fn rows_are_counted_without_being_read_unless_what_was_sent_again_must_be_found() {
    let place = Place::new();
    let store = place.open().await;
    let append = async |from: i64, to: i64| {
        let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS);
        let sets = ["info", "warn", "error"].map(|level| Labels::from_pairs([(DETECTED_LEVEL, level)]));
        let texts: Vec<String> =
            (from..to).map(|n| format!("request {:08x} done", n * 7_919 % 65_537)).collect();
        for app in ["a", "b"] {
            let rows = (from..to).zip(&texts).map(|(n, text)| RowRef {
                ts_ns: n * SECOND_NS / 50,
                body: text.as_bytes(),
                metadata: sets[(n * n % 3) as usize].as_ref(),
            });
            batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), rows);
        }
        store.append(batch.build()).await.unwrap();
    };
    append(0, 30_000).await;
    store.flush(None).await.unwrap();
    let ask = async |digest: Option<Digest>| {
        let mut asked = selection(Direction::Forward);
        asked.projection = Projection { body: false, metadata: true };
        asked.range = TimeRange::new(1, 420 * SECOND_NS + 1);
        asked.digest = digest.map(Arc::new);
        let stats = asked.stats.clone();
        let runs = runs(&store, asked).await;
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (by_minute_and_level(&runs), count(&stats.pages_counted), count(&stats.pages_read))
    };
    let digest = || {
        let cells = Cells { edge_ns: 0, width_ns: 60 * SECOND_NS };
        Some(Digest { names: Some(vec![DETECTED_LEVEL.to_owned()]), cells: Some(cells), ..Digest::default() })
    };
    let whole = ask(None).await;
    assert!(whole.1 == 0 && whole.2 > 0 && whole.0.len() == 14, "{whole:?}");
    let pages = whole.2;
    assert_eq!(ask(digest()).await, (whole.0.clone(), pages, 0));
    assert_eq!(ask(digest()).await, (whole.0.clone(), pages, 0), "what was read is kept");
    let mut by_pod = digest();
    by_pod.iter_mut().for_each(|digest| digest.names = Some(vec!["pod".to_owned()]));
    let sums = ask(by_pod).await;
    assert_eq!((sums.0.values().sum::<u64>(), sums.2), (whole.0.values().sum(), 0));
    append(20_000, 21_000).await;
    let (again, counted, read) = ask(digest()).await;
    assert_eq!(again, whole.0);
    assert!(read > 0 && counted + read == pages, "{counted} counted, {read} read");
}

#[tokio::test]
async fn streams_that_a_count_cannot_tell_apart_come_as_one() {
    let place = Place::new();
    let store = place.open().await;
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS);
    for pod in 0..20 {
        let (app, pod) = (["a", "b"][pod % 2], pod.to_string());
        let rows = (1..=50).map(|n| RowRef { ts_ns: n * SECOND_NS, body: b"x", metadata: LabelsRef::EMPTY });
        batch.add_rows(Labels::from_pairs([("app", app), ("pod", &pod)]).as_ref(), rows);
    }
    store.append(batch.build()).await.unwrap();
    store.flush(None).await.unwrap();
    for (name, alike) in [(Some("app"), 2), (Some("pod"), 20), (Some("other"), 1), (None, 20)] {
        let mut asked = selection(Direction::Forward);
        asked.projection = Projection { body: false, metadata: true };
        let cells = Some(Cells { edge_ns: 0, width_ns: 60 * SECOND_NS });
        let names = name.map(|name| vec![name.to_owned()]);
        asked.digest = Some(Arc::new(Digest { names, cells, ..Digest::default() }));
        let runs = runs(&store, asked).await;
        let streams: BTreeSet<_> = runs.iter().map(|run| run.stream.labels.clone()).collect();
        assert_eq!((streams.len(), runs.len()), (alike, alike), "{name:?}");
        assert_eq!(runs.iter().map(|run| run.new_streams).sum::<u32>(), 20, "{name:?}");
        let rows = runs.iter().flat_map(|run| (0..run.rows.len()).map(|at| u64::from(run.rows.count(at))));
        assert_eq!(rows.sum::<u64>(), 1000, "{name:?}");
    }
}

/// Blocks of many streams that follow each other in time, overlap without sharing streams there, or repeat rows: however
/// often it is asked, counts are those of the rows.
#[tokio::test]
async fn counts_of_whole_blocks_are_those_of_their_rows() {
    let place = Place::new();
    let store = place.open().await;
    let append = async |pods: std::ops::Range<usize>, from: i64, to: i64| {
        let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS);
        let sets = ["info", "warn"].map(|level| Labels::from_pairs([(DETECTED_LEVEL, level)]));
        for pod in pods {
            let id = |n: i64| (n as u64 * 97 + pod as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let texts: Vec<String> = (2 * from..2 * to).map(|n| format!("{:016x}", id(n))).collect();
            let (app, pod) = (["a", "b"][pod / 20], format!("pod-{pod:02}"));
            let rows = (2 * from..2 * to).zip(&texts).map(|(n, text)| RowRef {
                ts_ns: n * SECOND_NS / 2,
                body: text.as_bytes(),
                metadata: sets[(n * n % 3 % 2) as usize].as_ref(),
            });
            batch.add_rows(Labels::from_pairs([("app", app), ("pod", &pod)]).as_ref(), rows);
        }
        store.append(batch.build()).await.unwrap();
    };
    let ask = async |name: Option<&str>| {
        let mut asked = selection(Direction::Forward);
        asked.projection = Projection { body: false, metadata: true };
        asked.range = TimeRange::new(1, 1200 * SECOND_NS + 1);
        let cells = Some(Cells { edge_ns: 0, width_ns: 60 * SECOND_NS });
        let names = name.map(|name| vec![name.to_owned(), DETECTED_LEVEL.to_owned()]);
        asked.digest = names.map(|names| Arc::new(Digest { names: Some(names), cells, ..Digest::default() }));
        let stats = asked.stats.clone();
        let runs = runs(&store, asked).await;
        let streams: u32 = runs.iter().map(|run| run.new_streams).sum();
        let rows: usize = runs.iter().map(|run| run.rows.len()).sum();
        (by_minute_and_level(&runs), streams, rows, stats.pages_read.load(Ordering::Relaxed))
    };
    let check = async |reads: bool| {
        let whole = ask(None).await;
        // The first time finds no counts that are added up, the second does.
        for name in ["app", "none", "app", "none"] {
            let (sums, streams, _, read) = ask(Some(name)).await;
            assert_eq!((&sums, streams, read > 0), (&whole.0, whole.1, reads), "{name}");
        }
    };
    append(0..40, 1, 301).await;
    store.flush(None).await.unwrap();
    check(false).await;
    let (sums, _, rows, _) = ask(Some("none")).await;
    assert_eq!(rows, sums.len(), "all pages are put together");
    append(0..40, 301, 601).await;
    store.flush(None).await.unwrap();
    check(false).await;
    // Half of the streams go on while the others are still in the block before.
    append(0..20, 601, 901).await;
    store.flush(None).await.unwrap();
    append(20..40, 601, 901).await;
    store.flush(None).await.unwrap();
    check(false).await;
    append(3..5, 890, 910).await;
    check(true).await;
    store.flush(None).await.unwrap();
    check(true).await;
}

#[tokio::test]
async fn streams_beyond_a_limit_are_refused_and_the_rest_is_kept() {
    let mut place = Place::new();
    place.limits = Limits { max_global_streams_per_user: 1, ..Limits::default() }.fixed();
    let store = place.open().await;
    push(&store, "a", &[(1, "one")]).await;
    let mut both = BatchBuilder::new(Tenant::single(), Signal::Line, NOW_NS);
    for app in ["b", "a"] {
        let row = RowRef { ts_ns: 2, body: b"two", metadata: LabelsRef::EMPTY };
        both.add_rows(Labels::from_pairs([("app", app)]).as_ref(), [row]);
    }
    let ack = store.append(both.build()).await.unwrap();
    assert_eq!(ack.refused.len(), 1);
    assert_eq!((ack.refused[0].stream, &ack.refused[0].why), (0, &Refusal::StreamLimit { limit: 1 }));
    assert_eq!(texts(&store).await, ["one", "two"]);
}

#[tokio::test]
async fn an_append_waits_for_memory_and_is_refused_when_none_comes() {
    let mut place = Place::new();
    place.config.head_memory = ByteSize(200_000);
    let store = place.open().await;
    // What is frozen for a flush that stands still stays in memory.
    store.engine.passes.close(Some(crate::passes::Pass::Frozen));
    let large = "x".repeat(50_000);
    let mut kept = 0;
    let refused = loop {
        match store.append(batch("a", &[(kept, large.as_str())])).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!((1..4).contains(&kept), "{kept}");
    let too_large = "x".repeat(300_000);
    assert_eq!(store.append(batch("a", &[(0, too_large.as_str())])).await.unwrap_err().kind(), Kind::Limit);
    kill(store).await;
    assert_eq!(texts(&place.open().await).await.len() as i64, kept);
}

#[tokio::test]
async fn rows_leave_memory_by_size_age_and_idleness() {
    let base = Place::new().config;
    for (reason, advance_s, config) in [
        ("full", 0, StoreConfig { flush_bytes: ByteSize(1), ..base.clone() }),
        ("max_age", 60, StoreConfig { flush_age: Period::seconds(60), ..base.clone() }),
        ("idle", 60, StoreConfig { flush_idle: Period::seconds(60), ..base.clone() }),
        ("memory", 0, StoreConfig { head_memory: ByteSize(5100), ..base.clone() }),
        ("wal", 0, StoreConfig { wal_size: ByteSize(1), ..base.clone() }),
    ] {
        let mut place = Place::new();
        place.config = StoreConfig { wal_dir: place.dir.path().to_owned(), ..config };
        let store = place.open().await;
        push(&store, "a", &[(1, "x".repeat(4000).as_str())]).await;
        place.clock.advance(advance_s * SECOND_NS);
        let gone = async {
            while blocks(&store) == 0 || memory_rows(&store) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap_or_else(|_| panic!("{reason}"));
        assert_eq!(store.engine.meters.flushed(reason).get(), 1.0, "{reason}");
        assert_eq!(texts(&store).await.len(), 1);
        kill(store).await;
    }
}

#[tokio::test]
async fn a_flushed_log_is_empty() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "x".repeat(10_000).as_str())]).await;
    assert!(store.engine.wal.usage().bytes > 10_000);
    store.flush(None).await.unwrap();
    assert!(store.engine.wal.usage().bytes < 1000, "{:?}", store.engine.wal.usage());
    kill(store).await;
    let store = place.open().await;
    assert_eq!((texts(&store).await.len(), memory_rows(&store)), (1, 0));
}

#[tokio::test]
async fn the_log_keeps_what_one_tenant_has_in_memory_while_others_are_flushed() {
    let mut place = Place::new();
    place.config.wal_segment = ByteSize(100);
    let store = place.open().await;
    push(&store, "a", &[(1, "kept in memory")]).await;
    let other = Tenant::new("other").unwrap();
    for ts_ns in 0..20 {
        store.append(batch_of(&other, ts_ns)).await.unwrap();
    }
    store.flush(Some(other)).await.unwrap();
    assert!(store.engine.wal.usage().segments > 10);
    kill(store).await;
    let store = place.open().await;
    assert_eq!(memory_rows(&store), 1, "the other tenant's rows are in a block and not replayed");
    assert_eq!(texts(&store).await, ["kept in memory"]);
    store.flush(None).await.unwrap();
    assert!(store.engine.wal.usage().segments <= 1);
}

#[tokio::test]
async fn retention_removes_a_block_at_once_and_its_object_later() {
    let mut place = Place::new();
    place.limits = Limits { retention_period: Period::seconds(100), ..Limits::default() }.fixed();
    place.config.retention_interval = Period(0);
    let store = place.open().await;
    push(&store, "a", &[(NOW_NS, "old")]).await;
    store.flush(None).await.unwrap();
    push(&store, "a", &[(NOW_NS + 90 * SECOND_NS, "new")]).await;
    store.flush(None).await.unwrap();
    let objects = || async { place.bucket.list("fake").await.unwrap().len() };
    let at = |seconds: i64| NOW_NS + seconds * SECOND_NS;
    let retained = |removed, deleted| Retained { removed, deleted };
    assert_eq!(store.retain(at(100)).await.unwrap(), retained(0, 0));
    assert_eq!(store.retain(at(101)).await.unwrap(), retained(1, 0));
    assert_eq!((texts(&store).await, objects().await), (vec!["new".to_owned()], 2));
    let delay = place.config.retention_delay.ns() / SECOND_NS;
    assert_eq!(store.retain(at(100 + delay)).await.unwrap(), retained(1, 0));
    assert_eq!(store.retain(at(101 + delay)).await.unwrap(), retained(0, 1));
    assert_eq!((texts(&store).await.len(), objects().await), (0, 1));
    kill(store).await;
    let store = place.open().await;
    assert_eq!(store.retain(at(100 + 2 * delay)).await.unwrap(), retained(0, 1));
    assert_eq!(objects().await, 0);
}

#[tokio::test]
async fn a_limited_question_reads_little() {
    let place = Place::new();
    let store = place.open().await;
    // Twenty blocks, one after the other in time.
    for number in 0..20 {
        push(&store, "a", &[(number * 10, "row"), (number * 10 + 5, "row")]).await;
        store.flush(None).await.unwrap();
    }
    for direction in [Direction::Backward, Direction::Forward] {
        let mut asked = selection(direction);
        asked.limit_hint = Some(1);
        let stats = asked.stats.clone();
        let mut stream = store.select(asked);
        let first = stream.next().await.unwrap().unwrap();
        drop(stream);
        let lines = &first.rows;
        match direction {
            Direction::Backward => {
                assert_eq!((lines.ts_ns.as_slice(), first.bound_ns), (&[190, 195][..], 185))
            }
            Direction::Forward => assert_eq!((lines.ts_ns.as_slice(), first.bound_ns), (&[0, 5][..], 10)),
        }
        let read = stats.pages_read.load(Ordering::Relaxed);
        assert!(read < 15, "{read} of 20 pages were read");
    }
}

#[tokio::test]
async fn a_spent_budget_ends_a_question() {
    let place = Place::new();
    let store = place.open().await;
    let large = "x".repeat(100_000);
    push(&store, "a", &[(1, large.as_str()), (2, large.as_str())]).await;
    for _ in 0..2 {
        let mut asked = selection(Direction::Backward);
        asked.budget = ByteBudget::new("query", 50_000);
        let found: Vec<Result<Run>> = store.select(asked).collect().await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].as_ref().unwrap_err().kind(), Kind::Limit);
        store.flush(None).await.unwrap();
    }
    let asked = selection(Direction::Backward);
    let budget = asked.budget.clone();
    assert_eq!(rows_of(&runs(&store, asked).await).len(), 2);
    assert_eq!(budget.used_bytes(), 0, "all is given back");
}

#[tokio::test]
async fn filters_are_asked_before_pages_are_read() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "trace 4bf92f3577b34da6a3ce929d0e0e4736 begins")]).await;
    push(&store, "b", &[(1, "nothing here")]).await;
    store.flush(None).await.unwrap();
    let ask = |needle: &str| {
        let any = vec![Needle::text(needle.as_bytes())];
        let mut asked = selection(Direction::Backward);
        asked.predicates = vec![Predicate::Line(LineFilter { negated: false, any })];
        asked
    };
    let (found, absent) = (ask("4bf92f3577b34da6a3ce9"), ask("00000000000000000000000"));
    let stats = absent.stats.clone();
    assert_eq!(rows_of(&runs(&store, found).await).len(), 1);
    assert_eq!(rows_of(&runs(&store, absent).await).len(), 0);
    let (skipped, read) = (&stats.pages_skipped, &stats.pages_read);
    assert_eq!((skipped.load(Ordering::Relaxed), read.load(Ordering::Relaxed)), (1, 0));
}

#[tokio::test]
async fn doors_refuse_until_the_log_is_replayed_and_after_shutdown() {
    let mut place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one")]).await;
    store.shutdown().await;
    assert!(store.ready().is_err());
    assert_eq!(store.append(batch("a", &[(2, "two")])).await.unwrap_err().kind(), Kind::Unavailable);
    let bucket = std::mem::replace(&mut place.bucket, failing_bucket());
    let waiting = place.begin().await;
    assert_eq!(waiting.ready().unwrap_err(), "reading the catalogue");
    let found: Vec<Result<Run>> = waiting.select(selection(Direction::Backward)).collect().await;
    assert_eq!(found[0].as_ref().unwrap_err().kind(), Kind::Unavailable);
    kill(waiting).await;
    place.bucket = bucket;
    assert_eq!(texts(&place.open().await).await, ["one"]);
}

#[tokio::test]
async fn a_shutdown_flushes_where_it_is_wanted() {
    let mut place = Place::new();
    place.config.flush_on_shutdown = true;
    let store = place.open().await;
    push(&store, "a", &[(1, "one")]).await;
    store.shutdown().await;
    assert_eq!(blocks(&store), 1);
    let store = place.open().await;
    assert_eq!((texts(&store).await.len(), memory_rows(&store)), (1, 0));
}

#[tokio::test]
async fn followers_see_what_was_acknowledged() {
    let place = Place::new();
    let store = place.open().await;
    let mut following = store.follow(&Tenant::single());
    push(&store, "a", &[(1, "one")]).await;
    let Some(Followed::Batch(batch)) = following.next().await else { panic!("no batch") };
    assert_eq!(batch.row_count(), 1);
}

#[tokio::test]
async fn a_tenant_may_have_any_name_that_is_allowed() {
    let place = Place::new();
    let store = place.open().await;
    for name in ["!-_.*'()", "catalogue", "a".repeat(150).as_str()] {
        let tenant = Tenant::new(name).unwrap();
        store.append(batch_of(&tenant, 1)).await.unwrap();
        let flushed = tokio::time::timeout(Duration::from_secs(10), store.flush(Some(tenant.clone())));
        flushed.await.expect(name).unwrap();
        let asked = Selection { tenant, ..selection(Direction::Backward) };
        assert_eq!(rows_of(&runs(&store, asked).await).len(), 1, "{name}");
    }
    store.rebuild_catalogue().await.unwrap();
    assert_eq!(blocks(&store), 3);
}

#[tokio::test]
async fn a_record_that_holds_no_batch_is_skipped() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one")]).await;
    store.engine.wal.append(bytes::Bytes::from_static(b"no batch")).await.unwrap();
    push(&store, "a", &[(2, "two")]).await;
    kill(store).await;
    let store = place.open().await;
    assert_eq!(texts(&store).await, ["one", "two"]);
    assert_eq!(store.engine.meters.replay_corrupt.get(), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_larger_than_memory_is_replayed() {
    let mut place = Place::new();
    let store = place.open().await;
    let text = "x".repeat(1000);
    for ts_ns in 0..300 {
        push(&store, "a", &[(ts_ns, text.as_str())]).await;
    }
    kill(store).await;
    place.config.head_memory = ByteSize(60_000);
    let store = place.open().await;
    assert!(blocks(&store) > 3, "{} blocks", blocks(&store));
    assert_eq!(texts(&store).await.len(), 300);
}
