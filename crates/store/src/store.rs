//! The store as others see it: opening, the doors, closing.

use crate::background;
use crate::compact::{Compacted, Pace};
use crate::config::StoreConfig;
use crate::engine::{Engine, Parts, Phase};
use crate::flush::Reason;
use crate::retain::Retained;
use crate::shared::Shared;
use crate::{select, writer_name};
use base::meter::Registry;
use base::{Error, Result};
use model::{
    Ack, Append, Batch, BoxFuture, Estimate, Follow, Followed, Operate, RunStream, Select, Selection,
    StreamFacts, StreamQuery, Tenant,
};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;
use wal::{Options, Replay, Wal};

/// The engine of one node for one signal; [`Shared`] is what those of a process have in common. Cloning
/// gives the same one. When the last clone is dropped the store stops where it is, as after a crash;
/// [`Store::shutdown`] stops in order.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    _owner: Arc<Owner>,
}

/// Ends what runs in the background when nobody has the store any more.
struct Owner(Arc<Engine>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.enter(Phase::Closed);
    }
}

impl Store {
    /// Opens the store: takes the log's directory, then reads the catalogue and replays the log in the
    /// background. [`Store::started`] waits for that; until then the doors refuse. Needs a tokio runtime
    /// with threads.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for settings that cannot work or a log of a newer program,
    /// [`base::Kind::Unavailable`] when the directory of the log cannot be used.
    pub async fn open(config: StoreConfig, shared: Shared) -> Result<Self> {
        config.check()?;
        let (wal, replay, writer) = open_log(&config, &shared.registry).await?;
        let engine = Arc::new(Engine::new(Parts { config, shared, wal, writer }));
        tokio::spawn(engine.clone().start(replay));
        tokio::spawn(background::run(engine.clone()));
        Ok(Self { _owner: Arc::new(Owner(engine.clone())), engine })
    }

    /// Where the store is in its life, for progress bars and status pages.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.engine.phase()
    }

    /// Waits until the log is replayed and the doors are open.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the store will not serve, with the reason.
    pub async fn started(&self) -> Result<()> {
        let mut phase = self.engine.phase();
        let begun = phase.wait_for(|phase| !matches!(phase, Phase::Opening | Phase::Replaying { .. })).await;
        drop(begun.map_err(|e| Error::bug("the store has lost its phase").because(e))?);
        self.engine.check_serves()
    }

    /// Removes blocks that are beyond their tenant's retention period at `now_ns`.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]; what was done stays done.
    pub async fn retain(&self, now_ns: i64) -> Result<Retained> {
        self.engine.check_serves()?;
        self.engine.retain(now_ns).await
    }

    /// Merges small blocks, worth it or not, at once.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]; what was done stays done.
    pub async fn compact_now(&self) -> Result<Compacted> {
        self.engine.check_serves()?;
        self.engine.compact(Pace::Forced).await
    }

    /// Makes the catalogue anew from the blocks in the bucket.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`].
    pub async fn rebuild_catalogue(&self) -> Result<()> {
        self.engine.catalogue.rebuild().await
    }

    /// Stops: takes no more rows, moves what it has into blocks where the settings want it, closes
    /// the log. What is not in blocks is in the log.
    pub async fn shutdown(&self) {
        let was_ready = self.engine.serves().is_ok();
        self.engine.enter(Phase::Draining);
        if was_ready && self.engine.config.flush_on_shutdown {
            let wait = self.engine.config.shutdown_wait.duration();
            let flushed = tokio::time::timeout(wait, flush_all(&self.engine, None, Reason::Shutdown)).await;
            match flushed.map_err(|_| Error::unavailable("out of time")).flatten() {
                Ok(()) => tracing::info!("all rows are in blocks"),
                Err(error) => {
                    tracing::warn!(%error, "some rows are only in the log; the next start replays it")
                }
            }
        }
        self.engine.enter(Phase::Closed);
        self.engine.wal.close().await;
    }
}

async fn open_log(config: &StoreConfig, registry: &Registry) -> Result<(Wal, Replay, String)> {
    let dir = config.wal_dir.join(config.signal.word());
    let options = Options {
        segment_bytes: config.wal_segment.0,
        sync: config.sync()?,
        name: config.signal.word(),
        registry: registry.clone(),
        ..Options::default()
    };
    let opened = tokio::task::spawn_blocking(move || {
        let (wal, replay) = Wal::open(&dir, options)?;
        let writer = writer_name::of_log(&dir, wal.usage().segments == 0)?;
        Ok((wal, replay, writer))
    });
    opened.await.map_err(|e| Error::bug("opening the write-ahead log panicked").because(e))?
}

/// Flushes `tenant`, or all tenants, a few at a time.
async fn flush_all(engine: &Arc<Engine>, tenant: Option<Tenant>, reason: Reason) -> Result<()> {
    let tenants = match tenant {
        Some(tenant) => engine.known_tenant(&tenant).into_iter().collect(),
        None => engine.all_tenants(),
    };
    for tenant in tenants {
        engine.flush(&tenant, reason).await?;
    }
    Ok(())
}

impl Append for Store {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Ack>> {
        Box::pin(self.engine.append(batch))
    }
}

impl Select for Store {
    fn select(&self, selection: Selection) -> RunStream {
        select::select(self.engine.clone(), selection)
    }

    fn streams(&self, query: StreamQuery) -> BoxFuture<'_, Result<Vec<StreamFacts>>> {
        Box::pin(select::streams(&self.engine, query))
    }

    fn estimate(&self, selection: Selection) -> BoxFuture<'_, Result<Estimate>> {
        Box::pin(select::estimate(&self.engine, selection))
    }
}

impl Follow for Store {
    fn follow(&self, tenant: &Tenant) -> Pin<Box<dyn futures_util::Stream<Item = Followed> + Send>> {
        self.engine.followers.follow(tenant)
    }
}

impl Operate for Store {
    fn flush(&self, tenant: Option<Tenant>) -> BoxFuture<'_, Result<()>> {
        let engine = self.engine.clone();
        Box::pin(async move {
            engine.check_serves()?;
            // On its own, so that it goes on when who asked for it goes away.
            let flushing = tokio::spawn(async move { flush_all(&engine, tenant, Reason::Forced).await });
            flushing.await.map_err(|e| Error::bug("a flush panicked").because(e))?
        })
    }

    fn compact(&self) -> BoxFuture<'_, Result<()>> {
        let store = self.clone();
        Box::pin(async move {
            let merging = tokio::spawn(async move { store.compact_now().await.map(drop) });
            merging.await.map_err(|e| Error::bug("a merge panicked").because(e))?
        })
    }

    fn ready(&self) -> Result<(), String> {
        self.engine.serves()
    }
}

#[cfg(test)]
mod tests;
