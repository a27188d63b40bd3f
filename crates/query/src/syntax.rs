//! What the query languages share: a scanner with positions, operator precedence, durations, the
//! bounds of trees, the words of syntax errors. LogQL stands on it; TraceQL's texts have the same
//! tokens. PromQL has tokens and words of errors of its own, and takes the rest from here.

pub mod byte_size;
pub mod duration;
pub mod pratt;
pub mod scanner;

use base::Error;

/// Most levels of parentheses, functions and right-hand operands: the parser recurses over them.
pub const MAX_NESTING: usize = 128;

/// Most operators on one way from the root of a tree to a leaf: all that walks a tree recurses so
/// far. A chain `a or b or c …` of this many operands still parses.
pub const MAX_TREE_DEPTH: usize = 1000;

/// A place in a query's text. Clients show it as it is, with the oddities of the reference:
/// line 0 for tokens that were read past their first character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl Position {
    /// Nowhere: the error is about the query as a whole.
    pub const NOWHERE: Self = Self { line: 0, column: 0 };

    /// The same column without its line.
    pub fn without_line(self) -> Self {
        Self { line: 0, ..self }
    }
}

/// `parse error at line L, col C: …`, or `parse error : …` for [`Position::NOWHERE`].
pub fn parse_error(position: Position, message: &str) -> Error {
    match position {
        Position::NOWHERE => Error::invalid(format!("parse error : {message}")),
        Position { line, column } => {
            Error::invalid(format!("parse error at line {line}, col {column}: {message}"))
        }
    }
}

/// `syntax error: unexpected X, expecting Y or Z`. More than four expected tokens are not listed,
/// as yacc and its children do not.
pub fn unexpected(position: Position, found: &str, expected: &[&str]) -> Error {
    let mut message = format!("syntax error: unexpected {found}");
    if !expected.is_empty() && expected.len() <= 4 {
        message += ", expecting ";
        message += &expected.join(" or ");
    }
    parse_error(position, &message)
}

/// A query that is nested too deep, in the words for whoever wrote it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TooDeep(String);

impl From<TooDeep> for Error {
    fn from(refusal: TooDeep) -> Self {
        parse_error(Position::NOWHERE, &refusal.0)
    }
}

/// Counts how deep a parser has recursed.
#[derive(Debug, Default)]
pub struct Nesting(usize);

impl Nesting {
    /// Goes one level down.
    ///
    /// # Errors
    /// Past [`MAX_NESTING`].
    pub fn enter(&mut self) -> Result<(), TooDeep> {
        self.0 += 1;
        if self.0 > MAX_NESTING {
            return Err(TooDeep(format!("the query is nested deeper than {MAX_NESTING} levels")));
        }
        Ok(())
    }

    /// Comes back from [`Nesting::enter`].
    pub fn leave(&mut self) {
        self.0 -= 1;
    }
}

/// The depth of a tree over branches of these depths.
///
/// # Errors
/// Past [`MAX_TREE_DEPTH`].
pub fn tree_depth(left: usize, right: usize) -> Result<usize, TooDeep> {
    let depth = left.max(right) + 1;
    if depth > MAX_TREE_DEPTH {
        return Err(TooDeep(format!("the query combines more than {MAX_TREE_DEPTH} operators in a row")));
    }
    Ok(depth)
}
