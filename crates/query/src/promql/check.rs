//! Types, numbers of arguments, and what else is wrong in a query that can be read.
//!
//! Of several faults the one is told that Prometheus tells: it checks operands before their operator,
//! but the number of a function's arguments before these.

use super::ast::{
    Aggregation, Binary, Call, Expr, METRIC_NAME, Matching, Selector, Subquery, Unary,
    ValueType::{self, Matrix, Scalar, String, Vector},
};
use super::functions::Function;
use super::span::{Span, parse_error};
use crate::go;
use base::{Error, Result};

/// What `expr` gives. Takes away what has no meaning: how series find each other where there is only
/// one way, or are none.
///
/// # Errors
/// [`base::Kind::Invalid`] with the place, in the words of Prometheus; `text` is the query.
pub fn check(expr: &mut Expr, text: &str) -> Result<ValueType> {
    Checker { text }.expr(expr)
}

/// Where a value of a certain type is expected.
#[derive(Clone, Copy)]
enum Context {
    Aggregation,
    Parameter,
    Call(Function),
}

impl std::fmt::Display for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Aggregation => f.write_str("aggregation expression"),
            Self::Parameter => f.write_str("aggregation parameter"),
            Self::Call(function) => {
                write!(f, "call to function {}", go::quote(function.signature().name))
            }
        }
    }
}

/// Trees may be a thousand operators deep, so what calls itself is kept small.
struct Checker<'t> {
    text: &'t str,
}

