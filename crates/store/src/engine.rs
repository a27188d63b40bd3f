//! What the parts of a store share.

use crate::catalogue::Catalogue;
use crate::config::StoreConfig;
use crate::follow::Followers;
use crate::head::Memory;
use crate::meters::Meters;
use crate::open_blocks::OpenBlocks;
use crate::passes::Passes;
use crate::shared::Shared;
use crate::tenant::TenantState;
use base::{ByteBudget, Clock, Error, Kind, Pool, Result};
use bucket::Bucket;
use hashbrown::{HashMap, HashSet};
use model::{LimitsOf, Tenant};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use wal::{Position, Wal};

/// The first wait before something that failed is tried again; it doubles each time.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// The longest wait.
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Where a store is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reads the catalogue.
    Opening,
    /// Replays the write-ahead log.
    Replaying {
        /// Bytes of the log that are done.
        done_bytes: u64,
        /// Bytes of the log.
        total_bytes: u64,
    },
    /// Serves.
    Ready,
    /// Will not serve, for this reason.
    Failed(String),
    /// Takes no more rows and writes what it has.
    Draining,
    /// Has stopped.
    Closed,
}

impl Phase {
    fn order(&self) -> u8 {
        match self {
            Self::Opening => 0,
            Self::Replaying { .. } => 1,
            Self::Ready | Self::Failed(_) => 2,
            Self::Draining => 3,
            Self::Closed => 4,
        }
    }
}

/// Shared by everything that a store does.
pub struct Engine {
    /// How it behaves.
    pub config: StoreConfig,
    /// Where blocks and catalogue are.
    pub bucket: Bucket,
    /// Limits of tenants, as they are now.
    pub limits: LimitsOf,
    /// Time of day.
    pub clock: Clock,
    /// Compute threads.
    pub pool: Pool,
    /// Own metrics.
    pub meters: Meters,
    /// Budget of the heads of all stores.
    pub memory: Memory,
    /// Turns of flushes of all stores.
    pub flush_turns: Arc<Semaphore>,
    /// Held while merging blocks, of any store: names of blocks that cannot be merged.
    pub compacting: Arc<tokio::sync::Mutex<HashSet<String>>>,
    /// Budget of merging blocks.
    pub compaction_memory: ByteBudget,
    /// Which blocks there are.
    pub catalogue: Catalogue,
    /// What was acknowledged.
    pub wal: Wal,
    /// Who listens.
    pub followers: Followers,
    /// Open blocks.
    pub blocks: OpenBlocks,
    /// The log has refused a record since somebody looked: its disk may be full.
    pub log_refused: AtomicBool,
    /// Where flushes stand still in tests.
    pub passes: Passes,
    /// Wakes who looks for work.
    pub wake: Notify,
    phase: watch::Sender<Phase>,
    tenants: RwLock<HashMap<Tenant, Arc<TenantState>>>,
    /// The last record of the log that is known to be written.
    last_position: Mutex<Position>,
}

/// What an engine is made of.
pub struct Parts {
    /// How it behaves.
    pub config: StoreConfig,
    /// What it has in common with the other stores.
    pub shared: Shared,
    /// The log.
    pub wal: Wal,
    /// Name of the log.
    pub writer: String,
}

