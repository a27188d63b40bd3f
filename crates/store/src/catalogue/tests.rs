use super::*;
use crate::block::{self, BlockMeta};
use base::unit::SECOND_NS;
use bytes::Bytes;
use model::{LabelsRef, RowColumns, RowRef, Stream, Tenant, TimeRange};
use std::collections::BTreeSet;
use wal::Position;

const NOW_NS: i64 = 1_700_000_000 * SECOND_NS;

fn tenant() -> Tenant {
    Tenant::single()
}

fn open(bucket: &Bucket, writer: &str, clock: &Clock) -> Catalogue {
    Catalogue::new(bucket.clone(), Signal::Line, writer.to_owned(), clock.clone())
}

/// A real block of one row, so that it can be described again.
fn block(number: i64) -> (BlockMeta, Bytes) {
    let text = format!("row {number}");
    let row = RowRef { ts_ns: number, body: text.as_bytes(), metadata: LabelsRef::EMPTY };
    let rows = RowColumns::from_rows([row]);
    let stream = Arc::new(Stream::new(model::Labels::from_pairs([("app", "a")])));
    block::build(tenant(), Signal::Line, vec![(stream, rows)], number..=number).unwrap()
}

/// Puts a block and commits it with the position that it covers.
async fn add(catalogue: &Catalogue, number: i64) -> BlockMeta {
    let (meta, bytes) = block(number);
    catalogue.bucket.put(&meta.name, bytes).await.unwrap();
    let through = Position { segment: 1, sequence: number as u64 };
    let covered = vec![Covered::new(catalogue.writer(), &tenant(), through)];
    catalogue.commit(&Change { added: vec![meta.clone()], covered, ..Change::default() }).await.unwrap();
    meta
}

fn names(catalogue: &Catalogue) -> BTreeSet<String> {
    let blocks = catalogue.state().blocks(&tenant(), TimeRange::ALL);
    blocks.iter().map(|meta| meta.name.clone()).collect()
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let first = open(&bucket, "a", &clock);
    first.refresh().await.unwrap();
    let mut expected = BTreeSet::new();
    for number in 0..5 {
        expected.insert(add(&first, number).await.name);
    }
    let removed = expected.pop_first().unwrap();
    let retired = Removed { tenant: tenant(), name: removed.clone(), at_ns: NOW_NS };
    first.commit(&Change { removed: vec![retired], ..Change::default() }).await.unwrap();
    let second = open(&bucket, "b", &clock);
    second.refresh().await.unwrap();
    assert_eq!(names(&second), expected);
    assert_eq!(second.state(), first.state());
    assert_eq!(second.state().covered("a", &tenant()), Some(Position { segment: 1, sequence: 4 }));
    assert_eq!(second.state().covered("b", &tenant()), None);
    assert_eq!(second.state().removed().map(|r| r.name.as_str()).collect::<Vec<_>>(), [removed.as_str()]);
    second.commit(&Change { deleted: vec![removed], ..Change::default() }).await.unwrap();
    first.refresh().await.unwrap();
    assert_eq!(first.state(), second.state());
    assert_eq!(first.state().removed().count(), 0);
}

#[tokio::test]
async fn a_commit_that_happened_is_not_done_again() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let catalogue = open(&bucket, "a", &clock);
    let meta = add(&catalogue, 1).await;
    let sequence = catalogue.state().sequence;
    add(&catalogue, 1).await;
    assert_eq!(catalogue.state().sequence, sequence);
    assert_eq!(names(&catalogue), BTreeSet::from([meta.name]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_that_race_lose_nothing() {
    const WRITERS: i64 = 4;
    const COMMITS: i64 = 40;
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let writers = (0..WRITERS).map(|writer| {
        let catalogue = open(&bucket, &writer.to_string(), &clock);
        tokio::spawn(async move {
            for number in 0..COMMITS {
                add(&catalogue, writer * 1000 + number).await;
            }
            catalogue
        })
    });
    let writers: Vec<Catalogue> = futures_util::future::try_join_all(writers).await.unwrap();
    let last = open(&bucket, "last", &clock);
    last.refresh().await.unwrap();
    assert_eq!(names(&last).len() as i64, WRITERS * COMMITS);
    assert_eq!(last.state().sequence as i64, WRITERS * COMMITS);
    for writer in writers {
        writer.refresh().await.unwrap();
        assert_eq!(writer.state(), last.state());
    }
}

/// Objects of the catalogue: entries and snapshots.
async fn objects(bucket: &Bucket) -> (usize, usize) {
    let listed = bucket.list("catalogue/logs").await.unwrap();
    let snapshots = listed.iter().filter(|object| object.name.ends_with(".snapshot")).count();
    (listed.len() - snapshots, snapshots)
}

#[tokio::test]
async fn snapshots_stand_for_entries_which_go_an_hour_later() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let catalogue = open(&bucket, "a", &clock);
    for number in 0..200 {
        add(&catalogue, number).await;
    }
    let (entries, snapshots) = objects(&bucket).await;
    assert_eq!(entries, 200);
    assert!((1..=3).contains(&snapshots), "{snapshots} snapshots");
    clock.advance(2 * KEEP_NS);
    for number in 200..400 {
        add(&catalogue, number).await;
    }
    let (entries, _) = objects(&bucket).await;
    assert!(entries < 400, "{entries} entries");
    let again = open(&bucket, "b", &clock);
    again.refresh().await.unwrap();
    assert_eq!(names(&again).len(), 400);
    assert_eq!(again.state(), catalogue.state());
}

#[tokio::test]
async fn who_has_not_looked_for_long_reads_anew_before_it_writes() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let (sleeper, busy) = (open(&bucket, "a", &clock), open(&bucket, "b", &clock));
    add(&sleeper, 1).await;
    for number in 1000..1200 {
        add(&busy, number).await;
    }
    clock.advance(2 * KEEP_NS);
    for number in 1200..1400 {
        add(&busy, number).await;
    }
    assert!(bucket.get(&object_name(Signal::Line, 2, ObjectKind::Entry)).await.is_err(), "entry 2 is gone");
    add(&sleeper, 2).await;
    assert_eq!(names(&sleeper).len(), 402);
    busy.refresh().await.unwrap();
    assert_eq!(busy.state(), sleeper.state());
}

