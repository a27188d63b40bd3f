//! What a range aggregation looks at: `{a="b"} | json | unwrap x [5m] offset 1h`.
//!
//! The range may stand behind the pipeline, right behind the selector with the pipeline after it,
//! or behind parentheses.

use super::Parser;
use crate::logql::ast::{Conversion, LogExpr, Stage, Unwrap};
use crate::logql::token::{Token, Word};
use base::Result;

/// A log expression over a window.
pub struct LogRange {
    /// Which lines.
    pub log: LogExpr,
    /// Where samples come from.
    pub unwrap: Option<Unwrap>,
    /// `[5m]`
    pub range_ns: i64,
    /// `offset 5m`
    pub offset_ns: Option<i64>,
}

/// What can stand before or after the range.
#[derive(Default)]
struct Pipeline {
    stages: Vec<Stage>,
    unwrap: Option<Unwrap>,
}

impl Pipeline {
    fn is_empty(&self) -> bool {
        self.stages.is_empty() && self.unwrap.is_none()
    }
}

impl Parser<'_> {
    /// A log range; errors at its start list what was `expected`.
    pub fn log_range(&mut self, expected: &[&str]) -> Result<LogRange> {
        match self.peek()? {
            Token::Word(Word::OpenBrace) => self.bare_range(),
            Token::Word(Word::OpenParen) => {
                self.nesting.enter()?;
                let range = self.range_in_parentheses();
                self.nesting.leave();
                range
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn bare_range(&mut self) -> Result<LogRange> {
        let matchers = self.selector()?;
        let pipeline = self.pipeline()?;
        let expected: &[&str] = if pipeline.unwrap.is_some() { &["RANGE", "|"] } else { &[] };
        let window = self.window(expected)?;
        let pipeline = if pipeline.is_empty() { self.pipeline()? } else { pipeline };
        Ok(LogRange::new(LogExpr { matchers, stages: pipeline.stages }, pipeline.unwrap, window))
    }

    /// `({…} | json [5m])`, `({…} | json)[5m]`, `({…})[5m] | unwrap x`
    fn range_in_parentheses(&mut self) -> Result<LogRange> {
        self.expect(Word::OpenParen)?;
        if !self.sees(Word::OpenBrace)? {
            let inner = self.log_range(&["{", "("])?;
            self.expect(Word::CloseParen)?;
            return Ok(inner);
        }
        let matchers = self.selector()?;
        let mut pipeline = self.pipeline()?;
        if self.take(Word::CloseParen)? {
            let window = self.window(&["RANGE"])?;
            if pipeline.is_empty() && self.take(Word::Pipe)? {
                pipeline.unwrap = Some(self.unwrap()?);
            }
            return Ok(LogRange::new(LogExpr { matchers, stages: pipeline.stages }, pipeline.unwrap, window));
        }
        let expected: &[&str] = if pipeline.unwrap.is_some() { &["RANGE", ")", "|"] } else { &[] };
        let window = self.window(expected)?;
        let pipeline = if pipeline.is_empty() { self.pipeline()? } else { pipeline };
        self.expect(Word::CloseParen)?;
        Ok(LogRange::new(LogExpr { matchers, stages: pipeline.stages }, pipeline.unwrap, window))
    }

    /// `[5m] offset 1h`
    fn window(&mut self, expected: &[&str]) -> Result<(i64, Option<i64>)> {
        let Token::Range(range_ns) = *self.peek()? else { return Err(self.unexpected(expected)) };
        self.next()?;
        if !self.take(Word::Offset)? {
            return Ok((range_ns, None));
        }
        let Token::Duration(offset_ns) = *self.peek()? else { return Err(self.unexpected(&["DURATION"])) };
        self.next()?;
        Ok((range_ns, Some(offset_ns).filter(|offset_ns| *offset_ns != 0)))
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let mut stages = Vec::new();
        loop {
            if let Some(filter) = self.line_filter()? {
                stages.push(filter);
            } else if !self.take(Word::Pipe)? {
                return Ok(Pipeline { stages, unwrap: None });
            } else if self.sees(Word::Unwrap)? {
                let unwrap = Some(self.unwrap()?);
                return Ok(Pipeline { stages, unwrap });
            } else {
                stages.push(self.stage()?);
            }
        }
    }

    /// `unwrap duration(x) | y > 1` after its `|`.
    fn unwrap(&mut self) -> Result<Unwrap> {
        self.expect(Word::Unwrap)?;
        let (label, conversion) = match *self.peek()? {
            Token::Conversion(conversion) => {
                self.next()?;
                self.expect(Word::OpenParen)?;
                let label = self.expect_name(&["IDENTIFIER"])?;
                self.expect(Word::CloseParen)?;
                (label, conversion)
            }
            _ => {
                let expected = ["IDENTIFIER", "BYTES_CONV", "DURATION_CONV", "DURATION_SECONDS_CONV"];
                (self.expect_name(&expected)?, Conversion::Number)
            }
        };
        let mut filters = Vec::new();
        while self.take(Word::Pipe)? {
            filters.push(self.label_filter()?);
        }
        Ok(Unwrap { label: label.to_owned(), conversion, filters })
    }
}

impl LogRange {
    fn new(log: LogExpr, unwrap: Option<Unwrap>, (range_ns, offset_ns): (i64, Option<i64>)) -> Self {
        Self { log, unwrap, range_ns, offset_ns }
    }
}
