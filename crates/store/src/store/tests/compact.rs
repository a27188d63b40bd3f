//! Merging changes nothing but the number of blocks, wherever it is cut off.

use super::*;
use crate::compact::{Compacted, Pace};
use crate::passes::Pass;
use base::unit::{DAY_NS, HOUR_NS};

/// Later than any object was written by the clock of the bucket.
fn far_ns() -> i64 {
    Clock::System.now_ns() + 10 * DAY_NS
}

async fn objects(place: &Place) -> usize {
    place.bucket.list("fake").await.unwrap().len()
}

/// A store with `count` blocks of a row each, of streams `a` and `b` in turn.
async fn with_blocks(place: &Place, count: i64) -> Store {
    let store = place.open().await;
    for number in 0..count {
        let app = if number % 2 == 0 { "a" } else { "b" };
        push(&store, app, &[(number, format!("row {number}").as_str())]).await;
        store.flush(None).await.unwrap();
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_blocks_become_one_and_their_objects_go() {
    let place = Place::new();
    let store = with_blocks(&place, 40).await;
    let before = texts(&store).await;
    assert_eq!((blocks(&store), objects(&place).await, before.len()), (40, 40, 40));
    let done = store.compact_now().await.unwrap();
    assert_eq!(done.duplicates, 0);
    assert_eq!((blocks(&store), texts(&store).await), (1, before.clone()));
    assert_eq!(objects(&place).await, 42, "objects stay for questions under way");
    assert_eq!(store.compact_now().await.unwrap(), Compacted::default(), "nothing is left to do");
    store.retain(NOW_NS).await.unwrap();
    assert_eq!(objects(&place).await, 42);
    store.retain(NOW_NS + HOUR_NS).await.unwrap();
    assert_eq!(objects(&place).await, 1);
    assert_eq!(texts(&store).await, before);
    kill(store).await;
    assert_eq!(texts(&place.open().await).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_time_keep_their_order_and_copies_go() {
    let place = Place::new();
    let store = place.open().await;
    for (at, text) in (2..).zip(["one", "two", "three", "two", "four", "one"]) {
        // With a row of its own each block is another one.
        push(&store, "a", &[(1, text), (at, "-")]).await;
        store.flush(None).await.unwrap();
    }
    let done = store.compact_now().await.unwrap();
    assert_eq!(done, Compacted { merges: 1, inputs: 6, outputs: 1, duplicates: 2 });
    push(&store, "a", &[(1, "five"), (1, "three")]).await;
    let expected = "one two three four five - - - - - -";
    assert_eq!(texts(&store).await.join(" "), expected);
    store.flush(None).await.unwrap();
    store.compact_now().await.unwrap();
    assert_eq!((blocks(&store), texts(&store).await.join(" ")), (1, expected.to_owned()));
    store.rebuild_catalogue().await.unwrap();
    assert_eq!(texts(&store).await.join(" "), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_whose_rows_are_all_in_another_goes() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one"), (2, "two")]).await;
    store.flush(None).await.unwrap();
    push(&store, "a", &[(2, "two")]).await;
    store.flush(None).await.unwrap();
    store.compact_now().await.unwrap();
    assert_eq!((blocks(&store), texts(&store).await.join(" ")), (1, "one two".to_owned()));
    store.retain(far_ns()).await.unwrap();
    assert_eq!(objects(&place).await, 1);
    kill(store).await;
    assert_eq!(texts(&place.open().await).await.join(" "), "one two");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_see_each_row_once_while_blocks_are_merged() {
    let place = Place::new();
    let store = with_blocks(&place, 60).await;
    let before = texts(&store).await;
    let merging = store.clone();
    let merge = tokio::spawn(async move { merging.compact_now().await });
    let mut asked = 0;
    while !merge.is_finished() || asked == 0 {
        assert_eq!(texts(&store).await, before);
        asked += 1;
    }
    assert!(merge.await.unwrap().unwrap().merges > 0);
    // A question that began before the merge reads the blocks that it has found.
    let metas = store.engine.catalogue.state();
    assert_eq!(metas.all_blocks().count(), 1);
}

/// Cuts `work` off at `pass` and kills the store; waits for its end when it does not come by.
pub(super) async fn killed_at<T>(store: Store, pass: Pass, work: impl Future<Output = T>) -> bool {
    store.engine.passes.close(Some(pass));
    let reached = tokio::select! {
        () = store.engine.passes.reached() => true,
        _ = work => false,
    };
    kill(store).await;
    reached
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_of_a_merge_changes_nothing() {
    for pass in [Pass::Put, Pass::Committed, Pass::Deleted] {
        let place = Place::new();
        let store = with_blocks(&place, 8).await;
        let before = texts(&store).await;
        let engine = store.engine.clone();
        let reached = killed_at(store, pass, async move {
            engine.compact(Pace::Forced).await.unwrap();
            engine.delete_removed(NOW_NS + HOUR_NS).await.unwrap();
        });
        assert!(reached.await, "{pass:?}");
        let store = place.open().await;
        assert_eq!(texts(&store).await, before, "{pass:?}");
        assert_eq!(blocks(&store), if pass == Pass::Put { 8 } else { 1 }, "{pass:?}");
        // Who comes next ends it.
        store.compact_now().await.unwrap();
        store.retain(NOW_NS + HOUR_NS).await.unwrap();
        assert_eq!((texts(&store).await, objects(&place).await), (before, 1), "{pass:?}");
        assert_eq!(store.engine.catalogue.state().removed().count(), 0, "{pass:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_merge_the_same_one_wins() {
    let (here, mut there) = (Place::new(), Place::new());
    there.bucket = here.bucket.clone();
    let first = with_blocks(&here, 12).await;
    let second = there.open().await;
    let before = texts(&first).await;
    let (a, b) = tokio::join!(first.compact_now(), second.compact_now());
    a.unwrap();
    b.unwrap();
    for store in [&first, &second] {
        store.engine.catalogue.refresh().await.unwrap();
        assert_eq!((blocks(store), texts(store).await), (1, before.clone()));
    }
    first.retain(NOW_NS + HOUR_NS).await.unwrap();
    assert_eq!((texts(&second).await, objects(&here).await), (before, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_of_what_is_gone_is_void() {
    let place = Place::new();
    let store = with_blocks(&place, 6).await;
    store.engine.passes.close(Some(Pass::Put));
    let merging = store.clone();
    let merge = tokio::spawn(async move { merging.compact_now().await });
    store.engine.passes.reached().await;
    // Somebody else removes one of the inputs.
    let state = store.engine.catalogue.state();
    let gone = state.all_blocks().next().unwrap();
    let removed =
        crate::catalogue::Removed { tenant: gone.tenant.clone(), name: gone.name.clone(), at_ns: NOW_NS };
    let change = crate::catalogue::Change { removed: vec![removed], ..Default::default() };
    store.engine.catalogue.commit(&change).await.unwrap();
    merge.abort();
    let inputs: Vec<_> = state.all_blocks().cloned().collect();
    let outputs =
        vec![crate::block::BlockMeta { name: "fake/logs/d/x.block".to_owned(), ..(**gone).clone() }];
    assert!(!store.engine.replace(&inputs, outputs).await.unwrap());
    assert_eq!(blocks(&store), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_leaves_is_deleted_a_day_later() {
    let place = Place::new();
    let store = with_blocks(&place, 4).await;
    let before = texts(&store).await;
    let engine = store.engine.clone();
    assert!(killed_at(store, Pass::Put, async move { engine.compact(Pace::Forced).await }).await);
    let store = place.open().await;
    assert_eq!(objects(&place).await, 5);
    let now_ns = Clock::System.now_ns();
    assert_eq!(
        store.engine.condemn_orphans(now_ns + 23 * HOUR_NS).await.unwrap(),
        0,
        "somebody may commit it"
    );
    assert_eq!(store.engine.condemn_orphans(far_ns()).await.unwrap(), 1);
    assert_eq!(store.engine.condemn_orphans(far_ns()).await.unwrap(), 0);
    assert_eq!(store.retain(far_ns()).await.unwrap().deleted, 0, "condemned just now");
    assert_eq!(store.retain(far_ns() + HOUR_NS).await.unwrap().deleted, 1);
    assert_eq!((objects(&place).await, texts(&store).await), (4, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_commits_a_condemned_block_puts_it_again() {
    let place = Place::new();
    let store = place.open().await;
    push(&store, "a", &[(1, "one")]).await;
    store.engine.passes.close(Some(Pass::Put));
    let tenant = store.engine.tenant(&Tenant::single());
    tokio::select! {
        _ = store.engine.flush(&tenant, Reason::Forced) => panic!("the flush went past"),
        () = store.engine.passes.reached() => {}
    }
    assert_eq!(store.engine.condemn_orphans(far_ns()).await.unwrap(), 1);
    // The same rows give the same block, which must not be committed now.
    store.engine.passes.close(None);
    let again = tokio::time::timeout(
        std::time::Duration::from_millis(300),
        store.engine.flush(&tenant, Reason::Forced),
    );
    assert!(again.await.is_err(), "it waits until the object is deleted");
    assert_eq!((blocks(&store), texts(&store).await.join(" ")), (0, "one".to_owned()));
    store.retain(far_ns() + HOUR_NS).await.unwrap();
    assert_eq!(objects(&place).await, 0);
    store.flush(None).await.unwrap();
    assert_eq!((blocks(&store), objects(&place).await, memory_rows(&store)), (1, 1, 0));
    assert_eq!(texts(&store).await.join(" "), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_cannot_be_read_is_merged_around() {
    let place = Place::new();
    let store = with_blocks(&place, 6).await;
    let state = store.engine.catalogue.state();
    let names: Vec<String> = state.all_blocks().map(|meta| meta.name.clone()).collect();
    place.bucket.delete(&names[2]).await.unwrap();
    kill(store).await;
    let store = place.open().await;
    store.compact_now().await.unwrap();
    let left: Vec<String> =
        store.engine.catalogue.state().all_blocks().map(|meta| meta.name.clone()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&names[2]));
    let asked: Vec<Result<Run>> = store.select(selection(Direction::Forward)).collect().await;
    let error = asked.into_iter().find_map(Result::err).unwrap();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    assert!(error.to_string().contains("bring it back"), "{error}");
}

/// Large rows in many blocks: what is held depends on the pages, not on the rows.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_by_pages_not_by_rows() {
    let mut place = Place::new();
    place.config.block_bytes = ByteSize(8 << 20);
    let store = place.open().await;
    let text = |number: i64| {
        let mut state = number as u64 + 1;
        let noise = (0..8000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + (state >> 60) as u8)
        });
        noise.collect::<String>()
    };
    for round in 0..16i64 {
        let texts: Vec<String> = (0..240).map(|at| text(round * 240 + at)).collect();
        let rows: Vec<(i64, &str)> =
            texts.iter().enumerate().map(|(at, text)| (at as i64 * 16 + round, text.as_str())).collect();
        for app in ["a", "b"] {
            push(&store, app, &rows[..rows.len() / 2]).await;
            push(&store, app, &rows[rows.len() / 2..]).await;
        }
        store.flush(None).await.unwrap();
    }
    let raw_bytes: u64 = store.engine.catalogue.state().all_blocks().map(|meta| meta.raw_bytes).sum();
    let before = rows_of(&runs(&store, selection(Direction::Forward)).await);
    let done = store.compact_now().await.unwrap();
    assert!(done.outputs < done.inputs, "{done:?}");
    let peak_bytes = store.engine.compaction_memory.peak_bytes();
    let inputs_max = (32 << 20) / (4 << 20) + 1;
    assert!(raw_bytes > 56 << 20);
    assert!(peak_bytes < inputs_max * 3 * (4 << 20) && peak_bytes < raw_bytes, "{peak_bytes} of {raw_bytes}");
    assert_eq!(store.engine.compaction_memory.used_bytes(), 0);
    assert!(rows_of(&runs(&store, selection(Direction::Forward)).await) == before);
}

/// A third of all requests fails, half of these after having been done.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_at_random_spoils_no_merge() {
    for seed in 1..4 {
        let mut place = Place::new();
        let config = bucket::BucketConfig {
            object_store: "memory".to_owned(),
            max_retries: 1,
            faults: bucket::config::FaultsConfig { fail_percent: 20, seed, ..Default::default() },
            ..Default::default()
        };
        place.bucket = Bucket::open(&config, &Registry::default()).unwrap();
        let mut store = place.open().await;
        for number in 0..10 {
            push(&store, "a", &[(number, format!("row {number:02}").as_str()), (7, "same")]).await;
            store.flush(None).await.unwrap();
            // It may fail; what it did must be right.
            let _ = store.compact_now().await;
            let _ = store.retain(NOW_NS + HOUR_NS).await;
            if number % 4 == 3 {
                kill(store).await;
                store = place.open().await;
            }
        }
        let found = loop {
            let asked: Vec<Result<Run>> = store.select(selection(Direction::Forward)).collect().await;
            let whole: Result<Vec<Run>> = asked.into_iter().collect();
            match whole {
                Ok(runs) => break rows_of(&runs),
                Err(error) => assert_eq!(error.kind(), Kind::Unavailable, "{error}"),
            }
        };
        let found: Vec<_> = found.into_iter().map(|row| row.2.trim_end_matches("{}").to_owned()).collect();
        let mut expected: Vec<String> = (0..10).map(|number| format!("row {number:02}")).collect();
        expected.insert(7, "same".to_owned());
        assert_eq!(found, expected, "seed {seed}");
        assert!(blocks(&store) < 8, "seed {seed}: {} blocks", blocks(&store));
    }
}
