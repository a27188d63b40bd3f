//! Sections: the parts of a page that are stored, checked and fetched one by one.

use crate::codec::{self, Codec};
use crate::kept::{Held, Item, KeptPage};
use crate::planes;
pub use crate::tag::Tag;
use base::{Error, Result};
use bytes::Bytes;
use model::varint;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

/// The most sections in a page.
const SECTIONS_MAX: u64 = 1024;

/// What the directory says about a section. Sections of a body, and those of a
/// page in the search region, follow each other without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it holds; once per page.
    pub tag: Tag,
    /// How it is stored.
    pub codec: Codec,
    /// Bytes as stored.
    pub stored_len: u32,
    /// Bytes once decoded.
    pub raw_len: u32,
    /// Lower half of xxh3-64 of the stored bytes.
    pub checksum: u32,
}

/// Lower half of xxh3-64.
pub fn checksum(bytes: &[u8]) -> u32 {
    xxhash_rust::xxh3::xxh3_64(bytes) as u32
}

impl Section {
    fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, u64::from(self.tag.raw()));
        out.push(self.codec as u8);
        varint::put(out, u64::from(self.stored_len));
        varint::put(out, u64::from(self.raw_len));
        out.extend_from_slice(&self.checksum.to_le_bytes());
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        let cut = || Error::corrupt("page directory: cut section");
        let tag = varint::take(input).and_then(|tag| u16::try_from(tag).ok()).ok_or_else(cut)?;
        let (codec, rest) = input.split_first().ok_or_else(cut)?;
        *input = rest;
        let mut length = || varint::take(input).and_then(|v| u32::try_from(v).ok()).ok_or_else(cut);
        let (stored_len, raw_len) = (length()?, length()?);
        let (checksum, rest) = input.split_first_chunk::<4>().ok_or_else(cut)?;
        *input = rest;
        let codec = Codec::from_byte(*codec)
            .ok_or_else(|| Error::corrupt(format!("page directory: unknown codec {codec}")))?;
        Ok(Self {
            tag: Tag::from_raw(tag),
            codec,
            stored_len,
            raw_len,
            checksum: u32::from_le_bytes(*checksum),
        })
    }
}

/// Appends a list of sections.
pub fn put_sections(sections: &[Section], out: &mut Vec<u8>) {
    varint::put(out, sections.len() as u64);
    for section in sections {
        section.put(out);
    }
}

/// Takes a list of sections off the front of `input`.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn take_sections(input: &mut &[u8]) -> Result<Vec<Section>> {
    let count = varint::take(input).filter(|count| *count <= SECTIONS_MAX);
    let count = count.ok_or_else(|| Error::corrupt("page directory: wrong number of sections"))?;
    (0..count).map(|_| Section::take(input)).collect()
}

/// Writes the sections of a page one after the other.
#[derive(Debug, Default)]
pub struct SectionWriter {
    /// The stored bytes of all sections.
    pub bytes: Vec<u8>,
    /// The sections so far.
    pub sections: Vec<Section>,
}

impl SectionWriter {
    /// Adds a section of bytes, compressed when that is smaller.
    ///
    /// # Errors
    /// [`base::Kind::Bug`] when a codec fails or `raw` is too long to be read back.
    pub fn add_bytes(&mut self, tag: Tag, raw: &[u8]) -> Result<()> {
        self.add(tag, raw.len(), |out| codec::compress(raw, out))
    }

    /// As [`SectionWriter::add_bytes`], of numbers in parts that end at `ends` ([`codec::compress_parts`]).
    ///
    /// # Errors
    /// As [`SectionWriter::add_bytes`].
    pub fn add_parts(&mut self, tag: Tag, raw: &[u8], ends: impl Iterator<Item = usize>) -> Result<()> {
        self.add(tag, raw.len(), |out| codec::compress_parts(raw, ends, out))
    }

    /// Adds a section of byte planes of `numbers`, which [`Body::numbers`] reads.
    ///
    /// # Errors
    /// As [`SectionWriter::add_bytes`].
    pub fn add_planes(&mut self, tag: Tag, numbers: &[u32]) -> Result<()> {
        let raw = planes::of(numbers);
        let ends = (numbers.len()..raw.len()).step_by(numbers.len().max(1));
        self.add_parts(tag, &raw, ends)
    }

    /// Adds a section whose `raw_len` bytes `store` appends in stored form.
    ///
    /// # Errors
    /// As [`SectionWriter::add_bytes`].
    pub fn add(
        &mut self,
        tag: Tag,
        raw_len: usize,
        store: impl FnOnce(&mut Vec<u8>) -> Result<Codec>,
    ) -> Result<()> {
        let start = self.bytes.len();
        let codec = store(&mut self.bytes)?;
        let stored = &self.bytes[start..];
        let too_long =
            || Error::bug(format!("section {} of {raw_len} bytes cannot be read back", tag.number()));
        if raw_len > codec::DECODED_BYTES_MAX {
            return Err(too_long());
        }
        let section = Section {
            tag,
            codec,
            stored_len: u32::try_from(stored.len()).map_err(|_| too_long())?,
            raw_len: u32::try_from(raw_len).map_err(|_| too_long())?,
            checksum: checksum(stored),
        };
        self.sections.push(section);
        Ok(())
    }

