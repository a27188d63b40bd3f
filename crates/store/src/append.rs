//! Taking rows.
//!
//! ```text
//! limits ─▶ memory ─▶ gate ─▶ log (synced) ─▶ head ─▶ followers ─▶ acknowledged
//! ```
//!
//! - Memory comes before the gate: who waits for memory waits for a flush, and a flush waits for the gate.
//! - The log comes before the head: a row that a question has seen is never lost.
//! - The head comes before the acknowledgement: a row that was acknowledged is seen by each later question.
//! - Between log and head nothing waits, so a request that is given up in the middle either has its
//!   rows in the head or was not acknowledged. In that case its record may be in the log, and a
//!   replay may bring its rows; sent again, they collapse.

use crate::engine::Engine;
use crate::tenant::TenantState;
use base::{Error, Kind, Result};
use model::{Ack, Batch};
use std::sync::atomic::Ordering;

/// What a row takes in a head besides its bytes.
const ROW_BYTES: u64 = 24;
/// What a stream of a batch may take besides its rows, when it is new.
const STREAM_BYTES: u64 = 1024;

impl Engine {
    /// Keeps `batch`, except the streams that limits refuse.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when it does not serve, memory or disk are full;
    /// [`base::Kind::Limit`] for a batch larger than the memory.
    pub async fn append(&self, batch: Batch) -> Result<Ack> {
        self.check_serves()?;
        if batch.signal() != self.config.signal {
            let (theirs, ours) = (batch.signal().word(), self.config.signal.word());
            return Err(Error::bug(format!("a batch of {theirs} came to the store of {ours}")));
        }
        let tenant = self.tenant(batch.tenant());
        let limits = (self.limits)(batch.tenant());
        let admitted = tenant.admission.admit(&batch, &limits, self.clock.now_ns());
        if admitted.created > 0 {
            tenant.meters.streams_created.add(admitted.created as f64);
            tenant.meters.streams.set(tenant.admission.len() as f64);
        }
        let batch = if admitted.refused.is_empty() {
            batch
        } else {
            let refused: Vec<usize> = admitted.refused.iter().map(|refused| refused.stream).collect();
            batch.without_streams(&refused)
        };
        if !batch.is_empty() {
            self.keep(&tenant, batch).await?;
        }
        Ok(Ack { refused: admitted.refused })
    }

    async fn keep(&self, tenant: &TenantState, batch: Batch) -> Result<()> {
        let cost = cost_bytes(&batch);
        let reserved = match self.memory.try_reserve(cost) {
            Some(reserved) => reserved,
            None => {
                self.meters.append_waits.inc();
                self.wake.notify_one();
                self.memory.reserve(cost, self.config.append_wait.duration()).await?
            }
        };
        let gate = tenant.gate.read().await;
        let head = tenant.active();
        head.expect_after(self.last_position());
        let position = self.wal.append(batch.bytes().clone()).await.inspect_err(|error| {
            if error.kind() == Kind::Unavailable {
                self.log_refused.store(true, Ordering::Relaxed);
                self.wake.notify_one();
            }
        })?;
        self.note_position(position);
        let inserted = head.insert(&batch, position);
        drop(gate);
        drop(reserved);
        self.meters.duplicates.add(inserted.duplicates as f64);
        self.followers.tell(&batch);
        if head.held_bytes() >= self.config.flush_bytes.0 || self.memory.is_tight() {
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// What a batch takes in memory, estimated from above.
fn cost_bytes(batch: &Batch) -> u64 {
    batch.bytes().len() as u64 + ROW_BYTES * batch.row_count() + STREAM_BYTES * batch.stream_count() as u64
}
