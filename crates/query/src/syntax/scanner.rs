//! Cuts a text into lexemes as Go's `text/scanner` does: Go's identifiers, numbers, strings and
//! comments (`//…`, `/*…*/`), everything else one character at a time.

use super::{Position, parse_error};
use base::{Error, Result};
use std::sync::LazyLock;

mod number;

/// Identifiers outside of ASCII: Go's letters and digits are not Rust's `is_alphabetic`.
static IDENTIFIER: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new(r"^[_\p{L}][_\p{L}\p{Nd}]*").ok());

/// What a lexeme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexeme<'t> {
    /// The end of the text.
    End,
    /// `abc_1`
    Identifier(&'t str),
    /// `1`, `0x1F`, `1.5e3`, `.5`
    Number(&'t str),
    /// `"…"` or `` `…` `` with its quotes; escapes are well formed but not resolved.
    Text(&'t str),
    /// Any other character, or a character literal `'x'`.
    Other(&'t str),
}

/// Gives the lexemes of a text one by one.
#[derive(Clone, Debug)]
pub struct Scanner<'t> {
    text: &'t str,
    /// Bytes read.
    at: usize,
    /// Of the next character.
    position: Position,
    /// Of the last lexeme.
    start: Position,
}

impl<'t> Scanner<'t> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'t str) -> Self {
        let mut scanner =
            Self { text, at: 0, position: Position { line: 1, column: 1 }, start: Position::NOWHERE };
        if text.starts_with('\u{feff}') {
            scanner.skip('\u{feff}'.len_utf8());
        }
        scanner
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Where the last lexeme started.
    pub fn start(&self) -> Position {
        self.start
    }

    /// Reads `bytes` more, which must end at a character.
    pub fn skip(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        let passed = &self.text[self.at..end];
        match passed.rfind('\n') {
            None => self.position.column += passed.chars().count() as u32,
            Some(last) => {
                self.position.line += passed.bytes().filter(|b| *b == b'\n').count() as u32;
                self.position.column = 1 + passed[last + 1..].chars().count() as u32;
            }
        }
        self.at = end;
    }

    /// Reads the next lexeme; [`Scanner::start`] is then its place.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for what is no lexeme, in the words of `text/scanner`.
    pub fn next_lexeme(&mut self) -> Result<Lexeme<'t>> {
        self.skip_blank()?;
        self.start = if self.text.is_empty() { Position::NOWHERE } else { self.position };
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Lexeme::End) };
        let dot_digit = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (lexeme, refusal): (fn(&'t str) -> Lexeme<'t>, _) = match first {
            c if c == '_' || c.is_alphabetic() => (Lexeme::Identifier, Ok(identifier_len(rest))),
            c if c.is_ascii_digit() || dot_digit => (Lexeme::Number, number::scan(rest)),
            '"' => (Lexeme::Text, quoted_len(rest, '"').map(|(len, _)| len)),
            '`' => (Lexeme::Text, raw_len(rest)),
            '\'' => (Lexeme::Other, char_literal_len(rest)),
            c => (Lexeme::Other, Ok(c.len_utf8())),
        };
        let len = refusal.map_err(|why| self.error(&why))?;
        if len == 0 {
            // A letter of Rust's that is none of Go's.
            return self.take(first.len_utf8(), Lexeme::Other);
        }
        self.take(len, lexeme)
    }

    fn take(&mut self, len: usize, lexeme: fn(&'t str) -> Lexeme<'t>) -> Result<Lexeme<'t>> {
        let text = &self.rest()[..len];
        self.skip(len);
        // The scanner looks one character ahead.
        if text.contains('\0') || self.rest().starts_with('\0') {
            return Err(self.error("invalid character NUL"));
        }
        Ok(lexeme(text))
    }

    /// White space and Go's comments.
    fn skip_blank(&mut self) -> Result<()> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.skip(blank);
            let rest = self.rest();
            if rest.starts_with('\0') {
                self.start.line = 0;
                return Err(self.error("invalid character NUL"));
            }
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(body) = rest.strip_prefix("/*") {
                self.start = self.position;
                2 + body.find("*/").ok_or_else(|| self.error("comment not terminated"))? + 2
            } else {
                return Ok(());
            };
            self.skip(comment);
        }
    }

    /// An error at the last lexeme.
    fn error(&self, message: &str) -> Error {
        parse_error(self.start, message)
    }
}

/// Zero when there is none.
fn identifier_len(text: &str) -> usize {
    let ascii = text.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
    match (text.as_bytes().get(ascii), &*IDENTIFIER) {
        (Some(128..), Some(identifier)) => identifier.find(text).map_or(0, |found| found.end()),
        _ => ascii,
    }
}

/// Length of the literal at the start of `text` with its quotes, and the characters in it.
fn quoted_len(text: &str, quote: char) -> Result<(usize, usize), String> {
    let mut chars = text.char_indices().skip(1);
    let mut count = 0;
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((at + 1, count)),
            '\n' => break,
            '\\' => {
                let len = escape_len(&text[at + 1..], quote).ok_or("invalid char escape")?;
                if len > 0 {
                    chars.nth(len - 1);
                }
            }
            _ => {}
        }
        count += 1;
    }
    Err("literal not terminated".to_owned())
}

/// Length of an escape after its backslash.
fn escape_len(text: &str, quote: char) -> Option<usize> {
    let first = text.chars().next()?;
    let (before, digits, radix) = match first {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => return Some(1),
        c if c == quote => return Some(1),
        '0'..='7' => (0, 3, 8),
        'x' => (1, 2, 16),
        'u' => (1, 4, 16),
        'U' => (1, 8, 16),
        _ => return None,
    };
    let found = text.chars().skip(before).take(digits).take_while(|c| c.is_digit(radix)).count();
    (found == digits).then_some(before + digits)
}

fn raw_len(text: &str) -> Result<usize, String> {
    text[1..].find('`').map(|end| end + 2).ok_or_else(|| "literal not terminated".to_owned())
}

fn char_literal_len(text: &str) -> Result<usize, String> {
    match quoted_len(text, '\'')? {
        (len, 1) => Ok(len),
        _ => Err("invalid char literal".to_owned()),
    }
}

#[cfg(test)]
mod tests;
