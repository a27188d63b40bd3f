//! Searching the texts of a head for bytes that few rows have, before anything is planned: only runs that have them are
//! read. A run is searched in one sweep, without a row of it being looked at.

use super::{Head, StreamView};
use model::{ScanStats, TimeRange};
use page::Seek;
use std::sync::atomic::Ordering::Relaxed;

/// Streams of which a run is looked at before all are sifted, about.
const SAMPLE: usize = 32;
/// What is rare is in at most one of so many of these.
const RARE: usize = 4;

impl Head {
    /// Whether few runs of `views` have what `seek` looks for, as far as some of them tell. Who asks for a few rows
    /// of many has them sooner without sifting.
    pub fn is_rare(&self, views: &[StreamView], seek: &Seek<'_>) -> bool {
        let sample = || views.iter().step_by(views.len().div_ceil(SAMPLE).max(1));
        let with = sample().filter(|view| self.last_may_hold(view, seek)).count();
        RARE * with <= sample().count()
    }

    fn last_may_hold(&self, view: &StreamView, seek: &Seek<'_>) -> bool {
        let run = view.runs.last().and_then(|run| self.read(view.key, run));
        run.is_none_or(|run| run.may_hold(seek))
    }

    /// Leaves runs out of `views` that lie within `range` and have no row with what `seek` looks for, and streams of
    /// which no run is left. They count as searched.
    pub fn sift(&self, views: &mut Vec<StreamView>, range: TimeRange, seek: &Seek<'_>, stats: &ScanStats) {
        for view in views.iter_mut() {
            self.sift_stream(view, range, seek, stats);
        }
        views.retain(|view| !view.runs.is_empty());
    }

    fn sift_stream(&self, view: &mut StreamView, range: TimeRange, seek: &Seek<'_>, stats: &ScanStats) {
        let Some(shard) = self.shards.get(view.key.shard as usize) else { return };
        let index = view.key.index;
        let full = shard.lock().runs(index);
        view.runs.retain(|run| {
            // Of others it is told by row what counts.
            if !range.covers(run.facts.min_ns, run.facts.max_ns) {
                return true;
            }
            let without_bytes = match full.get(run.run as usize) {
                Some(full) => (!full.may_hold(seek)).then(|| full.text_bytes()),
                None => shard.lock().open_without(index, run.run, seek),
            };
            if let Some(text_bytes) = without_bytes {
                stats.head_rows.fetch_add(run.facts.rows, Relaxed);
                stats.head_bytes.fetch_add(run.facts.bytes, Relaxed);
                stats.metadata_bytes.fetch_add(run.facts.bytes.saturating_sub(text_bytes), Relaxed);
            }
            without_bytes.is_none()
        });
    }
}
