//! Which stages the store can answer by itself.

use super::line_filter::needle;
use super::makes_line;
use crate::logql::ast::{LineFilter, LineOp, LineOperand, Stage};
use crate::logql::capture::{Piece, pieces};
use base::{Error, Result};
use model::{Needle, Predicate};

/// A pipeline split into what is pushed down and what is left.
///
/// Line filters on texts and expressions are pushed down from wherever the text is still that of the
/// row. Label filters are not: whether a label is one of the stream, of the metadata or of neither
/// differs from row to row. Of a pattern filter the longest text between its captures is pushed
/// down, and the filter stays.
#[derive(Debug)]
pub struct Pushdown {
    /// Conditions for [`model::Selection::predicates`].
    pub predicates: Vec<Predicate>,
    /// The stages that remain, given that all rows hold the predicates.
    pub rest: Vec<Stage>,
}

impl Pushdown {
    /// Splits `stages`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a filter that does not compile.
    pub fn split(stages: &[Stage]) -> Result<Self> {
        let mut split = Self { predicates: Vec::new(), rest: Vec::new() };
        let mut rewritten = false;
        for stage in stages {
            rewritten |= makes_line(stage);
            let pushed = match stage {
                Stage::LineFilter(filter) if !rewritten => predicate(filter)
                    .map_err(|wrong| Error::invalid(format!("parse error : stage '{stage}' : {wrong}")))?,
                _ => None,
            };
            let implied = match stage {
                Stage::LineFilter(filter) if !rewritten => implied(filter),
                _ => None,
            };
            match pushed {
                Some(filter) => split.predicates.push(Predicate::Line(filter)),
                None => split.rest.push(stage.clone()),
            }
            split.predicates.extend(implied.map(Predicate::Line));
        }
        Ok(split)
    }
}

/// `filter` as the store knows it; `None` for patterns and addresses.
fn predicate(filter: &LineFilter) -> Result<Option<model::LineFilter>, String> {
    let negated = match filter.op {
        LineOp::Contains | LineOp::Regex => false,
        LineOp::NotContains | LineOp::NotRegex => true,
        LineOp::Pattern | LineOp::NotPattern => return Ok(None),
    };
    let mut any: Vec<Needle> = Vec::with_capacity(filter.any.len());
    for operand in &filter.any {
        let LineOperand::Text(text) = operand else { return Ok(None) };
        any.push(needle(filter.op, text)?);
    }
    Ok(Some(model::LineFilter { negated, any }))
}

/// What every line holds that passes the pattern filter `filter`.
fn implied(filter: &LineFilter) -> Option<model::LineFilter> {
    let (LineOp::Pattern, [LineOperand::Text(pattern)]) = (filter.op, &*filter.any) else { return None };
    let literals = pieces(pattern).into_iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        Piece::Capture(_) => None,
    });
    let longest = literals.max_by_key(|text| text.len())?;
    Some(model::LineFilter { negated: false, any: vec![Needle::text(longest.as_bytes())] })
}
