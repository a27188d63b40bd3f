//! `| json a="x.y[0]", b` and `| logfmt a="x", b`: only what is named becomes labels.

use super::EXTRACTED_SUFFIX;
use super::field::{label_name, without_undecoded};
use super::json::{JSON_ERROR, failed, string_value};
use super::json_scan::{Kind, Value, value};
use super::json_search::{collect, search};
use super::labels::{Category, Name, OwnedName};
use super::logfmt::{Flags, Pairs, fails_not};
use super::path::{Segment, parse_json_path, parse_logfmt_key};
use super::row::Row;
use crate::logql::ast::Extraction;
use model::fields::append_key;
use smallvec::SmallVec;
use std::borrow::Cow;

/// A label and where its value lies.
#[derive(Clone, Debug)]
pub(super) struct Wanted<P> {
    label: OwnedName,
    /// The label's name where it clashes with one of the stream.
    suffixed: OwnedName,
    place: P,
}

impl<P> Wanted<P> {
    fn new(label: &str, place: P) -> Self {
        let suffixed = OwnedName::new(&format!("{label}{EXTRACTED_SUFFIX}"));
        Self { label: OwnedName::new(label), suffixed, place }
    }

    fn set(&self, row: &mut Row<'_>, value: &str) {
        let name = if row.clashes(self.label.get()) { &self.suffixed } else { &self.label };
        row.labels.set(Category::Parsed, name.get(), value);
    }
}

/// A way into JSON.
#[derive(Clone, Debug)]
struct Place {
    /// The steps before the first `[*]`.
    path: Vec<Segment>,
    /// Those from it on: then the label is an array of all that is found.
    every: Vec<Segment>,
}

impl Place {
    fn parse(expression: &str) -> Result<Self, String> {
        let mut path = parse_json_path(expression)?;
        let first = path.iter().position(|step| *step == Segment::Every).unwrap_or(path.len());
        let every = path.split_off(first);
        Ok(Self { path, every })
    }

    /// The label's value where `found` lies at the path.
    fn value<'t>(&self, found: &Value<'t>) -> Cow<'t, str> {
        if !self.every.is_empty() {
            let mut all = String::new();
            collect(*found, &self.every, &mut all);
            return if all.is_empty() { "".into() } else { format!("[{all}]").into() };
        }
        match found.kind {
            Kind::Null => "".into(),
            Kind::Object => found.text.into(),
            _ => string_value(found.text),
        }
    }
}

/// Paths into JSON.
#[derive(Clone, Debug)]
pub(super) struct JsonExtractions(Vec<Wanted<Place>>);

impl JsonExtractions {
    /// Compiles `extractions`.
    ///
    /// # Errors
    /// Loki's words for a bad path.
    pub(super) fn compile(extractions: &[Extraction]) -> Result<Self, String> {
        let wanted = |e: &Extraction| Ok(Wanted::new(&e.label, Place::parse(&e.expression)?));
        Ok(Self(extractions.iter().map(wanted).collect::<Result<_, String>>()?))
    }

    /// The names of paths that are nothing but keys; none where a path is another one.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let name = |wanted: &Wanted<Place>| {
            let mut name = String::new();
            for step in &wanted.place.path {
                let Segment::Field(key) = step else { return None };
                append_key(&mut name, key);
            }
            (wanted.place.every.is_empty() && !name.is_empty()).then_some(name)
        };
        self.0.iter().map(name).collect()
    }

    /// Takes the labels. What is not there is `""`. Says whether the line stays.
    pub(super) fn parse(&self, text: &str, row: &mut Row<'_>) -> bool {
        if text.is_empty() || row.hints.is_done(row) {
            return true;
        }
        if !text.starts_with(['{', '[', '"']) {
            return row.parser_failed(JSON_ERROR, "");
        }
        let paths: SmallVec<[&[Segment]; 8]> = self.0.iter().map(|wanted| &*wanted.place.path).collect();
        let mut stays = true;
        search(text, &paths, |at, found| match (at.and_then(|at| self.0.get(at)), found) {
            (_, Err(error)) => stays &= failed(row, error),
            (Some(wanted), Ok(value)) => wanted.set(row, &wanted.place.value(&value)),
            (None, Ok(_)) => {}
        });
        for wanted in &self.0 {
            // The walk looks for what lies below the whole, not for the whole.
            if wanted.place.path.is_empty()
                && let Ok(whole) = value(text, 0)
            {
                wanted.set(row, &wanted.place.value(&whole));
            }
            if row.get(wanted.label.get()).is_none() {
                row.labels.set(Category::Parsed, wanted.label.get(), "");
            }
        }
        stays
    }
}

/// Keys of logfmt.
#[derive(Clone, Debug)]
pub(super) struct LogfmtExtractions(Vec<Wanted<String>>);

impl LogfmtExtractions {
    /// Compiles `extractions`; of two for one label the last counts.
    ///
    /// # Errors
    /// Loki's words for a bad key.
    pub(super) fn compile(extractions: &[Extraction]) -> Result<Self, String> {
        let mut all: Vec<Wanted<String>> = Vec::new();
        for Extraction { label, expression } in extractions {
            let wanted = Wanted::new(label, parse_logfmt_key(expression)?);
            match all.iter_mut().find(|known| known.label.get() == wanted.label.get()) {
                Some(known) => *known = wanted,
                None => all.push(wanted),
            }
        }
        Ok(Self(all))
    }

    /// The keys that are looked for.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.iter().map(|wanted| wanted.place.clone()).collect()
    }

    /// Takes the labels. What is not there is `""`; of a key that comes twice the last counts.
    /// Says whether the line stays.
    pub(super) fn parse(&self, text: &str, flags: Flags, row: &mut Row<'_>, buffer: &mut String) -> bool {
        if row.hints.is_done(row) {
            return true;
        }
        for wanted in &self.0 {
            if !row.clashes(wanted.label.get()) {
                row.labels.set(Category::Parsed, wanted.label.get(), "");
            }
        }
        let mut pairs = Pairs::new(text);
        while let Some(pair) = pairs.next_pair(flags) {
            let key = label_name(pair.key, buffer);
            let is_label = self.0.iter().any(|wanted| wanted.label.get().text() == key);
            if !is_label && !row.hints.wants(row, Name::new(key)) {
                continue;
            }
            for wanted in self.0.iter().filter(|wanted| wanted.place == key) {
                wanted.set(row, &without_undecoded(&pair.value));
            }
        }
        fails_not(&pairs, flags, row)
    }
}
