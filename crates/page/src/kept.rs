//! What was read of a page, kept for the next questions about it: its stored bytes, and what was decoded of them.
//!
//! Pages never change, so what one question has fetched, checked and decoded serves all later ones. A scan goes
//! through a [`KeptPage`] in any case; whether it lives longer than the scan is its owner's matter.

use crate::tag::Tag;
use base::Result;
use bytes::Bytes;
use hashbrown::HashMap;
use model::Fields;
use parking_lot::Mutex;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was read of a page. Questions on several threads use one at the same time.
#[derive(Debug, Default)]
pub struct KeptPage {
    parts: Mutex<Vec<Part>>,
    items: Mutex<HashMap<Item, KeptItem>>,
    held_bytes: AtomicU64,
}

/// The memory that something takes, and the thing.
type KeptItem = (u64, Arc<dyn Any + Send + Sync>);

/// Stored bytes of neighbouring sections.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where they start in the page's body.
    pub start: u64,
    /// The bytes.
    pub bytes: Bytes,
}

impl Part {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// Something that was decoded. What type each has is known to who decodes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// The content of a section.
    Section(Tag),
    /// Templates and tables of lines.
    Lines,
    /// Numbers below a count, by the stream of a column page that they lie in.
    Numbers(u32),
    /// Times of all rows.
    Times,
    /// Where bodies end.
    Ends,
    /// The metadata set of each row.
    Sets,
    /// A column of metadata, by its section.
    Metadata(Tag),
    /// What lines say in some fields.
    Contents(Fields),
    /// The same of some rows alone, by a hash of their positions.
    ContentsOf(Fields, u128),
}

/// What is kept of some rows alone, at most: questions that differ in a bit of time want ever other ones.
const ROWS_MAX: usize = 8;

/// What takes memory.
pub trait Held {
    /// Bytes of memory that it takes besides the value itself, about.
    fn held_bytes(&self) -> usize;
}

impl<T> Held for Vec<T> {
    fn held_bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl<T: Held> Held for Option<T> {
    fn held_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::held_bytes)
    }
}

impl KeptPage {
    /// The parts of `ranges` of the body that are not there.
    pub fn missing(&self, ranges: &[Range<u64>]) -> Vec<Range<u64>> {
        let parts = self.parts.lock();
        ranges.iter().flat_map(|range| beside(range, &parts)).collect()
    }

    /// Adds stored bytes of the body from `start` on. They are copied: a fetch may have been larger than them.
    pub fn add(&self, start: u64, bytes: &[u8]) {
        let mut parts = self.parts.lock();
        for new in beside(&(start..start + bytes.len() as u64), &parts) {
            let within = (new.start - start) as usize..(new.end - start) as usize;
            let part = Part { start: new.start, bytes: Bytes::copy_from_slice(&bytes[within]) };
            self.held_bytes.fetch_add(part.bytes.len() as u64, Ordering::Relaxed);
            let place = parts.partition_point(|known| known.start < part.start);
            parts.insert(place, part);
        }
    }

    /// All stored bytes, from the front of the body on.
    pub fn parts(&self) -> Vec<Part> {
        self.parts.lock().clone()
    }

    /// Bytes of memory that it takes, about.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes.load(Ordering::Relaxed) + size_of::<Self>() as u64
    }

    /// What was kept as `item`.
    pub fn get<T: Any + Send + Sync>(&self, item: &Item) -> Option<Arc<T>> {
        let (_, found) = self.items.lock().get(item).cloned()?;
        found.downcast().ok()
    }

    /// Keeps `value` as `item`; gives what is kept, for another thread may have been faster.
    pub fn keep<T: Any + Send + Sync + Held>(&self, item: Item, value: T) -> Arc<T> {
        let bytes = (value.held_bytes() + size_of::<T>()) as u64;
        let value = Arc::new(value);
        let of_rows = |item: &Item| matches!(item, Item::ContentsOf(..));
        let mut items = self.items.lock();
        if of_rows(&item) && items.keys().filter(|item| of_rows(item)).count() >= ROWS_MAX {
            let dropped = items.extract_if(|item, _| of_rows(item)).map(|(_, (bytes, _))| bytes);
            self.held_bytes.fetch_sub(dropped.sum(), Ordering::Relaxed);
        }
        let entry = items.entry(item).or_insert_with(|| {
            self.held_bytes.fetch_add(bytes, Ordering::Relaxed);
            (bytes, value.clone())
        });
        let kept = entry.1.clone();
        drop(items);
        kept.downcast().unwrap_or(value)
    }

    /// What is kept as `item`; otherwise what `decode` gives, which is kept.
    ///
    /// # Errors
    /// What `decode` gives.
    pub fn get_or<T: Any + Send + Sync + Held>(
        &self,
        item: Item,
        decode: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        match self.get(&item) {
            Some(known) => Ok(known),
            None => Ok(self.keep(item, decode()?)),
        }
    }
}

/// What of `range` is in none of `parts`, which ascend and share no byte.
fn beside(range: &Range<u64>, parts: &[Part]) -> Vec<Range<u64>> {
    let mut rest = range.start;
    let mut out = Vec::new();
    let first = parts.partition_point(|part| part.end() <= range.start);
    for part in parts.get(first..).unwrap_or(&[]).iter().take_while(|part| part.start < range.end) {
        if rest < part.start {
            out.push(rest..part.start);
        }
        rest = part.end();
    }
    if rest < range.end {
        out.push(rest..range.end);
    }
    out
}

#[cfg(test)]
mod tests;
