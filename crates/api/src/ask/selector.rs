//! Questions about streams take a selector and nothing after it.

use crate::error::{HttpError, HttpResult};
use model::Matcher;
use query::logql::ast::{Expr, LogExpr};

/// The matchers of a text that is a selector.
///
/// # Errors
/// 400 for what does not parse, and for a query with more than a selector.
pub fn matchers(text: &str) -> HttpResult<Vec<Matcher>> {
    match query::logql::parse(text)? {
        Expr::Log(LogExpr { matchers, stages }) if stages.is_empty() => Ok(matchers),
        _ => Err(HttpError::bad_request("only label matchers are supported")),
    }
}

/// [`matchers`] where `{}` asks for everything.
///
/// # Errors
/// As [`matchers`].
pub fn matchers_or_all(text: &str) -> HttpResult<Vec<Matcher>> {
    if is_all(text) { Ok(Vec::new()) } else { matchers(text) }
}

/// Whether `text` is the selector of everything.
pub fn is_all(text: &str) -> bool {
    text.trim() == "{}"
}
