//! The labels of the line at hand: those of its stream, and what stages added and took away.

use super::name_list::{NameList, Named};
use super::{ERROR_DETAILS_LABEL, ERROR_LABEL};
use foldhash::fast::FixedState;
use model::{Labels, LabelsRef, varint};
use std::hash::BuildHasher;

/// Hashes of names live as long as a query; any seed does.
const HASHER: FixedState = FixedState::with_seed(0);

/// Where a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// The stream's.
    Stream,
    /// Structured metadata.
    Metadata,
    /// Made by the pipeline.
    Parsed,
}

/// A label name with its hash. Equal names have equal hashes, so most comparisons of names that
/// differ end at the hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    hash: u64,
    text: &'a str,
}

impl<'a> Name<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { hash: HASHER.hash_one(text.as_bytes()), text }
    }

    pub(super) fn text(self) -> &'a str {
        self.text
    }

    pub(super) fn hash(self) -> u64 {
        self.hash
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

/// An owned [`Name`], for what is compiled once.
#[derive(Clone, Debug)]
pub(super) struct OwnedName {
    hash: u64,
    text: Box<str>,
}

impl From<Name<'_>> for OwnedName {
    fn from(name: Name<'_>) -> Self {
        Self { hash: name.hash, text: name.text.into() }
    }
}

impl OwnedName {
    pub(super) fn new(text: &str) -> Self {
        Self::from(Name::new(text))
    }

    pub(super) fn get(&self) -> Name<'_> {
        Name { hash: self.hash, text: &self.text }
    }
}

/// A part of [`LabelSet::arena`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// Names that may be in a list: no for most of those that are not. New names are what a parser
/// meets most, and this spares it the lists.
#[derive(Clone, Copy, Debug, Default)]
struct Seen([u64; 4]);

impl Seen {
    fn place(hash: u64) -> (usize, u64) {
        (hash as usize & 3, 1 << (hash >> 58))
    }

    fn add(&mut self, hash: u64) {
        let (word, bit) = Self::place(hash);
        self.0[word] |= bit;
    }

    fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0[word] & bit != 0
    }
}

/// The labels of a stream, ready for look-ups.
#[derive(Clone, Debug)]
pub(super) struct StreamLabels {
    labels: Labels,
    seen: Seen,
    /// Hashes of the names, in the order of the labels.
    hashes: Box<[u64]>,
}

impl StreamLabels {
    pub(super) fn new(labels: &Labels) -> Self {
        let hashes: Box<[u64]> = labels.iter().map(|(name, _)| Name::new(name).hash).collect();
        let mut seen = Seen::default();
        hashes.iter().for_each(|hash| seen.add(*hash));
        Self { labels: labels.clone(), seen, hashes }
    }

    pub(super) fn as_ref(&self) -> LabelsRef<'_> {
        self.labels.as_ref()
    }

    pub(super) fn get(&self, name: Name<'_>) -> Option<&str> {
        if !self.seen.may_have(name.hash) || !self.hashes.contains(&name.hash) {
            return None;
        }
        self.labels.get(name.text)
    }

    fn iter(&self) -> impl Iterator<Item = (Name<'_>, &str)> {
        self.labels.iter().zip(&self.hashes).map(|((text, value), hash)| (Name { hash: *hash, text }, value))
    }
}

#[derive(Clone, Copy, Debug)]
struct Added {
    hash: u64,
    name: Span,
    value: Span,
    category: Category,
}

#[derive(Clone, Copy, Debug)]
struct Mentioned {
    hash: u64,
    name: Span,
}

impl Named for Added {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn name(&self) -> Span {
        self.name
    }
}

impl Named for Mentioned {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn name(&self) -> Span {
        self.name
    }
}

/// What stages did to the labels of a line. Texts lie one after the other in one buffer.
///
/// A name is at most once in `added`: parsed labels replace metadata, and metadata replaces what
/// was set on the stream's labels.
#[derive(Debug, Default)]
pub(super) struct LabelSet {
    arena: String,
    /// The names of all three lists.
    seen: Seen,
    added: NameList<Added>,
    /// Names of the stream's labels that are gone.
    deleted: NameList<Mentioned>,
    /// Names that were ever set as parsed; parsers do not look at them again.
    extracted: NameList<Mentioned>,
    error: Option<&'static str>,
    error_details: String,
}

impl LabelSet {
    /// Forgets everything: a new line begins.
    pub(super) fn clear(&mut self) {
        self.arena.clear();
        self.seen = Seen::default();
        self.added.clear();
        self.deleted.clear();
        self.extracted.clear();
        self.error = None;
        self.error_details.clear();
    }

