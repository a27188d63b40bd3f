//! `| logfmt`: `key=value` pairs become labels.

use super::field::{label_name, without_undecoded};
use super::json_scan::{Escapes, string_end, unescape_like};
use super::row::{Next, Row};
use std::borrow::Cow;

/// The error of lines with bad pairs.
const LOGFMT_ERROR: &str = "LogfmtParserErr";

/// How pairs are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    /// Stop at a bad pair with an error, instead of going on after it.
    pub(super) strict: bool,
    /// Make labels of keys without value.
    pub(super) keep_empty: bool,
}

/// Takes labels from the pairs of `text`. Says whether the line stays.
pub(super) fn parse(text: &str, flags: Flags, row: &mut Row<'_>, buffers: [&mut String; 2]) -> bool {
    let [name_buffer, suffixed] = buffers;
    if row.hints.is_done(row) {
        return true;
    }
    let mut pairs = Pairs::new(text);
    while let Some(pair) = pairs.next_pair(flags) {
        if pair.value.is_empty() && !flags.keep_empty {
            continue;
        }
        let name = label_name(pair.key, name_buffer);
        let Some(name) = row.name_for(name, suffixed) else { continue };
        match row.take(name, &without_undecoded(&pair.value)) {
            Next::More => {}
            Next::Done => break,
            Next::Drop => return false,
        }
    }
    fails_not(&pairs, flags, row)
}

/// Notes the error of a strict parser. Says whether the line stays.
pub(super) fn fails_not(pairs: &Pairs<'_>, flags: Flags, row: &mut Row<'_>) -> bool {
    match (&pairs.error, flags.strict) {
        (Some(error), true) => row.parser_failed(LOGFMT_ERROR, &error.to_string()),
        _ => true,
    }
}

/// A key and its value; a key without `=` has none.
pub(super) struct Pair<'t> {
    pub(super) key: &'t str,
    pub(super) value: Cow<'t, str>,
}

/// What is wrong with a pair.
#[derive(Clone, Debug, thiserror::Error)]
#[error("logfmt syntax error at pos {position} : {what}")]
pub(super) struct LogfmtError {
    /// Counted from 1, in bytes.
    position: usize,
    what: Cow<'static, str>,
}

/// Reads pair after pair.
pub(super) struct Pairs<'t> {
    text: &'t str,
    at: usize,
    error: Option<LogfmtError>,
}

impl<'t> Pairs<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, error: None }
    }

    /// The next pair. After a bad one a strict reader is at its end, others go on behind it.
    pub(super) fn next_pair(&mut self, flags: Flags) -> Option<Pair<'t>> {
        loop {
            let bytes = self.text.as_bytes();
            self.at += bytes.get(self.at..)?.iter().position(|c| *c > b' ')?;
            match self.pair() {
                Ok(pair) => return Some(pair),
                Err(what) => {
                    self.error = Some(LogfmtError { position: self.at + 1, what });
                    if flags.strict {
                        return None;
                    }
                    self.at = self.find(self.at, |c| c <= b' ');
                }
            }
        }
    }

    /// Position of the first byte from `from` on that `is` it, or the end.
    fn find(&self, from: usize, is: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or(&[]);
        rest.iter().position(|c| is(*c)).map_or(self.text.len(), |at| from + at)
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or("")
    }

    /// Reads the pair at `at`, which is no white space.
    fn pair(&mut self) -> Result<Pair<'t>, Cow<'static, str>> {
        let start = self.at;
        self.at = self.find(start, |c| c <= b' ' || c == b'=' || c == b'"');
        let key = self.slice(start, self.at);
        match self.text.as_bytes().get(self.at) {
            Some(b'"') => return Err(unexpected('"')),
            Some(b'=') if key.is_empty() => return Err(unexpected('=')),
            _ => {}
        }
        if key.contains(char::REPLACEMENT_CHARACTER) {
            return Err("invalid key".into());
        }
        if self.text.as_bytes().get(self.at) != Some(&b'=') {
            return Ok(Pair { key, value: "".into() });
        }
        self.at += 1;
        if self.text.as_bytes().get(self.at) == Some(&b'"') {
            return Ok(Pair { key, value: self.quoted_value()? });
        }
        let start = self.at;
        self.at = self.find(start, |c| c <= b' ' || c == b'=' || c == b'"');
        match self.text.as_bytes().get(self.at) {
            Some(c @ (b'=' | b'"')) => Err(unexpected(char::from(*c))),
            _ => Ok(Pair { key, value: self.slice(start, self.at).into() }),
        }
    }

    /// Reads the value whose opening quote is at `at`.
    fn quoted_value(&mut self) -> Result<Cow<'t, str>, Cow<'static, str>> {
        let start = self.at;
        let Some((end, escaped)) = string_end(self.text, start + 1) else {
            self.at = self.text.len();
            return Err("unterminated quoted value".into());
        };
        self.at = end;
        if !escaped {
            return Ok(self.slice(start + 1, end - 1).into());
        }
        match unquote(self.slice(start + 1, end - 1)) {
            Some(text) => Ok(text.into()),
            None => Err("invalid quoted value".into()),
        }
    }
}

fn unexpected(c: char) -> Cow<'static, str> {
    format!("unexpected '{c}'").into()
}

/// The text of a quoted value that has escapes.
fn unquote(text: &str) -> Option<String> {
    // Go refuses control characters in such values.
    let is_plain = text.bytes().all(|c| c >= b' ');
    is_plain.then(|| unescape_like(text, Escapes::Lenient))?.map(Cow::into_owned)
}
