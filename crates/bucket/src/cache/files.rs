//! The files of a disk cache, and which of them go when there are too many.

use super::page::{self, Key, OVERHEAD_BYTES, PAGE_BYTES};
use crate::config::CacheConfig;
use base::meter::Cell;
use base::{Error, Result};
use bytes::Bytes;
use parking_lot::Mutex;
use quick_cache::sync::Cache as Index;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The files under one directory, within a budget of bytes. Who is read again stays (S3-FIFO): one long scan does not
/// throw out what is read every day.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    /// The length of each file.
    index: Index<Key, u32, Length, DefaultHashBuilder, Evicted>,
    bytes: AtomicU64,
    bytes_meter: Cell,
    /// When a failure was last logged.
    complained: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy, Debug)]
struct Length;

impl Weighter<Key, u32> for Length {
    fn weight(&self, _: &Key, length: &u32) -> u64 {
        u64::from(*length)
    }
}

/// Hands evicted keys to who caused it, to be deleted outside of the index's locks.
#[derive(Clone, Copy, Debug)]
struct Evicted;

impl Lifecycle<Key, u32> for Evicted {
    type RequestState = Vec<(Key, u32)>;

    fn on_evict(&self, evicted: &mut Self::RequestState, key: Key, length: u32) {
        evicted.push((key, length));
    }
}

/// A disk that fails is said once in this time.
const COMPLAINT_PERIOD: Duration = Duration::from_secs(60);

impl Files {
    /// Files by `config`; none is known yet.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the directory cannot be made.
    pub fn open(config: &CacheConfig, bytes_meter: Cell) -> Result<Self> {
        let directory = PathBuf::from(&config.directory);
        fs::create_dir_all(&directory).map_err(|e| {
            Error::unavailable(format!("cannot create cache directory {}", config.directory)).because(e)
        })?;
        let budget = config.size.0;
        let items = budget / (PAGE_BYTES + OVERHEAD_BYTES) as u64 + 1;
        let items = usize::try_from(items).unwrap_or(usize::MAX);
        let index = Index::with(items, budget, Length, DefaultHashBuilder::default(), Evicted);
        Ok(Self { directory, index, bytes: AtomicU64::new(0), bytes_meter, complained: Mutex::new(None) })
    }

    /// Whether the page should be there. Does not count as reading it.
    pub fn has(&self, key: Key) -> bool {
        self.index.contains_key(&key)
    }

    /// The page, when it is there and whole; a spoiled file is removed.
    pub fn read(&self, key: Key) -> Option<Bytes> {
        self.index.get(&key)?;
        let whole = match fs::read(self.path(key)) {
            Ok(file) => {
                let decoded = page::decode(&Bytes::from(file));
                decoded.filter(|(found, _)| *found == key).map(|(_, payload)| payload)
            }
            Err(e) => {
                self.complain("read", &e);
                None
            }
        };
        if whole.is_none()
            && let Some((_, length)) = self.index.remove(&key)
        {
            self.delete(key, length);
        }
        whole
    }

    /// Keeps the page, if the disk lets it; others go for it.
    pub fn write(&self, key: Key, payload: &[u8]) {
        let path = self.path(key);
        let file = page::encode(key, payload);
        let written = fs::write(&path, &file).or_else(|e| match (e.kind(), path.parent()) {
            (io::ErrorKind::NotFound, Some(parent)) => {
                fs::create_dir_all(parent)?;
                fs::write(&path, &file)
            }
            _ => Err(e),
        });
        if let Err(e) = written {
            self.complain("write", &e);
            let _ = fs::remove_file(&path);
            return;
        }
        self.admit(key, file.len() as u32);
    }

    /// Notes a file that is on the disk, and deletes those that go for it.
    fn admit(&self, key: Key, length: u32) {
        if self.index.contains_key(&key) {
            return;
        }
        self.bytes.fetch_add(u64::from(length), Ordering::Relaxed);
        let mut evicted = Vec::new();
        self.index.insert_with_lifecycle(key, length, &mut evicted);
        for (key, length) in evicted {
            self.delete(key, length);
        }
        self.show_bytes();
    }

    fn delete(&self, key: Key, length: u32) {
        self.bytes.fetch_sub(u64::from(length), Ordering::Relaxed);
        let _ = fs::remove_file(self.path(key));
        self.show_bytes();
    }

    fn show_bytes(&self) {
        self.bytes_meter.set(self.bytes.load(Ordering::Relaxed) as f64);
    }

    /// Takes in the files that are there from an earlier process, the youngest last, so that they
    /// are the ones that stay when there are too many.
    pub fn find_earlier(&self) {
        let mut found = match earlier(&self.directory) {
            Ok(found) => found,
            Err(e) => return self.complain("list", &e),
        };
        found.sort_unstable();
        for (_, key, length) in &found {
            self.admit(*key, *length);
        }
        tracing::debug!(files = found.len(), "found in cache directory {}", self.directory.display());
    }

    fn path(&self, key: Key) -> PathBuf {
        let name = format!("{:032x}-{:08x}", key.object, key.page);
        // A directory of a million files is slow on some file systems.
        self.directory.join(&name[..2]).join(name)
    }

    fn complain(&self, what: &str, e: &io::Error) {
        let mut complained = self.complained.lock();
        if complained.is_none_or(|at| at.elapsed() >= COMPLAINT_PERIOD) {
            *complained = Some(Instant::now());
            tracing::warn!("cannot {what} cache directory {}: {e}", self.directory.display());
        }
    }
}

/// Time of writing, key and length of each file of the cache under `directory`.
fn earlier(directory: &Path) -> io::Result<Vec<(SystemTime, Key, u32)>> {
    let mut found = Vec::new();
    for group in fs::read_dir(directory)? {
        let group = group?;
        if !group.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(group.path())? {
            let file = file?;
            let Some(key) = file.file_name().to_str().and_then(key_of) else { continue };
            // Deleted at this moment.
            let Ok(metadata) = file.metadata() else { continue };
            let length = u32::try_from(metadata.len()).unwrap_or(u32::MAX);
            found.push((metadata.modified()?, key, length));
        }
    }
    Ok(found)
}

fn key_of(name: &str) -> Option<Key> {
    let (object, page) = name.split_once('-')?;
    let well_formed = object.len() == 32 && page.len() == 8;
    let key =
        Key { object: u128::from_str_radix(object, 16).ok()?, page: u32::from_str_radix(page, 16).ok()? };
    well_formed.then_some(key)
}
