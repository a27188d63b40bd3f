//! `label_replace`.

use super::series::StepSeries;
use base::{Error, Result};
use model::LabelsBuilder;
use model::go_regex::GoRegex;

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
    /// [`base::Kind::Limit`] for a value that could become longer than 64 KiB.
    pub fn apply(&self, mut series: Vec<StepSeries>) -> Result<Vec<StepSeries>> {
        let references = self.replacement.matches('$').count();
        let mut value = Vec::new();
        for one in &mut series {
            let source = one.labels.get(&self.src).unwrap_or("");
            let Some(groups) = self.regex.compiled().captures(source.as_bytes()) else { continue };
            // A group is at most the source; the exact length is known only when the memory is taken.
            let longest = references.saturating_mul(source.len()).saturating_add(self.replacement.len());
            if longest > VALUE_BYTES_MAX {
                return Err(Error::limit(format!(
                    "label_replace may make {longest} bytes of a value of label '{}', limit {VALUE_BYTES_MAX}",
                    self.src
                )));
            }
            value.clear();
            groups.expand(self.replacement.as_bytes(), &mut value);
            let value = String::from_utf8_lossy(&value);
            let mut builder = LabelsBuilder::from(one.labels.as_ref());
            if value.is_empty() {
                builder.remove(&self.dst);
            } else {
                builder.set(&self.dst, &value);
            }
            one.labels = builder.build();
        }
        Ok(series)
    }
}

#[cfg(test)]
mod tests;
