//! Stages that make series of spans, and those that choose among series.

use super::Parser;
use super::spans::{Part, Value, refined};
use crate::syntax::parse_error;
use crate::traceql::ast::Field;
use crate::traceql::ast::{
    AggregateOp, Compare, FirstStage, Literal, MetricsAggregate, MetricsExpr, RangeFunction, SecondStage,
};
use crate::traceql::token::Word;
use crate::traceql::types::Type;
use base::{Error, Result};

impl Word {
    /// Whether it is a stage that makes series.
    pub fn begins_series(self) -> bool {
        matches!(
            self,
            Self::Rate
                | Self::CountOverTime
                | Self::MinOverTime
                | Self::MaxOverTime
                | Self::AvgOverTime
                | Self::SumOverTime
                | Self::QuantileOverTime
                | Self::HistogramOverTime
                | Self::Compare
        )
    }
}

impl Parser<'_> {
    /// `rate() by(…) > 10` after `part` and its `|`.
    pub fn first_stage(&mut self, part: Part) -> Result<Part> {
        let place = self.place()?;
        let Some(word) = self.word()? else { return Err(Error::bug("the token ahead changed")) };
        let Value::Spans(spans) = part.value else {
            let message = format!("{} takes spans, not {}", word.text(), part.value.name());
            return Err(parse_error(place, &message));
        };
        self.next()?;
        self.expect(Word::OpenParen)?;
        let mut depth = part.depth;
        let stage = match word {
            Word::Compare => {
                let (compare, inner) = self.compare()?;
                depth = depth.max(inner);
                FirstStage::Compare(compare)
            }
            _ => {
                let function = self.range_function(word)?;
                let by = if self.take(Word::By)? { self.fields()? } else { Vec::new() };
                FirstStage::Range { function, by }
            }
        };
        let metrics = MetricsExpr::Aggregate(Box::new(MetricsAggregate { spans, stage }));
        Ok(Part { value: Value::Metrics(self.filtered(metrics)?), depth })
    }

    /// `metrics` with the comparisons that come next.
    fn filtered(&mut self, mut metrics: MetricsExpr) -> Result<MetricsExpr> {
        while let Some(op) = self.word()?.and_then(Word::comparison) {
            self.next()?;
            metrics = refined(metrics, SecondStage::Filter(op, self.expect_number()?));
        }
        Ok(metrics)
    }

    /// `topk(5) > 10` after `part` and its `|`.
    pub fn ranking(&mut self, part: Part) -> Result<Part> {
        let place = self.place()?;
        let top = self.word()? == Some(Word::TopK);
        let name = if top { "topk" } else { "bottomk" };
        let Value::Metrics(metrics) = part.value else {
            let message = format!("{name} takes series, not {}", part.value.name());
            return Err(parse_error(place, &message));
        };
        self.next()?;
        self.expect(Word::OpenParen)?;
        let limit = self.positive(name)?;
        self.expect(Word::CloseParen)?;
        let stage = if top { SecondStage::TopK(limit) } else { SecondStage::BottomK(limit) };
        let metrics = self.filtered(refined(metrics, stage))?;
        Ok(Part { value: Value::Metrics(metrics), depth: part.depth })
    }

    fn positive(&mut self, whose: &str) -> Result<i64> {
        let place = self.place()?;
        match self.expect_integer()? {
            limit @ 1.. => Ok(limit),
            limit => Err(parse_error(place, &format!("{whose} needs at least 1, not {limit}"))),
        }
    }

    /// A function after its `(`.
    fn range_function(&mut self, word: Word) -> Result<RangeFunction> {
        let function = match word {
            Word::Rate => RangeFunction::Rate,
            Word::CountOverTime => RangeFunction::Count,
            Word::HistogramOverTime => RangeFunction::Histogram(self.number_field(word)?),
            Word::QuantileOverTime => {
                let field = self.number_field(word)?;
                self.expect(Word::Comma)?;
                return Ok(RangeFunction::Quantile(field, self.quantiles()?));
            }
            _ => {
                let op = word.text().strip_suffix("_over_time").and_then(AggregateOp::named);
                let op = op.ok_or_else(|| Error::bug("a function without its operator"))?;
                RangeFunction::Over(op, self.number_field(word)?)
            }
        };
        self.expect(Word::CloseParen)?;
        Ok(function)
    }

    fn number_field(&mut self, whose: Word) -> Result<Field> {
        let place = self.place()?;
        let field = self.expect_field()?;
        let ty = Type::of_field(&field);
        match ty.is_numeric() {
            true => Ok(field),
            false => {
                let message = format!("{}() takes a number, not {}: {field}", whose.text(), ty.name());
                Err(parse_error(place, &message))
            }
        }
    }

    /// `0.5, 0.9)`
    fn quantiles(&mut self) -> Result<Vec<f64>> {
        let mut quantiles = Vec::new();
        loop {
            let place = self.place()?;
            let quantile = match self.expect_number()? {
                Literal::Int(value) => value as f64,
                Literal::Float(value) => value,
                other => return Err(parse_error(place, &format!("a quantile is no duration: {other}"))),
            };
            if !(0.0..=1.0).contains(&quantile) {
                return Err(parse_error(place, &format!("a quantile lies between 0 and 1: {quantile}")));
            }
            quantiles.push(quantile);
            if !self.list_goes_on()? {
                return Ok(quantiles);
            }
        }
    }

    /// `{…}, 10, start, end)`, with the selection's depth.
    fn compare(&mut self) -> Result<(Compare, usize)> {
        let selection = self.filter()?;
        let mut compare = Compare { selection: selection.expr, top: Compare::DEFAULT_TOP, window_ns: None };
        if self.list_goes_on()? {
            compare.top = self.positive("compare")?;
            if self.list_goes_on()? {
                compare.window_ns = Some(self.window()?);
            }
        }
        Ok((compare, selection.depth))
    }

    /// `start, end)` in nanoseconds.
    fn window(&mut self) -> Result<(i64, i64)> {
        let place = self.place()?;
        let start_ns = self.expect_integer()?;
        self.expect(Word::Comma)?;
        let end_ns = self.expect_integer()?;
        self.expect(Word::CloseParen)?;
        match 0 < start_ns && start_ns < end_ns {
            true => Ok((start_ns, end_ns)),
            false => {
                let message =
                    format!("compare's start must be after 1970 and before its end: {start_ns}, {end_ns}");
                Err(parse_error(place, &message))
            }
        }
    }
}
