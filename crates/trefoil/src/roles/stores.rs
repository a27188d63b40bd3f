//! The stores of a process: one per signal, over one bucket, one budget of memory and one pool. A store
//! that nobody uses is an empty log and an empty catalogue.

use crate::config::Config;
use anyhow::{Context as _, Result};
use api::context::Doors;
use base::unit::Period;
use futures_util::future::{join_all, select_all};
use model::Signal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Phase, Shared, Store, StoreConfig};
use tokio::sync::watch;

/// A store for each signal.
#[derive(Clone)]
pub struct Stores([Store; 3]);

impl Stores {
    /// Opens them; each reads its catalogue and replays its log in the background.
    ///
    /// # Errors
    /// Settings that cannot work, a directory of a log that cannot be used.
    pub async fn open(config: &StoreConfig, shared: &Shared) -> Result<Self> {
        let open = async |signal: Signal| {
            let config = StoreConfig { signal, ..config.clone() };
            Store::open(config, shared.clone())
                .await
                .with_context(|| format!("the store of {}", signal.word()))
        };
        let [first, second, third] = Signal::ALL;
        Ok(Self([open(first).await?, open(second).await?, open(third).await?]))
    }

    /// The doors of each signal, in the order of [`Signal::ALL`].
    pub fn doors(&self) -> [Doors; 3] {
        self.0.clone().map(|store| Doors::of(Arc::new(store)))
    }

    /// How far the start of all is.
    pub fn progress(&self) -> Progress {
        Progress { phases: self.0.iter().map(Store::phase).collect(), bytes: [(0, 0); 3] }
    }

    /// Where each store is in its life, by the word of its signal.
    pub fn phases(&self) -> Vec<(&'static str, Phase)> {
        let phases = self.0.iter().map(|store| store.phase().borrow().clone());
        Signal::ALL.iter().map(|signal| signal.word()).zip(phases).collect()
    }

    /// Stops all of them, at the same time.
    pub async fn shutdown(&self) {
        join_all(self.0.iter().map(Store::shutdown)).await;
    }
}

/// The lives of all stores as one.
pub struct Progress {
    phases: Vec<watch::Receiver<Phase>>,
    /// Replayed and all bytes of each log, as last told.
    bytes: [(u64, u64); 3],
}

impl Progress {
    /// Where they are: none is further than the last of them, and all fail with one.
    pub fn now(&mut self) -> Phase {
        let phases: Vec<Phase> =
            self.phases.iter_mut().map(|phase| phase.borrow_and_update().clone()).collect();
        for (phase, bytes) in phases.iter().zip(&mut self.bytes) {
            match phase {
                Phase::Replaying { done_bytes, total_bytes } => *bytes = (*done_bytes, *total_bytes),
                Phase::Ready => bytes.0 = bytes.1,
                _ => {}
            }
        }
        together(&phases, self.bytes)
    }

    /// Waits for news of any; false when there will be none.
    pub async fn changed(&mut self) -> bool {
        let each = self.phases.iter_mut().map(|phase| Box::pin(phase.changed()));
        select_all(each).await.0.is_ok()
    }
}

fn together(phases: &[Phase], bytes: [(u64, u64); 3]) -> Phase {
    let ended = |phase: &&Phase| matches!(phase, Phase::Failed(_) | Phase::Draining | Phase::Closed);
    if let Some(phase) = phases.iter().find(ended) {
        return phase.clone();
    }
    // How much there is to do is known when no catalogue is left to read.
    if phases.contains(&Phase::Opening) {
        return Phase::Opening;
    }
    if phases.iter().all(|phase| *phase == Phase::Ready) {
        return Phase::Ready;
    }
    let sum = |part: fn(&(u64, u64)) -> u64| bytes.iter().map(part).sum();
    Phase::Replaying { done_bytes: sum(|bytes| bytes.0), total_bytes: sum(|bytes| bytes.1) }
}

/// What the configuration says about every store.
pub fn store_config(config: &Config, data: &Path) -> StoreConfig {
    let below =
        |text: &str, default: &str| if text.is_empty() { data.join(default) } else { PathBuf::from(text) };
    let own = &config.trefoil;
    StoreConfig {
        wal_dir: below(&config.ingester.wal.dir, "wal"),
        wal_sync: own.wal_sync.clone(),
        wal_sync_interval: own.wal_sync_interval,
        head_memory: own.head_memory,
        flush_bytes: own.flush_bytes,
        page_cache: own.page_cache,
        flush_age: config.ingester.max_chunk_age,
        flush_idle: config.ingester.chunk_idle_period,
        flush_on_shutdown: config.ingester.wal.flush_on_shutdown,
        compaction_interval: config.compactor.compaction_interval,
        retention_delay: config.compactor.retention_delete_delay,
        retention_interval: match config.compactor.retention_enabled {
            true => StoreConfig::default().retention_interval,
            false => Period(0),
        },
        ..StoreConfig::default()
    }
}

#[cfg(test)]
mod tests;
