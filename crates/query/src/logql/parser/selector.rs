//! `{a="b", c=~"d"}`

use super::Parser;
use crate::logql::token::{Token, Word};
use crate::syntax::{Position, parse_error};
use base::Result;
use model::{MatchOp, Matcher};

impl Parser<'_> {
    /// A selector; its brace is next.
    pub fn selector(&mut self) -> Result<Vec<Matcher>> {
        self.expect(Word::OpenBrace)?;
        let mut matchers = Vec::new();
        if self.take(Word::CloseBrace)? {
            return Ok(matchers);
        }
        matchers.push(self.matcher(&["IDENTIFIER", "}"])?);
        while !self.take(Word::CloseBrace)? {
            self.expect_among(Word::Comma, &["}", ","])?;
            matchers.push(self.matcher(&["IDENTIFIER"])?);
        }
        Ok(matchers)
    }

    fn matcher(&mut self, expected: &[&str]) -> Result<Matcher> {
        let name = self.expect_name(expected)?;
        match self.match_op()? {
            Some(op) => self.matcher_value(name, op),
            None => Err(self.unexpected(&["=", "=~", "!~", "!="])),
        }
    }

    /// Reads `=`, `!=`, `=~` or `!~` when it is next.
    pub fn match_op(&mut self) -> Result<Option<MatchOp>> {
        let op = match self.peek()? {
            Token::Word(Word::Equal) => MatchOp::Equal,
            Token::Word(Word::NotEqual) => MatchOp::NotEqual,
            Token::Word(Word::Matches) => MatchOp::Regex,
            Token::Word(Word::NotMatches) => MatchOp::NotRegex,
            _ => return Ok(None),
        };
        self.next()?;
        Ok(Some(op))
    }

    /// The string after a matcher's operator.
    pub fn matcher_value(&mut self, name: &str, op: MatchOp) -> Result<Matcher> {
        let value = self.expect_text()?;
        Matcher::new(name, op, &value).map_err(|e| parse_error(Position::NOWHERE, &e.to_string()))
    }
}
