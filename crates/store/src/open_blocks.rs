//! Open blocks of all stores of a process, kept while memory allows. Names of blocks say whose they are.

use crate::block::{Block, BlockMeta, Search};
use base::{Error, Kind, Result};
use bucket::Bucket;
use bytes::Bytes;
use model::ScanStats;
use quick_cache::sync::Cache;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Blocks that are expected to be open at once; a hint to size the cache's tables.
const EXPECTED_BLOCKS: usize = 1000;

/// Of which part of the search regions of a block not all are read.
const FEW: u64 = 8;

/// The cache. Many that want one block fetch it once. Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct OpenBlocks {
    bucket: Bucket,
    blocks: Arc<Cache<String, Arc<Block>, Weight>>,
    /// All search regions of a block by its name.
    searches: Arc<Cache<String, Search, Weight>>,
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

impl OpenBlocks {
    /// A cache over `bucket`, of so many bytes for tables and for filters.
    pub fn new(bucket: Bucket, table_bytes: u64, filter_bytes: u64) -> Self {
        let blocks = Cache::with_weighter(EXPECTED_BLOCKS, table_bytes, Weight);
        let searches = Cache::with_weighter(EXPECTED_BLOCKS, filter_bytes, Weight);
        Self { bucket, blocks: Arc::new(blocks), searches: Arc::new(searches) }
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
        self.blocks.remove(name);
        self.searches.remove(name);
    }
}
