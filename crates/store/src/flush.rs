//! Moving rows from memory into blocks.
//!
//! ```text
//! freeze the head ─▶ blocks ─▶ bucket ─▶ catalogue (blocks + what of the log they cover) ─▶ forget the head ─▶ truncate the log
//! ```
//!
//! Each step is tried until it succeeds, and each can be done twice: the same rows give the same
//! blocks, a commit that happened is recognised by the position that it covers, and forgetting and truncating
//! are repeated by the next flush. After a crash the log has everything since the last commit; what a
//! commit covers is not replayed.

mod cutter;

use crate::block::BlockMeta;
use crate::catalogue::{Change, Covered};
use crate::engine::Engine;
use crate::head::Head;
use crate::passes::Pass;
use crate::tenant::TenantState;
use base::{Error, Kind, Result};
use bytes::Bytes;
use cutter::{Cut, Cutter};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The time between looks whether a block that is to be deleted is gone.
const CONDEMNED_WAIT: Duration = Duration::from_secs(10);

/// Why rows are moved into blocks, in Loki's words where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The tenant has many rows in memory.
    Full,
    /// The oldest row is there for long.
    MaxAge,
    /// No row came for long.
    Idle,
    /// Somebody asked for it.
    Forced,
    /// All tenants together have too many rows in memory.
    Memory,
    /// The rows keep old segments of the write-ahead log.
    Log,
    /// The store is shut down.
    Shutdown,
}

impl Reason {
    /// The word in metrics and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::MaxAge => "max_age",
            Self::Idle => "idle",
            Self::Forced => "forced",
            Self::Memory => "memory",
            Self::Log => "wal",
            Self::Shutdown => "shutdown",
        }
    }
}

impl Engine {
    /// Moves the rows that `tenant` has in memory now into blocks. Safe to be dropped at any point:
    /// the next flush goes on where it was.
    ///
    /// # Errors
    /// [`base::Kind::Cancelled`] when the store is closed before it is done.
    pub async fn flush(&self, tenant: &TenantState, reason: Reason) -> Result<()> {
        let _turn = tenant.flushing.lock().await;
        self.meters.flush_queue.add(1.0);
        let done = self.flush_in_turn(tenant, reason).await;
        self.meters.flush_queue.add(-1.0);
        done
    }

    async fn flush_in_turn(&self, tenant: &TenantState, reason: Reason) -> Result<()> {
        loop {
            let began = Instant::now();
            let (head, left_over) = tenant.freeze(&self.memory).await;
            // A look for work until here may have asked again; what it saw is frozen now.
            tenant.unschedule();
            self.passes.pass(Pass::Frozen).await;
            if !head.is_empty() {
                self.write(tenant, &head, reason).await?;
                self.meters.flush_seconds.observe(began.elapsed().as_secs_f64());
            }
            self.passes.pass(Pass::Committed).await;
            tenant.forget_frozen();
            drop(head);
            self.passes.pass(Pass::Forgotten).await;
            if let Err(error) = self.truncate_log().await {
                tracing::warn!(%error, "cannot truncate the write-ahead log; the next flush tries again");
            }
            // Brings the metrics up to date.
            self.wake.notify_one();
            if !left_over {
                return Ok(());
            }
        }
    }

    /// Writes the blocks of a frozen head and commits them.
    async fn write(&self, tenant: &TenantState, head: &Arc<Head>, reason: Reason) -> Result<()> {
        let mark = head.mark();
        let through = mark.through.ok_or_else(|| Error::bug("a head without rows is flushed"))?;
        let name = &tenant.name;
        let (change, duplicates) = loop {
            let (metas, duplicates) = self
                .until_done(&format!("write blocks of tenant {name}"), || self.write_blocks(tenant, head))
                .await?;
            let covered = vec![Covered::new(self.catalogue.writer(), name, through)];
            let change = Change { added: metas, covered, ..Change::default() };
            let commit = || self.catalogue.commit_when(&change, |_| true);
            if self.until_done(&format!("commit blocks of tenant {name}"), commit).await? {
                break (change, duplicates);
            }
            // So old an object is taken for what a crash left behind. Once it is deleted it can be put again.
            tracing::warn!(tenant = %name, "blocks are as old as what a crash leaves behind; they are written again");
            tokio::time::sleep(CONDEMNED_WAIT).await;
        };
        self.meters.duplicates.add(duplicates as f64);
        self.meters.flushed(reason.word()).add(head.run_count() as f64);
        self.meters.blocks.set(self.catalogue.state().all_blocks().count() as f64);
        let (rows, blocks) = (change.added.iter().map(|meta| meta.rows).sum::<u64>(), change.added.len());
        let signal = self.config.signal.word();
        tracing::info!(tenant = %name, signal, reason = reason.word(), rows, blocks, "rows are in blocks");
        Ok(())
    }

    /// Builds the blocks of a frozen head and puts them, one after the other, so that at most one is
    /// in memory.
    async fn write_blocks(&self, tenant: &TenantState, head: &Arc<Head>) -> Result<(Vec<BlockMeta>, u64)> {
        let received = head.mark().received_ns.unwrap_or_default();
        let limit_bytes = self.config.block_bytes.0;
        let (name, signal, frozen) = (tenant.name.clone(), self.config.signal, head.clone());
        let new = move || Cutter::new(name, signal, frozen, received.0..=received.1, limit_bytes);
        let mut cutter = self.pool.run(new).await?;
        let mut metas = Vec::new();
        loop {
            let (next, cut) = self.pool.run(move || cutter.step()).await?;
            match cut? {
                Cut::More => {}
                Cut::Block(meta, bytes) => {
                    let what = format!("put block {}", meta.name);
                    self.until_done(&what, || self.put(&meta, bytes.clone())).await?;
                    self.passes.pass(Pass::Put).await;
                    metas.push(*meta);
                }
                Cut::End => return Ok((metas, next.duplicates())),
            }
            cutter = next;
        }
    }

    /// Puts a block.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn put(&self, meta: &BlockMeta, bytes: Bytes) -> Result<()> {
        match self.bucket.put(&meta.name, bytes.clone()).await {
            // The name says what the content must be, so what is there was damaged.
            Err(e) if e.kind() == Kind::Corrupt => {
                tracing::error!(error = %e, "a block is damaged in the bucket and is put again");
                self.bucket.delete(&meta.name).await?;
                self.bucket.put(&meta.name, bytes).await?;
            }
            put => put?,
        }
        self.meters.blocks_written.inc();
        self.meters.block_raw_bytes.add(meta.raw_bytes as f64);
        self.meters.block_stored_bytes.add(meta.size_bytes as f64);
        tracing::debug!(block = meta.name, rows = meta.rows, bytes = meta.size_bytes, "put a block");
        Ok(())
    }
}
