use super::*;
use crate::segment::{HEADER_BYTES, RECORD_HEADER_BYTES};
use crate::writer::Operation;
use base::Kind;
use base::meter::Registry;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

mod disk;
mod twin;

/// Small segments, so that tests see many.
fn options(sync: Sync) -> Options {
    Options { segment_bytes: 300, queue_bytes: 4096, sync, ..Options::default() }
}

fn payload(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn drain(replay: Replay) -> Vec<(Position, Bytes)> {
    replay.map(|record| record.map(|r| (r.position, r.payload)).unwrap()).collect()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "wal")).collect();
    found.sort();
    found
}

fn metric(registry: &Registry, name: &str) -> f64 {
    let text = registry.render();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{log=\"log\"}} ")));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn what_was_appended_is_replayed_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("made/by/the/log");
    let mut kept = Vec::new();
    for round in 0..3 {
        let (wal, replay) = Wal::open(&dir, options(Sync::Always)).unwrap();
        let total = replay.progress().total_bytes;
        assert_eq!(total, wal.usage().bytes);
        assert_eq!(drain(replay), kept);
        for number in 0..20 {
            let record = payload(&format!("round {round} record {number}"));
            kept.push((wal.append(record.clone()).await.unwrap(), record));
        }
        wal.close().await;
    }
    assert!(kept.is_sorted_by(|a, b| a.0 < b.0), "positions grow");
    assert!(segments(&dir).len() > 3, "segments are closed when they are full");
    let (_wal, mut replay) = Wal::open(&dir, options(Sync::Always)).unwrap();
    while replay.next().is_some() {}
    let progress = replay.progress();
    assert_eq!((progress.done_bytes, replay.damage()), (progress.total_bytes, Damage::default()));
}

#[tokio::test]
async fn records_that_wait_together_are_synced_together() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 1 << 20, queue_bytes: 1 << 20, ..options(Sync::Always) };
    let registry = options.registry.clone();
    let (wal, _) = Wal::open(dir.path(), options).unwrap();
    let appends: Vec<_> = (0..500)
        .map(|number| {
            let wal = wal.clone();
            tokio::spawn(async move { wal.append(payload(&number.to_string())).await.unwrap() })
        })
        .collect();
    let mut positions = Vec::new();
    for append in appends {
        positions.push(append.await.unwrap());
    }
    positions.sort();
    positions.dedup();
    assert_eq!(positions.len(), 500, "every record has its own position");
    assert_eq!(metric(&registry, "trefoil_wal_records_total"), 500.0);
    let syncs = metric(&registry, "trefoil_wal_sync_seconds_count");
    assert!((1.0..500.0).contains(&syncs), "{syncs} syncs for 500 records");
}

#[tokio::test]
async fn a_cut_parts_before_from_after_and_truncating_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    let nothing = wal.cut().await.unwrap();
    let before = wal.append(payload("before")).await.unwrap();
    let cut = wal.cut().await.unwrap();
    assert_eq!(wal.cut().await.unwrap(), cut, "a second cut makes no second segment");
    let after = wal.append(payload("after")).await.unwrap();
    assert!(nothing <= before && before < cut && cut <= after);
    // A position inside a segment keeps the segment.
    assert_eq!(wal.truncate_before(Position { sequence: 1, ..before }).await.unwrap(), 0);
    assert_eq!(wal.truncate_before(cut).await.unwrap(), 1);
    assert_eq!(wal.truncate_before(cut).await.unwrap(), 0);
    wal.close().await;
    let (_, replay) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    assert_eq!(drain(replay), [(after, payload("after"))]);
}

#[tokio::test]
async fn an_emptied_log_gives_no_number_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    let first = wal.append(payload("first")).await.unwrap();
    let cut = wal.cut().await.unwrap();
    wal.truncate_before(cut).await.unwrap();
    assert_eq!(wal.usage().bytes, HEADER_BYTES as u64);
    wal.close().await;
    let (wal, replay) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    assert_eq!(drain(replay), []);
    assert!(wal.append(payload("second")).await.unwrap().segment > first.segment);
    // The emptied segment goes with the next truncation.
    let cut = wal.cut().await.unwrap();
    wal.truncate_before(cut).await.unwrap();
    assert_eq!(wal.usage().segments, 1);
}

#[tokio::test]
async fn only_one_process_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    let refused = Wal::open(dir.path(), options(Sync::Off)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!(refused.what().contains("in use by another process"), "{refused}");
    wal.close().await;
    assert_eq!(wal.append(payload("late")).await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(wal.cut().await.unwrap_err().kind(), Kind::Unavailable);
    Wal::open(dir.path(), options(Sync::Off)).unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_keeps_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    let mut ended = wal.0.ended.clone();
    let other = wal.clone();
    let append = tokio::spawn(async move { other.append(payload("kept")).await });
    let position = append.await.unwrap().unwrap();
    drop(wal);
    assert!(ended.changed().await.is_err(), "the writer ends");
    let (_, replay) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    assert_eq!(drain(replay), [(position, payload("kept"))]);
}

#[tokio::test]
async fn an_interval_syncs_without_being_asked() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(Sync::Interval(Duration::from_millis(5)));
    let registry = options.registry.clone();
    let (wal, _) = Wal::open(dir.path(), options).unwrap();
    wal.append(payload("soon")).await.unwrap();
    let synced = async {
        while metric(&registry, "trefoil_wal_sync_seconds_count") == 0.0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), synced).await.unwrap();
}

#[tokio::test]
async fn a_record_longer_than_queue_and_segment_gets_through() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    let long = Bytes::from(vec![7; 10_000]);
    let position = wal.append(long.clone()).await.unwrap();
    wal.close().await;
    let (_, replay) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    assert_eq!(drain(replay), [(position, long)]);
}

#[tokio::test]
async fn a_newer_log_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let mut header = segment::Header { segment: 1, mark: 1 }.encode();
    header[8] = 9;
    let checksum = segment::payload_checksum(&header[..32]);
    header[32..].copy_from_slice(&checksum.to_le_bytes());
    fs::write(dir.path().join("00000000000000000001.wal"), header).unwrap();
    let refused = Wal::open(dir.path(), options(Sync::Off)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    assert!(refused.to_string().contains("version 9"), "{refused}");
}
