//! LogQL: its tree, its parser, its printer.

pub mod ast;
pub mod capture;
mod check;
mod lexer;
mod literal;
mod parser;
mod precedence;
mod pretty;
mod print;
mod token;

use ast::Expr;
use base::Result;

pub use pretty::pretty;

/// Reads a query and checks all rules that need no data.
///
/// Stages are not compiled: what is wrong inside of them (a line filter's regex, a template, an
/// address) is said when lines are to be read, and not at all when there are none.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Loki: `parse error at line 1, col 5: …`.
pub fn parse(text: &str) -> Result<Expr> {
    let parser::Checked { expr, fault, .. } = parser::parse(text)?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok(expr),
    }
}

/// `expr` as a query on one line: the same text for all queries that mean the same tree. Every part
/// of a tree has this form as its [`std::fmt::Display`].
pub fn print(expr: &Expr) -> String {
    expr.to_string()
}

#[cfg(test)]
mod tests;
