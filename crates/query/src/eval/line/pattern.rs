//! Pattern expressions: `<ip> - <_> [<ts>]` as a parser, and `<_> took <_>` as a line filter.

use crate::logql::capture::{self, check_pattern, check_pattern_filter};
use memchr::memmem::Finder;
use model::fields::PatternPiece;
use std::sync::Arc;

/// A piece of a pattern. Captures never stand side by side.
#[derive(Clone, Debug)]
enum Piece {
    Literal(Box<Finder<'static>>),
    /// `None` for `<_>`.
    Capture(Option<Box<str>>),
}

/// A pattern with names.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
}

/// A pattern that a whole line must have.
#[derive(Clone, Debug)]
pub(super) struct LinePattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads the expression of `| pattern`.
    ///
    /// # Errors
    /// Loki's words.
    pub(super) fn parse(expression: &str) -> Result<Self, String> {
        check_pattern(expression)?;
        Ok(Self { pieces: parse(expression) })
    }

    /// Its pieces, as pages read texts by them; none where it is not ASCII.
    pub(super) fn pieces(&self) -> Option<Arc<[PatternPiece]>> {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => {
                text.needle().is_ascii().then(|| PatternPiece::Text(text.needle().into()))
            }
            Piece::Capture(name) => Some(PatternPiece::Capture(name.clone())),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// Calls `each` with every named capture and its text, until it says stop. A literal that is
    /// missing ends the match; the capture before it then takes the rest of the line.
    pub(super) fn captures<'t>(&self, text: &'t str, mut each: impl FnMut(&str, &'t str) -> bool) {
        let mut rest = text;
        let mut pieces = self.pieces.iter();
        if rest.is_empty() {
            return;
        }
        if let Some(Piece::Literal(literal)) = self.pieces.first() {
            let Some(tail) = rest.as_bytes().strip_prefix(literal.needle()) else { return };
            rest = &rest[rest.len() - tail.len()..];
            pieces.next();
        }
        while let Some(Piece::Capture(name)) = pieces.next() {
            let found = match pieces.next() {
                Some(Piece::Literal(literal)) => {
                    literal.find(rest.as_bytes()).map(|at| (at, at + literal.needle().len()))
                }
                _ => None,
            };
            let (end, next) = found.unwrap_or((rest.len(), rest.len()));
            if name.as_ref().is_some_and(|name| !each(name, &rest[..end])) || found.is_none() {
                return;
            }
            rest = &rest[next..];
        }
    }
}

impl LinePattern {
    /// Reads the expression of `|>`.
    ///
    /// # Errors
    /// Loki's words.
    pub(super) fn parse(expression: &str) -> Result<Self, String> {
        check_pattern_filter(expression)?;
        Ok(Self { pieces: parse(expression) })
    }

    /// Whether `text` is of this form. A capture holds at least one byte.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        if text.is_empty() || self.pieces.is_empty() {
            return text.is_empty() && self.pieces.is_empty();
        }
        let mut rest = text;
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece::Literal(literal) = piece else { continue };
            match literal.find(rest) {
                Some(found) if (at == 0) == (found == 0) => rest = &rest[found + literal.needle().len()..],
                _ => return false,
            }
        }
        let ends_with_capture = matches!(self.pieces.last(), Some(Piece::Capture(_)));
        ends_with_capture != rest.is_empty()
    }
}

fn parse(expression: &str) -> Vec<Piece> {
    let pieces = capture::pieces(expression).into_iter().map(|piece| match piece {
        capture::Piece::Capture("_") => Piece::Capture(None),
        capture::Piece::Capture(name) => Piece::Capture(Some(name.into())),
        capture::Piece::Literal(text) => Piece::Literal(Box::new(Finder::new(text).into_owned())),
    });
    pieces.collect()
}
