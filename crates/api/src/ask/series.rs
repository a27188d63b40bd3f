//! `series`.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;
use model::Labels;
use std::collections::BTreeSet;

/// Label sets of the streams that match any of the selectors; of all streams without one.
pub async fn series(ask: Ask) -> HttpResult {
    let range = ask.params.range(ask.now_ns)?;
    let texts: BTreeSet<_> = ask.params.all("match").chain(ask.params.all("match[]")).collect();
    let mut selectors = texts.into_iter().map(selector::matchers_or_all).collect::<HttpResult<Vec<_>>>()?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    let mut sets: BTreeSet<Labels> = BTreeSet::new();
    for matchers in &selectors {
        sets.extend(ask.streams(range, matchers).await?.iter().map(|facts| facts.stream.labels.clone()));
    }
    Ok(json(wire::reply::metadata::series(sets.iter().map(Labels::as_ref))))
}
