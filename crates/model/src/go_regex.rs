//! Regular expressions as Go's RE2 reads them, run by the `regex` crate.

use base::{Error, Result};
use std::fmt;

/// A compiled expression with the text it came from.
#[derive(Clone)]
pub struct GoRegex {
    text: String,
    compiled: regex::bytes::Regex,
}

impl GoRegex {
    /// Compiles `text` to find it anywhere.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in the words of Go's parser.
    pub fn new(text: &str) -> Result<Self> {
        Self::compile(text, text)
    }

    /// Compiles `text` to match the whole input, as label matchers do.
    ///
    /// # Errors
    /// As [`GoRegex::new`].
    pub fn anchored(text: &str) -> Result<Self> {
        Self::compile(text, &format!("^(?s:{text})$"))
    }

    fn compile(text: &str, pattern: &str) -> Result<Self> {
        let compiled = regex::bytes::Regex::new(pattern)
            .map_err(|e| Error::invalid(format!("error parsing regexp: {e}")))?;
        Ok(Self { text: text.to_owned(), compiled })
    }

    /// Whether it matches `haystack`.
    pub fn is_match(&self, haystack: &[u8]) -> bool {
        self.compiled.is_match(haystack)
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled form, for captures and replacing.
    pub fn compiled(&self) -> &regex::bytes::Regex {
        &self.compiled
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoRegex({:?})", self.text)
    }
}

impl PartialEq for GoRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
