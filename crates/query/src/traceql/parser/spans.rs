//! What stands outside of braces: pipelines of spansets, numbers about spansets, series.

use super::{Parser, negated};
use crate::syntax::pratt::{self, Binding, Operators};
use crate::syntax::{Position, parse_error, tree_depth};
use crate::traceql::ast::{
    Aggregate, AggregateOp, Arithmetic, Expr, FieldExpr, Literal, MetricsBinary, MetricsExpr, Pipeline,
    ScalarBinary, ScalarExpr, ScalarFilter, SecondStage, SpansetBinary, SpansetExpr, Stage,
};
use crate::traceql::precedence::{self, COMPARED, SIGNED};
use crate::traceql::token::{Token, Word};
use base::{Error, Result};

/// What a part of the query gives.
pub enum Value {
    Spans(Pipeline),
    Scalar(ScalarExpr),
    Metrics(MetricsExpr),
}

/// A part of the query.
pub struct Part {
    pub value: Value,
    /// How deep its operators are nested, those in braces included.
    pub depth: usize,
}

impl Part {
    pub fn stage(stage: Stage, depth: usize) -> Self {
        Self { value: Value::Spans(Pipeline { stages: vec![stage] }), depth }
    }
}

impl Value {
    /// How errors call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Spans(_) => "spans",
            Self::Scalar(ScalarExpr::Literal(_)) => "a number",
            Self::Scalar(_) => "a number about spans",
            Self::Metrics(_) => "series",
        }
    }
}

/// The language outside of braces.
struct Parts<'p, 't>(&'p mut Parser<'t>);

impl Operators for Parts<'_, '_> {
    type Operand = Part;
    type Operator = Word;

    fn operand(&mut self) -> Result<Part> {
        let parser = &mut *self.0;
        parser.nesting.enter()?;
        let part = match parser.peek()? {
            Token::Word(Word::OpenBrace) => {
                let filter = parser.filter()?;
                Part::stage(Stage::Spansets(SpansetExpr::Filter(filter.expr)), filter.depth)
            }
            Token::Word(Word::OpenParen) => {
                parser.next()?;
                let inner = parser.part()?;
                parser.expect(Word::CloseParen)?;
                inner
            }
            Token::Word(Word::Sub) => self.negate()?,
            Token::Word(Word::Count | Word::Avg | Word::Max | Word::Min | Word::Sum) => parser.aggregate()?,
            Token::Literal(Literal::Int(_) | Literal::Float(_) | Literal::Duration(_)) => {
                let literal = parser.expect_number()?;
                Part { value: Value::Scalar(ScalarExpr::Literal(literal)), depth: 0 }
            }
            _ => return Err(parser.unexpected(&[])),
        };
        self.0.nesting.leave();
        Ok(part)
    }

    fn next_operator(&mut self) -> Result<Option<(Word, Binding)>> {
        let Some(word) = self.0.word()? else { return Ok(None) };
        let binding = match (word.spanset_op(), word.arithmetic()) {
            (Some(op), _) => precedence::spanset(op),
            (None, Some(op)) => precedence::arithmetic(op),
            // A comparison that is no structural operator.
            (None, None) if word.comparison().is_some() => COMPARED,
            (None, None) => return Ok(None),
        };
        Ok(Some((word, binding)))
    }

    fn apply(&mut self, word: Word, left: Part, strength: u8) -> Result<Part> {
        let place = self.0.place()?;
        self.0.next()?;
        self.0.nesting.enter()?;
        let right = pratt::parse(self, strength)?;
        self.0.nesting.leave();
        let depth = tree_depth(left.depth, right.depth)?;
        let value = join(word, left.value, right.value).map_err(|why| parse_error(place, &why))?;
        Ok(Part { value, depth })
    }
}

impl Parts<'_, '_> {
    fn negate(&mut self) -> Result<Part> {
        let place = self.0.place()?;
        self.0.next()?;
        let of = pratt::parse(self, SIGNED.right)?;
        let depth = tree_depth(of.depth, 0)?;
        match of.value {
            Value::Scalar(ScalarExpr::Literal(literal)) if negated(&literal).is_some() => {
                let literal = negated(&literal).unwrap_or(literal);
                Ok(Part { value: Value::Scalar(ScalarExpr::Literal(literal)), depth: 0 })
            }
            Value::Scalar(of) => Ok(Part { value: Value::Scalar(ScalarExpr::Negate(Box::new(of))), depth }),
            other => Err(parse_error(place, &format!("- takes a number, not {}", other.name()))),
        }
    }
}

