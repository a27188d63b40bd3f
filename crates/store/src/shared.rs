//! What the stores of a process have in common.

use crate::config::StoreConfig;
use crate::head::Memory;
use crate::open_blocks::OpenBlocks;
use base::meter::Registry;
use base::{ByteBudget, Clock, Pool};
use bucket::Bucket;
use hashbrown::HashSet;
use model::LimitsOf;
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};

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
    /// Held while merging blocks: names of blocks that cannot be merged.
    pub(crate) compacting: Arc<Mutex<HashSet<String>>>,
    /// Budget of merging blocks.
    pub(crate) compaction_memory: ByteBudget,
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
        let open_blocks = OpenBlocks::new(bucket.clone(), config, &registry);
        let flush_turns = Arc::new(Semaphore::new(FLUSHES_IN_FLIGHT));
        let compaction_memory = ByteBudget::new("compaction", config.compaction_memory.0);
        let compacting = Arc::default();
        Self {
            bucket,
            limits,
            clock,
            registry,
            pool,
            memory,
            open_blocks,
            flush_turns,
            compacting,
            compaction_memory,
        }
    }
}
