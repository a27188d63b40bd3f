//! `label_replace`.

use super::series::StepSeries;
use base::{Error, Result};
use model::go_regex::GoRegex;
use model::{Labels, LabelsBuilder};

/// Longest value that `label_replace` may make, in bytes. Calls in each other multiply: six that
/// write their source ten times over make a megabyte of each byte.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// A compiled `label_replace`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relabel {
    /// The label that is set.
    dst: String,
    /// With `$1` and `${name}` for groups.
    replacement: String,
    /// The label that is read.
    src: String,
    /// Matches the whole value.
    regex: GoRegex,
}

impl Relabel {
    /// Compiles the arguments of `label_replace`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a text that is no regex.
    pub fn new(dst: &str, replacement: &str, src: &str, regex: &str) -> Result<Self> {
        let regex = GoRegex::anchored(regex)
            .map_err(|e| Error::invalid(format!("invalid regex in label_replace: {}", e.what())))?;
        Ok(Self { dst: dst.to_owned(), replacement: replacement.to_owned(), src: src.to_owned(), regex })
    }

    /// Sets the label in each series whose source value matches.
    ///
    /// # Errors
    /// As [`Relabel::labels`].
    pub fn apply<V>(&self, mut series: Vec<StepSeries<V>>) -> Result<Vec<StepSeries<V>>> {
        for one in &mut series {
            if let Some(labels) = self.labels(&one.labels)? {
                one.labels = labels;
            }
        }
        Ok(series)
    }

    /// The label that is set.
    pub fn dst(&self) -> &str {
        &self.dst
    }

    /// `labels` with the label set; none when the source value does not match.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] for a value that could become longer than 64 KiB.
    pub fn labels(&self, labels: &Labels) -> Result<Option<Labels>> {
        let source = labels.get(&self.src).unwrap_or("");
        let Some(groups) = self.regex.compiled().captures(source.as_bytes()) else { return Ok(None) };
        // A group is at most the source; the exact length is known only when the memory is taken.
        let references = self.replacement.matches('$').count();
        let longest = references.saturating_mul(source.len()).saturating_add(self.replacement.len());
        if longest > VALUE_BYTES_MAX {
            return Err(Error::limit(format!(
                "label_replace may make {longest} bytes of a value of label '{}', limit {VALUE_BYTES_MAX}",
                self.src
            )));
        }
        let mut value = Vec::new();
        groups.expand(self.replacement.as_bytes(), &mut value);
        let value = String::from_utf8_lossy(&value);
        let mut builder = LabelsBuilder::from(labels.as_ref());
        if value.is_empty() {
            builder.remove(&self.dst);
        } else {
            builder.set(&self.dst, &value);
        }
        Ok(Some(builder.build()))
    }
}

#[cfg(test)]
mod tests;
