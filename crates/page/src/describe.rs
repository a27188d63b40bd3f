//! What is in a page, for people: names of its sections; of a column page also the templates and columns.

use crate::codec::Codec;
use crate::line::{self, ColumnFacts, TemplateFacts};
use crate::rows;
use crate::sealed::{Page, PageKind};
use crate::section::{Body, Section, Tag};
use base::{Error, Result};
use bytes::Bytes;
use model::SectionKind;

/// What is in a page.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Names of the metadata columns, as [`Description::section_name`] tells them.
    pub metadata_names: Vec<String>,
    /// Templates of the texts, the most frequent first; none unless texts are in columns.
    pub templates: Vec<TemplateFacts>,
    /// Columns of values, those with most stored bytes first.
    pub columns: Vec<ColumnFacts>,
}

/// Names of sections by their numbers (`docs/format/page.md`), and what they hold.
const NAMES: [(u16, &str, SectionKind); 25] = [
    (1, "times", SectionKind::Times),
    (2, "lengths", SectionKind::Times),
    (3, "metadata sets", SectionKind::Metadata),
    (4, "metadata names", SectionKind::Metadata),
    (5, "metadata rest", SectionKind::Metadata),
    (6, "texts", SectionKind::Texts),
    (7, "templates", SectionKind::Texts),
    (8, "words", SectionKind::Texts),
    (9, "hex digits", SectionKind::Texts),
    (10, "small numbers", SectionKind::Texts),
    (11, "kinds", SectionKind::Times),
    (12, "float heads", SectionKind::Texts),
    (13, "float planes", SectionKind::Texts),
    (14, "other bodies", SectionKind::Texts),
    (15, "trace ids", SectionKind::Texts),
    (16, "trace numbers", SectionKind::Texts),
    (17, "span ids", SectionKind::Texts),
    (18, "parents", SectionKind::Texts),
    (19, "parent ids", SectionKind::Texts),
    (20, "durations", SectionKind::Texts),
    (21, "forms", SectionKind::Texts),
    (22, "form numbers", SectionKind::Texts),
    (23, "extras", SectionKind::Texts),
    (24, "extra numbers", SectionKind::Texts),
    (26, "alphabets", SectionKind::Texts),
];

/// Words of page kinds, by their bytes.
const KIND_WORDS: [&str; 4] = ["text", "columns", "samples", "spans"];
/// Words of codecs, by their bytes.
const CODEC_WORDS: [&str; 7] = ["as it is", "zstd", "pco", "columns", "samples", "spans", "rises"];

impl PageKind {
    /// Its name.
    pub fn word(self) -> &'static str {
        KIND_WORDS.get(self as usize).copied().unwrap_or("unknown")
    }
}

impl Codec {
    /// Its name.
    pub fn word(self) -> &'static str {
        CODEC_WORDS.get(self as usize).copied().unwrap_or("unknown")
    }
}

impl Section {
    /// What it holds.
    pub fn kind(&self) -> SectionKind {
        if self.tag.in_search() {
            return SectionKind::Search;
        }
        match NAMES.iter().find(|(number, ..)| *number == self.tag.number()) {
            Some((.., kind)) => *kind,
            None if rows::metadata_column(self.tag).is_some() => SectionKind::Metadata,
            None => SectionKind::Texts,
        }
    }

    /// Bytes of what it holds once decoded, for sums: of texts only those of the section that stands for them,
    /// not of those that they are made of.
    pub fn content_bytes(&self) -> u64 {
        let counts = self.kind() != SectionKind::Texts || self.tag == rows::BODIES_TAG;
        if counts { u64::from(self.raw_len) } else { 0 }
    }
}

impl Description {
    /// The name of `section` of the page described.
    pub fn section_name(&self, section: &Section) -> String {
        let tag = section.tag;
        match tag {
            Tag::FILTER => return "filter".to_owned(),
            Tag::WORD_FILTER => return "word filter".to_owned(),
            Tag::COUNTS => return "counts".to_owned(),
            _ => {}
        }
        if let Some((_, name, _)) = NAMES.iter().find(|(number, ..)| *number == tag.number()) {
            return (*name).to_owned();
        }
        match (rows::metadata_column(tag), line::long_position(tag)) {
            (Some(at), _) => match self.metadata_names.get(at) {
                Some(name) => format!("metadata {name}"),
                None => format!("metadata {at}"),
            },
            (None, Some(at)) => format!("numbers {at}"),
            (None, None) => format!("section {}", tag.number()),
        }
    }
}

impl Page {
    /// The sections that `question` needs, those in the search region not among them.
    pub fn needed(&self, question: &crate::Question) -> impl Iterator<Item = &Section> {
        let body = self.sections().iter().filter(|section| !section.tag.in_search());
        body.filter(|section| rows::needs(section.tag, question).unwrap_or(false))
    }

    /// What is in it; `body` is the whole body.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn describe(&self, body: &Bytes) -> Result<Description> {
        if body.len() as u64 != self.body_len() {
            let (found, expected) = (body.len(), self.body_len());
            return Err(Error::corrupt(format!("page body of {found} bytes instead of {expected}")));
        }
        let parts = [body.clone()];
        let body =
            Body { sections: self.sections(), starts: &[0], parts: &parts, verified: true, kept: None };
        // Also what is not decoded here is told to be damaged when it is.
        for section in self.sections().iter().filter(|section| !section.tag.in_search()) {
            body.stored(section.tag)?;
        }
        let mut description =
            Description { metadata_names: rows::metadata_names(&body)?, ..Description::default() };
        if self.kind() == PageKind::LineColumns {
            (description.templates, description.columns) = line::Reader::open(&body)?.describe()?;
        }
        Ok(description)
    }
}

#[cfg(test)]
mod tests;
