//! Reads a query by recursive descent, its operators by precedence.
//!
//! Prometheus' parser is an LALR(1) automaton that, at a token it cannot take, goes back to the
//! innermost rule with an error of its own, and names that rule ("… in aggregation"). Descent keeps
//! the same stack: each such rule is read [`Parser::within`] its context. Only the first error is told,
//! there as here, so the first one ends the parser.

mod call;
mod duration;
mod expression;
mod modifier;
mod selector;

use super::ast::{Expr, Number, Selector};
use super::lexer::{Lexer, unquoted};
use super::span::{Span, parse_error};
use super::token::{Kind, Token, Word};
use crate::go;
use crate::syntax::{self, Nesting, TooDeep, duration as durations};
use base::{Error, Result};

/// Longest query text in bytes.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Reads a whole query; what it means is not checked.
///
/// # Errors
/// [`base::Kind::Invalid`] with the place, in the words of Prometheus.
pub fn parse(text: &str) -> Result<Expr> {
    let mut parser = Parser::new(text)?;
    if parser.peek()?.kind == Kind::End {
        return Err(parser.error(Span::default(), "no expression found in input"));
    }
    let read = parser.expression()?;
    parser.expect_end()?;
    Ok(read.expr)
}

/// Reads a selector without modifiers.
///
/// # Errors
/// As [`parse`].
pub fn parse_selector(text: &str) -> Result<Selector> {
    let mut parser = Parser::new(text)?;
    let selector = match parser.peek()?.kind {
        Kind::Identifier | Kind::MetricIdentifier => parser.selector()?,
        Kind::Word(word) if word == Word::OpenBrace || word.is_metric() => parser.selector()?,
        _ => return Err(parser.unexpected()),
    };
    parser.expect_end()?;
    Ok(selector)
}

/// A rule that names itself in syntax errors.
#[derive(Clone, Copy, Debug)]
struct Context {
    /// What is read.
    rule: &'static str,
    /// What should come; empty when that is much.
    expected: &'static str,
}

/// An expression with the depth of its tree.
struct Read {
    expr: Expr,
    depth: usize,
}

struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    /// The next token, once looked at. Nothing is read before it is needed: an error in what was
    /// read goes before an error in what follows.
    ahead: Option<Token<'t>>,
    /// Of the last token that was read.
    last: Span,
    nesting: Nesting,
    contexts: Vec<Context>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self> {
        if text.len() > MAX_TEXT_BYTES {
            let message = format!("the query has {} bytes, more than {MAX_TEXT_BYTES}", text.len());
            return Err(parse_error(text, Span::default(), &message));
        }
        Ok(Self {
            text,
            lexer: Lexer::new(text),
            ahead: None,
            last: Span::default(),
            nesting: Nesting::default(),
            contexts: Vec::new(),
        })
    }

    fn peek(&mut self) -> Result<Token<'t>> {
        match self.ahead {
            Some(token) => Ok(token),
            None => Ok(*self.ahead.insert(self.lexer.next_token()?)),
        }
    }

    fn next(&mut self) -> Result<Token<'t>> {
        let token = self.peek()?;
        self.ahead = None;
        self.last = token.span;
        Ok(token)
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

    fn expect(&mut self, word: Word) -> Result<Token<'t>> {
        match self.sees(word)? {
            true => self.next(),
            false => Err(self.unexpected()),
        }
    }

    fn expect_end(&mut self) -> Result<()> {
        match self.peek()?.kind {
            Kind::End => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    /// Reads with `read`; syntax errors name `rule` and what was `expected`.
    fn within<T>(
        &mut self,
        rule: &'static str,
        expected: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.contexts.push(Context { rule, expected });
        let read = read(self)?;
        self.contexts.pop();
        Ok(read)
    }

    /// Reads with `read`, one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let at = self.peek()?.span;
        self.nesting.enter().map_err(|refusal| self.too_deep(at, &refusal))?;
        let read = read(self)?;
        self.nesting.leave();
        Ok(read)
    }

    /// The depth of a tree over branches of these depths.
    fn depth(&self, left: usize, right: usize) -> Result<usize> {
        syntax::tree_depth(left, right).map_err(|refusal| self.too_deep(self.last, &refusal))
    }

    fn too_deep(&self, at: Span, refusal: &TooDeep) -> Error {
        self.error(at, &refusal.to_string())
    }

    fn error(&self, at: Span, message: &str) -> Error {
        parse_error(self.text, at, message)
    }

    /// A syntax error about the next token.
    fn unexpected(&mut self) -> Error {
        let token = match self.peek() {
            Ok(token) => token,
            Err(refusal) => return refusal,
        };
        let mut message = format!("unexpected {}", token.description());
        if let Some(context) = self.contexts.last() {
            message += &format!(" in {}", context.rule);
            if !context.expected.is_empty() {
                message += &format!(", expected {}", context.expected);
            }
        }
        self.error(token.span, &message)
    }

    /// The text of a literal.
    fn unquoted(&self, token: &Token<'_>) -> Result<String> {
        let invalid = || {
            let message = format!("error unquoting string {}: invalid syntax", go::quote(token.text));
            self.error(token.span, &message)
        };
        unquoted(token.text).ok_or_else(invalid)
    }

    /// Whether a number or a duration is next.
    fn sees_number(&mut self) -> Result<bool> {
        Ok(matches!(self.peek()?.kind, Kind::Number | Kind::Duration))
    }

    /// Reads a number or a duration.
    fn number(&mut self) -> Result<Number> {
        if !self.sees_number()? {
            return Err(self.unexpected());
        }
        let token = self.next()?;
        let is_duration = token.kind == Kind::Duration;
        let value = match is_duration {
            true => durations::parse(token.text).map(go::seconds),
            false => number(token.text).map_err(|why| format!("error parsing number: {why}")),
        };
        let value = value.map_err(|why| self.error(token.span, &why))?;
        Ok(Number { value, is_duration, span: token.span })
    }

    /// Reads a number with or without a sign.
    fn signed_number(&mut self) -> Result<Number> {
        let sign = self.peek()?;
        let negative = self.take(Word::Sub)?;
        let signed = negative || self.take(Word::Add)?;
        let number = self.number()?;
        let value = if negative { -number.value } else { number.value };
        let span = if signed { sign.span.to(number.span) } else { number.span };
        Ok(Number { value, span, ..number })
    }

    /// Reads `(a, "b.c")`.
    fn labels(&mut self) -> Result<Vec<String>> {
        self.within("grouping opts", "\"(\"", |parser| parser.expect(Word::OpenParen))?;
        let mut labels = Vec::new();
        while !self.take(Word::CloseParen)? {
            labels.push(self.within("grouping opts", "label", Self::label)?);
            if !self.take(Word::Comma)? {
                self.within("grouping opts", "\",\" or \")\"", |parser| parser.expect(Word::CloseParen))?;
                break;
            }
        }
        Ok(labels)
    }

    fn label(&mut self) -> Result<String> {
        let token = self.peek()?;
        let name = match token.kind {
            Kind::Identifier | Kind::MetricIdentifier => token.text.to_owned(),
            Kind::Word(word) if word.is_label() => token.text.to_owned(),
            Kind::Text => self.unquoted(&token)?,
            _ => return Err(self.unexpected()),
        };
        if name.is_empty() {
            return Err(self.error(token.span, "invalid label name for grouping: \"\""));
        }
        self.next()?;
        Ok(name)
    }
}

/// A number as Prometheus reads it: as an integer, with its prefixes, or else as a float.
fn number(text: &str) -> Result<f64, String> {
    go::parse_int(text, 0).map(|whole| whole as f64).or_else(|_| go::parse_float(text))
}