    /// Adds all sections of `other`.
    pub fn append(&mut self, mut other: Self) {
        self.bytes.append(&mut other.bytes);
        self.sections.append(&mut other.sections);
    }

    /// Bytes of all sections and of what the directory says about them.
    pub fn cost(&self) -> usize {
        let mut entry = Vec::new();
        put_sections(&self.sections, &mut entry);
        self.bytes.len() + entry.len()
    }
}

/// Where the sections that `wanted` names lie in a body, adjacent ones as one range.
pub fn ranges(sections: &[Section], wanted: impl Fn(Tag) -> bool) -> Vec<Range<u64>> {
    let mut out: Vec<Range<u64>> = Vec::new();
    let mut start = 0;
    for section in sections.iter().filter(|section| !section.tag.in_search()) {
        let end = start + u64::from(section.stored_len);
        if wanted(section.tag) && start < end {
            match out.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => out.push(start..end),
            }
        }
        start = end;
    }
    out
}

/// The fetched parts of a body.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// The sections of the page.
    pub sections: &'a [Section],
    /// Where each part starts in the body.
    pub starts: &'a [u64],
    /// The parts.
    pub parts: &'a [Bytes],
    /// Whether checksums are compared. Only a fuzz target leaves that out.
    pub verified: bool,
    /// What questions before have decoded, and where this one leaves what it decodes.
    pub kept: Option<&'a KeptPage>,
}

impl<'a> Body<'a> {
    /// The section `tag` with its stored bytes; none when the page has no such section.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] when its checksum is wrong, [`base::Kind::Bug`] when it was not fetched.
    pub fn stored(&self, tag: Tag) -> Result<Option<(Section, &'a [u8])>> {
        let mut start = 0;
        for section in self.sections.iter().filter(|section| !section.tag.in_search()) {
            if section.tag == tag {
                return self.slice(section, start).map(|bytes| Some((*section, bytes)));
            }
            start += u64::from(section.stored_len);
        }
        Ok(None)
    }

    /// Whether the page has section `tag`.
    pub fn has(&self, tag: Tag) -> bool {
        self.sections.iter().any(|section| section.tag == tag)
    }

    /// What is kept as `item`; otherwise what `decode` gives.
    ///
    /// # Errors
    /// What `decode` gives.
    pub fn keep<T: Any + Send + Sync + Held>(
        &self,
        item: Item,
        decode: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        match self.kept {
            Some(kept) => kept.get_or(item, decode),
            None => decode().map(Arc::new),
        }
    }

    /// What is kept as `item`.
    pub fn known<T: Any + Send + Sync>(&self, item: &Item) -> Option<Arc<T>> {
        self.kept?.get(item)
    }

    /// As [`Body::stored`]; a page without it is corrupt.
    pub fn needed(&self, tag: Tag) -> Result<(Section, &'a [u8])> {
        self.stored(tag)?.ok_or_else(|| Error::corrupt(format!("page without section {}", tag.number())))
    }

    /// The decoded bytes of section `tag` in `out`; a page without it is corrupt.
    pub fn decode(&self, tag: Tag, out: &mut Vec<u8>) -> Result<()> {
        let (section, stored) = self.needed(tag)?;
        codec::decompress(section.codec, stored, section.raw_len as usize, out)
    }

    /// The numbers of `rows` rows in section `tag`: byte planes, or a pco file in pages that were written before these.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn numbers(&self, tag: Tag, rows: usize) -> Result<Vec<u32>> {
        let (section, stored) = self.needed(tag)?;
        if section.codec == Codec::Pco {
            let mut numbers = vec![0u32; rows];
            codec::decompress_numbers(stored, &mut numbers)?;
            return Ok(numbers);
        }
        let mut raw = Vec::new();
        codec::decompress(section.codec, stored, section.raw_len as usize, &mut raw)?;
        planes::read(&raw, rows)
    }

    /// The decoded bytes of section `tag`; none when the page has no such section.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn decoded(&self, tag: Tag) -> Result<Option<Vec<u8>>> {
        let Some((section, stored)) = self.stored(tag)? else { return Ok(None) };
        let mut raw = Vec::new();
        codec::decompress(section.codec, stored, section.raw_len as usize, &mut raw)?;
        Ok(Some(raw))
    }

    fn slice(&self, section: &Section, start: u64) -> Result<&'a [u8]> {
        let (tag, len) = (section.tag.number(), section.stored_len as usize);
        let bytes = if len == 0 { Some(&[][..]) } else { self.find(start, len) };
        let bytes = bytes.ok_or_else(|| Error::bug(format!("section {tag} was not fetched")))?;
        if self.verified && checksum(bytes) != section.checksum {
            return Err(Error::corrupt(format!("section {tag}: wrong checksum")));
        }
        Ok(bytes)
    }

    fn find(&self, start: u64, len: usize) -> Option<&'a [u8]> {
        let part = self.starts.partition_point(|part_start| *part_start <= start).checked_sub(1)?;
        let offset = usize::try_from(start - self.starts.get(part)?).ok()?;
        self.parts.get(part)?.get(offset..offset.checked_add(len)?)
    }
}
