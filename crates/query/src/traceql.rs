//! TraceQL: its tree, its parser, its printer.

pub mod ast;
mod fields;
pub mod lenient;
mod lexer;
mod parser;
mod precedence;
mod print;
mod token;
mod types;

use ast::Query;
use base::Result;

/// Reads a query and checks all rules that need no data.
///
/// # Errors
/// [`base::Kind::Invalid`] with the place: `parse error at line 1, col 5: …`.
pub fn parse(text: &str) -> Result<Query> {
    parser::parse(text)
}

/// `query` on one line: the same text for all queries that mean the same tree. Every part of a tree
/// has this form as its [`std::fmt::Display`].
pub fn print(query: &Query) -> String {
    query.to_string()
}

#[cfg(test)]
mod tests;
