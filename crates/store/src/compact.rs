//! Merging small blocks (`docs/decision/0063-compaction.md`).
//!
//! ```text
//! plan ─▶ inputs, page by page ─▶ merger ─▶ blocks ─▶ bucket ─▶ catalogue: these instead of those
//! ```
//!
//! Until the last step nothing but time is lost when it ends; what it has put then is an [`orphan`].

mod input;
mod merger;
mod orphan;
mod plan;
mod stream;

use crate::block::BlockMeta;
use crate::catalogue::{Change, Removed};
use crate::engine::Engine;
use crate::open_blocks::Rounds;
use crate::passes::Pass;
use base::{Error, Kind, Result};
use hashbrown::HashSet;
use input::Input;
use merger::{Failure, Merger, Step, Target};
use model::{ScanStats, Tenant};
use plan::Policy;
use std::sync::Arc;
use std::time::Instant;

/// What merging did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Merges that were committed.
    pub merges: usize,
    /// Blocks before, of those merged.
    pub inputs: usize,
    /// Blocks after.
    pub outputs: usize,
    /// Rows dropped as duplicates.
    pub duplicates: u64,
}

/// How hard to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Rest as long as the work takes, and merge what is worth it.
    Background,
    /// Merge what can be merged, at once.
    Forced,
}

/// A merge whose blocks are in the bucket.
struct Written {
    metas: Vec<BlockMeta>,
    duplicates: u64,
}

impl Engine {
    /// Merges small blocks of all tenants until none are left that are worth it. Safe to be dropped at
    /// any point.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]; what was done stays done. Blocks that cannot be read are logged and left
    /// as they are.
    pub async fn compact(&self, pace: Pace) -> Result<Compacted> {
        let mut aside = self.compacting.lock().await;
        let mut done = Compacted::default();
        self.catalogue.refresh().await?;
        let tenants: Vec<Tenant> = self.catalogue.state().tenants().cloned().collect();
        for tenant in tenants {
            while let Some(inputs) = self.next_merge(&tenant, &aside, pace).await? {
                self.merge(&inputs, pace, &mut aside, &mut done).await?;
            }
        }
        Ok(done)
    }

    async fn next_merge(
        &self,
        tenant: &Tenant,
        aside: &HashSet<String>,
        pace: Pace,
    ) -> Result<Option<Vec<Arc<BlockMeta>>>> {
        let policy = Policy {
            block_bytes: self.config.block_bytes.0,
            now_ns: self.clock.now_ns(),
            fresh_ns: self.config.compaction_interval.ns(),
            forced: pace == Pace::Forced,
        };
        let blocks = self.catalogue.state().blocks(tenant, model::TimeRange::ALL);
        let aside = aside.clone();
        self.pool.run(move || plan::choose(&blocks, &aside, policy)).await
    }

    /// Merges `inputs`. What cannot be merged is put `aside`.
    async fn merge(
        &self,
        inputs: &[Arc<BlockMeta>],
        pace: Pace,
        aside: &mut HashSet<String>,
        done: &mut Compacted,
    ) -> Result<()> {
        let Some(first) = inputs.first() else { return Ok(()) };
        let (tenant, began) = (&first.tenant, Instant::now());
        let written = match self.write_merged(inputs, pace).await {
            Ok(written) => written,
            Err(Failure::Other(error)) if error.kind() == Kind::Unavailable => return Err(error),
            Err(failure) => {
                let (at, error) = match failure {
                    Failure::Input(at, error) => (at, error),
                    Failure::Other(error) => (0, error),
                };
                let block = inputs.get(at).map_or(&first.name, |meta| &meta.name);
                tracing::error!(%tenant, block, %error, "a block cannot be merged; it stays as it is until the next start");
                self.meters.compaction_failures.inc();
                aside.insert(block.clone());
                return Ok(());
            }
        };
        if written.metas.len() >= inputs.len() {
            tracing::debug!(%tenant, blocks = inputs.len(), "merging would not make fewer blocks");
            aside.extend(inputs.iter().map(|meta| meta.name.clone()));
            return Ok(());
        }
        let Written { metas, duplicates } = written;
        let (blocks, rows) = (metas.len(), metas.iter().map(|meta| meta.rows).sum::<u64>());
        if !self.replace(inputs, metas).await? {
            tracing::info!(%tenant, "blocks were merged by somebody else meanwhile; this merge is void");
            return Ok(());
        }
        self.passes.pass(Pass::Committed).await;
        let raw_bytes: u64 = inputs.iter().map(|meta| meta.raw_bytes).sum();
        self.meters.compactions.inc();
        self.meters.compaction_raw_bytes.add(raw_bytes as f64);
        self.meters.duplicates.add(duplicates as f64);
        self.meters.blocks.set(self.catalogue.state().all_blocks().count() as f64);
        tracing::info!(
            %tenant, from = inputs.len(), into = blocks, rows, raw_bytes, duplicates,
            seconds = began.elapsed().as_secs_f64(), "merged blocks"
        );
        done.merges += 1;
        done.inputs += inputs.len();
        done.outputs += blocks;
        done.duplicates += duplicates;
        Ok(())
    }

