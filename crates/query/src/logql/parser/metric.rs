//! Expressions: log expressions, aggregations, functions, numbers, and operators between them.

use super::{Checked, Parser, float};
use crate::logql::ast::{
    Binary, BinaryOp, Expr, GroupSide, Grouping, LabelReplace, LogExpr, Matching, MetricExpr,
    RangeAggregation, RangeOp, Unwrap, VectorAggregation, VectorOp,
};
use crate::logql::precedence::binding;
use crate::logql::token::{Function, Token, Word};
use crate::logql::{check, literal};
use crate::syntax::pratt::{self, Binding, Operators};
use crate::syntax::{Position, parse_error, tree_depth};
use base::{Error, Result};

/// Reads an expression with its operators.
pub fn expression(parser: &mut Parser<'_>) -> Result<Checked> {
    pratt::parse(&mut Expressions(parser), 0)
}

/// The language of expressions.
struct Expressions<'p, 't>(&'p mut Parser<'t>);

/// What stands in place of an expression that breaks a rule: no number, which others would fold.
const NOTHING: MetricExpr = MetricExpr::VectorFn(f64::NAN);

impl Checked {
    fn metric(expr: MetricExpr, fault: Option<Error>, depth: usize) -> Self {
        Self { expr: Expr::Metric(expr), fault, depth }
    }
}

impl Operators for Expressions<'_, '_> {
    type Operand = Checked;
    type Operator = BinaryOp;

    fn operand(&mut self) -> Result<Checked> {
        let parser = &mut *self.0;
        parser.nesting.enter()?;
        let operand = match *parser.peek()? {
            Token::Word(Word::OpenBrace) => parser.log_expression(),
            Token::Word(Word::OpenParen) => parser.in_parentheses(),
            Token::Number(_) | Token::Word(Word::Add | Word::Sub) => parser.literal(),
            Token::RangeOp(op) => parser.range_aggregation(op),
            Token::VectorOp(op) => parser.vector_aggregation(op),
            Token::Function(Function::Vector) => parser.vector_function(),
            Token::Function(Function::LabelReplace) => parser.label_replace(),
            _ => Err(parser.unexpected(&[])),
        }?;
        parser.nesting.leave();
        Ok(operand)
    }

    fn next_operator(&mut self) -> Result<Option<(BinaryOp, Binding)>> {
        let op = match self.0.peek()? {
            Token::Word(word) => word.binary_op(),
            _ => None,
        };
        Ok(op.map(|op| (op, binding(op))))
    }

    fn apply(&mut self, op: BinaryOp, left: Checked, strength: u8) -> Result<Checked> {
        self.0.next()?;
        let return_bool = self.0.take(Word::Bool)?;
        let matching = self.0.matching()?;
        self.0.nesting.enter()?;
        let right = pratt::parse(self, strength)?;
        self.0.nesting.leave();
        let depth = tree_depth(left.depth, right.depth)?;
        let inner_fault = left.fault.or(right.fault);
        Ok(match check::binary_legs(op, left.expr, right.expr) {
            Err(fault) => Checked::metric(NOTHING, Some(fault), depth),
            Ok((MetricExpr::Literal(a), MetricExpr::Literal(b))) => {
                Checked::metric(MetricExpr::Literal(literal::fold(op, a, b)), inner_fault, 0)
            }
            Ok((left, right)) => {
                let binary = Binary { op, left, right, return_bool, matching };
                Checked::metric(MetricExpr::Binary(Box::new(binary)), inner_fault, depth)
            }
        })
    }
}

impl<'t> Parser<'t> {
    fn log_expression(&mut self) -> Result<Checked> {
        let matchers = self.selector()?;
        let fault = check::matchers(&matchers).err();
        let log = LogExpr { matchers, stages: self.stages()? };
        let fault = fault.or_else(|| check::endings(&log.stages).err());
        Ok(Checked { expr: Expr::Log(log), fault, depth: 0 })
    }

    fn in_parentheses(&mut self) -> Result<Checked> {
        self.expect(Word::OpenParen)?;
        let inner = expression(self)?;
        self.expect_among(Word::CloseParen, &[])?;
        Ok(inner)
    }

    fn literal(&mut self) -> Result<Checked> {
        let negative = self.sees(Word::Sub)?;
        if negative || self.sees(Word::Add)? {
            self.next()?;
        }
        let number = self.expect_number()?;
        Ok(literal_of(number, negative))
    }

    /// `vector(1)`
    fn vector_function(&mut self) -> Result<Checked> {
        self.next()?;
        self.expect(Word::OpenParen)?;
        let number = self.expect_number()?;
        self.expect(Word::CloseParen)?;
        Ok(match crate::go::parse_float(number) {
            Ok(value) => Checked::metric(MetricExpr::VectorFn(literal::written(value)), None, 0),
            Err(why) => {
                let message = format!("unable to parse vectorExpr literal as a float: {why}");
                Checked::metric(NOTHING, Some(parse_error(Position::NOWHERE, &message)), 0)
            }
        })
    }

    /// `label_replace(v, "dst", "$1", "src", "(.*)")`
    fn label_replace(&mut self) -> Result<Checked> {
        self.next()?;
        self.expect(Word::OpenParen)?;
        let inner = expression(self)?;
        let Expr::Metric(inner_expr) = inner.expr else { return Err(self.unexpected(&[])) };
        self.expect_among(Word::Comma, &[])?;
        let dst = self.expect_text()?;
        self.expect(Word::Comma)?;
        let replacement = self.expect_text()?;
        self.expect(Word::Comma)?;
        let src = self.expect_text()?;
        self.expect(Word::Comma)?;
        let regex = self.expect_text()?;
        self.expect(Word::CloseParen)?;
        let fault = check::label_replace_regex(&regex).err().or(inner.fault);
        let replace = LabelReplace { inner: inner_expr, dst, replacement, src, regex };
        let depth = tree_depth(inner.depth, 0)?;
        Ok(Checked::metric(MetricExpr::LabelReplace(Box::new(replace)), fault, depth))
    }

