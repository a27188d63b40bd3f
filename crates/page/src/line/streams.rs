//! Where the bytes of columns lie: many streams in few sections.

use super::alphabet::Alphabet;
use super::ids;
use crate::codec::{self, DECODED_BYTES_MAX};
use crate::kept::{Held, Item};
use crate::section::{Body, SectionWriter, Tag};
use base::{Error, Result};
use model::varint;
use std::any::Any;
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

/// Templates, and what there is to know about columns.
const TEMPLATES_TAG: Tag = Tag::body(7);
/// Texts of dictionaries and of columns that are stored as they are.
const WORDS_TAG: Tag = Tag::body(8);
/// Packed hexadecimal digits.
const PACKED_TAG: Tag = Tag::body(9);
/// Short streams of numbers.
const SMALL_TAG: Tag = Tag::body(10);
/// What bytes the values of each column of the texts have: an [`Alphabet`] each.
pub const ALPHABETS_TAG: Tag = Tag::optional(26);
/// Number of the first section with one long stream of numbers; the others follow.
const LONG_NUMBER: u16 = 128;
/// The most of them; further ones go to the short ones.
const LONG_MAX: usize = 512;
/// Bytes from which a stream of numbers has a section of its own.
const LONG_BYTES: usize = 1024;
/// Zeros behind a decoded section, so that short values can be copied in pieces of constant size.
pub const SLACK_BYTES: usize = 64;

fn long_tag(at: usize) -> Tag {
    Tag::body(LONG_NUMBER + at as u16)
}

/// Which of the long streams of numbers is section `tag`.
pub fn long_position(tag: Tag) -> Option<usize> {
    let long = is_section(tag) && tag.number() >= LONG_NUMBER;
    long.then(|| usize::from(tag.number() - LONG_NUMBER))
}

/// Whether `tag` is a section of this module.
pub fn is_section(tag: Tag) -> bool {
    const LONG: Range<u16> = LONG_NUMBER..LONG_NUMBER + LONG_MAX as u16;
    match tag {
        TEMPLATES_TAG | WORDS_TAG | PACKED_TAG | SMALL_TAG => true,
        tag => tag == Tag::body(tag.number()) && LONG.contains(&tag.number()),
    }
}

/// What a stream holds: like goes to like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Byte planes, codes and lengths.
    Numbers,
    /// Text.
    Words,
    /// Packed hexadecimal digits.
    Packed,
}

/// A stream, by its position in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(pub u32);

/// Streams that are being written.
#[derive(Debug, Default)]
pub struct StreamsWriter {
    streams: Vec<Written>,
}

#[derive(Debug)]
struct Written {
    class: Class,
    bytes: Vec<u8>,
    /// Bytes of each of its parts.
    part_len: usize,
}

impl Written {
    /// Where its parts end, when it lies at `start`.
    fn ends(&self, start: usize) -> impl Iterator<Item = usize> {
        let len = self.bytes.len();
        (self.part_len..len).step_by(self.part_len.max(1)).chain([len]).map(move |end| start + end)
    }
}

impl StreamsWriter {
    /// Adds a stream.
    pub fn add(&mut self, class: Class, bytes: Vec<u8>) -> Stream {
        let part_len = bytes.len();
        self.add_parts(class, bytes, part_len)
    }

    /// Adds a stream of parts of `part_len` bytes each, the last one perhaps of fewer.
    pub fn add_parts(&mut self, class: Class, bytes: Vec<u8>, part_len: usize) -> Stream {
        self.streams.push(Written { class, bytes, part_len });
        Stream(self.streams.len() as u32 - 1)
    }

