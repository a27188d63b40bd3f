//! Reads a query by recursive descent, its operators by precedence.
//!
//! Syntax errors are those of the reference, whose parser is an LALR(1) automaton with default
//! reductions: it lists what a rule can still take only when nothing was left to reduce. Descent
//! gives the same lists when a rule names what *must* come next and never what *may*, so that is
//! what each `expect` here does; an empty list stands for more than four.

mod label_filter;
mod metric;
mod range;
mod selector;
mod stage;

use super::ast::Expr;
use super::lexer::Lexer;
use super::token::{Token, Word};
use crate::syntax::{self, Nesting, Position, parse_error};
use base::{Error, Result};

/// Longest query text in bytes.
const MAX_TEXT_BYTES: usize = 131_072;

/// A query, or a part of it, with the first rule of meaning that it breaks.
///
/// Such faults are reported only when there is no syntax error anywhere, and outer ones before
/// inner ones; that is why they travel up instead of ending the parser.
#[derive(Debug)]
pub struct Checked {
    /// What was read; its value means nothing when there is a fault.
    pub expr: Expr,
    /// What is wrong with it.
    pub fault: Option<Error>,
    /// How deep its operators are nested.
    depth: usize,
}

/// Reads a whole query.
///
/// # Errors
/// [`base::Kind::Invalid`] with the place, in the words of Loki.
pub fn parse(text: &str) -> Result<Checked> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("input size too long ({} > {MAX_TEXT_BYTES})", text.len());
        return Err(parse_error(Position::NOWHERE, &message));
    }
    let mut parser =
        Parser { lexer: Lexer::new(text), ahead: None, nesting: Nesting::default(), unwritable_name: false };
    let mut query = metric::expression(&mut parser)?;
    if *parser.peek()? != Token::End {
        return Err(parser.unexpected(&[]));
    }
    if parser.unwritable_name {
        query.fault.get_or_insert_with(|| parse_error(Position::NOWHERE, "no label is called \"!\""));
    }
    Ok(query)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The next token, once looked at. Nothing is read before it is needed: an error in what was
    /// read goes before an error in what follows.
    ahead: Option<Token<'t>>,
    nesting: Nesting,
    /// Whether a name is `!`. It passes for one as all that means nothing does, but before a `=` it
    /// would read as an operator when written.
    unwritable_name: bool,
}

impl<'t> Parser<'t> {
    fn peek(&mut self) -> Result<&Token<'t>> {
        match &mut self.ahead {
            Some(token) => Ok(token),
            empty => Ok(empty.insert(self.lexer.next_token()?)),
        }
    }

    fn next(&mut self) -> Result<Token<'t>> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.lexer.next_token(),
        }
    }

    /// A syntax error about the next token where `expected` must come; empty when that is much.
    fn unexpected(&mut self, expected: &[&str]) -> Error {
        match self.peek().map(Token::name) {
            Ok(found) => syntax::unexpected(self.lexer.position(), &found, expected),
            Err(refusal) => refusal,
        }
    }

    /// Whether the next token is `word`.
    fn sees(&mut self, word: Word) -> Result<bool> {
        Ok(self.peek()?.is(word))
    }

    /// Reads `word` when it is next.
    fn take(&mut self, word: Word) -> Result<bool> {
        let seen = self.sees(word)?;
        if seen {
            self.next()?;
        }
        Ok(seen)
    }

    fn expect(&mut self, word: Word) -> Result<()> {
        self.expect_among(word, &[word.text()])
    }

    /// Reads `word`; errors list all that was `expected`.
    fn expect_among(&mut self, word: Word, expected: &[&str]) -> Result<()> {
        match self.take(word)? {
            true => Ok(()),
            false => Err(self.unexpected(expected)),
        }
    }

    fn expect_text(&mut self) -> Result<String> {
        match self.peek()? {
            Token::Text(_) => match self.next()? {
                Token::Text(text) => Ok(text),
                _ => Err(Error::bug("the token ahead changed")),
            },
            _ => Err(self.unexpected(&["STRING"])),
        }
    }

    /// Reads a name; errors list all that was `expected`.
    fn expect_name(&mut self, expected: &[&str]) -> Result<&'t str> {
        match *self.peek()? {
            Token::Identifier(name) => {
                self.next()?;
                self.unwritable_name |= name == "!";
                Ok(name)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn expect_number(&mut self) -> Result<&'t str> {
        match *self.peek()? {
            Token::Number(number) => {
                self.next()?;
                Ok(number)
            }
            _ => Err(self.unexpected(&["NUMBER"])),
        }
    }

    /// `("…")` after `ip`.
    fn ip_pattern(&mut self) -> Result<String> {
        self.expect(Word::OpenParen)?;
        let pattern = self.expect_text()?;
        self.expect(Word::CloseParen)?;
        Ok(pattern)
    }

    /// `(a, b)`, perhaps empty.
    fn label_list(&mut self) -> Result<Vec<String>> {
        self.expect(Word::OpenParen)?;
        let mut labels = Vec::new();
        if self.take(Word::CloseParen)? {
            return Ok(labels);
        }
        labels.push(self.expect_name(&["IDENTIFIER", ")"])?.to_owned());
        while !self.take(Word::CloseParen)? {
            self.expect_among(Word::Comma, &[",", ")"])?;
            labels.push(self.expect_name(&["IDENTIFIER"])?.to_owned());
        }
        Ok(labels)
    }
}

/// A number as it is written, where its text may still not be one.
fn float(text: &str) -> Result<f64> {
    crate::go::parse_float(text)
        .map_err(|why| parse_error(Position::NOWHERE, &format!("unable to parse literal as a float: {why}")))
}
