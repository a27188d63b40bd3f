//! Open blocks of all stores of a process, kept while memory allows. Names of blocks say whose they are.

use crate::block::{Block, BlockMeta, Search};
use crate::config::StoreConfig;
use crate::meters::KeptMeters;
use base::meter::Registry;
use base::{Error, Kind, Result};
use bucket::Bucket;
use bytes::Bytes;
use model::ScanStats;
use page::KeptPage;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Blocks that are expected to be open at once; a hint to size the cache's tables.
const EXPECTED_BLOCKS: usize = 1000;

/// Pages that are expected to be kept at once; a hint as above.
const EXPECTED_PAGES: usize = 1000;

/// Of which part of the search regions of a block not all are read.
const FEW: u64 = 8;

/// The cache. Many that want one block fetch it once. Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct OpenBlocks {
    bucket: Bucket,
    blocks: Arc<Cache<String, Arc<Block>, Weight>>,
    /// All search regions of a block by its name.
    searches: Arc<Cache<String, Search, Weight>>,
    pages: Arc<Cache<PageKey, WeighedPage, Weight>>,
    meters: KeptMeters,
}

/// Name of a block and position of a page in it.
type PageKey = (Arc<str>, u32);

/// What is kept of a page, and how much that was when it was put here: it grows.
#[derive(Clone, Debug, Default)]
pub struct WeighedPage {
    /// What is kept.
    pub page: Arc<KeptPage>,
    weight: u64,
}

/// How often a question had to wait for the bucket because of one block: what is asked for when something
/// else has come is a later round than that.
#[derive(Debug, Default)]
pub struct Rounds(AtomicU64);

#[derive(Clone, Debug)]
struct Weight;

impl quick_cache::Weighter<String, Arc<Block>> for Weight {
    fn weight(&self, name: &String, block: &Arc<Block>) -> u64 {
        name.len() as u64 + block.held_bytes()
    }
}

impl quick_cache::Weighter<String, Search> for Weight {
    fn weight(&self, name: &String, search: &Search) -> u64 {
        name.len() as u64 + search.bytes()
    }
}

impl quick_cache::Weighter<PageKey, WeighedPage> for Weight {
    fn weight(&self, (block, _): &PageKey, page: &WeighedPage) -> u64 {
        block.len() as u64 + page.weight
    }
}

/// A cache of pages. Half of it is for what came last: somebody who looks at other data than yesterday asks a few times,
/// not as often as yesterday's dashboards did.
fn page_cache(bytes: u64) -> Cache<PageKey, WeighedPage, Weight> {
    let mut options = OptionsBuilder::new();
    options.estimated_items_capacity(EXPECTED_PAGES).weight_capacity(bytes).hot_allocation(0.5);
    match options.build() {
        Ok(options) => {
            Cache::with_options(options, Weight, DefaultHashBuilder::default(), DefaultLifecycle::default())
        }
        // Only without a capacity.
        Err(_) => Cache::with_weighter(EXPECTED_PAGES, bytes, Weight),
    }
}

impl OpenBlocks {
    /// A cache over `bucket`, as large as `config` says.
    pub fn new(bucket: Bucket, config: &StoreConfig, registry: &Registry) -> Self {
        let blocks = Cache::with_weighter(EXPECTED_BLOCKS, config.block_cache.0, Weight);
        let searches = Cache::with_weighter(EXPECTED_BLOCKS, config.filter_cache.0, Weight);
        let pages = page_cache(config.page_cache.0);
        let (blocks, searches, pages) = (Arc::new(blocks), Arc::new(searches), Arc::new(pages));
        Self { bucket, blocks, searches, pages, meters: KeptMeters::new(registry) }
    }

    /// What is kept of the page at `position` of `block`; nothing yet, where it was not read before.
    pub fn page(&self, block: &Block, position: u32) -> WeighedPage {
        self.pages.get(&(block.name().clone(), position)).unwrap_or_default()
    }

    /// Keeps what [`OpenBlocks::page`] gave, with what came to it.
    pub fn keep_page(&self, block: &Block, position: u32, mut kept: WeighedPage) {
        let weight = kept.page.held_bytes();
        if weight != kept.weight {
            kept.weight = weight;
            self.pages.insert((block.name().clone(), position), kept);
            self.meters.bytes.set(self.pages.weight() as f64);
        }
    }

