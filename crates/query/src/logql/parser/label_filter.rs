//! `status >= 500 or level="error" and took > 5s, ip != ip("10.0.0.0/8")`

use super::{Parser, float};
use crate::logql::ast::{CompareOp, LabelFilter};
use crate::logql::token::{Function, Token, Word};
use crate::syntax::pratt::{self, Binding, Operators};
use crate::syntax::tree_depth;
use base::Result;
use model::MatchOp;

/// A filter with the depth of its operators.
struct Condition {
    filter: LabelFilter,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Connective {
    Or,
    And,
    Comma,
    /// Two filters side by side: both must hold.
    Nothing,
}

/// The language of label filters.
struct Conditions<'p, 't>(&'p mut Parser<'t>);

impl<'t> Parser<'t> {
    /// A label filter with its operators.
    pub fn label_filter(&mut self) -> Result<LabelFilter> {
        Ok(pratt::parse(&mut Conditions(self), 0)?.filter)
    }

    fn comparison(&mut self) -> Result<LabelFilter> {
        let name = self.expect_name(&["IDENTIFIER", "("])?;
        let op = match self.peek()? {
            Token::Word(Word::Equal | Word::EqualEqual) => CompareOp::Equal,
            Token::Word(Word::NotEqual) => CompareOp::NotEqual,
            Token::Word(Word::Greater) => CompareOp::Greater,
            Token::Word(Word::GreaterEqual) => CompareOp::GreaterEqual,
            Token::Word(Word::Less) => CompareOp::Less,
            Token::Word(Word::LessEqual) => CompareOp::LessEqual,
            Token::Word(Word::Matches | Word::NotMatches) => return self.text_comparison(name),
            _ => return Err(self.unexpected(&[])),
        };
        // `==` compares numbers only.
        let match_op = match self.next()? {
            Token::Word(Word::Equal) => Some(MatchOp::Equal),
            Token::Word(Word::NotEqual) => Some(MatchOp::NotEqual),
            _ => None,
        };
        match (self.peek()?, match_op) {
            (Token::Text(_), Some(op)) => Ok(LabelFilter::Text(self.matcher_value(name, op)?)),
            (Token::Function(Function::Ip), Some(op)) => {
                self.next()?;
                Ok(LabelFilter::Ip { name: name.to_owned(), op, pattern: self.ip_pattern()? })
            }
            _ => self.quantity(name.to_owned(), op),
        }
    }

    fn text_comparison(&mut self, name: &str) -> Result<LabelFilter> {
        match self.match_op()? {
            Some(op) => Ok(LabelFilter::Text(self.matcher_value(name, op)?)),
            None => Err(self.unexpected(&[])),
        }
    }

    fn quantity(&mut self, name: String, op: CompareOp) -> Result<LabelFilter> {
        let negative = match *self.peek()? {
            Token::Duration(ns) => {
                self.next()?;
                return Ok(LabelFilter::Duration { name, op, ns });
            }
            Token::Bytes(bytes) => {
                self.next()?;
                return Ok(LabelFilter::Bytes { name, op, bytes });
            }
            Token::Number(_) => false,
            Token::Word(sign @ (Word::Add | Word::Sub)) => {
                self.next()?;
                sign == Word::Sub
            }
            _ => return Err(self.unexpected(&[])),
        };
        let value = float(self.expect_number()?)?;
        // Subtracted, since `-0` could not be written: it reads as a duration.
        Ok(LabelFilter::Number { name, op, value: if negative { 0.0 - value } else { value } })
    }
}

impl Operators for Conditions<'_, '_> {
    type Operand = Condition;
    type Operator = Connective;

    fn operand(&mut self) -> Result<Condition> {
        if !self.0.take(Word::OpenParen)? {
            return Ok(Condition { filter: self.0.comparison()?, depth: 0 });
        }
        self.0.nesting.enter()?;
        let inner = pratt::parse(self, 0)?;
        self.0.nesting.leave();
        self.0.expect_among(Word::CloseParen, &[])?;
        Ok(inner)
    }

    fn next_operator(&mut self) -> Result<Option<(Connective, Binding)>> {
        // What has no rank in the reference's grammar is always read on: it binds its left side
        // before all else, and takes everything after it.
        const GREEDY: Binding = Binding { left: u8::MAX, right: 0 };
        Ok(match self.0.peek()? {
            Token::Word(Word::Or) => Some((Connective::Or, Binding::left_associative(1))),
            Token::Word(Word::And) => Some((Connective::And, Binding::left_associative(2))),
            Token::Word(Word::Comma) => Some((Connective::Comma, GREEDY)),
            Token::Word(Word::OpenParen) | Token::Identifier(_) => Some((Connective::Nothing, GREEDY)),
            _ => None,
        })
    }

    fn apply(&mut self, operator: Connective, left: Condition, strength: u8) -> Result<Condition> {
        if !matches!(operator, Connective::Nothing) {
            self.0.next()?;
        }
        self.0.nesting.enter()?;
        let right = pratt::parse(self, strength)?;
        self.0.nesting.leave();
        let depth = tree_depth(left.depth, right.depth)?;
        let (left, right) = (Box::new(left.filter), Box::new(right.filter));
        let filter = match operator {
            Connective::Or => LabelFilter::Or(left, right),
            _ => LabelFilter::And(left, right),
        };
        Ok(Condition { filter, depth })
    }
}
