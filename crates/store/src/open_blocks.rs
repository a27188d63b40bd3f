//! Open blocks of all stores of a process, kept while memory allows. Names of blocks say whose they are.

use crate::block::{Block, BlockMeta};
use base::{Error, Result};
use bucket::Bucket;
use model::ScanStats;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Blocks that are expected to be open at once; a hint to size the cache's tables.
const EXPECTED_BLOCKS: usize = 1000;

/// The cache. Many that want one block fetch it once. Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct OpenBlocks {
    bucket: Bucket,
    blocks: Arc<Cache<String, Arc<Block>, Weight>>,
}

#[derive(Clone, Debug)]
struct Weight;

impl quick_cache::Weighter<String, Arc<Block>> for Weight {
    fn weight(&self, name: &String, block: &Arc<Block>) -> u64 {
        name.len() as u64 + block.held_bytes()
    }
}

impl OpenBlocks {
    /// A cache of `limit_bytes` over `bucket`.
    pub fn new(bucket: Bucket, limit_bytes: u64) -> Self {
        Self { bucket, blocks: Arc::new(Cache::with_weighter(EXPECTED_BLOCKS, limit_bytes, Weight)) }
    }

    /// The block of `meta`.
    ///
    /// # Errors
    /// [`base::Kind::Missing`] when it was deleted, [`base::Kind::Unavailable`], [`base::Kind::Corrupt`].
    pub async fn get(&self, meta: &BlockMeta, stats: &ScanStats) -> Result<Arc<Block>> {
        let open = async {
            let tail = meta.tail_range();
            stats.fetched_bytes.fetch_add(tail.end - tail.start, Ordering::Relaxed);
            let mut fetched = self.bucket.get_ranges(&meta.name, meta.size_bytes, &[tail]).await?;
            let tail = fetched.pop().ok_or_else(|| Error::bug("no bytes for a range"))?;
            Block::open(meta.clone(), &tail).map(Arc::new)
        };
        self.blocks.get_or_insert_async(&meta.name, open).await
    }

    /// Forgets a block whose object is deleted.
    pub fn forget(&self, name: &str) {
        self.blocks.remove(name);
    }
}