    /// `quantile_over_time(0.9, {…} | unwrap x [5m]) by (a)`
    fn range_aggregation(&mut self, op: RangeOp) -> Result<Checked> {
        self.next()?;
        self.expect(Word::OpenParen)?;
        let (mut number, mut distinct) = (None, None);
        let range = match *self.peek()? {
            Token::Number(text) => {
                self.next()?;
                number = Some(text);
                self.expect(Word::Comma)?;
                self.log_range(&["{", "("])?
            }
            Token::Identifier(_) if op == RangeOp::CountDistinctOverTime => {
                distinct = Some(self.expect_name(&["IDENTIFIER"])?);
                self.expect(Word::Comma)?;
                self.log_range(&["{", "("])?
            }
            _ if op == RangeOp::CountDistinctOverTime => return Err(self.unexpected(&["IDENTIFIER"])),
            _ => self.log_range(&["NUMBER", "{", "("])?,
        };
        self.expect(Word::CloseParen)?;
        let grouping = self.grouping()?;
        let (parameter, parameter_fault) = match check::range_parameter(op, number) {
            Ok(parameter) => (parameter, None),
            Err(fault) => (None, Some(fault)),
        };
        let (unwrap, unwrap_fault) = match (distinct, range.unwrap) {
            (Some(label), None) => (Some(Unwrap::identity(label)), None),
            (Some(_), Some(unwrap)) => (Some(unwrap), Some(check::unwrap_of_distinct())),
            (None, unwrap) => (unwrap, None),
        };
        let aggregation = RangeAggregation {
            op,
            parameter,
            log: range.log,
            unwrap,
            range_ns: range.range_ns,
            offset_ns: range.offset_ns,
            grouping,
        };
        let fault = parameter_fault.or(unwrap_fault).or_else(|| check::range_aggregation(&aggregation).err());
        Ok(Checked::metric(MetricExpr::Range(aggregation), fault, 0))
    }

    /// `topk by (a) (5, …)`
    fn vector_aggregation(&mut self, op: VectorOp) -> Result<Checked> {
        self.next()?;
        let leading = self.grouping()?;
        match leading {
            Some(_) => self.expect(Word::OpenParen)?,
            None => self.expect_among(Word::OpenParen, &["(", "by", "without"])?,
        }
        let (number, inner) = self.vector_arguments()?;
        let Expr::Metric(inner_expr) = inner.expr else { return Err(self.unexpected(&[])) };
        self.expect_among(Word::CloseParen, &[])?;
        let grouping = match leading {
            Some(leading) => Some(leading),
            None => self.grouping()?,
        };
        // To group by nothing is not to group.
        let grouping = grouping.filter(|grouping| grouping.without || !grouping.labels.is_empty());
        let (parameter, parameter_fault) = match check::vector_parameter(op, number) {
            Ok(parameter) => (parameter, None),
            Err(fault) => (None, Some(fault)),
        };
        let aggregation = VectorAggregation { op, parameter, inner: Box::new(inner_expr), grouping };
        let fault = parameter_fault.or_else(|| check::vector_aggregation(&aggregation).err()).or(inner.fault);
        let depth = tree_depth(inner.depth, 0)?;
        Ok(Checked::metric(MetricExpr::Vector(aggregation), fault, depth))
    }

    /// `5, v` or `v`; `v` may itself start with a number.
    fn vector_arguments(&mut self) -> Result<(Option<&'t str>, Checked)> {
        let Token::Number(number) = *self.peek()? else { return Ok((None, expression(self)?)) };
        self.next()?;
        if self.take(Word::Comma)? {
            return Ok((Some(number), expression(self)?));
        }
        let rest = pratt::parse_after(&mut Expressions(self), literal_of(number, false), 0)?;
        Ok((None, rest))
    }

    /// `by (a, b)`, `without (a)`, or nothing.
    fn grouping(&mut self) -> Result<Option<Grouping>> {
        let without = self.sees(Word::Without)?;
        if !without && !self.sees(Word::By)? {
            return Ok(None);
        }
        self.next()?;
        Ok(Some(Grouping { without, labels: self.label_list()? }))
    }

    /// `on (a) group_left (b)`, or nothing.
    fn matching(&mut self) -> Result<Option<Matching>> {
        let on = self.sees(Word::On)?;
        if !on && !self.sees(Word::Ignoring)? {
            return Ok(None);
        }
        self.next()?;
        let labels = self.label_list()?;
        let side = match self.peek()? {
            Token::Word(Word::GroupLeft) => Some(GroupSide::Left),
            Token::Word(Word::GroupRight) => Some(GroupSide::Right),
            _ => None,
        };
        let Some(side) = side else {
            // To ignore nothing is how series match anyway.
            let matching = Matching { on, labels, group: None };
            return Ok(Some(matching).filter(|matching| on || !matching.labels.is_empty()));
        };
        self.next()?;
        let include = if self.sees(Word::OpenParen)? { self.label_list()? } else { Vec::new() };
        Ok(Some(Matching { on, labels, group: Some((side, include)) }))
    }
}

fn literal_of(number: &str, negative: bool) -> Checked {
    match float(number) {
        Ok(value) => {
            Checked::metric(MetricExpr::Literal(if negative { 0.0 - value } else { value }), None, 0)
        }
        Err(fault) => Checked::metric(MetricExpr::Literal(f64::NAN), Some(fault), 0),
    }
}
