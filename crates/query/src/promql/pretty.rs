//! Writes trees as queries over several lines, as Prometheus' formatter does: what is longer than a
//! line is broken open, one level of indentation for each level of the tree.

use super::ast::{Aggregation, Binary, Call, Expr, Paren, Subquery, Unary};
use super::print::{Head, Operator, Suffix, is_power_of_infinity};
use std::fmt::Write;

/// Longest text that stays on one line.
const LINE_BYTES: usize = 100;

/// `expr` in a form for people.
pub fn pretty(expr: &Expr) -> String {
    lines(expr, 0)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

/// A text that refuses to become longer than a line: an expression need not be written whole at each
/// level of a tree only to see that it is long.
struct Line(String);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.0.len() + text.len() > LINE_BYTES {
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// `expr` on one line, when it fits.
fn short(expr: &Expr, level: usize) -> Option<String> {
    let mut line = Line(String::new());
    write!(line, "{expr}").ok().map(|()| indent(level) + &line.0)
}

fn lines(expr: &Expr, level: usize) -> String {
    if let Some(short) = short(expr, level) {
        return short;
    }
    match expr {
        Expr::Number(_) | Expr::Text(_) | Expr::Selector(_) | Expr::Range(_) => leaf(expr, level),
        Expr::Subquery(subquery) => self::subquery(subquery, level),
        Expr::Call(call) => self::call(call, level),
        Expr::Aggregation(aggregation) => self::aggregation(aggregation, level),
        Expr::Unary(unary) => self::unary(unary, level),
        Expr::Binary(binary) => self::binary(binary, level),
        Expr::Paren(paren) => self::paren(paren, level),
    }
}

fn leaf(expr: &Expr, level: usize) -> String {
    format!("{}{expr}", indent(level))
}

fn unary(unary: &Unary, level: usize) -> String {
    let sign = if unary.negative { "-" } else { "+" };
    indent(level) + sign + lines(&unary.expr, level).trim_start()
}

fn paren(paren: &Paren, level: usize) -> String {
    let (indent, inner) = (indent(level), lines(&paren.expr, level + 1));
    format!("{indent}(\n{inner}\n{indent})")
}

fn subquery(subquery: &Subquery, level: usize) -> String {
    format!("{}{}", lines(&subquery.expr, level), Suffix(subquery))
}

fn call(call: &Call, level: usize) -> String {
    let args: Vec<String> = call.args.iter().map(|arg| lines(arg, level + 1)).collect();
    let (indent, name) = (indent(level), call.function.signature().name);
    format!("{indent}{name}(\n{}\n{indent})", args.join(",\n"))
}

fn aggregation(aggregation: &Aggregation, level: usize) -> String {
    let parameter = aggregation.parameter.as_ref();
    let parameter = parameter.map_or_else(String::new, |parameter| lines(parameter, level + 1) + ",\n");
    let head = Head(aggregation.op, aggregation.grouping.as_ref());
    let (indent, inner) = (indent(level), lines(&aggregation.inner, level + 1));
    format!("{indent}{head}(\n{parameter}{inner}\n{indent})")
}

fn binary(binary: &Binary, level: usize) -> String {
    let left = match is_power_of_infinity(binary) {
        true => indent(level + 1) + "Inf",
        false => lines(&binary.left, level + 1),
    };
    let right = lines(&binary.right, level + 1);
    format!("{left}\n{}{}\n{right}", indent(level), Operator(binary))
}
