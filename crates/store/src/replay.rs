//! Bringing back what the write-ahead log has and no block.

use crate::engine::{Engine, Phase};
use crate::flush::Reason;
use base::{Error, Result};
use bytes::Bytes;
use model::Batch;
use std::sync::Arc;
use std::time::Instant;
use wal::{Position, Record, Replay};

/// Bytes of the log after which progress is told.
const TOLD_BYTES: u64 = 16 << 20;

impl Engine {
    /// Replays the log into the heads. Blocks on the disk and waits for flushes where memory is short:
    /// run it on a thread of its own, inside a runtime.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when the disk does not give what is there: nothing may be appended
    /// or truncated then. [`base::Kind::Cancelled`] when the store was closed meanwhile.
    pub fn replay(&self, mut replay: Replay) -> Result<()> {
        let began = Instant::now();
        self.meters.replay_active.set(1.0);
        let replayed = self.replay_all(&mut replay);
        self.meters.replay_active.set(0.0);
        self.meters.replay_seconds.set(began.elapsed().as_secs_f64());
        let (rows, skipped) = replayed?;
        let (damage, total_bytes) = (replay.damage(), replay.progress().total_bytes);
        if damage.places > 0 {
            tracing::error!(places = damage.places, bytes = damage.bytes, "the write-ahead log is damaged");
        }
        if total_bytes > 0 {
            let (signal, seconds) = (self.config.signal.word(), began.elapsed().as_secs_f64());
            tracing::info!(signal, rows, skipped, total_bytes, seconds, "replayed the log");
        }
        Ok(())
    }

    /// Gives the numbers of rows inserted and of records whose rows are in blocks already.
    fn replay_all(&self, replay: &mut Replay) -> Result<(u64, u64)> {
        let covered = self.catalogue.state();
        let (mut rows, mut skipped, mut told_bytes) = (0, 0, 0);
        while let Some(record) = replay.next() {
            let Record { position, payload } = record?;
            self.note_position(position);
            match self.replayed_batch(position, payload) {
                None => {}
                Some(batch) if covered.covered(self.catalogue.writer(), batch.tenant()) >= Some(position) => {
                    skipped += 1;
                }
                Some(batch) => {
                    self.replay_batch(&batch, position)?;
                    rows += batch.row_count();
                }
            }
            let progress = replay.progress();
            if progress.done_bytes - told_bytes >= TOLD_BYTES || told_bytes == 0 {
                told_bytes = progress.done_bytes;
                let (done_bytes, total_bytes) = (progress.done_bytes, progress.total_bytes);
                if *self.phase().borrow() == Phase::Closed {
                    return Err(Error::new(base::Kind::Cancelled, "closed while replaying"));
                }
                self.enter(Phase::Replaying { done_bytes, total_bytes });
            }
        }
        Ok((rows, skipped))
    }

    /// The batch of a record; none when it holds none.
    fn replayed_batch(&self, position: Position, payload: Bytes) -> Option<Batch> {
        let decoded = Batch::decode(payload).and_then(|batch| match batch.signal() == self.config.signal {
            true => Ok(batch),
            false => Err(Error::corrupt("batch of another signal")),
        });
        match decoded {
            Ok(batch) => Some(batch),
            Err(error) => {
                self.meters.replay_corrupt.inc();
                tracing::error!(%position, %error, "skipped a record of the write-ahead log");
                None
            }
        }
    }

    fn replay_batch(&self, batch: &Batch, position: Position) -> Result<()> {
        let tenant = self.tenant(batch.tenant());
        tenant.meters.streams_created.add(tenant.admission.note(batch) as f64);
        tenant.meters.streams.set(tenant.admission.len() as f64);
        tenant.active().insert(batch, position);
        if self.memory.is_beyond() || tenant.held_bytes() > self.config.flush_bytes.0 {
            self.relieve()?;
        }
        Ok(())
    }

    /// Flushes the largest tenant and waits for it.
    fn relieve(&self) -> Result<()> {
        let Some(largest) = self.all_tenants().into_iter().max_by_key(|tenant| tenant.held_bytes()) else {
            return Ok(());
        };
        self.meters.replay_flushing.set(1.0);
        let flushed = tokio::runtime::Handle::current().block_on(self.flush(&largest, Reason::Memory));
        self.meters.replay_flushing.set(0.0);
        flushed
    }

    /// Opens for business: catalogue, log, then [`Phase::Ready`]. Errors end in [`Phase::Failed`].
    pub async fn start(self: Arc<Self>, replay: Replay) {
        if let Err(error) = self.start_steps(replay).await
            && error.kind() != base::Kind::Cancelled
        {
            tracing::error!(%error, "the store cannot serve");
            self.enter(Phase::Failed(error.to_string()));
        }
    }

    async fn start_steps(self: &Arc<Self>, replay: Replay) -> Result<()> {
        let refreshed = || async {
            match self.catalogue.open().await {
                // Waiting does not help against what a newer program wrote.
                Err(e) if e.kind() == base::Kind::Invalid => Ok(Err(e)),
                done => done.map(Ok),
            }
        };
        self.until_done("read the catalogue", refreshed).await??;
        self.meters.blocks.set(self.catalogue.state().all_blocks().count() as f64);
        let engine = self.clone();
        let replayed = tokio::task::spawn_blocking(move || engine.replay(replay)).await;
        replayed.map_err(|e| Error::bug("the replay of the write-ahead log panicked").because(e))??;
        self.enter(Phase::Ready);
        self.wake.notify_one();
        Ok(())
    }
}
