//! Immutable objects far away: a local directory, S3, Azure Blob Storage, Google Cloud Storage, or
//! memory, all with the same few requests.
//!
//! ```text
//! put      content-named objects: whoever comes second has already won
//! create   exactly one of many wins: compare-and-swap on every store
//! get, get_ranges, list, delete
//! ```
//!
//! Every request has a deadline and a bounded number of tries, so a store that hangs becomes
//! [`base::Kind::Unavailable`] with the names of store, operation and object. Ranges that lie near each other
//! are read together, in parallel, and kept in a cache on the local disk.
//!
//! Nothing reads by suffix (Azure cannot), nothing replaces an object under a condition (the local
//! directory cannot) and nothing copies on the store (S3 cannot under a condition). Objects are put in one request.

mod attempt;
mod cache;
mod cloud;
pub mod config;
mod faults;
mod fetch;
mod leftover;
mod meters;
pub mod ranges;

pub use cache::page;
pub use config::{BucketConfig, Secret};

use attempt::{Attempts, Request};
use base::meter::Registry;
use base::{Error, Kind, Result};
use bytes::Bytes;
use cache::Cache;
use cloud::Cloud;
use futures_util::TryStreamExt as _;
use meters::{Meters, Operation};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A store of objects, or the part of it under a prefix. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    inner: Arc<Inner>,
    /// Before every name: empty, or ends with `/`.
    prefix: Arc<str>,
}

#[derive(Debug)]
struct Inner {
    cloud: Cloud,
    attempts: Attempts,
    cache: Option<Cache>,
}

/// An object as listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its name, without the prefix of the bucket.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What objects take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of objects.
    pub objects: u64,
    /// Bytes in them.
    pub bytes: u64,
}

impl Bucket {
    /// Opens the bucket that `config` names. Nothing is asked of a store that is far away, so wrong
    /// credentials show with the first request. Needs a tokio runtime for all that follows.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a configuration that cannot work, [`Kind::Unavailable`] when a local
    /// directory cannot be made.
    pub fn open(config: &BucketConfig, registry: &Registry) -> Result<Self> {
        let cloud = cloud::open(config)?;
        let meters = Meters::new(registry);
        let cache = match cloud.far && !config.cache.directory.is_empty() {
            true => Some(Cache::open(&config.cache, &cloud.address, meters.clone())?),
            false => None,
        };
        let bucket = Self::over(cloud, config, cache, meters);
        match config.storage_prefix.trim_matches('/') {
            "" => Ok(bucket),
            prefix => bucket.within(prefix),
        }
    }

    /// A bucket that forgets everything at the end; for tests.
    pub fn memory() -> Self {
        Self::over(cloud::memory(), &BucketConfig::default(), None, Meters::new(&Registry::default()))
    }

    fn over(cloud: Cloud, config: &BucketConfig, cache: Option<Cache>, meters: Meters) -> Self {
        let attempts = Attempts::new(config, cloud.address.clone(), meters);
        Self { inner: Arc::new(Inner { cloud, attempts, cache }), prefix: Arc::from("") }
    }

    /// The part of this bucket whose names begin with `prefix` and a `/`, as a bucket of its own.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when `prefix` cannot be part of a name.
    pub fn within(&self, prefix: &str) -> Result<Self> {
        let path = self.path(prefix)?;
        Ok(Self { inner: Arc::clone(&self.inner), prefix: Arc::from(format!("{path}/")) })
    }

    /// What the store is called in messages.
    pub fn address(&self) -> &str {
        &self.inner.cloud.address
    }

