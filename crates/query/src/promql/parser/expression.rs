//! Expressions: operands, and operators between them.

use super::{Parser, Read};
use crate::promql::ast::{Binary, BinaryOp, Expr, GroupSide, Matching, Number, Paren, Text, Unary};
use crate::promql::precedence::{SIGN_OPERAND, binding};
use crate::promql::token::{Kind, Word};
use crate::syntax::pratt::{self, Binding, Operators};
use base::Result;

/// The language of expressions.
struct Expressions<'p, 't>(&'p mut Parser<'t>);

impl Operators for Expressions<'_, '_> {
    type Operand = Read;
    type Operator = BinaryOp;

    fn operand(&mut self) -> Result<Read> {
        self.0.deeper(Parser::operand)
    }

    fn next_operator(&mut self) -> Result<Option<(BinaryOp, Binding)>> {
        let op = self.0.peek()?.word().and_then(Word::binary_op);
        Ok(op.map(|op| (op, binding(op))))
    }

    fn apply(&mut self, op: BinaryOp, left: Read, strength: u8) -> Result<Read> {
        let op_span = self.0.next()?.span;
        let return_bool = self.0.take(Word::Bool)?;
        let matching = self.0.matching()?;
        let right = self.0.deeper(|parser| pratt::parse(&mut Expressions(parser), strength))?;
        let depth = self.0.depth(left.depth, right.depth)?;
        let (left, right) = (left.expr, right.expr);
        let binary = Binary { op, left, right, return_bool, matching: Some(matching), op_span };
        Ok(Read { expr: Expr::Binary(Box::new(binary)), depth })
    }
}

impl Parser<'_> {
    /// Reads an expression with its operators.
    pub fn expression(&mut self) -> Result<Read> {
        pratt::parse(&mut Expressions(self), 0)
    }

    /// Whether an expression may begin with the next token.
    pub fn sees_expression(&mut self) -> Result<bool> {
        Ok(match self.peek()?.kind {
            Kind::Number | Kind::Duration | Kind::Text | Kind::Identifier | Kind::MetricIdentifier => true,
            Kind::Word(Word::Add | Word::Sub | Word::OpenParen | Word::OpenBrace) => true,
            Kind::Word(word) => word.is_metric(),
            Kind::End => false,
        })
    }

    /// Reads an operand with its sign, or with its modifiers.
    fn operand(&mut self) -> Result<Read> {
        let leaf = |expr| Read { expr, depth: 0 };
        let token = self.peek()?;
        let operand = match token.kind {
            Kind::Word(Word::Add | Word::Sub) => return self.signed(),
            Kind::Number | Kind::Duration => leaf(Expr::Number(self.number()?)),
            Kind::Text => {
                let value = self.unquoted(&token)?;
                self.next()?;
                leaf(Expr::Text(Text { value, span: token.span }))
            }
            Kind::Word(Word::OpenParen) => self.in_parentheses()?,
            Kind::Word(Word::OpenBrace) | Kind::MetricIdentifier => leaf(Expr::Selector(self.selector()?)),
            Kind::Identifier => self.named(None)?,
            Kind::Word(word) if word.is_metric() => self.named(Some(word))?,
            Kind::Word(_) | Kind::End => return Err(self.unexpected()),
        };
        self.modified(operand)
    }

    /// Reads what begins with a name: a call, an aggregation or a selector.
    fn named(&mut self, word: Option<Word>) -> Result<Read> {
        let name = self.next()?;
        if let Some(op) = word.and_then(Word::aggregate_op) {
            let follows = self.peek()?.word();
            if let Some(Word::OpenParen | Word::By | Word::Without) = follows {
                return self.within("aggregation", "", |parser| parser.aggregation(op, name.span));
            }
        }
        if word.is_none_or(Word::is_function) && self.sees(Word::OpenParen)? {
            return self.call(&name);
        }
        Ok(Read { expr: Expr::Selector(self.selector_after(&name)?), depth: 0 })
    }

    /// Reads a sign with its operand.
    fn signed(&mut self) -> Result<Read> {
        let sign = self.next()?;
        let negative = sign.is(Word::Sub);
        let Read { expr, depth } = pratt::parse(&mut Expressions(self), SIGN_OPERAND)?;
        let span = sign.span.to(expr.span());
        if let Expr::Number(number) = expr {
            let value = if negative { -number.value } else { number.value };
            return Ok(Read { expr: Expr::Number(Number { value, span, ..number }), depth });
        }
        let unary = Unary { negative, expr, span };
        Ok(Read { expr: Expr::Unary(Box::new(unary)), depth: self.depth(depth, 0)? })
    }

    fn in_parentheses(&mut self) -> Result<Read> {
        let open = self.next()?;
        let Read { expr, depth } = self.expression()?;
        let close = self.expect(Word::CloseParen)?;
        let paren = Paren { expr, span: open.span.to(close.span) };
        Ok(Read { expr: Expr::Paren(Box::new(paren)), depth: self.depth(depth, 0)? })
    }

    /// Reads `on (a) group_left (b) fill (0)`, or nothing of it.
    fn matching(&mut self) -> Result<Matching> {
        let mut matching = Matching { on: self.take(Word::On)?, ..Matching::default() };
        if matching.on || self.take(Word::Ignoring)? {
            matching.labels = self.labels()?;
            let side = match self.peek()?.word() {
                Some(Word::GroupLeft) => Some(GroupSide::Left),
                Some(Word::GroupRight) => Some(GroupSide::Right),
                _ => None,
            };
            if let Some(side) = side {
                self.next()?;
                let include = if self.sees(Word::OpenParen)? { self.labels()? } else { Vec::new() };
                matching.group = Some((side, include));
            }
        }
        if self.take(Word::Fill)? {
            matching.fill_left = Some(self.fill_value()?);
            matching.fill_right = matching.fill_left;
            return Ok(matching);
        }
        // Each once, in any order.
        for _ in 0..2 {
            if matching.fill_left.is_none() && self.take(Word::FillLeft)? {
                matching.fill_left = Some(self.fill_value()?);
            } else if matching.fill_right.is_none() && self.take(Word::FillRight)? {
                matching.fill_right = Some(self.fill_value()?);
            }
        }
        Ok(matching)
    }

    /// Reads `(-1)`; durations are as good as their seconds.
    fn fill_value(&mut self) -> Result<Number> {
        self.expect(Word::OpenParen)?;
        let number = self.signed_number()?;
        self.expect(Word::CloseParen)?;
        Ok(Number { is_duration: false, ..number })
    }
}