impl Engine {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, shared, wal, writer } = parts;
        let Shared { bucket, limits, clock, registry, pool, memory, open_blocks, flush_turns, .. } = shared;
        let Shared { compacting, compaction_memory, .. } = shared;
        let meters = Meters::new(&registry, config.signal);
        meters.show_log(wal.meters());
        Self {
            memory: memory.of(config.signal),
            flush_turns,
            compacting,
            compaction_memory,
            catalogue: Catalogue::new(bucket.clone(), config.signal, writer, clock.clone()),
            followers: Followers::default(),
            blocks: open_blocks,
            log_refused: AtomicBool::new(false),
            passes: Passes::default(),
            wake: Notify::new(),
            phase: watch::Sender::new(Phase::Opening),
            tenants: RwLock::default(),
            last_position: Mutex::new(Position { segment: 0, sequence: 0 }),
            config,
            bucket,
            limits,
            clock,
            pool,
            meters,
            wal,
        }
    }

    /// Where it is in its life.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Goes on to `phase`; never back, so that a replay that ends does not open a store that is being
    /// shut down.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let goes_on = now.order() <= phase.order();
            if goes_on {
                *now = phase;
            }
            goes_on
        });
    }

    /// `Err` says in one line why it does not serve.
    pub fn serves(&self) -> Result<(), String> {
        match &*self.phase.borrow() {
            Phase::Ready => Ok(()),
            Phase::Opening => Err("reading the catalogue".to_owned()),
            Phase::Replaying { done_bytes, total_bytes } => {
                let percent = done_bytes * 100 / (*total_bytes).max(1);
                Err(format!("replaying the write-ahead log: {percent} % of {total_bytes} bytes"))
            }
            Phase::Failed(why) => Err(why.clone()),
            Phase::Draining | Phase::Closed => Err("shutting down".to_owned()),
        }
    }

    /// Refuses what cannot be served now.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub fn check_serves(&self) -> Result<()> {
        self.serves().map_err(|why| Error::unavailable(format!("not ready: {why}")))
    }

    /// The state of `tenant`, made at first use. It is kept for ever: an append under way must not
    /// find its head forgotten, and an idle tenant takes 4 KiB.
    pub fn tenant(&self, tenant: &Tenant) -> Arc<TenantState> {
        if let Some(state) = self.tenants.read().get(tenant) {
            return state.clone();
        }
        let mut tenants = self.tenants.write();
        let new = || {
            let meters = self.meters.tenant(tenant);
            Arc::new(TenantState::new(tenant.clone(), &self.memory, meters))
        };
        tenants.entry(tenant.clone()).or_insert_with(new).clone()
    }

    /// The state of `tenant` when it has any.
    pub fn known_tenant(&self, tenant: &Tenant) -> Option<Arc<TenantState>> {
        self.tenants.read().get(tenant).cloned()
    }

    /// All tenants that have a state.
    pub fn all_tenants(&self) -> Vec<Arc<TenantState>> {
        self.tenants.read().values().cloned().collect()
    }

    /// The last record of the log that is known to be written: what is appended from now on comes
    /// behind it.
    pub fn last_position(&self) -> Position {
        *self.last_position.lock()
    }

    /// Notes that the record at `position` is written.
    pub fn note_position(&self, position: Position) {
        let mut last = self.last_position.lock();
        *last = position.max(*last);
    }

    /// Removes the part of the log whose rows are all in blocks.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]: the rest goes another time.
    pub async fn truncate_log(&self) -> Result<()> {
        // While replaying nothing is known about the records that were not read yet.
        if !matches!(*self.phase.borrow(), Phase::Ready | Phase::Draining) {
            return Ok(());
        }
        let needed = || {
            let heads = self.all_tenants().into_iter().map(|tenant| tenant.heads());
            heads.flat_map(|heads| heads.each().filter_map(|head| head.mark().needed_from).min()).min()
        };
        // An append that begins after this look at the end of the log writes behind it; one that began
        // before has left its mark in a head.
        let end = match needed() {
            None => self.wal.cut().await?,
            Some(_) => self.last_position(),
        };
        let keep_from = needed().map_or(end, |needed| needed.min(end));
        let removed = self.wal.truncate_before(keep_from).await?;
        if removed > 0 {
            tracing::debug!(removed, %keep_from, "removed segments of the write-ahead log");
        }
        Ok(())
    }

    /// Does `step` again and again until it succeeds, with growing pauses. Dropping the future ends it, too.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when the store is closed.
    pub async fn until_done<T, F>(&self, what: &str, mut step: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut phase = self.phase();
        let mut wait = RETRY_MIN;
        for attempt in 1u64.. {
            match step().await {
                Ok(done) => {
                    if attempt > 1 {
                        tracing::info!(attempt, "succeeded to {what}");
                    }
                    return Ok(done);
                }
                Err(error) if error.kind() == Kind::Cancelled => return Err(error),
                Err(error) => {
                    self.meters.flush_failures.inc();
                    tracing::error!(attempt, %error, next_in = ?wait, "failed to {what}; nothing is lost");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = phase.wait_for(|phase| *phase == Phase::Closed) => {
                    return Err(Error::new(Kind::Cancelled, format!("closed before it could {what}")));
                }
            }
            wait = (2 * wait).min(RETRY_MAX);
        }
        Err(Error::bug("an endless loop has ended"))
    }
}
