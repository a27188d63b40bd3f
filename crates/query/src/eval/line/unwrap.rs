//! `| unwrap duration(x)`: a label's value as the number of a sample.

use super::label_filter::Condition;
use super::labels::OwnedName;
use super::row::Row;
use crate::go;
use crate::logql::ast::{Conversion, Unwrap};
use base::{Error, Result};

/// The error of labels that are no numbers.
const SAMPLE_ERROR: &str = "SampleExtractionErr";

/// A compiled `unwrap` with the filters after it.
#[derive(Debug)]
pub(super) struct Unwrapped {
    pub(super) label: OwnedName,
    conversion: Conversion,
    pub(super) filters: Vec<Condition>,
}

impl Unwrapped {
    /// Compiles `unwrap`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in Loki's words.
    pub(super) fn compile(unwrap: &Unwrap) -> Result<Self> {
        let filter = |filter| {
            Condition::compile(filter)
                .map_err(|wrong| Error::invalid(format!("parse error : stage '| {filter}' : {wrong}")))
        };
        Ok(Self {
            label: OwnedName::new(&unwrap.label),
            conversion: unwrap.conversion,
            filters: unwrap.filters.iter().map(filter).collect::<Result<_>>()?,
        })
    }

    /// Whether it takes numbers as they are, and all of them.
    pub(super) fn is_plain(&self) -> bool {
        self.conversion == Conversion::Number && self.filters.is_empty()
    }

    /// The number; `None` when the label is missing or empty, or a filter drops the line. What is no
    /// number is an error of the line, and zero.
    pub(super) fn value(&self, row: &mut Row<'_>) -> Option<f64> {
        let text = row.get(self.label.get()).filter(|text| !text.is_empty())?;
        let value = match self.conversion {
            Conversion::Number => go::parse_float(text),
            Conversion::Duration | Conversion::DurationSeconds => go::parse_duration(text).map(go::seconds),
            Conversion::Bytes => go::parse_size(text).map(|bytes| bytes as f64),
            Conversion::Identity => Ok(identity(text)),
        };
        let value = value.unwrap_or_else(|details| {
            row.labels.fail(SAMPLE_ERROR, &details);
            0.0
        });
        // All filters run, as both sides of an `and` do.
        let mut passes = true;
        for filter in &self.filters {
            passes &= filter.passes(row);
        }
        passes.then_some(value)
    }
}

/// A number by which texts are told apart: 53 bits of xxh3, which a float holds exactly. Of a million
/// distinct texts two are taken for one with a chance of 1 in 18,000.
fn identity(text: &str) -> f64 {
    (xxhash_rust::xxh3::xxh3_64(text.as_bytes()) >> 11) as f64
}
