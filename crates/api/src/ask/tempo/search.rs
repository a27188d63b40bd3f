//! `/api/search`: by a TraceQL query, or by tags and durations as before there was one.

use crate::ask::tempo::{metrics, number, search_range, tags_text, traces};
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult};
use base::unit::Period;
use query::traceql;
use query::traceql::ast::{Expr, Pipeline};
use query::traces::Search;
use wire::reply::tempo;

/// Traces of an answer when the request does not say.
const LIMIT_DEFAULT: usize = 20;
/// The most it may say.
const LIMIT_MAX: usize = 262_144;
/// Spans of a spanset when the request does not say.
const SPANS_DEFAULT: usize = 3;
/// The most it may say; 0 means as many.
const SPANS_MAX: usize = 100;

/// Answers a search.
pub async fn search(ask: Ask) -> HttpResult {
    let limit = number(&ask, "limit", LIMIT_DEFAULT, LIMIT_MAX)?;
    if limit == 0 {
        return Err(HttpError::bad_request("limit must be a positive number"));
    }
    let spans = match number(&ask, "spss", SPANS_DEFAULT, SPANS_MAX)? {
        0 => SPANS_MAX,
        spans => spans,
    };
    let (shortest_ns, longest_ns) = (duration(&ask, "minDuration")?, duration(&ask, "maxDuration")?);
    let search = Search {
        tenants: ask.tenants.all().to_vec(),
        pipeline: pipeline(&ask)?,
        range: search_range(&ask)?,
        duration_ns: shortest_ns.unwrap_or(i64::MIN)..=longest_ns.unwrap_or(i64::MAX),
        limit,
        spans_per_spanset: spans,
    };
    let searched = traces(&ask).search(&search, &ask.limits()).await?;
    let metrics = metrics(&searched.cost);
    Ok(json(ask.context.pool.run(move || tempo::search(&searched.traces, &metrics)).await?))
}

fn pipeline(ask: &Ask) -> HttpResult<Pipeline> {
    let (query, tags) = (ask.params.get("q"), ask.params.get("tags"));
    if query.is_empty() {
        return tags_text::pipeline(tags).map_err(HttpError::bad_request);
    }
    if !tags.is_empty() {
        return Err(HttpError::bad_request("q and tags exclude each other; write the tags into the query"));
    }
    match traceql::parse(query)?.expr {
        Expr::Spans(pipeline) => Ok(pipeline),
        Expr::Metrics(_) => Err(HttpError::bad_request(
            "a query for series, whose place is /api/metrics/query_range; a search takes one for spans",
        )),
    }
}

/// A duration as Go writes it; none when absent.
fn duration(ask: &Ask, name: &str) -> HttpResult<Option<i64>> {
    match ask.params.get(name) {
        "" => Ok(None),
        text => match text.parse::<Period>() {
            Ok(period) => Ok(Some(period.ns())),
            Err(error) => Err(HttpError::bad_request(format!("{name}: {error}"))),
        },
    }
}