/// `left word right`, or why there is no such thing.
fn join(word: Word, left: Value, right: Value) -> Result<Value, String> {
    let names = (left.name(), right.name());
    let joined = match (left, right) {
        (Value::Spans(left), Value::Spans(right)) => word.spanset_op().map(|op| {
            let binary = SpansetBinary { op, left: operand(left), right: operand(right) };
            let expr = SpansetExpr::Binary(Box::new(binary));
            Ok(Value::Spans(Pipeline { stages: vec![Stage::Spansets(expr)] }))
        }),
        (Value::Scalar(left), Value::Scalar(right)) => join_scalars(word, left, right),
        (Value::Metrics(of), Value::Scalar(ScalarExpr::Literal(value))) if word.comparison().is_some() => {
            word.comparison().map(|op| Ok(Value::Metrics(refined(of, SecondStage::Filter(op, value)))))
        }
        (left @ (Value::Metrics(_) | Value::Scalar(_)), right @ (Value::Metrics(_) | Value::Scalar(_))) => {
            word.arithmetic().map(|op| join_series(op, left, right))
        }
        _ => None,
    };
    joined.unwrap_or_else(|| Err(format!("{} cannot join {} and {}", word.text(), names.0, names.1)))
}

/// A pipeline as the operand of a spanset operator.
fn operand(pipeline: Pipeline) -> SpansetExpr {
    match <[Stage; 1]>::try_from(pipeline.stages) {
        Ok([Stage::Spansets(expr)]) => expr,
        Ok([stage]) => SpansetExpr::Pipeline(Pipeline { stages: vec![stage] }),
        Err(stages) => SpansetExpr::Pipeline(Pipeline { stages }),
    }
}

fn join_scalars(word: Word, left: ScalarExpr, right: ScalarExpr) -> Option<Result<Value, String>> {
    if let Some(op) = word.arithmetic() {
        return Some(Ok(Value::Scalar(ScalarExpr::Binary(Box::new(ScalarBinary { op, left, right })))));
    }
    let op = word.comparison()?;
    let filter = ScalarFilter { op, left, right };
    Some(match aggregated(&filter.left) || aggregated(&filter.right) {
        true => Ok(Value::Spans(Pipeline { stages: vec![Stage::Scalar(filter)] })),
        false => {
            Err(format!("{filter} says nothing about spans: one side needs count(), avg(…) or the like"))
        }
    })
}

/// Whether there is an aggregate in it.
fn aggregated(expr: &ScalarExpr) -> bool {
    match expr {
        ScalarExpr::Literal(_) => false,
        ScalarExpr::Aggregate(_) => true,
        ScalarExpr::Negate(of) => aggregated(of),
        ScalarExpr::Binary(binary) => aggregated(&binary.left) || aggregated(&binary.right),
    }
}

fn join_series(op: Arithmetic, left: Value, right: Value) -> Result<Value, String> {
    if matches!(op, Arithmetic::Mod | Arithmetic::Pow) {
        return Err(format!("{} cannot join series: only + - * / can", op.text()));
    }
    let (left, right) = (series(op, left)?, series(op, right)?);
    Ok(Value::Metrics(MetricsExpr::Binary(Box::new(MetricsBinary { op, left, right }))))
}

/// A side of an operator between series.
fn series(op: Arithmetic, value: Value) -> Result<MetricsExpr, String> {
    let op = op.text();
    match value {
        Value::Metrics(metrics) if metrics.compares() => {
            Err(format!("{op} cannot join what compare() gives"))
        }
        Value::Metrics(metrics) => Ok(metrics),
        Value::Scalar(ScalarExpr::Literal(number @ (Literal::Int(_) | Literal::Float(_)))) => {
            Ok(MetricsExpr::Number(number))
        }
        other => match &other {
            Value::Scalar(ScalarExpr::Literal(number)) => {
                Err(format!("{op} cannot join series and a duration: write {number} as a number"))
            }
            other => Err(format!("{op} cannot join series and {}", other.name())),
        },
    }
}

/// `metrics` with one more stage.
pub fn refined(metrics: MetricsExpr, stage: SecondStage) -> MetricsExpr {
    match metrics {
        MetricsExpr::Refined(of, mut stages) => {
            stages.push(stage);
            MetricsExpr::Refined(of, stages)
        }
        of => MetricsExpr::Refined(Box::new(of), vec![stage]),
    }
}

