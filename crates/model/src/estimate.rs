//! What a question would read: found out before it is asked, from catalogue, indexes and filters.

use serde::Serialize;

/// What answering a [`crate::Selection`] would read, as far as it is known without reading rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Streams that match and have rows in the range: an upper bound, as one may lie in memory and in blocks.
    pub streams: u64,
    /// What lies in memory.
    pub heads: RowsEstimate,
    /// Blocks whose time touches the range.
    pub blocks_in_range: u64,
    /// Blocks of these with rows of the streams in the range.
    pub blocks: u64,
    /// Pages of these with rows of the streams in the range.
    pub pages: u64,
    /// Pages of these that a filter proves to hold no row asked for.
    pub pages_skipped: u64,
    /// Pages of these whose counts answer without their rows.
    pub pages_counted: u64,
    /// Whether filters can tell anything about the question.
    pub uses_filters: bool,
    /// What lies in the pages left.
    pub rows: RowsEstimate,
    /// Bytes to fetch, each kind of section at most once: what opens blocks and what filters need, then the pages
    /// left.
    pub sections: Vec<SectionsEstimate>,
}

/// Rows of the streams that match: whole runs, of which the ends may lie outside the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowsEstimate {
    /// Rows.
    pub rows: u64,
    /// Bytes of text and structured metadata.
    pub bytes: u64,
}

/// Sections of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SectionsEstimate {
    /// What they hold.
    pub kind: SectionKind,
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes once decoded.
    pub raw_bytes: u64,
}

/// What a part of a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SectionKind {
    /// What opens the block: index, run table, page directory.
    Directory,
    /// Filters.
    Search,
    /// Times and lengths of rows.
    Times,
    /// Texts, or other bodies, and what they are made of.
    Texts,
    /// Structured metadata.
    Metadata,
}

impl SectionKind {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Search => "search",
            Self::Times => "times",
            Self::Texts => "texts",
            Self::Metadata => "metadata",
        }
    }
}

impl RowsEstimate {
    /// Adds `other`.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }
}

impl Estimate {
    /// Adds bytes of sections of `kind`.
    pub fn add_section(&mut self, kind: SectionKind, stored_bytes: u64, raw_bytes: u64) {
        match self.sections.binary_search_by_key(&kind, |known| known.kind) {
            Ok(at) => {
                let known = &mut self.sections[at];
                known.stored_bytes += stored_bytes;
                known.raw_bytes += raw_bytes;
            }
            Err(at) => self.sections.insert(at, SectionsEstimate { kind, stored_bytes, raw_bytes }),
        }
    }

    /// Adds what another part of a question would read; it lies in the `same_blocks` or in others.
    pub fn add(&mut self, other: &Self, same_blocks: bool) {
        self.streams += other.streams;
        self.heads.add(other.heads);
        let blocks = if same_blocks { u64::max } else { std::ops::Add::add };
        self.blocks_in_range = blocks(self.blocks_in_range, other.blocks_in_range);
        self.blocks = blocks(self.blocks, other.blocks);
        self.pages += other.pages;
        self.pages_skipped += other.pages_skipped;
        self.pages_counted += other.pages_counted;
        self.uses_filters |= other.uses_filters;
        self.rows.add(other.rows);
        for section in &other.sections {
            self.add_section(section.kind, section.stored_bytes, section.raw_bytes);
        }
    }
}