    /// Number of streams.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// About the bytes of the streams from position `from` on as stored.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn cost(&self, from: usize) -> Result<usize> {
        let mut cost = 0;
        for stream in self.streams.get(from..).unwrap_or(&[]) {
            cost += match stream.class {
                Class::Numbers => ids::byte_bits(&stream.bytes, stream.part_len) as usize / 8,
                Class::Words => {
                    let mut stored = Vec::new();
                    codec::compress(&stream.bytes, &mut stored)?;
                    stored.len()
                }
                Class::Packed => stream.bytes.len(),
            };
        }
        Ok(cost)
    }

    /// Takes the streams from position `from` on.
    pub fn take(&mut self, from: usize) -> Self {
        Self { streams: self.streams.split_off(from.min(self.streams.len())) }
    }

    /// Adds the streams of `other` behind its own.
    pub fn append(&mut self, mut other: Self) {
        self.streams.append(&mut other.streams);
    }

    /// The bytes of a stream.
    pub fn bytes(&self, stream: Stream) -> &[u8] {
        self.streams.get(stream.0 as usize).map_or(&[], |stream| &stream.bytes)
    }

    /// Appends class and length of each stream.
    pub fn put_heads(&self, out: &mut Vec<u8>) {
        varint::put(out, self.streams.len() as u64);
        for Written { class, bytes, .. } in &self.streams {
            varint::put(out, (bytes.len() as u64) << 2 | *class as u64);
        }
    }

    /// Writes the sections; `templates` is the content of the first.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn write(&self, templates: &[u8], out: &mut SectionWriter) -> Result<()> {
        out.add_bytes(TEMPLATES_TAG, templates)?;
        let mut joined = [WORDS_TAG, PACKED_TAG, SMALL_TAG].map(|tag| (tag, Vec::new(), Vec::new()));
        let heads = self.streams.iter().map(|stream| (stream.class, stream.bytes.len()));
        for (place, stream) in places(heads).iter().zip(&self.streams) {
            match joined.iter_mut().find(|(tag, ..)| *tag == place.tag) {
                Some((_, joined, ends)) => {
                    ends.extend(stream.ends(joined.len()));
                    joined.extend_from_slice(&stream.bytes);
                }
                None => out.add_parts(place.tag, &stream.bytes, stream.ends(0))?,
            }
        }
        for (tag, bytes, ends) in joined.iter().filter(|(_, bytes, _)| !bytes.is_empty()) {
            match *tag {
                SMALL_TAG => out.add_parts(*tag, bytes, ends.iter().copied())?,
                tag => out.add_bytes(tag, bytes)?,
            }
        }
        Ok(())
    }
}

/// Where a stream lies.
#[derive(Clone, Debug)]
pub struct Place {
    tag: Tag,
    range: Range<usize>,
}

/// Where streams of these classes and lengths lie: a rule, so that it need not be stored.
pub fn places(heads: impl Iterator<Item = (Class, usize)>) -> Vec<Place> {
    let (mut words, mut packed, mut small, mut long) = (0usize, 0usize, 0usize, 0);
    let place = |(class, len): (Class, usize)| {
        let (tag, end) = match class {
            Class::Words => (WORDS_TAG, &mut words),
            Class::Packed => (PACKED_TAG, &mut packed),
            Class::Numbers if len >= LONG_BYTES && long < LONG_MAX => {
                long += 1;
                return Place { tag: long_tag(long - 1), range: 0..len };
            }
            Class::Numbers => (SMALL_TAG, &mut small),
        };
        let start = *end;
        *end = start.saturating_add(len);
        Place { tag, range: start..*end }
    };
    heads.map(place).collect()
}

/// Takes class and length of each stream off the front of `input`.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn take_heads(input: &mut &[u8]) -> Result<Vec<(Class, usize)>> {
    let corrupt = || Error::corrupt("column page: wrong streams");
    let count = varint::take(input).filter(|count| *count <= input.len() as u64).ok_or_else(corrupt)?;
    let head = |input: &mut &[u8]| {
        let head = varint::take(input).filter(|head| head >> 2 <= DECODED_BYTES_MAX as u64)?;
        let class = match head & 3 {
            0 => Class::Numbers,
            1 => Class::Words,
            2 => Class::Packed,
            _ => return None,
        };
        Some((class, (head >> 2) as usize))
    };
    (0..count).map(|_| head(input).ok_or_else(corrupt)).collect()
}

/// A stream's bytes in their decoded section.
#[derive(Clone, Copy, Debug)]
pub struct StreamBytes<'a> {
    /// The section with [`SLACK_BYTES`] behind it.
    pub section: &'a [u8],
    /// Where the stream starts in it.
    pub start: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Streams of a fetched page. Sections are decoded when they are first needed.
#[derive(Debug)]
pub struct Streams<'a> {
    body: Body<'a>,
    places: Arc<[Place]>,
    joined: [OnceCell<Arc<Vec<u8>>>; 3],
    long: Vec<OnceCell<Arc<Vec<u8>>>>,
}

