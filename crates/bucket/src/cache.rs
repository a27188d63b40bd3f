//! Pages of far objects on the local disk. Objects are cut into pages of 256 KiB; a page that somebody reads
//! is fetched once, however many ask for it at the same time, and kept in a file until others are
//! read more. Files are checked when they are read, so that nothing has to be synced: what is torn or spoiled is
//! fetched again. A disk that fails makes reading slower, never wrong.

mod files;
mod flights;
pub mod page;

use crate::config::CacheConfig;
use crate::fetch;
use crate::meters::Meters;
use crate::ranges;
use base::{Error, Result};
use bytes::{Bytes, BytesMut};
use files::Files;
use flights::{Claim, Flights, Landing, Turn};
use page::{Key, PAGE_BYTES};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// A disk cache for one store.
#[derive(Debug)]
pub struct Cache {
    /// Name of the store, so that a directory once used for another answers nothing of it.
    address: String,
    files: Arc<Files>,
    flights: Flights,
    meters: Meters,
}

/// Pages of one object by their number.
type Pages = BTreeMap<u32, Bytes>;

impl Cache {
    /// A cache by `config` for the store called `address`. What is in the directory from earlier is
    /// found by a thread in the background.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the directory cannot be made or no thread started.
    pub fn open(config: &CacheConfig, address: &str, meters: Meters) -> Result<Self> {
        let cache = Self::open_empty(config, address, meters)?;
        let files = Arc::clone(&cache.files);
        let thread = std::thread::Builder::new().name("cache".to_owned()).spawn(move || files.find_earlier());
        thread.map_err(|e| Error::unavailable("cannot start the thread of the disk cache").because(e))?;
        Ok(cache)
    }

    /// Like [`Cache::open`], without looking for what is there from earlier.
    fn open_empty(config: &CacheConfig, address: &str, meters: Meters) -> Result<Self> {
        let files = Files::open(config, meters.cache_bytes.clone())?;
        Ok(Self { address: address.to_owned(), files: Arc::new(files), flights: Flights::default(), meters })
    }

    /// `ranges` of the object `name` of `object_bytes`, which all lie inside it; pages that are not
    /// here come from `bring`.
    ///
    /// # Errors
    /// What `bring` answers.
    pub async fn read<F>(
        &self,
        name: &str,
        object_bytes: u64,
        ranges: &[Range<u64>],
        bring: impl Fn(Range<u64>) -> F,
    ) -> Result<Vec<Bytes>>
    where
        F: Future<Output = Result<Bytes>>,
    {
        let object = xxh3_128(format!("{}\n{name}", self.address).as_bytes());
        let mut missing = page_numbers(ranges)?;
        let mut pages = Pages::new();
        let mut first = true;
        while !missing.is_empty() {
            let (here, away) =
                missing.iter().partition::<Vec<u32>, _>(|page| self.files.has(Key { object, page: **page }));
            if std::mem::take(&mut first) {
                self.meters.cache_hits.add(here.len() as f64);
                self.meters.cache_misses.add(away.len() as f64);
            }
            // What was evicted or is spoiled on the disk, and what another reader failed to fetch, is
            // away in the next round.
            self.load(object, here, &mut pages).await?;
            self.fetch_or_wait(object, object_bytes, away, &mut pages, &bring).await?;
            missing.retain(|page| !pages.contains_key(page));
        }
        ranges.iter().map(|range| assemble(range, &pages)).collect()
    }

    /// Reads the pages `here` from the disk, as far as they are whole.
    async fn load(&self, object: u128, here: Vec<u32>, pages: &mut Pages) -> Result<()> {
        if here.is_empty() {
            return Ok(());
        }
        let files = Arc::clone(&self.files);
        let read = move || -> Vec<(u32, Bytes)> {
            let one = |page: u32| Some((page, files.read(Key { object, page })?));
            here.into_iter().filter_map(one).collect()
        };
        let read = tokio::task::spawn_blocking(read).await;
        pages.extend(read.map_err(|e| Error::bug("reading the disk cache").because(e))?);
        Ok(())
    }

