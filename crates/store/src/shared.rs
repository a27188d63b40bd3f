//! What the stores of a process have in common.

use crate::config::StoreConfig;
use crate::head::Memory;
use crate::open_blocks::OpenBlocks;
use base::meter::Registry;
use base::{Clock, Pool};
use bucket::Bucket;
use model::LimitsOf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Tenants that are flushed at the same time. Each holds one block in memory.
const FLUSHES_IN_FLIGHT: usize = 2;

/// Bucket, limits, tools and budgets of all stores of a process. Cloning gives the same ones.
#[derive(Clone)]
pub struct Shared {
    /// Where blocks and catalogues are.
    pub(crate) bucket: Bucket,
    /// Limits of tenants, as they are now.
    pub(crate) limits: LimitsOf,
    /// Time of day.
    pub(crate) clock: Clock,
    /// Own metrics.
    pub(crate) registry: Registry,
    /// Compute threads.
    pub(crate) pool: Pool,
    /// Budget of all heads.
    pub(crate) memory: Memory,
    /// Open blocks.
    pub(crate) open_blocks: OpenBlocks,
    /// Turns of flushes.
    pub(crate) flush_turns: Arc<Semaphore>,
}

impl Shared {
    /// Budgets as large as `config` says, and what is given.
    pub fn new(
        config: &StoreConfig,
        bucket: Bucket,
        limits: LimitsOf,
        clock: Clock,
        registry: Registry,
        pool: Pool,
    ) -> Self {
        let memory = Memory::new(config.head_memory.0);
        let open_blocks = OpenBlocks::new(bucket.clone(), config.block_cache.0);
        let flush_turns = Arc::new(Semaphore::new(FLUSHES_IN_FLIGHT));
        Self { bucket, limits, clock, registry, pool, memory, open_blocks, flush_turns }
    }
}