#[tokio::test]
async fn a_damaged_catalogue_is_made_anew_from_the_blocks() {
    for damage in ["entry", "missing"] {
        let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
        let catalogue = open(&bucket, "a", &clock);
        let mut expected = BTreeSet::new();
        for number in 0..5 {
            expected.insert(add(&catalogue, number).await.name);
        }
        let name = object_name(Signal::Line, 3, ObjectKind::Entry);
        bucket.delete(&name).await.unwrap();
        if damage == "entry" {
            bucket.put(&name, Bytes::from_static(b"no entry at all")).await.unwrap();
        }
        bucket.put("fake/logs/2025-03-10/damaged.block", Bytes::from_static(b"no block")).await.unwrap();
        let again = open(&bucket, "b", &clock);
        again.refresh().await.unwrap();
        assert_eq!(names(&again), expected, "{damage}");
        expected.insert(add(&again, 77).await.name);
        let third = open(&bucket, "c", &clock);
        third.refresh().await.unwrap();
        assert_eq!(names(&third), expected, "{damage}");
        assert_eq!(third.state().sequence, 7, "{damage}: five, the one that begins anew, and one more");
    }
}

#[tokio::test]
async fn a_damaged_snapshot_is_passed_over() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let catalogue = open(&bucket, "a", &clock);
    for number in 0..70 {
        add(&catalogue, number).await;
    }
    let listed = bucket.list("catalogue/logs").await.unwrap();
    let snapshot = listed.iter().find(|object| object.name.ends_with(".snapshot")).unwrap();
    bucket.delete(&snapshot.name).await.unwrap();
    bucket.put(&snapshot.name, Bytes::from_static(b"damaged")).await.unwrap();
    let again = open(&bucket, "b", &clock);
    again.refresh().await.unwrap();
    assert_eq!(again.state(), catalogue.state());
}

#[tokio::test]
async fn a_catalogue_that_was_lost_is_made_anew_from_the_blocks() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(0));
    let catalogue = open(&bucket, "w", &clock);
    catalogue.open().await.unwrap();
    assert_eq!(objects(&bucket).await, (0, 0), "without blocks there is nothing to make");
    for number in 1..4 {
        add(&catalogue, number).await;
    }
    for object in bucket.list("catalogue").await.unwrap() {
        bucket.delete(&object.name).await.unwrap();
    }
    let again = open(&bucket, "w", &clock);
    again.open().await.unwrap();
    assert_eq!(names(&again), names(&catalogue));
}

#[tokio::test]
async fn rebuilding_keeps_what_is_known_about_logs() {
    let (bucket, clock) = (Bucket::memory(), Clock::manual(NOW_NS));
    let catalogue = open(&bucket, "a", &clock);
    for number in 0..3 {
        add(&catalogue, number).await;
    }
    let before = catalogue.state();
    catalogue.rebuild().await.unwrap();
    let after = catalogue.state();
    assert_eq!(names(&catalogue).len(), 3);
    assert_eq!(after.covered("a", &tenant()), before.covered("a", &tenant()));
    assert_eq!(after.sequence, before.sequence + 1);
}

#[test]
fn only_numbered_objects_are_part_of_it() {
    let parse = |name: &str| parse_name(Signal::Line, name);
    for (sequence, kind) in [(1, ObjectKind::Entry), (u64::MAX, ObjectKind::Snapshot)] {
        assert_eq!(parse(&object_name(Signal::Line, sequence, kind)), Some((sequence, kind)));
    }
    for other in [
        "catalogue/logs/1",
        "catalogue/logs/2025-03-10/00.block",
        "catalogue/other/00000000000000000001",
        "catalogue/logs/99999999999999999999",
        "catalogue/logs/+0000000000000000001",
    ] {
        assert_eq!(parse(other), None, "{other}");
    }
}
