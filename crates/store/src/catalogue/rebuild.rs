//! Making the catalogue from what the blocks say about themselves.

use super::entry::Change;
use super::{Catalogue, Log};
use crate::block::{self, BlockMeta, FOOTER_BYTES};
use base::{Error, Kind, Result};
use bucket::Object;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::cmp::Reverse;

/// Blocks whose tails are fetched at the same time.
const FETCHES_IN_FLIGHT: usize = 16;

impl Catalogue {
    /// Reads the log for the first time. Where there is none but blocks are, it was lost, and is made anew from
    /// them: otherwise their rows would not be found, and the objects be taken for what a crash left.
    ///
    /// # Errors
    /// As [`Catalogue::refresh`].
    pub async fn open(&self) -> Result<()> {
        self.refresh().await?;
        if self.state().sequence > 0 || self.listed_blocks().await?.is_empty() {
            return Ok(());
        }
        tracing::warn!("there are blocks but no catalogue, it is made anew from them");
        self.rebuild().await
    }

    /// The objects of all blocks of the signal.
    async fn listed_blocks(&self) -> Result<Vec<Object>> {
        let word = self.signal.word();
        let mut objects = self.bucket.list("").await?;
        objects
            .retain(|object| object.name.split('/').nth(1) == Some(word) && object.name.ends_with(".block"));
        Ok(objects)
    }

    /// Replaces what the catalogue says by what a listing of the bucket finds. Blocks that were removed
    /// and not yet deleted come back; who removed them will do it again, and rows that are in two
    /// blocks collapse.
    ///
    /// # Errors
    /// As [`Catalogue::commit`]. Blocks that cannot be read are left out and logged.
    pub async fn rebuild(&self) -> Result<()> {
        let mut log = self.log.lock().await;
        self.read(&mut log).await?;
        self.rebuild_locked(&mut log).await
    }

    pub(super) async fn rebuild_locked(&self, log: &mut Log) -> Result<()> {
        let blocks = self.listed_blocks().await?;
        let described = futures_util::stream::iter(blocks).map(|object| self.describe(object));
        let described: Vec<Option<BlockMeta>> = described.buffered(FETCHES_IN_FLIGHT).try_collect().await?;
        let mut added: Vec<BlockMeta> = described.into_iter().flatten().collect();
        // Of blocks that begin at one time the largest comes first: what was merged has the rows of others in their order.
        let order = |meta: &BlockMeta| (meta.received_min_ns, Reverse(meta.rows));
        added.sort_by(|a, b| (order(a), &a.name).cmp(&(order(b), &b.name)));
        tracing::info!(blocks = added.len(), "the catalogue was made from the blocks in the bucket");
        let covered = self.state().all_covered();
        let change = Change { reset: true, added, covered, ..Change::default() };
        self.commit_locked(log, &change, |_| true).await.map(drop)
    }

    /// The entry of a block; none when it is damaged.
    async fn describe(&self, object: Object) -> Result<Option<BlockMeta>> {
        let (name, size) = (object.name.as_str(), object.bytes);
        let tail = |bytes: u64| async move {
            let start =
                size.checked_sub(bytes).ok_or_else(|| Error::corrupt(format!("{name} is cut short")))?;
            let mut fetched =
                self.bucket.get_ranges(name, size, std::slice::from_ref(&(start..size))).await?;
            fetched.pop().ok_or_else(|| Error::bug("no bytes for a range"))
        };
        let described = async {
            let footer = tail(FOOTER_BYTES as u64).await?;
            let whole = tail(block::tail_len(&footer)?).await?;
            let meta = block::describe(name, size, &whole)?;
            match meta.signal == self.signal {
                true => Ok(meta),
                false => Err(Error::corrupt(format!("{name} is of another signal"))),
            }
        };
        match described.await {
            Ok(meta) => Ok(Some(meta)),
            Err(error) if error.kind() == Kind::Corrupt => {
                tracing::error!(%error, "a damaged block is left out of the catalogue");
                Ok(None)
            }
            // Deleted since the listing.
            Err(error) if error.kind() == Kind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }
}