impl Parser<'_> {
    /// All that comes before the hints.
    pub fn whole(&mut self) -> Result<Expr> {
        match self.part()?.value {
            Value::Spans(pipeline) => Ok(Expr::Spans(pipeline)),
            Value::Metrics(metrics) => Ok(Expr::Metrics(metrics)),
            scalar => {
                let message = format!("a query gives spans or series, not {}", scalar.name());
                Err(parse_error(Position::NOWHERE, &message))
            }
        }
    }

    /// A pipeline up to its end or its closing parenthesis.
    fn part(&mut self) -> Result<Part> {
        let mut part = self.stage()?;
        while self.take(Word::Pipe)? {
            let place = self.place()?;
            part = match self.word()? {
                Some(word) if word.begins_series() => self.first_stage(part)?,
                Some(Word::TopK | Word::BottomK) => self.ranking(part)?,
                _ => {
                    let next = self.stage()?;
                    let depth = part.depth.max(next.depth);
                    Part { value: then(part.value, next.value, place)?, depth }
                }
            };
        }
        Ok(part)
    }

    /// A stage that gives spans, or at the beginning of a pipeline anything.
    fn stage(&mut self) -> Result<Part> {
        match self.word()? {
            Some(Word::By) => {
                self.next()?;
                self.expect(Word::OpenParen)?;
                let (expr, depth) = self.spans_value("by()")?;
                Ok(Part::stage(Stage::By(expr), depth))
            }
            Some(Word::Coalesce) => {
                self.next()?;
                self.expect(Word::OpenParen)?;
                self.expect(Word::CloseParen)?;
                Ok(Part::stage(Stage::Coalesce, 0))
            }
            Some(Word::Select) => {
                self.next()?;
                Ok(Part::stage(Stage::Select(self.fields()?), 0))
            }
            _ => pratt::parse(&mut Parts(self), 0),
        }
    }

    /// A computation up to its `)` that reads values of spans, with its depth.
    fn spans_value(&mut self, whose: &str) -> Result<(FieldExpr, usize)> {
        let place = self.place()?;
        let value = self.field_expression()?;
        self.expect(Word::CloseParen)?;
        match value.reads {
            true => Ok((value.expr, value.depth)),
            false => {
                let message = format!("{whose} needs a value of spans; {} is always the same", value.expr);
                Err(parse_error(place, &message))
            }
        }
    }

    fn aggregate(&mut self) -> Result<Part> {
        let Some(word) = self.word()? else { return Err(Error::bug("the token ahead changed")) };
        self.next()?;
        self.expect(Word::OpenParen)?;
        let (aggregate, depth) = match AggregateOp::named(word.text()) {
            None => {
                self.expect(Word::CloseParen)?;
                (Aggregate::Count, 0)
            }
            Some(op) => {
                let (expr, depth) = self.number_of_spans(op.text())?;
                (Aggregate::Over(op, expr), depth)
            }
        };
        Ok(Part { value: Value::Scalar(ScalarExpr::Aggregate(aggregate)), depth })
    }

    /// As [`Parser::spans_value`], a number.
    fn number_of_spans(&mut self, whose: &str) -> Result<(FieldExpr, usize)> {
        let place = self.place()?;
        let value = self.field_expression()?;
        self.expect(Word::CloseParen)?;
        let message = match (value.ty.is_numeric(), value.reads) {
            (true, true) => return Ok((value.expr, value.depth)),
            (false, _) => format!("{whose}() takes a number, not {}: {}", value.ty.name(), value.expr),
            (true, false) => format!("{whose}() needs a value of spans; {} is always the same", value.expr),
        };
        Err(parse_error(place, &message))
    }
}

/// `earlier | later`.
fn then(earlier: Value, later: Value, place: Position) -> Result<Value> {
    match (earlier, later) {
        (Value::Spans(mut earlier), Value::Spans(later)) => {
            earlier.stages.extend(later.stages);
            Ok(Value::Spans(earlier))
        }
        (Value::Spans(_), Value::Scalar(scalar)) => {
            let message = format!("{scalar} alone selects nothing: compare it, as in {scalar} > 2");
            Err(parse_error(place, &message))
        }
        (earlier, later) => {
            let message = format!("| cannot pass {} on to {}", earlier.name(), later.name());
            Err(parse_error(place, &message))
        }
    }
}
