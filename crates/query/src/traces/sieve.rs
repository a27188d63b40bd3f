//! Sieves: what storage can check of a query. Of every trace that the query selects, at least one span
//! passes at least one of its sieves; other spans may pass as well.
//!
//! An attribute is stored as a pair whose name tells its type, so a condition on one becomes several
//! pairs to look for: `.a = 5` means an integer, a float or an array, of the span or of its resource.
//! Each way to fulfil all conditions is a sieve of its own; conditions that would make too many of them
//! are left to the check.

use crate::traceql::ast::{
    Attribute, Comparison, Field, FieldBinary, FieldExpr, FieldOp, Form, Intrinsic, Literal, Match, Pipeline,
    Scope, SpansetBinary, SpansetExpr, SpansetOp, Stage,
};
use model::attribute::Value;
use model::filter::Predicate;
use model::span::{RESOURCE, SCOPE, SCOPE_NAME, SCOPE_VERSION};
use model::{LabelsRef, LineFilter, MatchOp, Matcher, Needle, RowRef};
use std::sync::Arc;

/// Sieves of one query at most.
const SIEVES_MAX: usize = 16;

/// Which rows pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sieve {
    /// On their streams.
    pub matchers: Vec<Matcher>,
    /// On rows.
    pub predicates: Vec<Predicate>,
    /// What else must hold of a span, whatever the rest of its trace is.
    pub check: Option<Arc<FieldExpr>>,
}

impl Sieve {
    /// Whether storage lets a row of the stream `labels` pass.
    pub fn lets_pass(&self, labels: LabelsRef<'_>, row: &RowRef<'_>) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches_labels(labels))
            && self.predicates.iter().all(|predicate| predicate.matches(row))
    }
}

/// One condition that storage checks.
#[derive(Clone, Debug, PartialEq)]
enum Atom {
    Stream(Matcher),
    Row(Predicate),
}

/// Conditions that hold together.
type Together = Vec<Atom>;

/// The sieves of a pipeline: those of its first stage, since the others only take away. Without anything
/// to push there is one that lets everything pass.
pub fn of_pipeline(pipeline: &Pipeline) -> Vec<Sieve> {
    match pipeline.stages.first() {
        Some(Stage::Spansets(expr)) => of_spansets(expr),
        _ => vec![Sieve::default()],
    }
}

fn of_spansets(expr: &SpansetExpr) -> Vec<Sieve> {
    match expr {
        SpansetExpr::Filter(filter) => of_filter(filter),
        SpansetExpr::Pipeline(pipeline) => of_pipeline(pipeline),
        SpansetExpr::Binary(binary) => {
            let SpansetBinary { op, left, right } = &**binary;
            match op {
                SpansetOp::Or => capped([of_spansets(left), of_spansets(right)].concat()),
                SpansetOp::Structural(_, Form::Negated) => of_spansets(right),
                // A trace needs spans of both sides, so one side's sieves do.
                SpansetOp::And | SpansetOp::Structural(_, Form::Plain | Form::Union) => {
                    let (left, right) = (of_spansets(left), of_spansets(right));
                    if strength(&right) > strength(&left) { right } else { left }
                }
            }
        }
    }
}

/// How much the weakest of `sieves` checks.
fn strength(sieves: &[Sieve]) -> usize {
    let of = |sieve: &Sieve| {
        2 * (sieve.matchers.len() + sieve.predicates.len()) + usize::from(sieve.check.is_some())
    };
    sieves.iter().map(of).min().unwrap_or(0)
}

/// Sieves of one filter.
pub fn of_filter(filter: &FieldExpr) -> Vec<Sieve> {
    let check = own_part(filter).map(Arc::new);
    let sieve = |together: Together| {
        let mut sieve = Sieve { check: check.clone(), ..Sieve::default() };
        for atom in together {
            match atom {
                Atom::Stream(matcher) => sieve.matchers.push(matcher),
                Atom::Row(predicate) => sieve.predicates.push(predicate),
            }
        }
        sieve
    };
    ways(filter).into_iter().map(sieve).collect()
}

