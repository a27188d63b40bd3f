//! PromQL: its tree, its parser, its checks, its printer, the table of its functions.
//!
//! The language is that of Prometheus 3.14 with all that is experimental there. What may still change is
//! marked ([`functions::Signature::is_experimental`], [`ast::AggregateOp::is_experimental`]); whether it may
//! be asked is not decided here.
//!
//! What Prometheus reads is read here as there, and what it refuses is refused in its words, but for:
//! bounds of size and depth; durations are rounded to milliseconds when they are read, and what is
//! nothing then is refused as a range; times of `@` end in year 73325; behind `offset (…)` operators are
//! none of the offset's, as they are none behind `offset 5m`; `[step():]` needs no number before its
//! colon; a hexadecimal number may end in `E`; labels called `NaN` and `Inf` are printed in quotes
//! where they would be read as numbers.

pub mod ast;
mod check;
pub mod functions;
mod lexer;
mod parser;
mod precedence;
mod pretty;
mod print;
pub mod span;
mod token;

use ast::Expr;
use base::Result;
use model::Matcher;

pub use pretty::pretty;

/// Reads a query and checks all rules that need no data.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Prometheus: `1:5: parse error: …`.
pub fn parse(text: &str) -> Result<Expr> {
    let mut expr = parser::parse(text)?;
    check::check(&mut expr, text)?;
    Ok(expr)
}

/// Reads a selector without modifiers, as `match[]` holds it: all that must match. It may select
/// everything.
///
/// # Errors
/// As [`parse`].
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>> {
    parser::parse_selector(text).map(|selector| selector.matchers)
}

/// `expr` as a query on one line: the same text for all queries that mean the same tree. Every part
/// of a tree has this form as its [`std::fmt::Display`].
pub fn print(expr: &Expr) -> String {
    expr.to_string()
}

#[cfg(test)]
mod tests;
