//! `labels` and `label/<name>/values`.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;
use axum::extract::Path;
use axum::response::Response;
use base::unit::DAY_NS;
use model::{StreamFacts, TimeRange};
use std::collections::BTreeSet;

/// How far around the asked range labels count too, when there is anything in the range itself. Loki
/// reads its index by the day; so lists of labels stay the same while somebody looks at a detail.
const AROUND_NS: i64 = DAY_NS;

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
    let around =
        TimeRange::new(range.start_ns.saturating_sub(AROUND_NS), range.end_ns.saturating_add(AROUND_NS));
    let facts = ask.streams(around, &matchers).await?;
    let inside = TimeRange::new(range.start_ns, range.end_ns.saturating_add(1));
    let touches = |facts: &StreamFacts| facts.runs.iter().any(|run| inside.overlaps(run.min_ns, run.max_ns));
    Ok(if facts.iter().any(touches) { facts } else { Vec::new() })
}
