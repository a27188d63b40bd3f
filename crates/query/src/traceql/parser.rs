//! Reads a query by recursive descent, its operators by precedence, and checks it on the way.
//!
//! There are two languages of operators: values of a span inside of braces ([`field`]), and outside
//! of them spansets, numbers about spansets and series ([`spans`]), which look alike up to their
//! first words. What an operator joins is checked when it has both sides.

mod field;
mod metrics;
mod spans;

use super::ast::{Field, Hint, Literal, Query};
use super::lexer::Lexer;
use super::token::{Token, Word};
use crate::syntax::{self, Nesting, Position, parse_error};
use base::{Error, Result};

/// Longest query text in bytes.
const MAX_TEXT_BYTES: usize = 131_072;

/// Reads a whole query.
///
/// # Errors
/// [`base::Kind::Invalid`] with the place.
pub fn parse(text: &str) -> Result<Query> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the query is longer than {MAX_TEXT_BYTES} bytes ({}): shorten it", text.len());
        return Err(parse_error(Position::NOWHERE, &message));
    }
    let mut parser = Parser { lexer: Lexer::new(text), ahead: None, nesting: Nesting::default() };
    let expr = parser.whole()?;
    let hints = parser.hints()?;
    match parser.peek()? {
        Token::End => Ok(Query { expr, hints }),
        _ => Err(parser.unexpected(&[])),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The next token, once looked at.
    ahead: Option<Token<'t>>,
    nesting: Nesting,
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

    /// The place of the next token.
    fn place(&mut self) -> Result<Position> {
        self.peek()?;
        Ok(self.lexer.position())
    }

    /// A syntax error about the next token where `expected` must come; empty when that is much.
    fn unexpected(&mut self, expected: &[&str]) -> Error {
        match self.peek().map(Token::name) {
            Ok(found) => syntax::unexpected(self.lexer.position(), &found, expected),
            Err(refusal) => refusal,
        }
    }

    /// The next token when it is a word.
    fn word(&mut self) -> Result<Option<Word>> {
        Ok(match self.peek()? {
            Token::Word(word) => Some(*word),
            _ => None,
        })
    }

    /// Reads `word` when it is next.
    fn take(&mut self, word: Word) -> Result<bool> {
        let seen = self.word()? == Some(word);
        if seen {
            self.next()?;
        }
        Ok(seen)
    }

    fn expect(&mut self, word: Word) -> Result<()> {
        match self.take(word)? {
            true => Ok(()),
            false => Err(self.unexpected(&[word.text()])),
        }
    }

    /// Reads the `,` or the `)` after an item of a list; whether the list goes on.
    fn list_goes_on(&mut self) -> Result<bool> {
        if self.take(Word::Comma)? {
            return Ok(true);
        }
        match self.take(Word::CloseParen)? {
            true => Ok(false),
            false => Err(self.unexpected(&[",", ")"])),
        }
    }

    fn expect_field(&mut self) -> Result<Field> {
        match self.peek()? {
            Token::Parent => Err(self.no_parent()),
            Token::Field(_) => match self.next()? {
                Token::Field(field) => Ok(field),
                _ => Err(Error::bug("the token ahead changed")),
            },
            _ => Err(self.unexpected(&["an attribute"])),
        }
    }

    /// `(a, b)` with at least one.
    fn fields(&mut self) -> Result<Vec<Field>> {
        self.expect(Word::OpenParen)?;
        let mut fields = vec![self.expect_field()?];
        while self.list_goes_on()? {
            fields.push(self.expect_field()?);
        }
        Ok(fields)
    }

    /// A number as written, with its sign: an integer, a float or a duration.
    fn expect_number(&mut self) -> Result<Literal> {
        let negative = self.take(Word::Sub)?;
        match self.peek()? {
            Token::Literal(Literal::Int(_) | Literal::Float(_) | Literal::Duration(_)) => {}
            _ => return Err(self.unexpected(&["a number"])),
        }
        let at = self.lexer.position();
        match self.next()? {
            Token::Literal(number) if negative => {
                negated(&number).ok_or_else(|| parse_error(at, &format!("-{number} is out of range")))
            }
            Token::Literal(number) => Ok(number),
            _ => Err(Error::bug("the token ahead changed")),
        }
    }

    fn expect_integer(&mut self) -> Result<i64> {
        match *self.peek()? {
            Token::Literal(Literal::Int(value)) => {
                self.next()?;
                Ok(value)
            }
            _ => Err(self.unexpected(&["an integer"])),
        }
    }

    /// `with(a=1, b=true)`, when it comes next.
    fn hints(&mut self) -> Result<Vec<Hint>> {
        if !self.take(Word::With)? {
            return Ok(Vec::new());
        }
        self.expect(Word::OpenParen)?;
        let mut hints = vec![self.hint()?];
        while self.list_goes_on()? {
            hints.push(self.hint()?);
        }
        Ok(hints)
    }

    fn hint(&mut self) -> Result<Hint> {
        let name = match self.peek()? {
            Token::Other(name) if name.starts_with(|c: char| c == '_' || c.is_alphabetic()) => {
                (*name).to_owned()
            }
            _ => return Err(self.unexpected(&["a hint's name"])),
        };
        self.next()?;
        self.expect(Word::Equal)?;
        let value = match self.peek()? {
            Token::Literal(Literal::Bool(_) | Literal::Text(_)) => match self.next()? {
                Token::Literal(value) => value,
                _ => return Err(Error::bug("the token ahead changed")),
            },
            Token::Literal(Literal::Int(_) | Literal::Float(_) | Literal::Duration(_))
            | Token::Word(Word::Sub) => self.expect_number()?,
            _ => return Err(self.unexpected(&["a value"])),
        };
        Ok(Hint { name, value })
    }

    fn no_parent(&self) -> Error {
        let message = "values of a span's parent cannot be asked for: use a structural operator, \
                       { parent's } > { span's }";
        parse_error(self.lexer.position(), message)
    }
}

/// `number` with the other sign; `None` where there is no such number.
fn negated(number: &Literal) -> Option<Literal> {
    Some(match number {
        Literal::Int(value) => Literal::Int(value.checked_neg()?),
        Literal::Float(value) => Literal::Float(-value),
        Literal::Duration(ns) => Literal::Duration(ns.checked_neg()?),
        _ => return None,
    })
}
