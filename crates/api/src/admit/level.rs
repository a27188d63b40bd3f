//! A line's level: told by a label, by metadata, by a severity number, by a field of JSON or
//! logfmt, or by a word in the text. This runs for every line, so each way looks at every byte once
//! at most and allocates nothing.

mod fields;
mod json;
mod logfmt;
mod words;

use crate::admit::metadata::{DETECTED_LEVEL, MetadataSet};
use fields::Fields;
use model::Limits;

/// The level of a line that tells none.
const UNKNOWN: &str = "unknown";

/// The name of OTLP's severity number.
const SEVERITY_NUMBER: &str = "severity_number";

/// Finds levels by a tenant's limits.
#[derive(Debug)]
pub struct LevelFinder {
    fields: Fields,
    /// Objects within each other that are searched; 0 is no limit.
    json_depth_max: usize,
}

/// What a set of pairs tells about the level.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'s> {
    /// A level that the client found itself.
    pub detected: Option<&'s [u8]>,
    /// The field first in the list of fields, with its place in the list.
    pub field: Option<(usize, &'s [u8])>,
    /// OTLP's severity number.
    pub severity_number: Option<&'s [u8]>,
}

impl<'s> Told<'s> {
    /// What `self` and `shared` tell together; of equal names `shared` holds.
    fn and(self, shared: Self) -> Self {
        let first = match (self.field, shared.field) {
            (Some(own), Some(shared)) => Some(if own.0 < shared.0 { own } else { shared }),
            (own, shared) => own.or(shared),
        };
        Told {
            detected: shared.detected.or(self.detected),
            field: first,
            severity_number: shared.severity_number.or(self.severity_number),
        }
    }
}

impl LevelFinder {
    /// A finder for lines of a tenant of these `limits`; `None` when levels are not looked for.
    pub fn new(limits: &Limits) -> Option<Self> {
        (limits.discover_log_levels && limits.allow_structured_metadata).then(|| Self {
            fields: Fields::new(&limits.log_level_fields),
            json_depth_max: limits.log_level_from_json_max_depth,
        })
    }

    /// What `set` tells.
    pub fn told<'s>(&self, set: &'s MetadataSet) -> Told<'s> {
        let mut told = Told::default();
        for (name, value) in set.iter() {
            if name == DETECTED_LEVEL.as_bytes() {
                told.detected = Some(value);
            } else if name == SEVERITY_NUMBER.as_bytes() {
                told.severity_number = Some(value).filter(|value| !value.is_empty());
            }
            if let Some(place) = self.fields.place(name)
                && told.field.is_none_or(|(first, _)| place < first)
            {
                told.field = Some((place, value));
            }
        }
        told
    }

    /// The level of `line`, whose stream's labels tell `label` and whose metadata tells `own` and
    /// `shared`. Empty when the one who tells it tells nothing.
    pub fn level<'s>(
        &self,
        label: Option<&'s [u8]>,
        own: Told<'s>,
        shared: Told<'s>,
        line: &[u8],
    ) -> &'s [u8] {
        let told = own.and(shared);
        let field = told.field.map(|(_, value)| value);
        match told.detected.or(label).or(field) {
            Some(level) => normal(level).map_or(level, str::as_bytes),
            None => match told.severity_number {
                Some(number) => of_severity(number).as_bytes(),
                None => self.of_line(line).as_bytes(),
            },
        }
    }

    /// The level that the text of `line` tells.
    pub fn of_line(&self, line: &[u8]) -> &'static str {
        let field = if json::is_object(line) {
            json::find(line, &self.fields, self.json_depth_max)
        } else if memchr::memchr(b'=', line).is_some() {
            logfmt::find(line, &self.fields)
        } else {
            None
        };
        field.and_then(normal).unwrap_or_else(|| words::find(line))
    }
}

/// The level that `word` is a form of.
fn normal(word: &[u8]) -> Option<&'static str> {
    const FORMS: [(&str, &str); 14] = [
        ("info", "info"),
        ("error", "error"),
        ("warn", "warn"),
        ("debug", "debug"),
        ("warning", "warn"),
        ("trace", "trace"),
        ("fatal", "fatal"),
        ("critical", "critical"),
        ("err", "error"),
        ("inf", "info"),
        ("wrn", "warn"),
        ("dbg", "debug"),
        ("trc", "trace"),
        ("information", "info"),
    ];
    FORMS.iter().find(|(form, _)| word.eq_ignore_ascii_case(form.as_bytes())).map(|(_, level)| *level)
}

/// The level of an OTLP severity number in text.
fn of_severity(number: &[u8]) -> &'static str {
    let number = std::str::from_utf8(number).ok().and_then(|text| text.parse::<i64>().ok());
    match number {
        None => "info",
        Some(0) => UNKNOWN,
        Some(..=4) => "trace",
        Some(5..=8) => "debug",
        Some(9..=12) => "info",
        Some(13..=16) => "warn",
        Some(17..=20) => "error",
        Some(21..=24) => "fatal",
        Some(_) => UNKNOWN,
    }
}

#[cfg(test)]
mod tests;
