//! Which sealed pages are read back and compared (`docs/decision/0026-some-pages-are-read-back.md`).

use crate::section::Section;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The first pages of a process that are all read back.
const FIRST_PAGES: u32 = 64;
/// Of those after them one in so many is.
const ONE_IN: u32 = 16;

/// What a process knows of the pages that it sealed.
#[derive(Debug)]
pub struct Trust {
    /// Pages that are still to be read back whatever they are.
    first: AtomicU32,
    /// Whether one did not read back as it was written.
    lost: AtomicBool,
}

impl Trust {
    /// That of a process which has sealed nothing.
    pub const fn new() -> Self {
        Self { first: AtomicU32::new(FIRST_PAGES), lost: AtomicBool::new(false) }
    }

    /// Whether a page with these sections is to be read back. That one is chosen depends on its content alone.
    pub fn asks_for(&self, sections: &[Section]) -> bool {
        let less = |left: u32| left.checked_sub(1);
        let is_early = self.first.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        is_early || self.lost.load(Ordering::Relaxed) || is_chosen(sections)
    }

    /// A page did not read back as it was written: from now on all are read back.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }
}

fn is_chosen(sections: &[Section]) -> bool {
    let sum = sections.iter().fold(0u32, |sum, section| sum.wrapping_add(section.checksum));
    sum.is_multiple_of(ONE_IN)
}

#[cfg(test)]
mod tests;
