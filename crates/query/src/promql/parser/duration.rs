//! Durations, and calculations that give one.

use super::Parser;
use crate::promql::ast::{Duration, DurationBinary, DurationChoice, DurationExpr, DurationOp, Number};
use crate::promql::precedence::{SIGN_OPERAND, duration_binding};
use crate::promql::span::Span;
use crate::promql::token::{Token, Word};
use crate::syntax::pratt::{self, Binding, Operators};
use base::Result;

/// The language of durations. Operands are expressions with the depths of their trees.
struct Durations<'p, 't>(&'p mut Parser<'t>);

impl Operators for Durations<'_, '_> {
    type Operand = (DurationExpr, usize);
    type Operator = DurationOp;

    fn operand(&mut self) -> Result<(DurationExpr, usize)> {
        self.0.deeper(Parser::duration_operand)
    }

    fn next_operator(&mut self) -> Result<Option<(DurationOp, Binding)>> {
        let op = self.0.peek()?.word().and_then(operator);
        Ok(op.map(|op| (op, duration_binding(op))))
    }

    fn apply(&mut self, op: DurationOp, left: (DurationExpr, usize), strength: u8) -> Result<Self::Operand> {
        let op_span = self.0.next()?.span;
        let right = self.0.deeper(|parser| pratt::parse(&mut Durations(parser), strength))?;
        let is_zero = matches!(right.0, DurationExpr::Number(Number { value: 0.0, .. }));
        match op {
            DurationOp::Div if is_zero => return Err(self.0.error(op_span, "division by zero")),
            DurationOp::Mod if is_zero => return Err(self.0.error(op_span, "modulo by zero")),
            _ => {}
        }
        let depth = self.0.depth(left.1, right.1)?;
        let binary = DurationBinary { op, left: left.0, right: right.0, op_span };
        Ok((DurationExpr::Binary(Box::new(binary)), depth))
    }
}

fn operator(word: Word) -> Option<DurationOp> {
    Some(match word {
        Word::Add => DurationOp::Add,
        Word::Sub => DurationOp::Sub,
        Word::Mul => DurationOp::Mul,
        Word::Div => DurationOp::Div,
        Word::Mod => DurationOp::Mod,
        Word::Pow => DurationOp::Pow,
        _ => return None,
    })
}

impl Parser<'_> {
    /// Reads the duration of a range or step, and how deep it is.
    pub fn positive_duration(&mut self) -> Result<(Duration, usize)> {
        let (expr, depth) = self.duration()?;
        let span = expr.span();
        let duration = fixed_where_known(expr);
        match duration {
            Duration::Fixed(..=0) => Err(self.error(span, "duration must be greater than 0")),
            _ => Ok((duration, depth)),
        }
    }

    /// Reads the duration of an offset, and how deep it is. Operators behind it are none of its own:
    /// `a offset 5m + 1` adds 1 to `a`.
    pub fn offset_duration(&mut self) -> Result<(Duration, usize)> {
        let sign = self.peek()?;
        let signed = sign.is(Word::Add) || sign.is(Word::Sub);
        if signed {
            self.next()?;
        }
        let (expr, depth) = self.duration_primary()?;
        let expr = if signed { self.signed_duration(&sign, expr) } else { expr };
        Ok((fixed_where_known(expr), depth + 1))
    }

    fn duration(&mut self) -> Result<(DurationExpr, usize)> {
        pratt::parse(&mut Durations(self), 0)
    }

    /// Reads a duration with its sign.
    fn duration_operand(&mut self) -> Result<(DurationExpr, usize)> {
        let sign = self.peek()?;
        if !sign.is(Word::Add) && !sign.is(Word::Sub) {
            return self.duration_primary();
        }
        self.next()?;
        let (expr, depth) = pratt::parse(&mut Durations(self), SIGN_OPERAND)?;
        Ok((self.signed_duration(&sign, expr), self.depth(depth, 0)?))
    }

    /// `expr` behind `sign`. Nothing is left of a plus.
    fn signed_duration(&self, sign: &Token<'_>, expr: DurationExpr) -> DurationExpr {
        let span = sign.span.to(expr.span());
        match expr {
            expr if sign.is(Word::Add) => expr,
            DurationExpr::Number(number) => {
                DurationExpr::Number(Number { value: -number.value, span, ..number })
            }
            expr => DurationExpr::Negative(Box::new(expr), span),
        }
    }

    /// Reads a duration without sign and operators.
    fn duration_primary(&mut self) -> Result<(DurationExpr, usize)> {
        let start = self.peek()?;
        match start.word() {
            Some(Word::Step) => Ok((DurationExpr::Step(self.empty_call()?), 0)),
            Some(Word::Range) => Ok((DurationExpr::Range(self.empty_call()?), 0)),
            Some(word @ (Word::MinOf | Word::MaxOf)) => self.choice(word == Word::MaxOf),
            Some(Word::OpenParen) => {
                self.next()?;
                let (expr, depth) = self.duration()?;
                let close = self.expect(Word::CloseParen)?;
                let depth = self.depth(depth, 0)?;
                Ok((DurationExpr::Paren(Box::new(expr), start.span.to(close.span)), depth))
            }
            _ => Ok((self.duration_number()?, 0)),
        }
    }

    /// Reads a number that is a time in nanoseconds of 64 bits.
    fn duration_number(&mut self) -> Result<DurationExpr> {
        let number = self.number()?;
        match milliseconds(number.value) {
            Some(_) => Ok(DurationExpr::Number(number)),
            None => Err(self.error(number.span, "duration out of range")),
        }
    }

    /// Reads `step()` or `range()`.
    fn empty_call(&mut self) -> Result<Span> {
        let name = self.next()?;
        self.expect(Word::OpenParen)?;
        let close = self.expect(Word::CloseParen)?;
        Ok(name.span.to(close.span))
    }

    /// Reads `min_of(a, b)` or `max_of(a, b)`.
    fn choice(&mut self, largest: bool) -> Result<(DurationExpr, usize)> {
        let name = self.next()?;
        self.expect(Word::OpenParen)?;
        let (left, left_depth) = self.duration()?;
        self.expect(Word::Comma)?;
        let (right, right_depth) = self.duration()?;
        let close = self.expect(Word::CloseParen)?;
        let depth = self.depth(left_depth, right_depth)?;
        let choice = DurationChoice { largest, left, right, span: name.span.to(close.span) };
        Ok((DurationExpr::Choice(Box::new(choice)), depth))
    }
}

/// `expr` as milliseconds when it is a number.
fn fixed_where_known(expr: DurationExpr) -> Duration {
    match &expr {
        DurationExpr::Number(number) => match milliseconds(number.value) {
            Some(ms) => Duration::Fixed(ms),
            None => Duration::Computed(Box::new(expr)),
        },
        _ => Duration::Computed(Box::new(expr)),
    }
}

/// Whole milliseconds, when their nanoseconds have 64 bits.
fn milliseconds(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).round();
    (ms.abs() <= (i64::MAX / 1_000_000) as f64).then_some(ms as i64)
}
