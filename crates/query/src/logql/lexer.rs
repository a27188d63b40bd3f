//! Cuts a query into tokens.
//!
//! A function's name is a function only before a parenthesis or a grouping, so labels may be called
//! `rate`. Everything that is no token is an [`Token::Identifier`]: what it would mean is the
//! parser's question.

use super::token::{Flag, Token, Word};
use crate::go;
use crate::syntax::scanner::{Lexeme, Scanner};
use crate::syntax::{Position, byte_size, duration, parse_error};
use base::Result;

/// Gives the tokens of a query one by one.
#[derive(Clone, Debug)]
pub struct Lexer<'t> {
    scanner: Scanner<'t>,
    /// Of the last token.
    position: Position,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'t str) -> Self {
        Self { scanner: Scanner::new(text), position: Position::NOWHERE }
    }

    /// Where the last token started. It has no line when more was read than the scanner's lexeme.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for what is none.
    pub fn next_token(&mut self) -> Result<Token<'t>> {
        loop {
            let lexeme = self.scanner.next_lexeme()?;
            self.position = self.scanner.start();
            return Ok(match lexeme {
                Lexeme::End => Token::End,
                Lexeme::Text(literal) => self.text(literal)?,
                Lexeme::Number(number) => self.number(number)?,
                Lexeme::Identifier(name) => self.name(name),
                Lexeme::Other("#") => {
                    let rest = self.scanner.rest();
                    self.scanner.skip(rest.find('\n').unwrap_or(rest.len()));
                    continue;
                }
                Lexeme::Other("[") => self.range()?,
                Lexeme::Other("-") => self.dash(),
                Lexeme::Other(sign) => self.sign(sign),
            });
        }
    }

    /// Reads `bytes` past the scanner's lexeme.
    fn skip(&mut self, bytes: usize) {
        self.scanner.skip(bytes);
        self.position = self.position.without_line();
    }

    fn text(&mut self, literal: &str) -> Result<Token<'t>> {
        // Numbers of escapes may still be too large for a byte or a character.
        let text = go::unquote(literal).ok_or_else(|| parse_error(self.position, "invalid syntax"))?;
        Ok(Token::Text(text))
    }

    /// A number, or with a unit behind it a duration or a byte size.
    fn number(&mut self, number: &'t str) -> Result<Token<'t>> {
        let rest = self.scanner.rest();
        let len = run_len(rest, is_duration_char);
        if let Some(ns) = (len > 0).then(|| duration_ns(&format!("{number}{}", &rest[..len]))).flatten() {
            self.skip(len);
            return Ok(Token::Duration(ns));
        }
        let len = run_len(rest, |c| c.is_numeric() || ".BikKMGTP".contains(c));
        match (len > 0).then(|| written_bytes(&format!("{number}{}", &rest[..len]))).flatten() {
            None => Ok(Token::Number(number)),
            // Written anew it is `0B`, which the scanner takes for a binary number.
            Some(0) => Err(parse_error(self.position, "decimal literal has no digits")),
            Some(bytes) => {
                self.skip(len);
                Ok(Token::Bytes(bytes))
            }
        }
    }

    /// A flag, a negative duration, or the sign.
    fn dash(&mut self) -> Token<'t> {
        let rest = self.scanner.rest();
        if let Some(name) = rest.strip_prefix('-') {
            let len = run_len(name, |c| c == '-' || c.is_alphabetic());
            let flag = match &name[..len] {
                "strict" => Some(Flag::Strict),
                "keep-empty" => Some(Flag::KeepEmpty),
                _ => None,
            };
            if let Some(flag) = flag {
                self.skip(1 + len);
                return Token::Flag(flag);
            }
        }
        let len = run_len(rest, is_duration_char);
        if let Some(ns) = (len > 0).then(|| duration_ns(&format!("-{}", &rest[..len]))).flatten() {
            self.skip(len);
            return Token::Duration(ns);
        }
        Token::Word(Word::Sub)
    }

    /// `[5m]` after its bracket.
    fn range(&mut self) -> Result<Token<'t>> {
        let rest = self.scanner.rest();
        let end = rest.find(']');
        self.skip(end.map_or(rest.len(), |end| end + 1));
        let end = end.ok_or_else(|| parse_error(self.position, "missing closing ']' in duration"))?;
        let range_ns = duration::parse(&rest[..end]).map_err(|why| parse_error(self.position, &why))?;
        Ok(Token::Range(range_ns))
    }

    fn name(&mut self, name: &'t str) -> Token<'t> {
        let lower = name.to_lowercase();
        let called = is_called(self.scanner.rest());
        let function = called.then(|| Token::function(&lower)).flatten();
        function.or_else(|| Word::named(&lower).map(Token::Word)).unwrap_or(Token::Identifier(name))
    }

    fn sign(&mut self, sign: &'t str) -> Token<'t> {
        if let Some(next) = self.scanner.rest().chars().next() {
            let both = Word::named(&format!("{sign}{next}"));
            if let Some(word) = both {
                self.skip(next.len_utf8());
                return Token::Word(word);
            }
        }
        Word::named(sign).map_or(Token::Identifier(sign), Token::Word)
    }
}

/// Bytes of the characters at the start of `text` that are `wanted`.
fn run_len(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !wanted(c)).unwrap_or(text.len())
}

fn is_duration_char(c: char) -> bool {
    c.is_numeric() || "nuµmshdwy.".contains(c)
}

/// Whether what follows a name makes it a function: `(`, `by (`, `without (`.
fn is_called(rest: &str) -> bool {
    let rest = rest.trim_start();
    let grouping = |word: &str| {
        let head = rest.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| rest[word.len()..].trim_start().starts_with('('))
    };
    rest.starts_with('(') || grouping("by").or_else(|| grouping("without")).unwrap_or(false)
}

/// A duration in Prometheus' form or else in Go's.
fn duration_ns(text: &str) -> Option<i64> {
    duration::parse(text).or_else(|_| go::parse_duration(text)).ok()
}

/// A byte size as its reference compares it: Loki's front end writes queries anew for its queriers,
/// and sizes with two digits, so `1KiB` is 1000 there.
fn written_bytes(text: &str) -> Option<u64> {
    let bytes = go::parse_size(text).ok()?;
    go::parse_size(&byte_size::write(bytes)).ok()
}

#[cfg(test)]
mod tests;