fn capped(sieves: Vec<Sieve>) -> Vec<Sieve> {
    if sieves.len() > SIEVES_MAX { vec![Sieve::default()] } else { sieves }
}

/// The ways to fulfil `expr`, each all that it asks storage for; never empty.
fn ways(expr: &FieldExpr) -> Vec<Together> {
    match expr {
        FieldExpr::Binary(binary) if binary.op == FieldOp::And => {
            let (left, right) = (ways(&binary.left), ways(&binary.right));
            if left.len() * right.len() > SIEVES_MAX {
                return left;
            }
            let both = |a: &Together| right.iter().map(|b| [a.as_slice(), b].concat()).collect::<Vec<_>>();
            left.iter().flat_map(both).collect()
        }
        FieldExpr::Binary(binary) if binary.op == FieldOp::Or => {
            let either = [ways(&binary.left), ways(&binary.right)].concat();
            if either.len() > SIEVES_MAX || either.contains(&Together::new()) {
                return vec![Together::new()];
            }
            either
        }
        FieldExpr::Binary(binary) => comparison(binary).unwrap_or_else(|| vec![Together::new()]),
        FieldExpr::Match(rule) => matching(rule).unwrap_or_else(|| vec![Together::new()]),
        _ => vec![Together::new()],
    }
}

/// `field = value`, in either order.
fn comparison(binary: &FieldBinary) -> Option<Vec<Together>> {
    if binary.op != FieldOp::Compare(Comparison::Equal) {
        return None;
    }
    match (&binary.left, &binary.right) {
        (FieldExpr::Field(field), FieldExpr::Literal(value))
        | (FieldExpr::Literal(value), FieldExpr::Field(field)) => equality(field, value),
        _ => None,
    }
}

fn equality(field: &Field, literal: &Literal) -> Option<Vec<Together>> {
    match (field, literal) {
        (Field::Attribute(attribute), literal) => of_attribute(attribute, values(literal)?, MatchOp::Equal),
        (Field::Intrinsic(Intrinsic::Name | Intrinsic::StatusMessage), Literal::Text(text)) => {
            Some(vec![vec![holds(text.as_bytes())?]])
        }
        (Field::Intrinsic(Intrinsic::TraceId), Literal::Text(text)) => {
            let key = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32)?;
            Some(vec![vec![Atom::Row(Predicate::Key(key.to_be_bytes()))]])
        }
        (Field::Intrinsic(intrinsic), Literal::Text(text)) => {
            Some(vec![vec![Atom::Stream(Matcher::new(label(*intrinsic)?, MatchOp::Equal, text).ok()?)]])
        }
        _ => None,
    }
}

/// The label that an intrinsic value of the origin is.
fn label(intrinsic: Intrinsic) -> Option<&'static str> {
    match intrinsic {
        Intrinsic::InstrumentationName => Some(SCOPE_NAME),
        Intrinsic::InstrumentationVersion => Some(SCOPE_VERSION),
        _ => None,
    }
}

/// The body has `bytes` somewhere.
fn holds(bytes: &[u8]) -> Option<Atom> {
    let filter = LineFilter { negated: false, any: vec![Needle::text(bytes)] };
    (!bytes.is_empty()).then_some(Atom::Row(Predicate::Line(filter)))
}

/// `field =~ "…"`
fn matching(rule: &Match) -> Option<Vec<Together>> {
    let FieldExpr::Field(field) = &rule.value else { return None };
    if rule.negated {
        return None;
    }
    match field {
        Field::Attribute(attribute) => {
            of_attribute(attribute, vec![Value::String(rule.regex.text().to_owned())], MatchOp::Regex)
        }
        Field::Intrinsic(Intrinsic::Name | Intrinsic::StatusMessage) => {
            Some(vec![vec![holds(rule.regex.required_literal()?)?]])
        }
        Field::Intrinsic(intrinsic) => {
            let matcher = Matcher::new(label(*intrinsic)?, MatchOp::Regex, rule.regex.text()).ok()?;
            Some(vec![vec![Atom::Stream(matcher)]])
        }
    }
}

