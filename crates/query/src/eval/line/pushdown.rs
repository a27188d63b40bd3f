//! Which stages the store can answer by itself.

use super::line_filter::needle;
use super::{EXTRACTED_SUFFIX, makes_line};
use crate::logql::ast::{LabelFilter, LineFilter, LineOp, LineOperand, Stage};
use crate::logql::capture::{Piece, pieces};
use base::{Error, Result};
use model::{Matcher, Needle, Predicate};

/// A pipeline split into what is pushed down and what is left.
///
/// Line filters on texts and expressions are pushed down from wherever the text is still that of the
/// row. Of a pattern filter the longest text between its captures is pushed down, and the filter stays.
/// Label filters are pushed down before any stage that makes labels: there a label is one of the stream, or
/// else of the metadata, or empty. Which of them differs from stream to stream, so the asker splits its
/// question by that.
#[derive(Debug)]
pub struct Pushdown {
    /// Conditions for [`model::Selection::predicates`].
    pub predicates: Vec<Predicate>,
    /// Conditions on labels of the stream, or where it has none of the name on metadata; they name
    /// [`NAMES_MAX`] labels at most.
    pub on_labels: Vec<Matcher>,
    /// The stages that remain, given that all rows hold the predicates and the conditions.
    pub rest: Vec<Stage>,
    /// Of each stage who does it.
    pub doers: Vec<Doer>,
}

/// Who does a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doer {
    /// The store: the stage is gone.
    Store,
    /// The store drops what surely does not pass, the pipeline the rest.
    Both,
    /// The pipeline.
    Pipeline,
}

/// Each name doubles the questions to the store.
const NAMES_MAX: usize = 2;

impl Pushdown {
    /// Splits `stages`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a filter that does not compile.
    pub fn split(stages: &[Stage]) -> Result<Self> {
        let mut split = Self {
            predicates: Vec::new(),
            on_labels: Vec::new(),
            rest: Vec::new(),
            doers: Vec::with_capacity(stages.len()),
        };
        let (mut rewritten, mut labelled) = (false, false);
        for stage in stages {
            rewritten |= makes_line(stage);
            labelled |= !matches!(stage, Stage::LineFilter(_) | Stage::LabelFilter(_));
            if let (false, Stage::LabelFilter(filter)) = (labelled, stage)
                && split.take_label_filter(filter)
            {
                split.doers.push(Doer::Store);
                continue;
            }
            let pushed = match stage {
                Stage::LineFilter(filter) if !rewritten => predicate(filter)
                    .map_err(|wrong| Error::invalid(format!("parse error : stage '{stage}' : {wrong}")))?,
                _ => None,
            };
            let implied = match stage {
                Stage::LineFilter(filter) if !rewritten => implied(filter),
                _ => None,
            };
            split.doers.push(match (&pushed, &implied) {
                (Some(_), _) => Doer::Store,
                (None, Some(_)) => Doer::Both,
                (None, None) => Doer::Pipeline,
            });
            match pushed {
                Some(filter) => split.predicates.push(Predicate::Line(filter)),
                None => split.rest.push(stage.clone()),
            }
            split.predicates.extend(implied.map(Predicate::Line));
        }
        Ok(split)
    }

    /// Takes a label filter when all of it can be pushed down.
    fn take_label_filter(&mut self, filter: &LabelFilter) -> bool {
        let mut matchers = Vec::new();
        if !texts(filter, &mut matchers) || !matchers.iter().all(|matcher| is_plain(&matcher.name)) {
            return false;
        }
        let mut names: Vec<&str> =
            self.on_labels.iter().chain(matchers.iter().copied()).map(|m| m.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let taken = names.len() <= NAMES_MAX;
        if taken {
            self.on_labels.extend(matchers.into_iter().cloned());
        }
        taken
    }
}

/// Collects the conditions of `filter`; says whether it is nothing but conditions on texts that must all hold.
fn texts<'f>(filter: &'f LabelFilter, matchers: &mut Vec<&'f Matcher>) -> bool {
    match filter {
        LabelFilter::Text(matcher) => {
            matchers.push(matcher);
            true
        }
        LabelFilter::And(left, right) => texts(left, matchers) && texts(right, matchers),
        _ => false,
    }
}

/// Whether a label of this name is one of the stream or of the metadata as it is: not one that the engine
/// makes, nor metadata that was named anew beside a label of the stream.
fn is_plain(name: &str) -> bool {
    !name.starts_with("__") && !name.ends_with(EXTRACTED_SUFFIX)
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
