//! `patterns`. Nothing mines patterns yet, so the answer is the one that Loki gives for streams in
//! which none was found; questions are checked all the same.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;

/// Patterns of the lines of a selector.
pub async fn patterns(ask: Ask) -> HttpResult {
    let range = ask.params.forward_range(ask.now_ns)?;
    ask.params.step(range)?;
    selector::matchers(ask.params.get("query"))?;
    bounds::within(range, &ask.limits(), ask.now_ns)?;
    Ok(json(wire::reply::metadata::patterns(&[])))
}
