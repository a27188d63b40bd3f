//! What the catalogue says at one moment.

use super::entry::{Change, Covered, Removed};
use crate::block::BlockMeta;
use model::{Tenant, TimeRange};
use std::collections::BTreeMap;
use std::sync::Arc;
use wal::Position;

/// All entries up to one, applied. Cloning is cheap enough for each commit: blocks are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Number of the last entry.
    pub sequence: u64,
    /// Blocks by tenant, in the order of rows of one time: as committed, what replaces others in their
    /// place.
    blocks: BTreeMap<Tenant, Arc<Vec<Arc<BlockMeta>>>>,
    /// By writer and tenant, the last record of its log whose rows are in blocks.
    covered: BTreeMap<String, Arc<BTreeMap<Tenant, Position>>>,
    /// Removed blocks whose objects are still there.
    removed: BTreeMap<String, Removed>,
}

impl State {
    /// Applies the entry `sequence`.
    pub fn apply(&mut self, sequence: u64, change: &Change) {
        if change.reset {
            *self = Self::default();
        }
        self.sequence = sequence;
        for meta in &change.added {
            let of_tenant = Arc::make_mut(self.blocks.entry(meta.tenant.clone()).or_default());
            // After a rebuild, an entry may add what a listing found already.
            if !of_tenant.iter().any(|known| known.name == meta.name) {
                let place = if change.reset { None } else { place_of(of_tenant, &change.removed) };
                of_tenant.insert(place.unwrap_or(of_tenant.len()), Arc::new(meta.clone()));
            }
        }
        for removed in &change.removed {
            if let Some(of_tenant) = self.blocks.get_mut(&removed.tenant) {
                Arc::make_mut(of_tenant).retain(|meta| meta.name != removed.name);
                if of_tenant.is_empty() {
                    self.blocks.remove(&removed.tenant);
                }
            }
            self.removed.insert(removed.name.clone(), removed.clone());
        }
        for name in &change.deleted {
            self.removed.remove(name);
        }
        for covered in &change.covered {
            let of_writer = Arc::make_mut(self.covered.entry(covered.writer.clone()).or_default());
            let through = of_writer.entry(covered.tenant.clone()).or_insert(covered.through());
            *through = covered.through().max(*through);
        }
    }

    /// The same as one change to nothing.
    pub fn as_change(&self) -> Change {
        Change {
            reset: true,
            added: self.blocks.values().flat_map(|metas| metas.iter()).map(|meta| (**meta).clone()).collect(),
            removed: self.removed.values().cloned().collect(),
            deleted: Vec::new(),
            covered: self.all_covered(),
        }
    }

    /// What of all writers' logs is in blocks.
    pub fn all_covered(&self) -> Vec<Covered> {
        let all = self.covered.iter().flat_map(|(writer, tenants)| {
            tenants.iter().map(|(tenant, through)| Covered::new(writer, tenant, *through))
        });
        all.collect()
    }

    /// Whether `change` was committed: the rows that it says are in blocks already are, or the blocks that
    /// it puts in the place of others stand there.
    pub fn holds(&self, change: &Change) -> bool {
        let held = |covered: &Covered| {
            self.covered(&covered.writer, &covered.tenant).is_some_and(|through| through >= covered.through())
        };
        let flushed = !change.covered.is_empty() && change.covered.iter().all(held);
        let replaced = !change.added.is_empty()
            && !change.removed.is_empty()
            && change.added.iter().all(|meta| self.has(&meta.tenant, &meta.name))
            && !change.removed.iter().any(|removed| self.has(&removed.tenant, &removed.name));
        !change.reset && (flushed || replaced)
    }

    /// Whether `tenant` has the block `name`.
    pub fn has(&self, tenant: &Tenant, name: &str) -> bool {
        self.blocks.get(tenant).is_some_and(|metas| metas.iter().any(|meta| meta.name == name))
    }

    /// Whether the object `name` is to be deleted.
    pub fn is_removed(&self, name: &str) -> bool {
        self.removed.contains_key(name)
    }

    /// The tenants that have blocks.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.blocks.keys()
    }

    /// The last record of the log of `writer` whose rows of `tenant` are in blocks.
    pub fn covered(&self, writer: &str, tenant: &Tenant) -> Option<Position> {
        self.covered.get(writer)?.get(tenant).copied()
    }

    /// The blocks of `tenant` that may hold rows in `range`, in the order of rows of one time.
    pub fn blocks(&self, tenant: &Tenant, range: TimeRange) -> Vec<Arc<BlockMeta>> {
        let of_tenant = self.blocks.get(tenant).map_or(&[][..], |metas| metas.as_slice());
        of_tenant.iter().filter(|meta| meta.overlaps(range)).cloned().collect()
    }

    /// All blocks.
    pub fn all_blocks(&self) -> impl Iterator<Item = &Arc<BlockMeta>> {
        self.blocks.values().flat_map(|metas| metas.iter())
    }

    /// Removed blocks whose objects are still there.
    pub fn removed(&self) -> impl Iterator<Item = &Removed> {
        self.removed.values()
    }

    /// Lines that a snapshot of it takes.
    pub fn line_count(&self) -> usize {
        self.all_blocks().count()
            + self.removed.len()
            + self.covered.values().map(|of| of.len()).sum::<usize>()
    }
}

/// Where the first of the `removed` blocks stands.
fn place_of(metas: &[Arc<BlockMeta>], removed: &[Removed]) -> Option<usize> {
    metas.iter().position(|meta| removed.iter().any(|removed| removed.name == meta.name))
}
