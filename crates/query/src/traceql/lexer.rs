//! Cuts a query into tokens.
//!
//! Names of attributes run to the next character that can stand for something else, so `.a-b` and
//! `.a/b` are names while `.a - b` and `.a / b` compute; parts of a name may be quoted.

use super::ast::{Attribute, Field, Intrinsic, Literal, Scope, SpanKind, Status};
use super::token::{LONGEST_SIGN, Token, Word};
use crate::go;
use crate::syntax::scanner::{Lexeme, Scanner};
use crate::syntax::{Position, parse_error};
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

    /// Where the last token started.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for what is none.
    pub fn next_token(&mut self) -> Result<Token<'t>> {
        let lexeme = self.scanner.next_lexeme()?;
        self.position = self.scanner.start();
        match lexeme {
            Lexeme::End => Ok(Token::End),
            Lexeme::Text(literal) => self.text(literal),
            Lexeme::Number(number) => self.number(number),
            Lexeme::Identifier("parent") if self.scanner.rest().starts_with('.') => {
                self.attribute_name()?;
                Ok(Token::Parent)
            }
            Lexeme::Identifier(name) => self.name(name),
            Lexeme::Other(".") => self.attribute(Scope::Any),
            Lexeme::Other(sign) => Ok(self.sign(sign)),
        }
    }

    fn error(&self, message: &str) -> base::Error {
        parse_error(self.position, message)
    }

    fn text(&mut self, literal: &str) -> Result<Token<'t>> {
        // Numbers of escapes may still be too large for a byte or a character.
        let text = go::unquote(literal).ok_or_else(|| self.error("invalid syntax"))?;
        Ok(Token::Literal(Literal::Text(text)))
    }

    /// A number, or with units behind it a duration.
    fn number(&mut self, number: &'t str) -> Result<Token<'t>> {
        let rest = self.scanner.rest();
        let len = run_len(rest, |c| c.is_ascii_digit() || "nuµμmsh.".contains(c));
        if len > 0
            && let Ok(ns) = go::parse_duration(&format!("{number}{}", &rest[..len]))
        {
            self.scanner.skip(len);
            return Ok(Token::Literal(Literal::Duration(ns)));
        }
        let integer = go::parse_int(number, 10).or_else(|_| go::parse_int(number, 0));
        Ok(Token::Literal(match integer {
            Ok(integer) => Literal::Int(integer),
            Err(why) if number.bytes().all(|b| b.is_ascii_digit()) => return Err(self.error(&why)),
            Err(_) => Literal::Float(go::parse_float(number).map_err(|why| self.error(&why))?),
        }))
    }

    fn name(&mut self, name: &'t str) -> Result<Token<'t>> {
        let scope = Scope::named(name);
        match self.scanner.rest().chars().next() {
            Some('.') if scope.is_some() => {
                self.scanner.skip(1);
                return self.attribute(scope.unwrap_or(Scope::Any));
            }
            Some(':') if scope.is_some() || name == "trace" => {
                self.scanner.skip(1);
                return self.scoped_intrinsic(name);
            }
            _ => {}
        }
        let literal = match name {
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            "nil" => Some(Literal::Nil),
            "minInt" => Some(Literal::Int(i64::MIN)),
            "maxInt" => Some(Literal::Int(i64::MAX)),
            "parent" => return Ok(Token::Parent),
            _ => {
                Status::named(name).map(Literal::Status).or_else(|| SpanKind::named(name).map(Literal::Kind))
            }
        };
        let intrinsic = || Intrinsic::named(name).map(|found| Token::Field(Field::Intrinsic(found)));
        let word = || Word::named(name).map(Token::Word);
        Ok(literal.map(Token::Literal).or_else(intrinsic).or_else(word).unwrap_or(Token::Other(name)))
    }

    /// `span:duration` after its colon.
    fn scoped_intrinsic(&mut self, scope: &str) -> Result<Token<'t>> {
        let rest = self.scanner.rest();
        let len = run_len(rest, |c| c == '_' || c.is_ascii_alphanumeric());
        let scoped = format!("{scope}:{}", &rest[..len]);
        let found = match scoped.as_str() {
            "span:duration" => Some(Intrinsic::Duration),
            "span:name" => Some(Intrinsic::Name),
            "span:kind" => Some(Intrinsic::Kind),
            "span:status" => Some(Intrinsic::Status),
            "span:statusMessage" => Some(Intrinsic::StatusMessage),
            "trace:duration" => Some(Intrinsic::TraceDuration),
            "trace:rootName" => Some(Intrinsic::RootName),
            "trace:rootService" => Some(Intrinsic::RootServiceName),
            other => Intrinsic::named(other),
        };
        let unknown = || self.error(&format!("no span has {scoped}"));
        let field = Field::Intrinsic(found.ok_or_else(unknown)?);
        self.scanner.skip(len);
        Ok(Token::Field(field))
    }

    /// An attribute after its dot.
    fn attribute(&mut self, scope: Scope) -> Result<Token<'t>> {
        let name = self.attribute_name()?;
        if name.is_empty() {
            return Ok(Token::Other("."));
        }
        Ok(Token::Field(Field::Attribute(Attribute { scope, name })))
    }

    /// Plain and quoted parts of a name, perhaps none.
    fn attribute_name(&mut self) -> Result<String> {
        let mut name = String::new();
        loop {
            let rest = self.scanner.rest();
            let len = match rest.strip_prefix('"') {
                Some(quoted) => 1 + self.quoted_part(quoted, &mut name)?,
                None => {
                    let len = run_len(rest, is_name_char);
                    name += &rest[..len];
                    len
                }
            };
            if len == 0 {
                return Ok(name);
            }
            self.scanner.skip(len);
        }
    }

    /// Appends a quoted part of a name after its first quote; gives its length with the last one.
    fn quoted_part(&self, text: &str, name: &mut String) -> Result<usize> {
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return Ok(at + 1),
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => name.push(escaped),
                    _ => return Err(self.error("a name in quotes escapes only \\\" and \\\\")),
                },
                c => name.push(c),
            }
        }
        Err(self.error("the name's quotes are not closed"))
    }

    /// The longest sign that starts with `first`.
    fn sign(&mut self, first: &'t str) -> Token<'t> {
        let rest = self.scanner.rest();
        for more in (0..LONGEST_SIGN).rev() {
            let longer = rest.get(..more).and_then(|more| Word::named(&format!("{first}{more}")));
            if let Some(word) = longer {
                self.scanner.skip(more);
                return Token::Word(word);
            }
        }
        Token::Other(first)
    }
}

/// Bytes of the characters at the start of `text` that are `wanted`.
fn run_len(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !wanted(c)).unwrap_or(text.len())
}

/// Whether a name may have it without quotes.
pub fn is_name_char(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"{}()=~!<>&|^,\"".contains(c)
}

#[cfg(test)]
mod tests;
