//! What follows an operand: ranges, other times, edges of ranges.

use super::{Parser, Read};
use crate::go;
use crate::promql::ast::{At, Duration, Edges, Expr, Modifiers, RangeSelector, Selector, Subquery};
use crate::promql::span::Span;
use crate::promql::token::{Kind, Word};
use base::Result;

/// Latest and earliest time of `@` in milliseconds, in year 73325: floats are exact to the millisecond
/// up to there.
const MAX_TIME_MS: f64 = (1u64 << 51) as f64;

/// What is expected where a duration is.
const DURATION: &str = "number, duration, step(), or range()";

impl Parser<'_> {
    /// Reads what follows `operand`.
    pub fn modified(&mut self, mut operand: Read) -> Result<Read> {
        loop {
            operand = match self.peek()?.word() {
                Some(Word::OpenBracket) => self.in_brackets(operand)?,
                Some(Word::Offset) => self.offset(operand)?,
                Some(Word::At) => self.at(operand)?,
                Some(Word::Anchored) => self.edges(operand, Edges::Anchored)?,
                Some(Word::Smoothed) => self.edges(operand, Edges::Smoothed)?,
                _ => return Ok(operand),
            };
        }
    }

    /// Reads `[5m]` or `[30m:1m]`.
    fn in_brackets(&mut self, operand: Read) -> Result<Read> {
        let open = self.next()?.span;
        let (range, range_depth) =
            self.within("subquery or range selector", DURATION, Self::positive_duration)?;
        let depth = self.depth(operand.depth, range_depth)?;
        if self.take(Word::Colon)? {
            return self.subquery(Read { depth, ..operand }, range);
        }
        self.within("subquery or range", "\":\" or \"]\"", |parser| parser.expect(Word::CloseBracket))?;
        let refused = |message| Err(self.error(open, message));
        let selector = match operand.expr {
            Expr::Selector(selector) if selector.modifiers.offset.is_some() => {
                return refused("no offset modifiers allowed before range");
            }
            Expr::Selector(selector) if selector.modifiers.at.is_some() => {
                return refused("no @ modifiers allowed before range");
            }
            Expr::Selector(selector) => selector,
            _ => return refused("ranges only allowed for vector selectors"),
        };
        let span = selector.span.to(self.last);
        Ok(Read { expr: Expr::Range(RangeSelector { selector, range, span }), depth })
    }

    /// Reads the rest of `[30m:1m]` behind its colon.
    fn subquery(&mut self, operand: Read, range: Duration) -> Result<Read> {
        const STEP: &str = "number, duration, step(), range(), or \"]\"";
        let (mut step, mut depth) = (None, operand.depth);
        if !self.sees(Word::CloseBracket)? {
            let (duration, step_depth) = self.within("subquery selector", STEP, Self::positive_duration)?;
            step = Some(duration);
            depth = self.depth(depth, step_depth)?;
        }
        self.within("subquery selector", "\"]\"", |parser| parser.expect(Word::CloseBracket))?;
        let span = operand.expr.span().to(self.last);
        let modifiers = Modifiers::default();
        let subquery = Subquery { expr: operand.expr, range, step, modifiers, span };
        Ok(Read { expr: Expr::Subquery(Box::new(subquery)), depth })
    }

    /// Reads `offset -5m`.
    fn offset(&mut self, mut operand: Read) -> Result<Read> {
        self.next()?;
        let (offset, offset_depth) = self.within("offset", DURATION, Self::offset_duration)?;
        let (at, last) = (operand.expr.span(), self.last);
        let Some((modifiers, span)) = modifiers(&mut operand.expr) else {
            let message = "offset modifier must be preceded by an instant vector selector or range \
                           vector selector or a subquery";
            return Err(self.error(at, message));
        };
        if modifiers.offset.is_some() {
            return Err(self.error(at, "offset may not be set multiple times"));
        }
        modifiers.offset = Some(offset).filter(|offset| *offset != Duration::Fixed(0));
        span.end = last.end;
        Ok(Read { depth: self.depth(operand.depth, offset_depth)?, ..operand })
    }

    /// Reads `@ 1.5` or `@ start()`.
    fn at(&mut self, mut operand: Read) -> Result<Read> {
        self.next()?;
        let place = operand.expr.span();
        let at = self.within("@", "timestamp", |parser| parser.time(place))?;
        let last = self.last;
        let Some((modifiers, span)) = modifiers(&mut operand.expr) else {
            let message = "@ modifier must be preceded by an instant vector selector or range vector \
                           selector or a subquery";
            return Err(self.error(place, message));
        };
        if modifiers.at.is_some() {
            return Err(self.error(place, "@ <timestamp> may not be set multiple times"));
        }
        modifiers.at = Some(at);
        span.end = last.end;
        Ok(operand)
    }

    /// Reads the time of `@`; times out of bounds are errors at `place`.
    fn time(&mut self, place: Span) -> Result<At> {
        let token = self.peek()?;
        let edge = match token.kind {
            Kind::Word(Word::Start) => At::Start,
            Kind::Word(Word::End) => At::End,
            _ => {
                let seconds = self.signed_number()?.value;
                let time_ms = (seconds * 1000.0).round();
                // Neither is NaN.
                if !(-MAX_TIME_MS..=MAX_TIME_MS).contains(&time_ms) {
                    let seconds = go::format_float(seconds, b'f', 6);
                    let message = format!("timestamp out of bounds for @ modifier: {seconds}");
                    return Err(self.error(place, &message));
                }
                return Ok(At::Time(time_ms as i64));
            }
        };
        self.next()?;
        self.expect(Word::OpenParen)?;
        self.expect(Word::CloseParen)?;
        Ok(edge)
    }

    /// Reads `anchored` or `smoothed`.
    fn edges(&mut self, mut operand: Read, edges: Edges) -> Result<Read> {
        self.next()?;
        let (place, word) = (operand.expr.span(), edges.text());
        let selector: &mut Selector = match &mut operand.expr {
            Expr::Selector(selector) => selector,
            Expr::Range(range) => &mut range.selector,
            Expr::Subquery(_) => {
                return Err(self.error(place, &format!("{word} modifier is not supported for subqueries")));
            }
            _ => return Err(self.error(place, &format!("{word} modifier not implemented"))),
        };
        if selector.edges.is_some_and(|before| before != edges) {
            return Err(self.error(place, "anchored and smoothed modifiers cannot be used together"));
        }
        selector.edges = Some(edges);
        Ok(operand)
    }
}

/// The modifiers of `expr`, and the span that they extend.
fn modifiers(expr: &mut Expr) -> Option<(&mut Modifiers, &mut Span)> {
    match expr {
        Expr::Selector(selector) => Some((&mut selector.modifiers, &mut selector.span)),
        Expr::Range(range) => Some((&mut range.selector.modifiers, &mut range.span)),
        Expr::Subquery(subquery) => Some((&mut subquery.modifiers, &mut subquery.span)),
        _ => None,
    }
}
