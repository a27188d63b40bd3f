//! Cuts a query into tokens.
//!
//! What a character means depends on where it stands: between braces words are only names, between
//! brackets there are durations. All tokens differ from those of Go, on whose scanner LogQL stands:
//! comments begin with `#`, names take colons, texts may have single quotes.

mod number;
mod text;

pub use text::unquoted;

use super::span::{Span, parse_error};
use super::token::{Kind, Token, Word};
use base::{Error, Result};

/// Gives the tokens of a query one by one.
#[derive(Clone, Debug)]
pub struct Lexer<'t> {
    text: &'t str,
    /// Bytes read.
    at: usize,
    /// First byte of the token that is read.
    start: usize,
    place: Place,
    open_parens: usize,
    /// Whether a `[` is open.
    in_brackets: bool,
    /// First byte behind the last `[`.
    bracket_end: usize,
    /// Whether a `:` was read since then.
    colon_seen: bool,
}

/// Where the next token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In an expression, or between brackets behind the first number.
    Expression,
    /// Between braces.
    Braces,
    /// Between brackets, before the first number.
    Duration,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            place: Place::Expression,
            open_parens: 0,
            in_brackets: false,
            bracket_end: 0,
            colon_seen: false,
        }
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for what is none, in the words of Prometheus.
    pub fn next_token(&mut self) -> Result<Token<'t>> {
        self.skip_blank();
        self.start = self.at;
        match self.place {
            Place::Expression => self.in_expression(),
            Place::Braces => self.in_braces(),
            Place::Duration => self.in_duration(),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// White space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
            let rest = self.rest();
            if !rest.starts_with('#') || self.place == Place::Duration {
                return;
            }
            self.at += rest.find(['\r', '\n']).unwrap_or(rest.len());
        }
    }

    /// An error at the token that is read.
    fn error(&self, message: &str) -> Error {
        parse_error(self.text, Span::new(self.start, self.text.len()), message)
    }

    /// Reads `bytes` more, which ends the token.
    fn token(&mut self, kind: Kind, bytes: usize) -> Token<'t> {
        self.at += bytes;
        Token { kind, text: &self.text[self.start..self.at], span: Span::new(self.start, self.at) }
    }

    fn word(&mut self, word: Word, bytes: usize) -> Result<Token<'t>> {
        Ok(self.token(Kind::Word(word), bytes))
    }

    fn in_expression(&mut self) -> Result<Token<'t>> {
        let Some(first) = self.peek() else { return self.end() };
        let second = self.second();
        match (first, second) {
            ('=', Some('=')) => self.word(Word::Equal, 2),
            ('=', Some('~')) => Err(self.error("unexpected character after '=': '~'")),
            ('!', Some('=')) => self.word(Word::NotEqual, 2),
            ('!', _) => Err(self.error(&format!("unexpected character after '!': {}", quoted_char(second)))),
            ('<', Some('=')) => self.word(Word::LessEqual, 2),
            ('<', Some('/')) => self.word(Word::TrimUpper, 2),
            ('>', Some('=')) => self.word(Word::GreaterEqual, 2),
            ('>', Some('/')) => self.word(Word::TrimLower, 2),
            ('.', Some('0'..='9')) | ('0'..='9', _) => self.number(),
            ('"' | '\'' | '`', _) => self.quoted(first),
            (':', _) if self.in_brackets => self.colon(),
            ('a'..='z' | 'A'..='Z' | '_', _) if self.in_brackets => {
                let message = format!("unexpected character: {}, expected ':'", quoted_char(Some(first)));
                self.duration_word(&message)
            }
            ('a'..='z' | 'A'..='Z' | '_' | ':', _) => Ok(self.name()),
            ('(', _) => self.open_paren(),
            (')', _) => self.close_paren(),
            ('{', _) => {
                self.place = Place::Braces;
                self.word(Word::OpenBrace, 1)
            }
            ('[', _) if self.in_brackets => Err(self.error("unexpected left bracket '['")),
            ('[', _) => {
                self.in_brackets = true;
                self.bracket_end = self.at + 1;
                self.colon_seen = false;
                self.place = Place::Duration;
                self.word(Word::OpenBracket, 1)
            }
            (']', _) if !self.in_brackets => Err(self.error("unexpected right bracket ']'")),
            (']', _) => self.close_bracket(),
            _ => match sign(first) {
                Some(word) => self.word(word, 1),
                None => Err(self.error(&format!("unexpected character: {}", quoted_char(Some(first))))),
            },
        }
    }

    fn end(&mut self) -> Result<Token<'t>> {
        if self.open_parens > 0 {
            return Err(self.error("unclosed left parenthesis"));
        }
        if self.in_brackets {
            return Err(self.error("unclosed left bracket"));
        }
        Ok(self.token(Kind::End, 0))
    }

    fn in_braces(&mut self) -> Result<Token<'t>> {
        let Some(first) = self.peek() else {
            return Err(self.error("unexpected end of input inside braces"));
        };
        let second = self.second();
        match (first, second) {
            ('a'..='z' | 'A'..='Z' | '_', _) => {
                let len = run_len(self.rest(), is_name_char);
                Ok(self.token(Kind::Identifier, len))
            }
            (',', _) => self.word(Word::Comma, 1),
            ('"' | '\'' | '`', _) => self.quoted(first),
            ('=', Some('~')) => self.word(Word::Matches, 2),
            ('=', _) => self.word(Word::Assign, 1),
            ('!', Some('~')) => self.word(Word::NotMatches, 2),
            ('!', Some('=')) => self.word(Word::NotEqual, 2),
            ('!', _) => {
                let second = quoted_char(second);
                Err(self.error(&format!("unexpected character after '!' inside braces: {second}")))
            }
            ('{', _) => Err(self.error("unexpected left brace '{'")),
            ('}', _) => {
                self.place = Place::Expression;
                self.word(Word::CloseBrace, 1)
            }
            _ => {
                let first = quoted_char(Some(first));
                Err(self.error(&format!("unexpected character inside braces: {first}")))
            }
        }
    }

    fn in_duration(&mut self) -> Result<Token<'t>> {
        let Some(first) = self.peek() else {
            return Err(self.error("unexpected end of input in duration expression"));
        };
        let message = format!("unexpected character in duration expression: {}", quoted_char(Some(first)));
        match (first, self.second()) {
            (']', _) => self.close_bracket(),
            (':', _) if !self.text[self.bracket_end..self.start].trim_matches(is_space).is_empty() => {
                self.colon()
            }
            (':', _) => {
                self.start += 1;
                Err(self.error("unexpected colon before duration in duration expression"))
            }
            ('(', _) => self.open_paren(),
            (')', _) => self.close_paren(),
            ('.', Some('0'..='9')) | ('0'..='9', _) => {
                self.place = Place::Expression;
                self.number()
            }
            ('+' | '-' | '*' | '/' | '%' | '^' | ',', _) => match sign(first) {
                Some(word) => self.word(word, 1),
                None => Err(self.error(&message)),
            },
            _ => self.duration_word(&message),
        }
    }

    fn open_paren(&mut self) -> Result<Token<'t>> {
        self.open_parens += 1;
        self.word(Word::OpenParen, 1)
    }

    fn close_paren(&mut self) -> Result<Token<'t>> {
        let Some(left) = self.open_parens.checked_sub(1) else {
            // The place is behind it.
            self.start += 1;
            return Err(self.error("unexpected right parenthesis ')'"));
        };
        self.open_parens = left;
        self.word(Word::CloseParen, 1)
    }

    fn close_bracket(&mut self) -> Result<Token<'t>> {
        self.in_brackets = false;
        self.place = Place::Expression;
        self.word(Word::CloseBracket, 1)
    }

    fn colon(&mut self) -> Result<Token<'t>> {
        if self.colon_seen {
            return Err(self.error("unexpected colon ':'"));
        }
        self.colon_seen = true;
        self.word(Word::Colon, 1)
    }

    /// A word between brackets; anything else is refused with `message`.
    fn duration_word(&mut self, message: &str) -> Result<Token<'t>> {
        let len = run_len(self.rest(), |c| c == '_' || c.is_ascii_alphabetic());
        let word = match self.rest()[..len].to_ascii_lowercase().as_str() {
            "step" => Word::Step,
            "range" => Word::Range,
            "min_of" => Word::MinOf,
            "max_of" => Word::MaxOf,
            _ => return Err(self.error(message)),
        };
        self.word(word, len)
    }

    /// A name, or a word of the language.
    fn name(&mut self) -> Token<'t> {
        let len = run_len(self.rest(), |c| c == ':' || is_name_char(c));
        let (name, behind) = self.rest().split_at(len);
        let lower = name.to_ascii_lowercase();
        let called = || behind.trim_start_matches(is_space).starts_with('(');
        let kind = match Word::named(&lower).filter(|_| !name.contains(':')) {
            // Younger than many metrics: words only where nothing else can be meant.
            Some(Word::Fill | Word::FillLeft | Word::FillRight) if !called() => Kind::Identifier,
            Some(word) => Kind::Word(word),
            None if lower == "inf" || lower == "nan" => Kind::Number,
            None if name.contains(':') => Kind::MetricIdentifier,
            None => Kind::Identifier,
        };
        self.token(kind, len)
    }

    fn number(&mut self) -> Result<Token<'t>> {
        let (kind, len) = number::scan(self.rest());
        match kind {
            Some(kind) => Ok(self.token(kind, len)),
            None => {
                let read = crate::go::quote(&self.rest()[..len]);
                Err(self.error(&format!("bad number or duration syntax: {read}")))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token<'t>> {
        let len = text::scan(self.rest(), quote).map_err(|why| self.error(&why))?;
        Ok(self.token(Kind::Text, len))
    }
}

/// Signs of one character that mean the same everywhere.
fn sign(c: char) -> Option<Word> {
    Some(match c {
        ',' => Word::Comma,
        '+' => Word::Add,
        '-' => Word::Sub,
        '*' => Word::Mul,
        '/' => Word::Div,
        '%' => Word::Mod,
        '^' => Word::Pow,
        '=' => Word::Assign,
        '<' => Word::Less,
        '>' => Word::Greater,
        '@' => Word::At,
        _ => return None,
    })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_name_char(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// Bytes of the characters at the start of `text` that are `wanted`.
fn run_len(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !wanted(c)).unwrap_or(text.len())
}

/// `c` as Go's `%q` prints it; the end of a text is no character.
fn quoted_char(c: Option<char>) -> String {
    match c.unwrap_or(char::REPLACEMENT_CHARACTER) {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => {
            let quoted = crate::go::quote(c.encode_utf8(&mut [0; 4]));
            format!("'{}'", quoted.trim_matches('"'))
        }
    }
}

#[cfg(test)]
mod tests;