    /// Puts `outputs` in the place of `inputs`; false when these are not all there any more.
    ///
    /// # Errors
    /// [`Kind::Unavailable`]: whether it was done is not known.
    pub async fn replace(&self, inputs: &[Arc<BlockMeta>], mut outputs: Vec<BlockMeta>) -> Result<bool> {
        let at_ns = self.clock.now_ns();
        // All rows of the others may have been in one of them: then it stays.
        let stays: HashSet<String> = outputs.iter().map(|meta| meta.name.clone()).collect();
        let gone = inputs.iter().filter(|meta| !stays.contains(&meta.name));
        let removed = gone
            .map(|meta| Removed { tenant: meta.tenant.clone(), name: meta.name.clone(), at_ns })
            .collect();
        outputs.retain(|output| !inputs.iter().any(|input| input.name == output.name));
        let change = Change { added: outputs, removed, ..Change::default() };
        let all_there =
            |state: &crate::catalogue::State| inputs.iter().all(|meta| state.has(&meta.tenant, &meta.name));
        self.catalogue.commit_when(&change, all_there).await
    }

    /// Merges `inputs` into blocks and puts them, one after the other, so that one is in memory.
    async fn write_merged(&self, inputs: &[Arc<BlockMeta>], pace: Pace) -> Result<Written, Failure> {
        let mut merger = self.open_merger(inputs).await?;
        let mut metas = Vec::new();
        loop {
            let began = Instant::now();
            let (next, step) = self.pool.run(move || merger.step()).await?;
            merger = next;
            let took = began.elapsed();
            match step? {
                Step::More => {}
                Step::Fetch(number, ranges) => {
                    let meta = merger.input(number).ok_or_else(|| Error::bug("a merge lacks an input"))?;
                    let fetched =
                        self.blocks.ranges(meta, &ranges, &ScanStats::default(), &Rounds::default()).await;
                    let parts = fetched.map_err(|error| input_failure(number, error))?;
                    merger.take(number, parts);
                }
                Step::Block(meta, bytes) => {
                    self.put(&meta, bytes).await?;
                    self.passes.pass(Pass::Put).await;
                    metas.push(*meta);
                }
                Step::End => break,
            }
            if pace == Pace::Background {
                tokio::time::sleep(took).await;
            }
        }
        let sum = |rows: u64, meta: &BlockMeta| rows + meta.rows;
        let before = inputs.iter().map(|meta| &**meta).fold(0, sum);
        let (after, duplicates) = (metas.iter().fold(0, sum), merger.duplicates());
        if before != after + duplicates {
            let what = format!("a merge of {before} rows gave {after} and {duplicates} duplicates");
            return Err(Error::bug(what).into());
        }
        Ok(Written { metas, duplicates })
    }

    async fn open_merger(&self, inputs: &[Arc<BlockMeta>]) -> Result<Merger, Failure> {
        let mut opened = Vec::with_capacity(inputs.len());
        for (number, meta) in inputs.iter().enumerate() {
            let block = self.blocks.get(meta, &ScanStats::default(), &Rounds::default()).await;
            let block = block.map_err(|error| input_failure(number, error))?;
            let budget = self.compaction_memory.clone();
            let input = self.pool.run(move || Input::new(block, &budget)).await?;
            opened.push(input.map_err(|error| Failure::Input(number, error))?);
        }
        let first = inputs.first().ok_or_else(|| Error::bug("a merge of nothing"))?;
        let received_min_ns = inputs.iter().map(|meta| meta.received_min_ns).min();
        let received_max_ns = inputs.iter().map(|meta| meta.received_max_ns).max();
        let target = Target {
            tenant: first.tenant.clone(),
            signal: self.config.signal,
            received_ns: received_min_ns.unwrap_or_default()..=received_max_ns.unwrap_or_default(),
            limit_bytes: self.config.block_bytes.0,
        };
        Ok(Merger::new(target, opened, &self.compaction_memory)?)
    }
}

/// A bucket that does not answer is not the input's fault.
fn input_failure(number: usize, error: Error) -> Failure {
    match error.kind() {
        Kind::Unavailable | Kind::Cancelled => Failure::Other(error),
        _ => Failure::Input(number, error),
    }
}
