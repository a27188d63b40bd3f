//! The log against a naive twin: a list of what was appended. Files are damaged at random; exactly
//! the records whose bytes were hit are missing.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u8>),
    Cut,
    Reopen,
    TruncateBefore(Index),
}

#[derive(Clone, Debug)]
enum Harm {
    /// Flips bits of a byte.
    Flip(Index, Index, u8),
    /// The file ends here.
    End(Index, Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(any::<u8>(), 0..120).prop_map(Step::Append),
        1 => Just(Step::Cut),
        1 => Just(Step::Reopen),
        1 => any::<Index>().prop_map(Step::TruncateBefore),
    ]
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        3 => (any::<Index>(), any::<Index>(), 1u8..).prop_map(|(file, at, bits)| Harm::Flip(file, at, bits)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(file, at)| Harm::End(file, at)),
    ]
}

type Kept = Vec<(Position, Bytes)>;

/// Does the steps and answers what the log should hold.
async fn play(dir: &Path, steps: Vec<Step>) -> Kept {
    let mut kept = Kept::new();
    let (mut wal, _) = Wal::open(dir, options(Sync::Off)).unwrap();
    for step in steps {
        match step {
            Step::Append(bytes) => {
                let record = Bytes::from(bytes);
                let position = wal.append(record.clone()).await.unwrap();
                assert!(kept.last().is_none_or(|(last, _)| *last < position));
                kept.push((position, record));
            }
            Step::Cut => {
                let cut = wal.cut().await.unwrap();
                assert!(kept.last().is_none_or(|(last, _)| last.segment < cut.segment));
            }
            Step::Reopen => {
                wal.close().await;
                let (again, replay) = Wal::open(dir, options(Sync::Off)).unwrap();
                assert_eq!(drain(replay), kept);
                wal = again;
            }
            Step::TruncateBefore(at) if !kept.is_empty() => {
                let position = kept[at.index(kept.len())].0;
                wal.truncate_before(position).await.unwrap();
                kept.retain(|(other, _)| other.segment >= position.segment);
            }
            Step::TruncateBefore(_) => {}
        }
    }
    wal.close().await;
    kept
}

/// Does the harm; answers the places that were hit in each segment, and where it now ends.
fn damage(dir: &Path, harms: Vec<Harm>) -> BTreeMap<u64, (BTreeSet<usize>, usize)> {
    let mut hits = BTreeMap::new();
    let paths = segments(dir);
    if paths.is_empty() {
        return hits;
    }
    for harm in harms {
        let (Harm::Flip(file, at, _) | Harm::End(file, at)) = &harm;
        let path = &paths[file.index(paths.len())];
        let mut bytes = fs::read(path).unwrap();
        let segment = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let (places, end) = hits.entry(segment).or_insert((BTreeSet::new(), bytes.len()));
        if bytes.is_empty() {
            continue;
        }
        let at = at.index(bytes.len());
        match harm {
            Harm::Flip(_, _, bits) if places.insert(at) => bytes[at] ^= bits,
            Harm::Flip(..) => {}
            Harm::End(..) => {
                bytes.truncate(at);
                *end = at;
            }
        }
        fs::write(path, bytes).unwrap();
    }
    hits
}

/// What is left of `kept` after `hits`, by the layout of the page.
fn survivors(kept: Kept, hits: &BTreeMap<u64, (BTreeSet<usize>, usize)>) -> Kept {
    let mut ends = BTreeMap::new();
    let mut lost_headers = BTreeSet::new();
    let mut left = Kept::new();
    for (position, record) in kept {
        let end = ends.entry(position.segment).or_insert(HEADER_BYTES);
        let range = *end..*end + RECORD_HEADER_BYTES + record.len();
        *end = range.end;
        let hit = |range: Range<usize>| {
            hits.get(&position.segment)
                .is_some_and(|(places, end)| places.range(range.clone()).next().is_some() || *end < range.end)
        };
        if position.sequence == 0 && hit(0..HEADER_BYTES) && hit(range.clone()) {
            lost_headers.insert(position.segment);
        }
        if !hit(range) && !lost_headers.contains(&position.segment) {
            left.push((position, record));
        }
    }
    left
}

proptest! {
    #[test]
    fn damage_costs_exactly_the_records_it_hits(
        steps in proptest::collection::vec(step(), 1..40),
        harms in proptest::collection::vec(harm(), 0..5),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let kept = runtime.block_on(play(dir.path(), steps));
        let hits = damage(dir.path(), harms);
        let left = survivors(kept, &hits);

        let options = options(Sync::Off);
        let registry = options.registry.clone();
        let (wal, mut replay) = Wal::open(dir.path(), options).unwrap();
        let found: Kept = replay.by_ref().map(|r| r.map(|r| (r.position, r.payload)).unwrap()).collect();
        prop_assert_eq!(&found, &left);
        let corruptions = metric(&registry, "trefoil_wal_corruptions_total");
        prop_assert_eq!(corruptions, replay.damage().places as f64);
        if hits.is_empty() {
            prop_assert_eq!((replay.damage(), replay.torn_bytes()), (Damage::default(), 0));
        }
        // The log goes on, and the next opening finds the same and the new.
        let more = Bytes::from_static(b"more");
        let position = runtime.block_on(wal.append(more.clone())).unwrap();
        runtime.block_on(wal.close());
        let (_, replay) = Wal::open(dir.path(), super::options(Sync::Off)).unwrap();
        let expected: Kept = left.into_iter().chain([(position, more)]).collect();
        prop_assert_eq!(drain(replay), expected);
    }
}
