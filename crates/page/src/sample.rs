//! Samples in a page (`docs/format/page.md`, "sample page"): times as stretches of shared [`clocks`], floats as
//! columns of scaled [`integers`], and what is no float as it is.
//!
//! A run is decoded without the others: what it costs to reach it is the decompression of the page and a walk over
//! heads of a few bytes.

mod clocks;
mod encode;
mod floats;
mod integers;
mod kinds;
mod read;
mod scale;

pub use encode::encode;
pub use read::{Reader, times};

use crate::section::Tag;

/// Which rows are no floats; absent when all are.
const KINDS_TAG: Tag = Tag::body(11);
/// How the floats of each run are stored.
const HEADS_TAG: Tag = Tag::body(12);
/// Numbers of the floats, in byte planes.
const PLANES_TAG: Tag = Tag::body(13);
/// Bodies that are no floats, one after the other; absent when there is none.
const OTHERS_TAG: Tag = Tag::body(14);

/// Whether `tag` is a section of these, and if so whether it is needed even when bodies are not read.
pub fn section(tag: Tag) -> Option<bool> {
    match tag {
        KINDS_TAG => Some(true),
        HEADS_TAG | PLANES_TAG | OTHERS_TAG => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
