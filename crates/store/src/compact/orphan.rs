//! Objects of blocks that are in no catalogue: a crash came between put and commit.
//!
//! An orphan is condemned by an entry of the catalogue that lists it as removed; then it is deleted as
//! other removed blocks are. Nobody can commit a name that is condemned, so whoever was about to, a day
//! late, puts the block again. Creating the entry decides which of the two was first.

use crate::catalogue::{Change, Removed, State};
use crate::engine::Engine;
use base::unit::DAY_NS;
use base::{Kind, Result};
use hashbrown::HashSet;
use model::Tenant;

/// An object that is in no catalogue for so long is an orphan.
const ORPHAN_AGE_NS: i64 = DAY_NS;

impl Engine {
    /// Condemns the orphans at `now_ns`; gives their number. Lists the whole bucket.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub async fn condemn_orphans(&self, now_ns: i64) -> Result<usize> {
        self.catalogue.refresh().await?;
        let state = self.catalogue.state();
        let known: HashSet<&str> = state.all_blocks().map(|meta| meta.name.as_str()).collect();
        let mut removed = Vec::new();
        for object in self.bucket.list("").await? {
            let Some(tenant) = self.tenant_of(&object.name) else { continue };
            if known.contains(object.name.as_str()) || state.is_removed(&object.name) {
                continue;
            }
            let written_ns = match self.bucket.modified_ns(&object.name).await {
                Err(error) if error.kind() == Kind::Missing => continue,
                written_ns => written_ns?,
            };
            if now_ns.saturating_sub(written_ns) >= ORPHAN_AGE_NS {
                removed.push(Removed { tenant, name: object.name, at_ns: now_ns });
            }
        }
        let count = removed.len();
        if count == 0 {
            return Ok(0);
        }
        let names: HashSet<String> = removed.iter().map(|removed| removed.name.clone()).collect();
        let still_orphans = |state: &State| !state.all_blocks().any(|meta| names.contains(&meta.name));
        let change = Change { removed, ..Change::default() };
        if !self.catalogue.commit_when(&change, still_orphans).await? {
            return Ok(0);
        }
        tracing::info!(objects = count, "objects that a crash left behind are going to be deleted");
        self.meters.orphans.add(count as f64);
        Ok(count)
    }

    /// Whose block the object `name` is; none when it is no block of this store.
    fn tenant_of(&self, name: &str) -> Option<Tenant> {
        let mut parts = name.split('/');
        let tenant = Tenant::new(parts.next()?).ok()?;
        let is_ours = parts.next() == Some(self.config.signal.word()) && name.ends_with(".block");
        (is_ours && parts.count() == 2).then_some(tenant)
    }
}
