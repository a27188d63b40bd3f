//! Removing blocks that are older than their tenant keeps rows of their signal.
//!
//! A block leaves the catalogue at once, with its last row; its object a while later, for questions
//! that are under way.

use crate::catalogue::{Change, Removed};
use crate::engine::Engine;
use crate::passes::Pass;
use base::Result;

/// What retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Blocks removed from the catalogue.
    pub removed: usize,
    /// Objects deleted.
    pub deleted: usize,
}

impl Engine {
    /// Removes what is too old at `now_ns`.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]; what was done stays done.
    pub async fn retain(&self, now_ns: i64) -> Result<Retained> {
        let state = self.catalogue.state();
        let removed: Vec<Removed> = state
            .all_blocks()
            .filter(|meta| {
                let period = (self.limits)(&meta.tenant).retention(self.config.signal);
                period.ns() > 0 && meta.max_ns < now_ns.saturating_sub(period.ns())
            })
            .map(|meta| Removed { tenant: meta.tenant.clone(), name: meta.name.clone(), at_ns: now_ns })
            .collect();
        let mut done = Retained { removed: removed.len(), deleted: 0 };
        if !removed.is_empty() {
            tracing::info!(blocks = removed.len(), "blocks are beyond their retention period");
            self.catalogue.commit(&Change { removed, ..Change::default() }).await?;
            self.meters.blocks_retired.add(done.removed as f64);
        }
        done.deleted = self.delete_removed(now_ns).await?;
        Ok(done)
    }

    /// Deletes the objects of blocks that were removed long enough before `now_ns`; gives their number.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`]; what was done stays done.
    pub async fn delete_removed(&self, now_ns: i64) -> Result<usize> {
        // An object that somebody else has deleted may have been put again since.
        self.catalogue.refresh().await?;
        let state = self.catalogue.state();
        let delay_ns = self.config.retention_delay.ns();
        let mut deleted = Vec::new();
        for removed in state.removed().filter(|removed| now_ns.saturating_sub(removed.at_ns) >= delay_ns) {
            self.bucket.delete(&removed.name).await?;
            self.blocks.forget(&removed.name);
            deleted.push(removed.name.clone());
        }
        let count = deleted.len();
        if count > 0 {
            self.passes.pass(Pass::Deleted).await;
            self.catalogue.commit(&Change { deleted, ..Change::default() }).await?;
        }
        Ok(count)
    }
}