    /// Counts pages of which nothing, and of which something is to be fetched.
    pub fn count_pages(&self, hits: usize, misses: usize) {
        self.meters.hits.add(hits as f64);
        self.meters.misses.add(misses as f64);
    }

    /// Drops what is kept of the page at `position` of `block`.
    pub fn forget_page(&self, block: &Block, position: u32) {
        self.pages.remove(&(block.name().clone(), position));
    }

    /// The block of `meta`.
    ///
    /// # Errors
    /// As [`OpenBlocks::ranges`].
    pub async fn get(&self, meta: &BlockMeta, stats: &ScanStats, rounds: &Rounds) -> Result<Arc<Block>> {
        let open = async {
            let tail = meta.tail_range();
            let mut fetched = self.ranges(meta, &[tail], stats, rounds).await?;
            let tail = fetched.pop().ok_or_else(|| Error::bug("no bytes for a range"))?;
            Block::open(meta.clone(), &tail).map(Arc::new)
        };
        self.blocks.get_or_insert_async(&meta.name, open).await
    }

    /// Search regions of `block`, at least those in `range`. All are read, and kept, unless few of them are wanted.
    ///
    /// # Errors
    /// As [`OpenBlocks::ranges`].
    pub async fn search(
        &self,
        block: &Block,
        range: Range<u64>,
        stats: &ScanStats,
        rounds: &Rounds,
    ) -> Result<Search> {
        let read = async |range: Range<u64>| {
            let mut fetched = self.ranges(block.meta(), std::slice::from_ref(&range), stats, rounds).await?;
            let bytes = fetched.pop().ok_or_else(|| Error::bug("no bytes for a range"))?;
            block.check_search(range, bytes)
        };
        let (name, all) = (&block.meta().name, block.search_range());
        let len = |range: &Range<u64>| range.end.saturating_sub(range.start);
        if len(&range) * FEW < len(&all) {
            return match self.searches.get(name) {
                Some(kept) => Ok(kept),
                None => read(range).await,
            };
        }
        self.searches.get_or_insert_async(name, read(all)).await
    }

    /// Ranges of the object of `meta`, fetched at the same time; what that takes is counted.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]; [`Kind::Corrupt`], also when there is no such object: who asks for rows has
    /// not asked for it.
    pub async fn ranges(
        &self,
        meta: &BlockMeta,
        ranges: &[Range<u64>],
        stats: &ScanStats,
        rounds: &Rounds,
    ) -> Result<Vec<Bytes>> {
        let (requests, round) = (AtomicU64::new(0), rounds.0.load(Ordering::Relaxed) + 1);
        let fetched = self.bucket.get_ranges_counted(&meta.name, meta.size_bytes, ranges, &requests).await;
        let requests = requests.into_inner();
        if requests > 0 {
            rounds.0.fetch_max(round, Ordering::Relaxed);
            stats.bucket_rounds.fetch_max(round, Ordering::Relaxed);
        }
        stats.bucket_requests.fetch_add(requests, Ordering::Relaxed);
        let bytes = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        stats.fetched_bytes.fetch_add(bytes, Ordering::Relaxed);
        fetched.map_err(|error| match error.kind() {
            Kind::Missing => {
                let (name, rfc3339) = (&meta.name, model::time::rfc3339);
                Error::corrupt(format!(
                    "block {name} is in the catalogue and its object is gone from the bucket: bring it back \
from a backup; meanwhile questions about times before {} or after {} do not need it",
                    rfc3339(meta.min_ns),
                    rfc3339(meta.max_ns)
                ))
                .because(error)
            }
            _ => error,
        })
    }

    /// Forgets a block whose object is deleted.
    pub fn forget(&self, name: &str) {
        if let Some((_, block)) = self.blocks.remove(name) {
            (0..block.page_count() as u32)
                .for_each(|page| drop(self.pages.remove(&(block.name().clone(), page))));
        }
        self.searches.remove(name);
    }
}
