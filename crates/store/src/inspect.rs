//! Looking into a block: what is in there and what it takes. Plain functions over bytes; who holds the object
//! fetches:
//!
//! 1. the last [`FOOTER_BYTES`], which [`tail_range`] tells the range of the tail from;
//! 2. the tail, for [`Inspection::open`];
//! 3. [`Inspection::body_range`] of each page that is looked into with [`Inspection::page`].

use crate::block::{self, Block, BlockMeta};
use base::{Error, Result};
use bytes::Bytes;
use model::{Labels, RunFacts, SectionKind, TimeRange};
pub use page::{ColumnFacts, PageKind, TemplateFacts};
use page::{Page, Section};
use std::ops::Range;

pub use crate::block::FOOTER_BYTES;

/// An object of fewer bytes is no block.
const OBJECT_BYTES_MIN: u64 = FOOTER_BYTES as u64 + 8;

/// A block, looked into.
#[derive(Debug)]
pub struct Inspection {
    /// What the catalogue keeps of it.
    pub meta: BlockMeta,
    /// Bytes of the parts of its tail: index, run table, page directory, facts.
    pub tail_parts: [u64; 4],
    /// Its streams, those with most bytes first.
    pub streams: Vec<InspectedStream>,
    /// Its pages, in their order.
    pub pages: Vec<InspectedPage>,
    block: Block,
}

/// A stream of a block.
#[derive(Clone, Debug)]
pub struct InspectedStream {
    /// Its labels.
    pub labels: Labels,
    /// Its runs.
    pub runs: usize,
    /// Its rows.
    pub rows: u64,
    /// Bytes of text and structured metadata.
    pub bytes: u64,
}

/// A page of a block.
#[derive(Clone, Debug)]
pub struct InspectedPage {
    /// How its rows are encoded.
    pub kind: PageKind,
    /// Its runs.
    pub runs: usize,
    /// Its rows.
    pub rows: u64,
    /// Bytes of text and structured metadata.
    pub raw_bytes: u64,
    /// Bytes as stored, body and filter.
    pub stored_bytes: u64,
    /// Oldest row.
    pub min_ns: i64,
    /// Newest row.
    pub max_ns: i64,
    /// Its sections in the order of storing; names of metadata columns are known only once its body is read.
    pub sections: Vec<InspectedSection>,
}

/// A section of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedSection {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: SectionKind,
    /// How it is stored.
    pub codec: &'static str,
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes once decoded.
    pub raw_bytes: u64,
}

/// What is in the body of a page.
#[derive(Clone, Debug)]
pub struct InspectedBody {
    /// Its sections, with the names of metadata columns.
    pub sections: Vec<InspectedSection>,
    /// Templates of its texts, the most frequent first.
    pub templates: Vec<TemplateFacts>,
    /// Columns of its texts, those with most stored bytes first.
    pub columns: Vec<ColumnFacts>,
}

/// Where the tail lies in an object of `size_bytes` that ends with `footer`: its last [`FOOTER_BYTES`].
///
/// # Errors
/// [`base::Kind::Corrupt`] when it is no block.
pub fn tail_range(size_bytes: u64, footer: &[u8]) -> Result<Range<u64>> {
    if size_bytes < OBJECT_BYTES_MIN {
        return Err(Error::corrupt(format!("an object of {size_bytes} bytes is no block")));
    }
    let len = block::tail_len(footer)?;
    let start = size_bytes.checked_sub(len);
    let start = start.ok_or_else(|| Error::corrupt(format!("tail of {len} bytes in {size_bytes}")))?;
    Ok(start..size_bytes)
}

impl Inspection {
    /// Looks into the tail of the block called `name`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(name: &str, size_bytes: u64, tail: &Bytes) -> Result<Self> {
        let meta = block::describe(name, size_bytes, tail)?;
        let block = Block::open(meta.clone(), tail)?;
        let mut streams = Vec::new();
        for ordinal in 0..meta.streams {
            let runs = block.runs(ordinal, TimeRange::ALL);
            let sum = |of: fn(&RunFacts) -> u64| runs.iter().map(of).fold(0, u64::saturating_add);
            streams.push(InspectedStream {
                labels: block.stream(ordinal)?.labels.clone(),
                runs: runs.len(),
                rows: sum(|run| run.rows),
                bytes: sum(|run| run.bytes),
            });
        }
        streams.sort_by_key(|stream| std::cmp::Reverse(stream.bytes));
        let pages = (0..block.page_count() as u32).filter_map(|at| page_of(&block, at)).collect();
        Ok(Self { tail_parts: block::tail_parts(tail)?, meta, streams, pages, block })
    }

    /// Where the body of page `at` lies in the object.
    pub fn body_range(&self, at: usize) -> Option<Range<u64>> {
        self.block.body_range(u32::try_from(at).ok()?)
    }

    /// What is in page `at`, whose body is `body`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`]; [`base::Kind::Invalid`] when there is no such page.
    pub fn page(&self, at: usize, body: &Bytes) -> Result<InspectedBody> {
        let page = u32::try_from(at).ok().and_then(|at| self.block.page(at));
        let page = page.ok_or_else(|| {
            let pages = self.pages.len();
            Error::invalid(format!("there is no page {at}: the block has {pages}, from 0"))
        })?;
        let described = page.describe(body)?;
        let sections = sections(page, |section| described.section_name(section));
        Ok(InspectedBody { sections, templates: described.templates, columns: described.columns })
    }
}

fn page_of(block: &Block, at: u32) -> Option<InspectedPage> {
    let page = block.page(at)?;
    let mut runs = block.runs_of_page(at).peekable();
    runs.peek()?;
    let (mut min_ns, mut max_ns, mut raw_bytes) = (i64::MAX, i64::MIN, 0u64);
    for run in runs {
        min_ns = min_ns.min(run.min_ns);
        max_ns = max_ns.max(run.max_ns);
        raw_bytes = raw_bytes.saturating_add(run.bytes);
    }
    let unnamed = page::Description::default();
    Some(InspectedPage {
        kind: page.kind(),
        runs: page.run_rows().len(),
        rows: page.rows(),
        raw_bytes,
        stored_bytes: page.body_len() + page.search_len(),
        min_ns,
        max_ns,
        sections: sections(page, |section| unnamed.section_name(section)),
    })
}

fn sections(page: &Page, name: impl Fn(&Section) -> String) -> Vec<InspectedSection> {
    let inspected = |section: &Section| InspectedSection {
        name: name(section),
        kind: section.kind(),
        codec: section.codec.word(),
        stored_bytes: section.stored_len.into(),
        raw_bytes: section.raw_len.into(),
    };
    page.sections().iter().map(inspected).collect()
}

#[cfg(test)]
mod tests;
