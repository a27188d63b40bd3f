//! `labels` and `label/<name>/values`.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;
use axum::extract::Path;
use axum::response::Response;
use model::StreamFacts;
use std::collections::BTreeSet;

/// Names of labels.
pub async fn names(ask: Ask) -> HttpResult {
    Ok(reply(&found_names(&ask).await?))
}

/// Values of one label.
pub async fn values(Path(name): Path<String>, ask: Ask) -> HttpResult {
    Ok(reply(&found_values(&ask, &name).await?))
}

fn reply(texts: &BTreeSet<String>) -> Response {
    json(wire::reply::metadata::strings(&texts.iter().collect::<Vec<_>>()))
}

/// The names of labels in the streams that are asked for.
pub async fn found_names(ask: &Ask) -> HttpResult<BTreeSet<String>> {
    let facts = asked_streams(ask).await?;
    let names = facts.iter().flat_map(|facts| facts.stream.labels.iter().map(|(name, _)| name.to_owned()));
    Ok(names.collect())
}

/// The values of the label `name` in the streams that are asked for.
pub async fn found_values(ask: &Ask, name: &str) -> HttpResult<BTreeSet<String>> {
    let facts = asked_streams(ask).await?;
    Ok(facts.iter().filter_map(|facts| facts.stream.labels.get(name)).map(str::to_owned).collect())
}

async fn asked_streams(ask: &Ask) -> HttpResult<Vec<StreamFacts>> {
    let range = ask.params.range(ask.now_ns)?;
    let matchers = match ask.params.get("query") {
        "" => Vec::new(),
        query => selector::matchers(query)?,
    };
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    ask.streams(range, &matchers).await
}
