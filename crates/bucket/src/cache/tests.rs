use super::*;
use base::meter::Registry;
use base::unit::ByteSize;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const PAGE: u64 = PAGE_BYTES as u64;
const SIZE: u64 = 10 * PAGE + 1000;

/// An object that is far away and counts what is fetched of it.
struct Far {
    content: Vec<u8>,
    fetches: AtomicU64,
    bytes: AtomicU64,
}

impl Far {
    fn new() -> Self {
        let content = (0..SIZE).map(|at| (at * 31 / 7 % 253) as u8).collect();
        Self { content, fetches: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    async fn fetch(&self, range: Range<u64>) -> Result<Bytes> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(self.bytes(&range))
    }

    fn bytes(&self, range: &Range<u64>) -> Bytes {
        Bytes::copy_from_slice(&self.content[range.start as usize..range.end as usize])
    }

    /// Fetches and bytes since the last call.
    fn counted(&self) -> (u64, u64) {
        (self.fetches.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed))
    }

    async fn check(&self, cache: &Cache, ranges: &[Range<u64>]) {
        let found = cache.read("name", SIZE, ranges, |range| self.fetch(range)).await.unwrap();
        let expected: Vec<_> = ranges.iter().map(|range| self.bytes(range)).collect();
        assert!(found == expected, "{ranges:?}");
    }
}

fn cache_of(dir: &Path, size: u64) -> Cache {
    let config = CacheConfig { directory: dir.to_str().unwrap().to_owned(), size: ByteSize(size) };
    Cache::open_empty(&config, "test", Meters::new(&Registry::default())).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let groups = fs::read_dir(dir).unwrap().map(|group| group.unwrap().path()).filter(|path| path.is_dir());
    let files = groups.flat_map(|group| fs::read_dir(group).unwrap().map(|file| file.unwrap().path()));
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

#[tokio::test]
async fn what_was_read_once_is_not_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (cache_of(dir.path(), 1 << 30), Far::new());
    far.check(&cache, &[10..20, PAGE - 5..PAGE + 5]).await;
    assert_eq!(far.counted(), (1, 2 * PAGE), "pages beside each other are fetched together");
    far.check(&cache, &[0..2 * PAGE, 7..7]).await;
    assert_eq!(far.counted(), (0, 0));
    far.check(&cache, &[0..SIZE]).await;
    assert_eq!(far.counted(), (1, SIZE - 2 * PAGE), "the last page is short");
    assert_eq!((cache.meters.cache_hits.get(), cache.meters.cache_misses.get()), (4.0, 11.0));
    let on_disk: u64 = files(dir.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert_eq!(cache.meters.cache_bytes.get(), on_disk as f64);
}

#[tokio::test]
async fn a_new_process_finds_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let far = Far::new();
    far.check(&cache_of(dir.path(), 1 << 30), &[0..SIZE]).await;
    far.counted();
    fs::write(dir.path().join("stray"), b"no page").unwrap();
    let cache = cache_of(dir.path(), 1 << 30);
    cache.files.find_earlier();
    far.check(&cache, &[0..SIZE]).await;
    assert_eq!(far.counted(), (0, 0));
    // Another store has other objects of the same name.
    let mut other = cache_of(dir.path(), 1 << 30);
    other.address = "other".to_owned();
    other.files.find_earlier();
    far.check(&other, &[0..1]).await;
    assert_eq!(far.counted(), (1, PAGE));
    // A smaller budget is kept from the start.
    let small = cache_of(dir.path(), 3 * (PAGE + 100));
    small.files.find_earlier();
    assert!(files(dir.path()).len() <= 3);
}

#[tokio::test]
async fn the_budget_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (cache_of(dir.path(), 4 * (PAGE + 100)), Far::new());
    for _ in 0..3 {
        for page in 0..10 {
            far.check(&cache, &[page * PAGE..page * PAGE + 1]).await;
            assert!(files(dir.path()).len() <= 4);
        }
    }
    assert!(!files(dir.path()).is_empty());
}

#[tokio::test]
async fn spoiled_and_vanished_files_are_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (cache_of(dir.path(), 1 << 30), Far::new());
    far.check(&cache, &[0..SIZE]).await;
    far.counted();
    let files = files(dir.path());
    let mut spoiled = fs::read(&files[0]).unwrap();
    spoiled[1000] ^= 1;
    fs::write(&files[0], spoiled).unwrap();
    fs::remove_file(&files[1]).unwrap();
    fs::write(&files[2], b"short").unwrap();
    fs::copy(&files[4], &files[3]).unwrap();
    far.check(&cache, &[0..SIZE]).await;
    assert_eq!(far.counted().1, 4 * PAGE);
    far.check(&cache, &[0..SIZE]).await;
    assert_eq!(far.counted(), (0, 0));
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_fetch() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (Arc::new(cache_of(dir.path(), 1 << 30)), Arc::new(Far::new()));
    let readers: Vec<_> = (0..50u64)
        .map(|reader| {
            let (cache, far) = (Arc::clone(&cache), Arc::clone(&far));
            tokio::spawn(async move { far.check(&cache, &[reader..3 * PAGE + reader]).await })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(far.counted().1, 4 * PAGE, "every page is fetched once");
}

#[tokio::test]
async fn who_waits_for_one_that_fails_fetches_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (cache_of(dir.path(), 1 << 30), Far::new());
    let failing = cache.read("name", SIZE, &[0..10], |_| async {
        tokio::task::yield_now().await;
        Err(Error::unavailable("broken"))
    });
    let waiting = far.check(&cache, &[0..10]);
    let (failed, ()) = futures_util::future::join(failing, waiting).await;
    assert_eq!(failed.unwrap_err().what(), "broken");
    assert_eq!(far.counted(), (1, PAGE));

    // One that is given up halfway leaves no page behind that nobody fetches.
    let given_up = cache.read("other", SIZE, &[0..10], |_| std::future::pending());
    let waiting = cache.read("other", SIZE, &[0..10], |range| far.fetch(range));
    let mut given_up = Box::pin(given_up);
    assert!(futures_util::poll!(&mut given_up).is_pending());
    let mut waiting = Box::pin(waiting);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(given_up);
    assert_eq!(waiting.await.unwrap(), [far.bytes(&(0..10))]);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_only_makes_it_slow() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, far) = (cache_of(dir.path(), 1 << 30), Far::new());
    // A file where the directories should be.
    fs::remove_dir(dir.path()).unwrap();
    fs::write(dir.path(), b"").unwrap();
    for _ in 0..2 {
        far.check(&cache, &[0..10]).await;
        assert_eq!(far.counted(), (1, PAGE));
    }
    fs::remove_file(dir.path()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn reading_through_the_cache_is_reading(
        reads in proptest::collection::vec(
            proptest::collection::vec((0..SIZE, 0..3 * PAGE), 1..4), 1..12),
        pages in 1u64..12,
        spoils in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (cache, far) = (cache_of(dir.path(), pages * (PAGE + 48)), Far::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut spoils = spoils.into_iter();
        for ranges in reads {
            let ranges: Vec<_> =
                ranges.into_iter().map(|(start, length)| start..(start + length).min(SIZE)).collect();
            runtime.block_on(far.check(&cache, &ranges));
            let files = files(dir.path());
            prop_assert!(files.len() as u64 <= pages);
            if let (Some(spoil), false) = (spoils.next(), files.is_empty()) {
                fs::write(spoil.get(&files), b"spoiled").unwrap();
            }
        }
    }
}
