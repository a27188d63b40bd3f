//! Line filters: `|= "a" or "b"`, `!~ "x"`, `|> "<_> a"`, `|= ip("…")`.

use super::ip::IpPattern;
use super::pattern::LinePattern;
use crate::logql::ast::{LineFilter, LineOp, LineOperand};
use model::Needle;
use model::go_regex::GoRegex;
use std::sync::Arc;

/// A compiled line filter.
#[derive(Debug)]
pub(super) struct LineCondition {
    negated: bool,
    any: Vec<Wanted>,
}

#[derive(Debug)]
enum Wanted {
    Needle(Needle),
    Pattern(LinePattern),
    Ip(IpPattern),
}

impl LineCondition {
    /// Compiles `filter`.
    ///
    /// # Errors
    /// In Loki's words.
    pub(super) fn compile(filter: &LineFilter) -> Result<Self, String> {
        let negated = matches!(filter.op, LineOp::NotContains | LineOp::NotRegex | LineOp::NotPattern);
        let any = filter.any.iter().map(|operand| compile_operand(filter.op, operand));
        Ok(Self { negated, any: any.collect::<Result<_, _>>()? })
    }

    /// Whether a line of this text passes.
    pub(super) fn passes(&self, text: &[u8]) -> bool {
        let found = self.any.iter().any(|wanted| match wanted {
            Wanted::Needle(needle) => needle.is_in(text),
            Wanted::Pattern(pattern) => pattern.matches(text),
            Wanted::Ip(pattern) => pattern.is_in(text),
        });
        found != self.negated
    }
}

fn compile_operand(op: LineOp, operand: &LineOperand) -> Result<Wanted, String> {
    Ok(match (op, operand) {
        (LineOp::Contains | LineOp::NotContains, LineOperand::Ip(pattern)) => {
            Wanted::Ip(IpPattern::parse(pattern)?)
        }
        (_, LineOperand::Ip(_)) => return Err("ip: invalid operation".to_owned()),
        (LineOp::Pattern | LineOp::NotPattern, LineOperand::Text(text)) => {
            Wanted::Pattern(LinePattern::parse(text)?)
        }
        (_, LineOperand::Text(text)) => Wanted::Needle(needle(op, text)?),
    })
}

/// What `|=`, `!=`, `|~` and `!~` look for.
///
/// # Errors
/// In Go's words, for a text that is no expression.
pub(super) fn needle(op: LineOp, text: &str) -> Result<Needle, String> {
    if !matches!(op, LineOp::Regex | LineOp::NotRegex) {
        return Ok(Needle::text(text.as_bytes()));
    }
    let regex = GoRegex::new(text).map_err(|wrong| wrong.to_string())?;
    // An expression that is one text is looked for as such: that is much faster everywhere.
    match regex.exact_literals() {
        Some([literal]) => Ok(Needle::text(literal)),
        _ => Ok(Needle::Regex(Arc::new(regex))),
    }
}