/// The values of attributes that equal `literal`; none when they cannot be listed.
fn values(literal: &Literal) -> Option<Vec<Value>> {
    /// Integers up to here are floats, too, without a loss.
    const EXACT: i64 = 1 << 53;
    match literal {
        Literal::Text(text) => Some(vec![Value::String(text.clone())]),
        Literal::Bool(flag) => Some(vec![Value::Bool(*flag)]),
        // Zero has two floats.
        Literal::Int(number) | Literal::Duration(number) if *number != 0 && number.abs() < EXACT => {
            Some(vec![Value::Int(*number), Value::Double(*number as f64)])
        }
        Literal::Float(number) if number.fract() != 0.0 => Some(vec![Value::Double(*number)]),
        _ => None,
    }
}

/// An attribute with one of `values`, or one that is an array, where `attribute` is looked for.
fn of_attribute(attribute: &Attribute, values: Vec<Value>, op: MatchOp) -> Option<Vec<Together>> {
    let name = attribute.name.as_str();
    let mut matchers = Vec::new();
    for value in values {
        let (name, text) = value.to_pair(name);
        matchers.push(Matcher::new(&name, op, &text).ok()?);
    }
    let array = Value::Array(Vec::new());
    matchers.push(Matcher::new(&array.to_pair(name).0, MatchOp::NotEqual, "").ok()?);
    let of_row = matchers.iter().cloned().map(|matcher| Atom::Row(Predicate::Metadata(matcher)));
    let of_stream = |prefix: &'static str| {
        let renamed = matchers.iter().map(move |matcher| {
            let name = format!("{prefix}{}", matcher.name);
            Matcher::new(&name, matcher.op, &matcher.value).ok().map(Atom::Stream)
        });
        renamed.collect::<Option<Vec<_>>>()
    };
    let atoms = match attribute.scope {
        Scope::Span => of_row.collect(),
        Scope::Resource => of_stream(RESOURCE)?,
        Scope::Instrumentation => of_stream(SCOPE)?,
        Scope::Any => of_row.chain(of_stream(RESOURCE)?).collect(),
        Scope::Event | Scope::Link => return None,
    };
    Some(atoms.into_iter().map(|atom| vec![atom]).collect())
}

/// What of `expr` can be told from a span alone; none when that is nothing.
fn own_part(expr: &FieldExpr) -> Option<FieldExpr> {
    match expr {
        FieldExpr::Literal(Literal::Bool(true)) => None,
        FieldExpr::Binary(binary) if binary.op == FieldOp::And => {
            match (own_part(&binary.left), own_part(&binary.right)) {
                (Some(left), Some(right)) => {
                    Some(FieldExpr::Binary(Box::new(FieldBinary { op: FieldOp::And, left, right })))
                }
                (left, right) => left.or(right),
            }
        }
        expr => is_own(expr).then(|| expr.clone()),
    }
}

/// Whether a span has `field` by itself, whatever the rest of its trace is.
pub fn is_own_field(field: &Field) -> bool {
    !matches!(
        field,
        Field::Intrinsic(
            Intrinsic::RootName
                | Intrinsic::RootServiceName
                | Intrinsic::TraceDuration
                | Intrinsic::NestedSetLeft
                | Intrinsic::NestedSetRight
                | Intrinsic::NestedSetParent
                | Intrinsic::ChildCount
        )
    )
}

/// Whether a span alone tells what `expr` gives.
pub fn is_own(expr: &FieldExpr) -> bool {
    match expr {
        FieldExpr::Literal(_) => true,
        FieldExpr::Field(field) => is_own_field(field),
        FieldExpr::Not(of) | FieldExpr::Negate(of) => is_own(of),
        FieldExpr::Match(rule) => is_own(&rule.value),
        FieldExpr::Binary(binary) => is_own(&binary.left) && is_own(&binary.right),
    }
}
