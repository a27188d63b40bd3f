//! Disks that fail.

use super::*;
use std::process::Command;

#[tokio::test]
async fn a_failed_sync_acknowledges_nothing_and_moves_to_a_new_segment() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    let first = wal.append(payload("first")).await.unwrap();
    wal.0.faults.arm(Operation::Sync);
    let refused = wal.append(payload("refused")).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    let path = dir.path().to_str().unwrap();
    assert!(refused.what().contains(path) && refused.what().contains("on fire"), "{refused}");
    let second = wal.append(payload("second")).await.unwrap();
    assert!(second.segment > first.segment, "the segment that failed is left alone");
    wal.close().await;
    let (_, mut replay) = Wal::open(dir.path(), options(Sync::Always)).unwrap();
    let replayed: Vec<_> = replay.by_ref().map(|r| r.unwrap().payload).collect();
    assert_eq!(replayed, ["first", "second"]);
    assert_eq!(replay.damage(), Damage::default());
}

#[tokio::test]
async fn a_half_written_group_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(Sync::Always);
    let registry = options.registry.clone();
    let (wal, _) = Wal::open(dir.path(), options.clone()).unwrap();
    let first = wal.append(payload("first")).await.unwrap();
    wal.0.faults.arm(Operation::Write);
    let refused = wal.append(payload("refused, though half of it was written")).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!(refused.what().contains("bytes free"), "{refused}");
    let second = wal.append(payload("second")).await.unwrap();
    assert_eq!(second, Position { sequence: 1, ..first }, "the segment goes on");
    assert_eq!(metric(&registry, "trefoil_wal_disk_full_failures_total"), 1.0);
    wal.close().await;
    let (_, mut replay) = Wal::open(dir.path(), options).unwrap();
    assert_eq!(replay.by_ref().map(|r| r.unwrap().payload).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!((replay.damage(), replay.torn_bytes()), (Damage::default(), 0));
}

#[tokio::test]
async fn a_process_killed_at_any_moment_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (wal, _) = Wal::open(dir.path(), options(Sync::Off)).unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..20 {
        let writing: Vec<_> = (0..10)
            .map(|number| {
                let (wal, record) = (wal.clone(), payload(&format!("round {round} record {number}")));
                tokio::spawn(async move { (wal.append(record.clone()).await.unwrap(), record) })
            })
            .collect();
        // What a killed process leaves is what others can read of its files at that moment.
        let copy = tempfile::tempdir().unwrap();
        for path in segments(dir.path()) {
            fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        let (_, mut replay) = Wal::open(copy.path(), options(Sync::Off)).unwrap();
        let found: Vec<_> = replay.by_ref().map(|r| r.map(|r| (r.position, r.payload)).unwrap()).collect();
        assert_eq!(found[..acknowledged.len()], acknowledged);
        assert_eq!(replay.damage(), Damage::default());
        for append in writing {
            acknowledged.push(append.await.unwrap());
        }
        acknowledged.sort();
    }
}

/// A small disk of its own, gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount(bytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_clearly_and_recovers_by_itself() {
    let Some(disk) = SmallDisk::mount(1 << 20) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    let dir = disk.0.path().join("wal");
    let options = Options { segment_bytes: 200_000, queue_bytes: 1 << 20, ..options(Sync::Always) };
    let (wal, _) = Wal::open(&dir, options.clone()).unwrap();
    let record = |number: u8| Bytes::from(vec![number; 50_000]);
    let mut acknowledged = Vec::new();
    let refused = loop {
        let next = record(acknowledged.len() as u8);
        match wal.append(next.clone()).await {
            Ok(position) => acknowledged.push((position, next)),
            Err(refused) => break refused,
        }
        assert!(acknowledged.len() < 30, "the disk has to be full at some time");
    };
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!(refused.what().contains(dir.to_str().unwrap()), "{refused}");
    assert!(refused.what().contains("bytes free, 50032 needed"), "{refused}");
    // Small records may still fit; large ones are refused again and again, and nothing breaks.
    for _ in 0..3 {
        wal.append(record(0)).await.unwrap_err();
    }
    // The log opens on a full disk, gives everything back, and cutting and truncating work.
    wal.close().await;
    let (wal, replay) = Wal::open(&dir, options.clone()).unwrap();
    assert_eq!(drain(replay), acknowledged);
    wal.append(record(0)).await.unwrap_err();
    let keep = acknowledged[acknowledged.len() / 2].0;
    assert!(wal.truncate_before(keep).await.unwrap() > 0);
    acknowledged.retain(|(position, _)| position.segment >= keep.segment);
    let after = record(99);
    acknowledged.push((wal.append(after.clone()).await.unwrap(), after));
    wal.close().await;
    let (wal, mut replay) = Wal::open(&dir, options).unwrap();
    let replayed: Vec<_> = replay.by_ref().map(|r| r.map(|r| (r.position, r.payload)).unwrap()).collect();
    assert_eq!(replayed, acknowledged);
    assert_eq!(replay.damage(), Damage::default());
    let cut = wal.cut().await.unwrap();
    wal.truncate_before(cut).await.unwrap();
    wal.close().await;
}