impl<'a> Streams<'a> {
    /// The content of the section with the templates.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn templates(body: &Body<'a>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        body.decode(TEMPLATES_TAG, &mut bytes)?;
        Ok(bytes)
    }

    /// Streams of `body` that lie at these places.
    pub fn new(body: Body<'a>, places: Arc<[Place]>) -> Self {
        let long = places.iter().filter(|place| place.tag.number() >= LONG_NUMBER).count();
        let long = (0..long).map(|_| OnceCell::new()).collect();
        Self { body, places, joined: Default::default(), long }
    }

    /// The same streams with the words in lower case.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn folded(&self) -> Result<Self> {
        let words = OnceCell::from(Arc::new(self.words()?.to_ascii_lowercase()));
        let [_, packed, small] = &self.joined;
        let (joined, long) = ([words, packed.clone(), small.clone()], self.long.clone());
        Ok(Self { body: self.body, places: self.places.clone(), joined, long })
    }

    /// What is known of the values of each of `count` columns; none in pages that do not say.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn alphabets(&self, count: usize) -> Result<Option<Vec<Alphabet>>> {
        if !self.body.has(ALPHABETS_TAG) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.body.decode(ALPHABETS_TAG, &mut bytes)?;
        let alphabets = bytes.iter().map(|byte| Alphabet::from_byte(*byte));
        Ok(Some(alphabets.collect()).filter(|_| bytes.len() == count))
    }

    /// The bytes of `stream`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn get(&self, stream: Stream) -> Result<StreamBytes<'_>> {
        let missing = || Error::corrupt(format!("column page without stream {}", stream.0));
        let place = self.places.get(stream.0 as usize).ok_or_else(missing)?;
        let cell = match place.tag {
            WORDS_TAG => self.joined.first(),
            PACKED_TAG => self.joined.get(1),
            SMALL_TAG => self.joined.get(2),
            tag => self.long.get(usize::from(tag.number() - LONG_NUMBER)),
        };
        let section = self.section(cell.ok_or_else(missing)?, place.tag)?;
        let content = section.get(..section.len().saturating_sub(SLACK_BYTES)).unwrap_or(&[]);
        let bytes = content.get(place.range.clone()).ok_or_else(missing)?;
        Ok(StreamBytes { section, start: place.range.start, bytes })
    }

    /// Whether anything that is decoded is kept.
    pub fn keeps(&self) -> bool {
        self.body.kept.is_some()
    }

    /// As [`Body::known`].
    pub fn known<T: Any + Send + Sync>(&self, item: &Item) -> Option<Arc<T>> {
        self.body.known(item)
    }

    /// As [`Body::keep`].
    ///
    /// # Errors
    /// What `decode` gives.
    pub fn keep<T: Any + Send + Sync + Held>(
        &self,
        item: Item,
        decode: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        self.body.keep(item, decode)
    }

    /// Bytes that `stream` has of its section as stored, in proportion to its length.
    pub fn stored_bytes(&self, stream: Stream) -> u64 {
        let Some(place) = self.places.get(stream.0 as usize) else { return 0 };
        let section = self.body.sections.iter().find(|section| section.tag == place.tag);
        section.map_or(0, |section| {
            let share = place.range.len() as u64 * u64::from(section.stored_len);
            share / u64::from(section.raw_len).max(1)
        })
    }

    /// All words, of dictionaries and of columns stored as they are, with [`SLACK_BYTES`] behind them.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn words(&self) -> Result<&[u8]> {
        let [words, ..] = &self.joined;
        self.section(words, WORDS_TAG)
    }

    fn section<'c>(&self, cell: &'c OnceCell<Arc<Vec<u8>>>, tag: Tag) -> Result<&'c [u8]> {
        if let Some(section) = cell.get() {
            return Ok(section);
        }
        let bytes = self.body.keep(Item::Section(tag), || {
            // Streams that are all empty make no section.
            let mut bytes = self.body.decoded(tag)?.unwrap_or_default();
            bytes.resize(bytes.len() + SLACK_BYTES, 0);
            Ok(bytes)
        })?;
        Ok(cell.get_or_init(|| bytes))
    }
}