impl Checker<'_> {
    fn error(&self, at: Span, message: &str) -> Error {
        parse_error(self.text, at, message)
    }

    fn expr(&self, expr: &mut Expr) -> Result<ValueType> {
        match expr {
            Expr::Number(_) => Ok(Scalar),
            Expr::Text(_) => Ok(String),
            Expr::Selector(selector) => self.selector(selector).map(|()| Vector),
            Expr::Range(range) => self.selector(&range.selector).map(|()| Matrix),
            Expr::Subquery(subquery) => self.subquery(subquery),
            Expr::Call(call) => self.call(call),
            Expr::Aggregation(aggregation) => self.aggregation(aggregation),
            Expr::Unary(unary) => self.unary(unary),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Paren(paren) => self.expr(&mut paren.expr),
        }
    }

    fn expect(&self, expr: &mut Expr, wanted: ValueType, context: Context) -> Result<()> {
        let given = self.expr(expr)?;
        match given == wanted {
            true => Ok(()),
            false => Err(self.wrong_type(expr.span(), wanted, given, context)),
        }
    }

    fn wrong_type(&self, at: Span, wanted: ValueType, given: ValueType, context: Context) -> Error {
        let (wanted, given) = (wanted.documented(), given.documented());
        self.error(at, &format!("expected type {wanted} in {context}, got {given}"))
    }

    fn selector(&self, selector: &Selector) -> Result<()> {
        let Some((name, others)) = selector.matchers.split_last().filter(|_| !selector.name.is_empty())
        else {
            // All series would be read otherwise, perhaps because of a misspelling.
            return match selector.matchers.iter().all(model::Matcher::matches_empty) {
                true => {
                    let message = "vector selector must contain at least one non-empty matcher";
                    Err(self.error(selector.span, message))
                }
                false => Ok(()),
            };
        };
        match others.iter().find(|matcher| matcher.name == METRIC_NAME) {
            Some(second) => {
                let (name, second) = (go::quote(&name.value), go::quote(&second.value));
                let message = format!("metric name must not be set twice: {name} or {second}");
                Err(self.error(selector.span, &message))
            }
            None => Ok(()),
        }
    }

    fn subquery(&self, subquery: &mut Subquery) -> Result<ValueType> {
        match self.expr(&mut subquery.expr)? {
            Vector => Ok(Matrix),
            other => Err(self.no_subquery(subquery.span, other)),
        }
    }

    fn no_subquery(&self, at: Span, of: ValueType) -> Error {
        let of = of.name();
        self.error(at, &format!("subquery is only allowed on instant vector, got {of} instead"))
    }

    fn aggregation(&self, aggregation: &mut Aggregation) -> Result<ValueType> {
        self.expect(&mut aggregation.inner, Vector, Context::Aggregation)?;
        if let (Some(wanted), Some(parameter)) = (aggregation.op.parameter(), &mut aggregation.parameter) {
            self.expect(parameter, wanted, Context::Parameter)?;
        }
        Ok(Vector)
    }

    fn unary(&self, unary: &mut Unary) -> Result<ValueType> {
        match self.expr(&mut unary.expr)? {
            given @ (Scalar | Vector) => Ok(given),
            other => Err(self.no_sign(unary.span, other)),
        }
    }

    fn no_sign(&self, at: Span, of: ValueType) -> Error {
        let of = go::quote(of.documented());
        let message = format!(
            "unary expression only allowed on expressions of type scalar or instant vector, got {of}"
        );
        self.error(at, &message)
    }

    fn call(&self, call: &mut Call) -> Result<ValueType> {
        self.number_of_arguments(call)?;
        let (signature, context) = (call.function.signature(), Context::Call(call.function));
        let mut checked = None;
        if let (Function::Info, Some(arg)) = (call.function, call.args.get(1)) {
            self.label_selector(arg, call.span, context)?;
            checked = Some(1);
        }
        for (index, arg) in call.args.iter_mut().enumerate().filter(|(index, _)| Some(*index) != checked) {
            if let Some(wanted) = signature.arg(index) {
                self.expect(arg, wanted, context)?;
            }
        }
        Ok(signature.returns)
    }

    fn number_of_arguments(&self, call: &Call) -> Result<()> {
        let signature = call.function.signature();
        let (given, least, most) = (call.args.len(), signature.least(), signature.most());
        let (bound, wanted) = match most {
            Some(most) if most == least && given != least => ("", least),
            _ if given < least => ("at least ", least),
            Some(most) if given > most => ("at most ", most),
            _ => return Ok(()),
        };
        let name = go::quote(signature.name);
        let message = format!("expected {bound}{wanted} argument(s) in call to {name}, got {given}");
        Err(self.error(call.span, &message))
    }

    /// The second argument of `info` says which labels are wanted; it selects nothing by itself.
    fn label_selector(&self, arg: &Expr, call: Span, context: Context) -> Result<()> {
        match arg {
            Expr::Selector(selector) if selector.name.is_empty() => Ok(()),
            Expr::Selector(selector) => {
                Err(self.error(selector.span, "expected label selectors only, got vector selector instead"))
            }
            other if other.value_type() != Vector => {
                Err(self.wrong_type(call, Vector, other.value_type(), context))
            }
            other => Err(self.error(other.span(), "expected label selectors only")),
        }
    }

    fn binary(&self, binary: &mut Binary) -> Result<ValueType> {
        let left = self.expr(&mut binary.left)?;
        let right = self.expr(&mut binary.right)?;
        self.operator(binary, left, right)
    }

    /// What the operator of `binary` gives between operands of these types.
    fn operator(&self, binary: &mut Binary, left: ValueType, right: ValueType) -> Result<ValueType> {
        let (op, at) = (binary.op, binary.op_span);
        if binary.return_bool && !op.is_comparison() {
            return Err(self.error(at, "bool modifier can only be used on comparison operators"));
        }
        if op.is_comparison() && !binary.return_bool && left == Scalar && right == Scalar {
            return Err(self.error(at, "comparisons between scalars must use BOOL modifier"));
        }
        let matching = binary.matching.take().unwrap_or_default();
        if let Some(label) = on_both_sides(&matching) {
            let label = go::quote(label);
            return Err(
                self.error(at, &format!("label {label} must not occur in ON and GROUP clause at once"))
            );
        }
        for (operand, given) in [(&binary.left, left), (&binary.right, right)] {
            if given != Scalar && given != Vector {
                let message = "binary expression must contain only scalar and instant vector types";
                return Err(self.error(operand.span(), message));
            }
        }
        let vectors = left == Vector && right == Vector;
        let whole = binary.left.span().to(binary.right.span());
        if let Some(fault) = matching_fault(binary, &matching, vectors) {
            return Err(self.error(whole, &fault));
        }
        if op.is_set_operator() && !vectors {
            let op = go::quote(op.text());
            let message = format!("set operator {op} not allowed in binary scalar expression");
            return Err(self.error(whole, &message));
        }
        binary.matching = Some(matching).filter(|matching| vectors && *matching != Matching::default());
        Ok(if left == Scalar && right == Scalar { Scalar } else { Vector })
    }
}

/// What is wrong with how the series of both sides find each other.
fn matching_fault(binary: &Binary, matching: &Matching, vectors: bool) -> Option<std::string::String> {
    let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
    let fault = match vectors {
        false if !matching.labels.is_empty() => "vector matching only allowed between instant vectors",
        false if fills => "filling in missing series only allowed between instant vectors",
        true if binary.op.is_set_operator() && matching.group.is_some() => {
            return Some(format!("no grouping allowed for {} operation", go::quote(binary.op.text())));
        }
        true if binary.op.is_set_operator() && fills => {
            "filling in missing series not allowed for set operators"
        }
        _ => return None,
    };
    Some(fault.to_owned())
}

/// A label that series are matched by, and that one side should take from the other.
fn on_both_sides(matching: &Matching) -> Option<&str> {
    let (_, include) = matching.group.as_ref().filter(|_| matching.on)?;
    matching.labels.iter().find(|label| include.contains(label)).map(std::string::String::as_str)
}
