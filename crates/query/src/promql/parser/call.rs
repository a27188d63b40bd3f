//! Functions and aggregations with their arguments.

use super::{Parser, Read};
use crate::go;
use crate::promql::ast::{AggregateOp, Aggregation, Call, Expr, Grouping};
use crate::promql::functions::Function;
use crate::promql::span::Span;
use crate::promql::token::{Token, Word};
use base::Result;

impl Parser<'_> {
    /// Reads the arguments of the function called `name`.
    pub fn call(&mut self, name: &Token<'_>) -> Result<Read> {
        let (args, depth) = self.arguments()?;
        let unknown = || {
            let message = format!("unknown function with name {}", go::quote(name.text));
            self.error(name.span, &message)
        };
        let function = Function::named(name.text).ok_or_else(unknown)?;
        let call = Call { function, args, span: name.span.to(self.last) };
        Ok(Read { expr: Expr::Call(call), depth: self.depth(depth, 0)? })
    }

    /// Reads `by (a) (expr)` or `(expr) by (a)`, behind the operator.
    pub fn aggregation(&mut self, op: AggregateOp, op_span: Span) -> Result<Read> {
        let before = self.grouping()?;
        if !self.sees(Word::OpenParen)? {
            return Err(self.unexpected());
        }
        let (args, depth) = self.arguments()?;
        let body_end = self.last;
        let grouping = match before {
            Some(grouping) => Some(grouping),
            None => self.grouping()?,
        };
        let span = op_span.to(if grouping.is_some() { self.last } else { body_end });
        let wanted = if op.parameter().is_some() { 2 } else { 1 };
        let given = args.len();
        if given == 0 {
            return Err(self.error(span, "no arguments for aggregate expression provided"));
        }
        let wrong_number = || {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {given}"
            );
            self.error(span, &message)
        };
        let mut args = args.into_iter();
        let (parameter, inner) = match (wanted, args.next(), args.next(), args.next()) {
            (1, Some(inner), None, _) => (None, inner),
            (2, Some(parameter), Some(inner), None) => (Some(parameter), inner),
            _ => return Err(wrong_number()),
        };
        let grouping = grouping.filter(|grouping| grouping.without || !grouping.labels.is_empty());
        let aggregation = Aggregation { op, parameter, inner, grouping, span };
        Ok(Read { expr: Expr::Aggregation(Box::new(aggregation)), depth: self.depth(depth, 0)? })
    }

    /// Reads `by (a)` or `without (a)` when it is next.
    fn grouping(&mut self) -> Result<Option<Grouping>> {
        let without = self.take(Word::Without)?;
        if !without && !self.take(Word::By)? {
            return Ok(None);
        }
        Ok(Some(Grouping { without, labels: self.labels()? }))
    }

    /// Reads `(a, b)`, and how deep the deepest of them is.
    fn arguments(&mut self) -> Result<(Vec<Expr>, usize)> {
        self.expect(Word::OpenParen)?;
        let (mut args, mut deepest) = (Vec::new(), 0);
        if self.take(Word::CloseParen)? {
            return Ok((args, deepest));
        }
        loop {
            let Read { expr, depth } = self.expression()?;
            args.push(expr);
            deepest = deepest.max(depth);
            if !self.sees(Word::Comma)? {
                self.expect(Word::CloseParen)?;
                return Ok((args, deepest));
            }
            let comma = self.next()?;
            if !self.sees_expression()? {
                return Err(self.error(comma.span, "trailing commas not allowed in function call args"));
            }
        }
    }
}
