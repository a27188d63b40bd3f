//! Regular expressions as Go's RE2 reads them, run by the `regex` crate.
//!
//! The two languages look alike and differ in what they mean: `\w`, `\d`, `\s` and `\b` are ASCII in
//! Go; `&&`, `--`, `~~` inside a class, `(?x)` and `\<` mean something only in Rust; `\Q…\E`, a
//! literal `{`, stacked flags and duplicate group names exist only in Go. So an expression is read by
//! [`syntax`] exactly as Go reads it, refused in Go's words, and written again in Rust's dialect.
//! (Handing the text over and mending single differences was rejected: each new one would be found
//! by a user.)

mod class;
mod expand;
mod literal;
mod pieces;
mod syntax;

use crate::fields::RegexpPiece;
use base::{Error, Result};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Memory one compiled expression may take.
const SIZE_LIMIT_BYTES: usize = 32 << 20;

/// A compiled expression with the text it came from.
#[derive(Clone)]
pub struct GoRegex {
    text: String,
    compiled: regex::bytes::Regex,
    names: Vec<Option<String>>,
    required_literal: Option<Vec<u8>>,
    exact_literals: Option<Vec<Vec<u8>>>,
    pieces: Option<Arc<[RegexpPiece]>>,
}

impl GoRegex {
    /// Compiles `text` to find it anywhere; `.` does not match a newline.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in the words of Go's parser.
    pub fn new(text: &str) -> Result<Self> {
        Self::compile(text, syntax::Flags::default(), |pattern| pattern)
    }

    /// Compiles `text` to match the whole input with `.` matching newlines too, as Prometheus does
    /// for label matchers (`^(?s:…)$`). The text must be an expression by itself.
    ///
    /// # Errors
    /// As [`GoRegex::new`].
    pub fn anchored(text: &str) -> Result<Self> {
        let flags = syntax::Flags { dot_newline: true, ..syntax::Flags::default() };
        Self::compile(text, flags, |pattern| format!("^(?:{pattern})$"))
    }

    fn compile(text: &str, flags: syntax::Flags, wrap: impl Fn(String) -> String) -> Result<Self> {
        let translated = syntax::translate(text, flags).map_err(|e| Error::invalid(e.to_string()))?;
        let too_large = || Error::invalid(format!("error parsing regexp: expression too large: `{text}`"));
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .nest_limit(syntax::RUST_NEST_LIMIT)
            .build()
            .parse(&translated.pattern)
            .map_err(|_| too_large())?;
        let compiled = regex::bytes::RegexBuilder::new(&wrap(translated.pattern))
            .nest_limit(syntax::RUST_NEST_LIMIT)
            .size_limit(SIZE_LIMIT_BYTES)
            .build()
            .map_err(|_| too_large())?;
        let pieces = pieces::pieces(&hir, &translated.names);
        Ok(Self {
            text: text.to_owned(),
            compiled,
            names: translated.names,
            pieces: pieces.map(Arc::from),
            required_literal: literal::required(&hir),
            exact_literals: literal::exact(&hir),
        })
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

    /// The name of each capturing group, by its number; the first is the whole match.
    ///
    /// Unlike [`regex::bytes::Regex::capture_names`] it also has names that only Go allows: several
    /// groups of one name, names that start with a digit.
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// It as pieces one after the other, where it is no more than that.
    pub fn pieces(&self) -> Option<Arc<[RegexpPiece]>> {
        self.pieces.clone()
    }

    /// Bytes that every match contains, for searching them first; `None` where there are none, or
    /// case does not matter. The longest such run is given.
    pub fn required_literal(&self) -> Option<&[u8]> {
        self.required_literal.as_deref()
    }

    /// All texts that the expression can match, when they are few (`a|b|c[0-3]`), for looking them
    /// up instead of scanning. An expression made with [`GoRegex::anchored`] matches exactly these;
    /// one made with [`GoRegex::new`] matches every text that contains one of them.
    pub fn exact_literals(&self) -> Option<&[Vec<u8>]> {
        self.exact_literals.as_deref()
    }

    /// Appends `template` to `out` with `$1`, `$name` and `${name}` replaced as Go's
    /// `Regexp.Expand` does: a name is as long as possible, `$$` is `$`, what is not there is empty.
    pub fn expand(&self, template: &[u8], captures: &regex::bytes::Captures<'_>, out: &mut Vec<u8>) {
        expand::expand(&self.names, template, captures, out);
    }

    /// `haystack` with every match replaced by the expanded `template` (Go's `ReplaceAll`).
    pub fn replace_all<'h>(&self, haystack: &'h [u8], template: &[u8]) -> Cow<'h, [u8]> {
        self.compiled.replace_all(haystack, |captures: &regex::bytes::Captures<'_>| {
            let mut out = Vec::new();
            self.expand(template, captures, &mut out);
            out
        })
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoRegex({:?})", self.text)
    }
}

impl PartialEq for GoRegex {
    fn eq(&self, other: &Self) -> bool {
        self.compiled.as_str() == other.compiled.as_str()
    }
}

#[cfg(test)]
mod tests;
