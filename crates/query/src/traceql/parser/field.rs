//! What stands in braces: computations on one span.

use super::{Parser, negated};
use crate::syntax::pratt::{self, Binding, Operators};
use crate::syntax::{Position, parse_error, tree_depth};
use crate::traceql::ast::{FieldBinary, FieldExpr, FieldOp, Literal, Match};
use crate::traceql::precedence::{COMPARED, NEGATED, SIGNED, field as binding};
use crate::traceql::token::{Token, Word};
use crate::traceql::types::{self, Type};
use base::{Error, Result};
use model::go_regex::GoRegex;

/// A computation with what is known of it.
pub struct Typed {
    pub expr: FieldExpr,
    pub ty: Type,
    /// How deep its operators are nested.
    pub depth: usize,
    /// Whether any value of the span is in it.
    pub reads: bool,
}

/// The language of computations on one span.
struct Fields<'p, 't>(&'p mut Parser<'t>);

/// An operator as it stands in the text.
#[derive(Clone, Copy)]
enum Op {
    Field(FieldOp),
    /// `=~` or `!~`.
    Match {
        negated: bool,
    },
}

impl Operators for Fields<'_, '_> {
    type Operand = Typed;
    type Operator = Op;

    fn operand(&mut self) -> Result<Typed> {
        self.0.nesting.enter()?;
        let place = self.0.place()?;
        let operand = match self.0.peek()? {
            Token::Literal(_) | Token::Field(_) => self.0.leaf(),
            Token::Word(Word::OpenParen) => self.in_parentheses(),
            Token::Word(Word::Not) => self.not(place),
            Token::Word(Word::Sub) => self.negate(place),
            Token::Parent => Err(self.0.no_parent()),
            _ => Err(self.0.unexpected(&[])),
        }?;
        self.0.nesting.leave();
        Ok(operand)
    }

    fn next_operator(&mut self) -> Result<Option<(Op, Binding)>> {
        let Some(word) = self.0.word()? else { return Ok(None) };
        let compared = word.comparison().map(FieldOp::Compare);
        let op = match word {
            Word::Matches => return Ok(Some((Op::Match { negated: false }, COMPARED))),
            Word::NotMatches => return Ok(Some((Op::Match { negated: true }, COMPARED))),
            Word::And => Some(FieldOp::And),
            Word::Or => Some(FieldOp::Or),
            _ => compared.or_else(|| word.arithmetic().map(FieldOp::Compute)),
        };
        Ok(op.map(|op| (Op::Field(op), binding(op))))
    }

    fn apply(&mut self, op: Op, left: Typed, strength: u8) -> Result<Typed> {
        let place = self.0.place()?;
        self.0.next()?;
        let op = match op {
            Op::Match { negated } => return self.0.matched(left, negated, place),
            Op::Field(op) => op,
        };
        self.0.nesting.enter()?;
        let right = pratt::parse(self, strength)?;
        self.0.nesting.leave();
        let depth = tree_depth(left.depth, right.depth)?;
        let reads = left.reads || right.reads;
        let (left_type, right_type) = (left.ty, right.ty);
        let binary = FieldBinary { op, left: left.expr, right: right.expr };
        let expr = FieldExpr::Binary(Box::new(binary));
        match types::of_binary(op, left_type, right_type) {
            Some(ty) => Ok(Typed { expr, ty, depth, reads }),
            None => {
                let (left, right) = (left_type.name(), right_type.name());
                let act = if matches!(op, FieldOp::Compare(_)) { "compare" } else { "join" };
                let message = format!("{op} cannot {act} {left} and {right}: {expr}");
                Err(parse_error(place, &message))
            }
        }
    }
}

impl Fields<'_, '_> {
    fn in_parentheses(&mut self) -> Result<Typed> {
        self.0.next()?;
        let inner = pratt::parse(self, 0)?;
        self.0.expect(Word::CloseParen)?;
        Ok(inner)
    }

    fn not(&mut self, place: Position) -> Result<Typed> {
        self.0.next()?;
        let of = pratt::parse(self, NEGATED.right)?;
        if !of.ty.is_boolean() {
            return Err(unfit(place, "!", "a boolean", &of));
        }
        let depth = tree_depth(of.depth, 0)?;
        Ok(Typed { expr: FieldExpr::Not(Box::new(of.expr)), ty: Type::Bool, depth, reads: of.reads })
    }

    fn negate(&mut self, place: Position) -> Result<Typed> {
        self.0.next()?;
        let of = pratt::parse(self, SIGNED.right)?;
        if !of.ty.is_numeric() {
            return Err(unfit(place, "-", "a number", &of));
        }
        if let FieldExpr::Literal(literal) = &of.expr
            && let Some(literal) = negated(literal)
        {
            return Ok(Typed { expr: FieldExpr::Literal(literal), ..of });
        }
        let ty = if of.ty == Type::Any { Type::Number } else { of.ty };
        let depth = tree_depth(of.depth, 0)?;
        Ok(Typed { expr: FieldExpr::Negate(Box::new(of.expr)), ty, depth, reads: of.reads })
    }
}

fn unfit(place: Position, op: &str, wanted: &str, of: &Typed) -> Error {
    parse_error(place, &format!("{op} takes {wanted}, not {}: {}", of.ty.name(), of.expr))
}

impl Parser<'_> {
    /// A computation with its operators.
    pub fn field_expression(&mut self) -> Result<Typed> {
        pratt::parse(&mut Fields(self), 0)
    }

    /// `{ … }`: what a span must fulfil.
    pub fn filter(&mut self) -> Result<Typed> {
        self.expect(Word::OpenBrace)?;
        if self.take(Word::CloseBrace)? {
            let expr = FieldExpr::Literal(Literal::Bool(true));
            return Ok(Typed { expr, ty: Type::Bool, depth: 0, reads: false });
        }
        let place = self.place()?;
        let condition = self.field_expression()?;
        self.expect(Word::CloseBrace)?;
        match condition.ty.is_boolean() {
            true => Ok(condition),
            false => Err(unfit(place, "a filter", "a condition", &condition)),
        }
    }

    fn leaf(&mut self) -> Result<Typed> {
        match self.next()? {
            Token::Literal(literal) => {
                let ty = Type::of_literal(&literal);
                Ok(Typed { expr: FieldExpr::Literal(literal), ty, depth: 0, reads: false })
            }
            Token::Field(field) => {
                let ty = Type::of_field(&field);
                Ok(Typed { expr: FieldExpr::Field(field), ty, depth: 0, reads: true })
            }
            _ => Err(Error::bug("the token ahead changed")),
        }
    }

    /// `value =~` before its regex, which stands in the query: it is compiled once.
    fn matched(&mut self, value: Typed, negated: bool, place: Position) -> Result<Typed> {
        if !value.ty.is_text() {
            return Err(unfit(place, if negated { "!~" } else { "=~" }, "a string", &value));
        }
        let at = self.place()?;
        let text = match self.peek()? {
            Token::Literal(Literal::Text(text)) => text.clone(),
            _ => return Err(self.unexpected(&["STRING"])),
        };
        self.next()?;
        let regex = GoRegex::anchored(&text).map_err(|why| parse_error(at, why.what()))?;
        let depth = tree_depth(value.depth, 0)?;
        let expr = FieldExpr::Match(Box::new(Match { value: value.expr, negated, regex }));
        Ok(Typed { expr, ty: Type::Bool, depth, reads: value.reads })
    }
}