    /// The value of `name` and where it comes from.
    pub(super) fn get<'a>(&'a self, stream: &'a StreamLabels, name: Name<'_>) -> Option<(&'a str, Category)> {
        if let Some(at) = self.position(name) {
            let added = self.added[at];
            return Some((added.value.of(&self.arena), added.category));
        }
        if self.is_deleted(name) {
            return None;
        }
        stream.get(name).map(|value| (value, Category::Stream))
    }

    /// Sets `name`, unless a category that goes before has it already.
    pub(super) fn set(&mut self, category: Category, name: Name<'_>, value: &str) {
        let place = self.position(name);
        if place.is_some_and(|at| self.added[at].category as u8 > category as u8) {
            return;
        }
        let was_extracted = self.was_extracted(name);
        self.seen.add(name.hash);
        let value = self.keep(value);
        let name_span = match place {
            Some(at) => self.added[at].name,
            None => self.keep(name.text),
        };
        if category == Category::Parsed && !was_extracted {
            self.extracted.push(Mentioned { hash: name.hash, name: name_span });
        }
        let added = Added { hash: name.hash, name: name_span, value, category };
        match place {
            Some(at) => self.added.replace(at, added),
            None => self.added.push(added),
        }
    }

    /// Gives the value of `from` to `to`, in its category, and takes `from` away.
    pub(super) fn rename(&mut self, stream: &StreamLabels, from: Name<'_>, to: Name<'_>) {
        let Some((value, category)) = self.get(stream, from) else { return };
        let value = value.to_owned();
        self.set(category, to, &value);
        self.delete(from);
    }

    /// Takes `name` away, wherever it comes from.
    pub(super) fn delete(&mut self, name: Name<'_>) {
        if let Some(at) = self.position(name) {
            self.added.swap_remove(at);
        }
        if !self.is_deleted(name) {
            self.seen.add(name.hash);
            let mentioned = Mentioned { hash: name.hash, name: self.keep(name.text) };
            self.deleted.push(mentioned);
        }
    }

    /// Whether the line has metadata called `name`.
    pub(super) fn has_metadata(&self, name: Name<'_>) -> bool {
        self.position(name).is_some_and(|at| self.added[at].category == Category::Metadata)
    }

    /// Whether `name` was set as parsed on this line, even if it was deleted since.
    pub(super) fn was_extracted(&self, name: Name<'_>) -> bool {
        self.mentions(&self.extracted, name)
    }

    fn is_deleted(&self, name: Name<'_>) -> bool {
        self.mentions(&self.deleted, name)
    }

    pub(super) fn error(&self) -> Option<&'static str> {
        self.error
    }

    pub(super) fn error_details(&self) -> &str {
        &self.error_details
    }

    pub(super) fn fail(&mut self, error: &'static str, details: &str) {
        self.error = Some(error);
        self.error_details.clear();
        self.error_details.push_str(details);
    }

    pub(super) fn clear_error(&mut self) {
        self.error = None;
    }

    pub(super) fn clear_error_details(&mut self) {
        self.error_details.clear();
    }

    /// Whether the labels are those of the stream.
    pub(super) fn is_untouched(&self) -> bool {
        self.added.is_empty()
            && self.deleted.is_empty()
            && self.error.is_none()
            && self.error_details.is_empty()
    }

    /// Calls `each` for every label of the line, in no order, each name once.
    pub(super) fn for_each<'a>(
        &'a self,
        stream: &'a StreamLabels,
        mut each: impl FnMut(Name<'a>, &'a str, Category),
    ) {
        for (name, value) in stream.iter() {
            if self.position(name).is_none() && !self.is_deleted(name) {
                each(name, value, Category::Stream);
            }
        }
        for added in self.added.iter() {
            let name = Name { hash: added.hash, text: added.name.of(&self.arena) };
            let hidden = match name.text {
                ERROR_LABEL => self.error.is_some(),
                ERROR_DETAILS_LABEL => !self.error_details.is_empty(),
                _ => false,
            };
            if !hidden {
                each(name, added.value.of(&self.arena), added.category);
            }
        }
        if let Some(error) = self.error {
            each(Name::new(ERROR_LABEL), error, Category::Parsed);
        }
        if !self.error_details.is_empty() {
            each(Name::new(ERROR_DETAILS_LABEL), &self.error_details, Category::Parsed);
        }
    }

    /// Appends the canonical bytes of the labels that `keep` wants.
    pub(super) fn write(
        &self,
        stream: &StreamLabels,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(Name<'_>, Category) -> bool,
    ) {
        let mut pairs: smallvec::SmallVec<[(&str, &str); 32]> = smallvec::SmallVec::new();
        self.for_each(stream, |name, value, category| {
            if keep(name, category) {
                pairs.push((name.text, value));
            }
        });
        pairs.sort_unstable();
        for (name, value) in pairs {
            put_pair(out, name, value);
        }
    }

    fn position(&self, name: Name<'_>) -> Option<usize> {
        if !self.seen.may_have(name.hash) {
            return None;
        }
        self.added.position(&self.arena, name)
    }

    fn mentions(&self, list: &NameList<Mentioned>, name: Name<'_>) -> bool {
        self.seen.may_have(name.hash) && list.position(&self.arena, name).is_some()
    }

    /// Copies `text` into the buffer.
    fn keep(&mut self, text: &str) -> Span {
        let start = self.arena.len() as u32;
        self.arena.push_str(text);
        Span { start, end: self.arena.len() as u32 }
    }
}

/// Appends a pair of a canonical label set.
pub(super) fn put_pair(out: &mut Vec<u8>, name: &str, value: &str) {
    varint::put_bytes(out, name.as_bytes());
    varint::put_bytes(out, value.as_bytes());
}