    /// Puts an object whose name comes from its content. It is durable when this answers; putting
    /// it again does no harm.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]; [`Kind::Corrupt`] when an object of this name but of another size is
    /// there.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<()> {
        let size = bytes.len() as u64;
        match self.put_new(name, bytes).await {
            Err(e) if e.kind() == Kind::Conflict => {}
            done => return done,
        }
        let found = self.size(name).await?;
        if found != size {
            let address = self.address();
            return Err(Error::corrupt(format!("{address}: {name} has {found} bytes, its content {size}")));
        }
        Ok(())
    }

    /// Creates an object unless there is one of this name: of many that try, exactly one is answered
    /// `true`. The bytes must tell those who try apart: who finds its own bytes there is taken for
    /// the one whose answer was lost, and may try again after any error.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]: whether the object was created is not known.
    pub async fn create(&self, name: &str, bytes: Bytes) -> Result<bool> {
        match self.put_new(name, bytes.clone()).await {
            Ok(()) => return Ok(true),
            Err(e) if e.kind() == Kind::Conflict => {}
            Err(e) => return Err(e),
        }
        match self.get(name).await {
            Ok(found) => Ok(found == bytes),
            // S3 answers a conflict while another creation is under way, which may fail yet.
            Err(e) if e.kind() == Kind::Missing => {
                let address = self.address();
                Err(Error::unavailable(format!("{address}: {name} is being created by somebody else")))
            }
            Err(e) => Err(e),
        }
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(name)?;
        let put = || async {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let payload = PutPayload::from_bytes(bytes.clone());
            self.inner.cloud.store.put_opts(&path, payload, options).await.map(drop)
        };
        let size = bytes.len() as u64;
        self.inner.attempts.run(Request::moving(size, Operation::Upload, path.as_ref()), put).await?;
        self.inner.attempts.count_bytes(Operation::Upload, size);
        Ok(())
    }

    /// A whole object. Meant for small ones: of a large one whose size is known,
    /// [`Bucket::get_ranges`] gives each byte its time, and uses the cache.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Unavailable`].
    pub async fn get(&self, name: &str) -> Result<Bytes> {
        let path = self.path(name)?;
        let get = || async { self.inner.cloud.store.get(&path).await?.bytes().await };
        let bytes = self.inner.attempts.run(Request::moving(0, Operation::Get, path.as_ref()), get).await?;
        self.inner.attempts.count_bytes(Operation::Get, bytes.len() as u64);
        Ok(bytes)
    }

    /// One range of an object, as [`Bucket::get_ranges`].
    ///
    /// # Errors
    /// As [`Bucket::get_ranges`].
    pub async fn get_range(&self, name: &str, object_bytes: u64, range: Range<u64>) -> Result<Bytes> {
        let mut found = self.get_ranges(name, object_bytes, std::slice::from_ref(&range)).await?;
        found.pop().ok_or_else(|| Error::bug("one range was asked and none answered"))
    }

    /// `ranges` of the object `name` of `object_bytes`, in their order; an empty range gives empty bytes.
    /// As objects are immutable, an object that was deleted may still be answered from the cache.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Unavailable`]; [`Kind::Corrupt`] when the object has another size;
    /// [`Kind::Bug`] when a range lies outside the object.
    pub async fn get_ranges(
        &self,
        name: &str,
        object_bytes: u64,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        self.get_ranges_counted(name, object_bytes, ranges, &AtomicU64::new(0)).await
    }

    /// As [`Bucket::get_ranges`], and adds to `requests` how many the store was asked: what the cache has is
    /// not asked for, and one that is tried again counts once. All of them are on their way at the same time.
    ///
    /// # Errors
    /// As [`Bucket::get_ranges`].
    pub async fn get_ranges_counted(
        &self,
        name: &str,
        object_bytes: u64,
        ranges: &[Range<u64>],
        requests: &AtomicU64,
    ) -> Result<Vec<Bytes>> {
        let path = self.path(name)?;
        if let Some(range) = ranges.iter().find(|r| r.start > r.end || r.end > object_bytes) {
            return Err(Error::bug(format!("range {range:?} of {path}, which has {object_bytes} bytes")));
        }
        let inner = &self.inner;
        let fetch = |range: Range<u64>| {
            requests.fetch_add(1, Ordering::Relaxed);
            self.fetch(&path, range)
        };
        let answer = match (&inner.cache, inner.cloud.far) {
            (_, false) => {
                requests.fetch_add(1, Ordering::Relaxed);
                self.read_near(&path, ranges).await
            }
            (Some(cache), true) => cache.read(path.as_ref(), object_bytes, ranges, fetch).await,
            (None, true) => {
                let joined = ranges::join(ranges, ranges::GAP_BYTES, ranges::FETCH_MAX_BYTES);
                fetch::all(joined, fetch).await.and_then(|fetched| {
                    ranges::cut(ranges, &fetched)
                        .ok_or_else(|| Error::bug("joined ranges do not hold the asked ones"))
                })
            }
        };
        let Err(e) = answer else { return answer };
        // Stores differ in how they answer a range beyond the end; the size tells for sure.
        if matches!(e.kind(), Kind::Unavailable | Kind::Corrupt)
            && let Ok(found) = self.size(name).await
            && found != object_bytes
        {
            let what = format!("{}: {path} has {found} bytes and not {object_bytes}", self.address());
            return Err(Error::corrupt(what));
        }
        Err(e)
    }

    /// Ranges of an object on the local disk: nothing is joined, reading is cheap there.
    async fn read_near(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let wanted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).cloned().collect();
        let bytes = wanted.iter().map(|range| range.end - range.start).sum();
        let get = || self.inner.cloud.store.get_ranges(path, &wanted);
        let request = Request::moving(bytes, Operation::GetRange, path.as_ref());
        let mut found = self.inner.attempts.run(request, get).await?.into_iter();
        self.inner.attempts.count_bytes(Operation::GetRange, bytes);
        let one = |range: &Range<u64>| match range.is_empty() {
            true => Some(Bytes::new()),
            false => found.next().filter(|bytes| bytes.len() as u64 == range.end - range.start),
        };
        let all: Option<Vec<_>> = ranges.iter().map(one).collect();
        all.ok_or_else(|| Error::corrupt(format!("{}: {path} is cut short", self.address())))
    }

    /// One range from a store that is far away.
    async fn fetch(&self, path: &Path, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end - range.start;
        let get = || self.inner.cloud.store.get_range(path, range.clone());
        let request = Request::moving(wanted, Operation::GetRange, path.as_ref());
        let bytes = self.inner.attempts.run(request, get).await?;
        self.inner.attempts.count_bytes(Operation::GetRange, bytes.len() as u64);
        if bytes.len() as u64 != wanted {
            let (address, found) = (self.address(), bytes.len());
            return Err(Error::corrupt(format!("{address}: {path} gave {found} bytes of {range:?}")));
        }
        Ok(bytes)
    }

    /// The size of an object in bytes.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Unavailable`].
    pub async fn size(&self, name: &str) -> Result<u64> {
        let path = self.path(name)?;
        let head = || self.inner.cloud.store.head(&path);
        let request = Request::moving(0, Operation::Attributes, path.as_ref());
        Ok(self.inner.attempts.run(request, head).await?.size)
    }

    /// When an object was written, Unix nanoseconds by the clock of the store.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Unavailable`].
    pub async fn modified_ns(&self, name: &str) -> Result<i64> {
        let path = self.path(name)?;
        let head = || self.inner.cloud.store.head(&path);
        let request = Request::moving(0, Operation::Attributes, path.as_ref());
        let meta = self.inner.attempts.run(request, head).await?;
        // Beyond what 64 bits can say lies only nonsense.
        Ok(meta.last_modified.timestamp_nanos_opt().unwrap_or(i64::MAX))
    }

    /// The objects whose names begin with `prefix` and a `/` (all for an empty one), by name.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn list(&self, prefix: &str) -> Result<Vec<Object>> {
        self.listed(prefix, None).await
    }

    /// Like [`Bucket::list`], only those whose names are greater than `after`.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<Object>> {
        self.listed(prefix, Some(after)).await
    }

    async fn listed(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Object>> {
        let within = match prefix.is_empty() {
            true => Path::from(self.prefix.trim_end_matches('/')),
            false => self.path(prefix)?,
        };
        let after = after.map(|after| self.path(after)).transpose()?;
        let inner = &self.inner;
        // The whole has no deadline, for nobody knows how much there is; each piece has one.
        let limit = inner.attempts.request_timeout();
        let list = || async {
            let within = Some(&within).filter(|path| !path.is_root());
            let mut listing = match &after {
                Some(after) => inner.cloud.store.list_with_offset(within, after),
                None => inner.cloud.store.list(within),
            };
            let mut found = Vec::new();
            while let Some(object) = next_within(&mut listing, limit).await? {
                let name = object.location.as_ref();
                // Not every server that speaks Azure's language knows where to start.
                if after.as_ref().is_some_and(|after| name <= after.as_ref()) {
                    continue;
                }
                let name = name.strip_prefix(&*self.prefix);
                found.extend(name.map(|name| Object { name: name.to_owned(), bytes: object.size }));
            }
            found.sort_unstable();
            Ok(found)
        };
        let (operation, name) = (Operation::Iter, within.as_ref());
        inner.attempts.run(Request { operation, name, allowance: LISTING_ALLOWANCE }, list).await
    }

    /// Deletes an object; it is no error when there is none.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        let delete = || self.inner.cloud.store.delete(&path);
        let request = Request::moving(0, Operation::Delete, path.as_ref());
        match self.inner.attempts.run(request, delete).await {
            Err(e) if e.kind() == Kind::Missing => Ok(()),
            done => done,
        }
    }

    /// What the objects under `prefix` (all for an empty one) take together; lists them all.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn usage(&self, prefix: &str) -> Result<Usage> {
        let objects = self.list(prefix).await?;
        Ok(Usage { objects: objects.len() as u64, bytes: objects.iter().map(|object| object.bytes).sum() })
    }

    /// Removes from a local directory what puts left behind that were killed at least `age` ago, and
    /// answers how many. Other stores clean up by themselves.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when the directory cannot be read.
    pub async fn remove_leftovers(&self, age: Duration) -> Result<usize> {
        let Some(directory) = self.inner.cloud.directory.clone() else { return Ok(0) };
        let failed = format!("cannot look through {}", self.address());
        let removed = tokio::task::spawn_blocking(move || leftover::remove(&directory, age));
        match removed.await {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(e)) => Err(Error::unavailable(failed).because(e)),
            Err(e) => Err(Error::bug(failed).because(e)),
        }
    }

    fn path(&self, name: &str) -> Result<Path> {
        let invalid = || Error::invalid(format!("{name:?} cannot be the name of an object"));
        // `#` is where the local directory keeps what is being put.
        if name.contains('#') || name.split('/').any(str::is_empty) {
            return Err(invalid());
        }
        Path::parse(format!("{}{name}", self.prefix)).map_err(|e| invalid().because(e))
    }
}

/// For a whole listing, whose length nobody knows.
const LISTING_ALLOWANCE: Duration = Duration::from_secs(3600);

/// The next piece of a listing, or an error when it takes longer than `limit`.
async fn next_within(
    listing: &mut (impl futures_util::Stream<Item = object_store::Result<ObjectMeta>> + Unpin),
    limit: Duration,
) -> object_store::Result<Option<ObjectMeta>> {
    let next = tokio::time::timeout(limit, listing.try_next()).await;
    let hung = |_| format!("no answer within {limit:?}").into();
    next.unwrap_or_else(|e| Err(object_store::Error::Generic { store: "list", source: hung(e) }))
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a slice of one range is meant")]
mod tests;