    /// Fetches those of the pages `away` that nobody else is fetching, then waits for the others.
    async fn fetch_or_wait<F>(
        &self,
        object: u128,
        object_bytes: u64,
        away: Vec<u32>,
        pages: &mut Pages,
        bring: &impl Fn(Range<u64>) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<Bytes>>,
    {
        let (mut claims, mut landings): (Vec<Claim>, Vec<(u32, Landing)>) = Default::default();
        for page in away {
            match self.flights.turn(Key { object, page }) {
                Turn::Ours(claim) => claims.push(claim),
                Turn::Theirs(landing) => landings.push((page, landing)),
            }
        }
        let wanted: Vec<_> = claims.iter().map(|claim| page_range(claim.key().page, object_bytes)).collect();
        // Each page is where another begins or a page lies between them that is here already.
        let joined = ranges::join(&wanted, 1, ranges::FETCH_MAX_BYTES);
        let fetched = fetch::all(joined, bring).await?;
        let cut = ranges::cut(&wanted, &fetched)
            .ok_or_else(|| Error::bug("joined pages do not hold the asked ones"))?;
        for (claim, bytes) in claims.iter().zip(cut) {
            claim.land(bytes.clone());
            pages.insert(claim.key().page, bytes);
        }
        self.keep(claims, pages).await;
        for (page, landing) in landings {
            // None when the other one failed or was cancelled: the next round is ours.
            pages.extend(landing.await.map(|bytes| (page, bytes)));
        }
        Ok(())
    }

    /// Writes fetched pages to the disk; gives the claims up only then, so that nobody fetches them
    /// again in between.
    async fn keep(&self, claims: Vec<Claim>, pages: &Pages) {
        if claims.is_empty() {
            return;
        }
        let fetched: Vec<_> = claims
            .iter()
            .filter_map(|claim| Some((claim.key(), pages.get(&claim.key().page)?.clone())))
            .collect();
        let files = Arc::clone(&self.files);
        let write = move || fetched.iter().for_each(|(key, bytes)| files.write(*key, bytes));
        if let Err(e) = tokio::task::spawn_blocking(write).await {
            tracing::error!("writing the disk cache: {e}");
        }
        drop(claims);
    }
}

/// The numbers of the pages that hold `ranges`.
fn page_numbers(ranges: &[Range<u64>]) -> Result<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for range in ranges.iter().filter(|range| !range.is_empty()) {
        let number = |at: u64| {
            u32::try_from(at / PAGE_BYTES as u64)
                .map_err(|_| Error::limit(format!("an object of {at} bytes")))
        };
        numbers.extend(number(range.start)?..=number(range.end - 1)?);
    }
    Ok(numbers)
}

fn page_range(page: u32, object_bytes: u64) -> Range<u64> {
    let start = u64::from(page) * PAGE_BYTES as u64;
    start..(start + PAGE_BYTES as u64).min(object_bytes)
}

/// Puts `range` together; without copying when it lies in one page.
fn assemble(range: &Range<u64>, pages: &Pages) -> Result<Bytes> {
    let mut parts = Vec::with_capacity(2);
    let mut at = range.start;
    while at < range.end {
        let (page, offset) = ((at / PAGE_BYTES as u64) as u32, (at % PAGE_BYTES as u64) as usize);
        let page = pages.get(&page).filter(|bytes| bytes.len() > offset);
        let page = page.ok_or_else(|| Error::corrupt(format!("cached page without byte {at}")))?;
        let length = (page.len() - offset).min((range.end - at) as usize);
        parts.push(page.slice(offset..offset + length));
        at += length as u64;
    }
    match parts.as_slice() {
        [only] => Ok(only.clone()),
        _ => {
            let mut whole = BytesMut::with_capacity((range.end - range.start) as usize);
            parts.iter().for_each(|part| whole.extend_from_slice(part));
            Ok(whole.freeze())
        }
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a slice of one range is meant")]
mod tests;
