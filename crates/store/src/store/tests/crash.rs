//! A process that is killed at any step of a flush, and a bucket that fails, lose and double nothing.

use super::*;
use crate::passes::Pass;

const PASSES: [Pass; 4] = [Pass::Frozen, Pass::Put, Pass::Committed, Pass::Forgotten];

/// Flushes up to `pass`, where the process is killed.
async fn crash_at(store: Store, pass: Pass) {
    store.engine.passes.close(Some(pass));
    let flushing = store.clone();
    let flush = tokio::spawn(async move { flushing.flush(None).await });
    store.engine.passes.reached().await;
    flush.abort();
    let _ = flush.await;
    kill(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_loses_and_doubles_nothing() {
    for pass in PASSES {
        let place = Place::new();
        let store = place.open().await;
        push(&store, "a", &[(1, "one"), (3, "three")]).await;
        push(&store, "b", &[(1, "eins")]).await;
        crash_at(store, pass).await;
        let store = place.open().await;
        assert_eq!(texts(&store).await, ["one", "three", "eins"], "{pass:?}");
        let is_committed = matches!(pass, Pass::Committed | Pass::Forgotten);
        // There was no catalogue yet, so a block that lies there is taken into one.
        assert_eq!(blocks(&store), usize::from(pass != Pass::Frozen), "{pass:?}");
        let replayed = if is_committed { 0 } else { 3 };
        assert_eq!(memory_rows(&store), replayed, "{pass:?}: what the catalogue covers is not replayed");
        push(&store, "a", &[(2, "two"), (1, "one")]).await;
        store.flush(None).await.unwrap();
        assert_eq!(texts(&store).await, ["one", "two", "three", "eins"], "{pass:?}");
        kill(store).await;
        assert_eq!(texts(&place.open().await).await, ["one", "two", "three", "eins"], "{pass:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_is_given_up_is_finished_by_the_next() {
    for pass in PASSES {
        let place = Place::new();
        let store = place.open().await;
        push(&store, "a", &[(1, "one")]).await;
        store.engine.passes.close(Some(pass));
        let tenant = store.engine.tenant(&Tenant::single());
        tokio::select! {
            _ = store.engine.flush(&tenant, Reason::Forced) => panic!("the flush went past {pass:?}"),
            () = store.engine.passes.reached() => {}
        }
        store.engine.passes.close(None);
        push(&store, "a", &[(2, "two")]).await;
        assert_eq!(texts(&store).await, ["one", "two"], "{pass:?}");
        store.flush(None).await.unwrap();
        assert_eq!((blocks(&store), memory_rows(&store)), (2, 0), "{pass:?}");
        assert_eq!(texts(&store).await, ["one", "two"], "{pass:?}");
        assert!(store.engine.wal.usage().bytes < 100, "{pass:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_started_anew_is_not_taken_for_the_old_one() {
    let mut place = Place::new();
    let store = place.open().await;
    for ts_ns in 0..10 {
        push(&store, "a", &[(ts_ns, "old")]).await;
    }
    store.flush(None).await.unwrap();
    kill(store).await;
    // The disk is gone, the bucket is not.
    place.dir = tempfile::tempdir().unwrap();
    place.config.wal_dir = place.dir.path().to_owned();
    let store = place.open().await;
    push(&store, "a", &[(100, "new")]).await;
    kill(store).await;
    assert_eq!(texts(&place.open().await).await.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_on_one_bucket_see_each_others_blocks() {
    let (here, mut there) = (Place::new(), Place::new());
    there.bucket = here.bucket.clone();
    let (first, second) = (here.open().await, there.open().await);
    for ts_ns in 0..20 {
        push(&first, "a", &[(ts_ns, "here")]).await;
        push(&second, "a", &[(ts_ns, "there"), (ts_ns, "here")]).await;
        let (a, b) = tokio::join!(first.flush(None), second.flush(None));
        a.unwrap();
        b.unwrap();
    }
    for store in [&first, &second] {
        store.engine.catalogue.refresh().await.unwrap();
        assert_eq!(blocks(store), 40);
        assert_eq!(texts(store).await.len(), 40);
    }
}

/// A third of all requests fails, half of these after having been done.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_at_random_loses_nothing() {
    for seed in 1..4 {
        let mut place = Place::new();
        let config = bucket::BucketConfig {
            object_store: "memory".to_owned(),
            max_retries: 1,
            faults: bucket::config::FaultsConfig { fail_percent: 33, seed, ..Default::default() },
            ..Default::default()
        };
        place.bucket = Bucket::open(&config, &Registry::default()).unwrap();
        let mut store = place.open().await;
        let mut expected = Vec::new();
        for number in 0..12 {
            let text = format!("row {number:02}");
            push(&store, "a", &[(number, text.as_str())]).await;
            expected.push(text);
            if number % 3 == 0 {
                store.flush(None).await.unwrap();
            }
            if number % 5 == 4 {
                kill(store).await;
                store = place.open().await;
            }
        }
        let found = loop {
            let asked: Vec<Result<Run>> = store.select(selection(Direction::Forward)).collect().await;
            let whole: Result<Vec<Run>> = asked.into_iter().collect();
            if let Ok(runs) = whole {
                break rows_of(&runs);
            }
        };
        let texts: Vec<_> = found.into_iter().map(|row| row.2.trim_end_matches("{}").to_owned()).collect();
        assert_eq!(texts, expected);
    }
}

/// Many clients push while rows are flushed all the time; then the process is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_under_load_survives_kill_after_kill() {
    let mut place = Place::new();
    place.config.flush_bytes = ByteSize(20_000);
    place.config.wal_segment = ByteSize(20_000);
    let mut expected = 0;
    for round in 0..5i64 {
        let store = place.open().await;
        let writers = (0..4i64).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..50i64 {
                    let ts_ns = round * 1_000_000 + writer * 1000 + number * 7 % 50;
                    let text = format!("row {round} {writer} {number} {}", "x".repeat(100));
                    push(&store, "a", &[(ts_ns, text.as_str())]).await;
                }
            })
        });
        futures_util::future::try_join_all(writers.collect::<Vec<_>>()).await.unwrap();
        expected += 200;
        assert_eq!(texts(&store).await.len(), expected);
        kill(store).await;
    }
    let store = place.open().await;
    let mut found = texts(&store).await;
    assert_eq!(found.len(), expected);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), expected);
    assert!(blocks(&store) > 3);
}
