//! Questions about traces as Tempo answers them, under `/tempo` and, where nothing else answers there,
//! without it. (`/api/search` alone is also what Grafana's own search is called.)
//!
//! Times are Unix seconds or nanoseconds, or RFC 3339; `end` counts with the whole second that it names.
//! Without `start` a search looks back [`SINCE_DEFAULT_NS`].

mod path;
mod search;
mod series;
mod tags;
mod tags_text;
mod trace;

use crate::ask::Ask;
use crate::context::Context;
use crate::error::{HttpError, HttpResult};
use crate::params::timestamp;
use axum::Router;
use axum::routing::get;
use base::unit::{HOUR_NS, Period, SECOND_NS, go_duration_text};
use model::{Limits, TimeRange};
use query::traces::{Cost, Traces};
use wire::reply::tempo::Metrics;

/// Before each path.
const PREFIX: &str = "/tempo";

/// How far back a search looks that does not say.
const SINCE_DEFAULT_NS: i64 = HOUR_NS;

/// The paths that wait for their turn.
pub fn waiting_routes() -> Router<Context> {
    let mut routes = Router::new().route("/tempo/api/search", get(search::search));
    for prefix in [PREFIX, ""] {
        let at = |path: &str| format!("{prefix}/api/{path}");
        routes = routes
            .route(&at("traces/{id}"), get(trace::first))
            .route(&at("v2/traces/{id}"), get(trace::second))
            .route(&at("search/tags"), get(tags::names))
            .route(&at("v2/search/tags"), get(tags::scoped_names))
            .route(&at("search/tag/{name}/values"), get(tags::values))
            .route(&at("v2/search/tag/{name}/values"), get(tags::typed_values))
            .route(&at("metrics/query_range"), get(series::range))
            .route(&at("metrics/query"), get(series::instant));
    }
    routes
}

/// The paths that answer at once.
pub fn routes() -> Router<Context> {
    let mut routes = Router::new().route("/tempo/ready", get(crate::admin::ready));
    for prefix in [PREFIX, ""] {
        routes = routes
            .route(&format!("{prefix}/api/echo"), get(|| async { "echo" }))
            .route(&format!("{prefix}/api/status/buildinfo"), get(crate::admin::build_info));
    }
    routes
}

fn traces(ask: &Ask) -> Traces {
    Traces::new(ask.context.traces.select.clone(), ask.context.pool.clone())
}

/// One of the ends of the range that `ask` names; none when it does not.
fn named_time(ask: &Ask, name: &str) -> HttpResult<Option<i64>> {
    let text = ask.params.get(name);
    // Tempo's clients send 0 for a time that is not known.
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let wrong = |what: String| HttpError::bad_request(format!("could not parse {name:?}: {what}"));
    timestamp(text, 0).map(Some).map_err(wrong)
}

/// The range that `ask` names; none when it names neither end.
fn named_range(ask: &Ask) -> HttpResult<Option<TimeRange>> {
    let (start_ns, end_ns) = (named_time(ask, "start")?, named_time(ask, "end")?);
    if start_ns.is_none() && end_ns.is_none() {
        return Ok(None);
    }
    let end_ns = end_ns.unwrap_or(ask.now_ns);
    let start_ns = start_ns.unwrap_or(end_ns.saturating_sub(SINCE_DEFAULT_NS));
    if start_ns > end_ns {
        let text = format!("start ({start_ns} ns) lies after end ({end_ns} ns)");
        return Err(HttpError::bad_request(text));
    }
    // The whole second that was named.
    let after_end = if end_ns % SECOND_NS == 0 { SECOND_NS } else { 1 };
    Ok(Some(TimeRange::new(start_ns, end_ns.saturating_add(after_end))))
}

/// The range of a search, within the limits of the tenant.
fn search_range(ask: &Ask) -> HttpResult<TimeRange> {
    let limits = ask.limits();
    let range = match named_range(ask)? {
        Some(range) => range,
        // Clocks of others run ahead.
        None => {
            TimeRange::new(ask.now_ns.saturating_sub(SINCE_DEFAULT_NS), ask.now_ns.saturating_add(SECOND_NS))
        }
    };
    // The whole second at the end counts and is not asked for.
    let asked = TimeRange::new(range.start_ns, range.end_ns.saturating_sub(SECOND_NS));
    check_length(asked, limits.max_search_duration, "max_search_duration")?;
    Ok(seen(range, &limits, ask.now_ns))
}

/// Refuses a range longer than `longest`, the limit called `name`.
fn check_length(range: TimeRange, longest: Period, name: &str) -> HttpResult<()> {
    if longest.is_zero() || range.length_ns() <= longest.ns() {
        return Ok(());
    }
    Err(HttpError::bad_request(format!(
        "the range from start to end is {} long, longer than {name} ({}); ask for a shorter one",
        go_duration_text(range.length_ns()),
        longest.prometheus_text()
    )))
}

/// What `max_query_lookback` leaves of `range`.
fn seen(range: TimeRange, limits: &Limits, now_ns: i64) -> TimeRange {
    let lookback_ns = limits.max_query_lookback.ns();
    let oldest_ns = if lookback_ns > 0 { now_ns.saturating_sub(lookback_ns) } else { i64::MIN };
    TimeRange::new(range.start_ns.max(oldest_ns), range.end_ns)
}

/// The whole number `name`, `default` when absent, `most` at most.
fn number(ask: &Ask, name: &str, default: usize, most: usize) -> HttpResult<usize> {
    let text = ask.params.get(name);
    if text.is_empty() {
        return Ok(default);
    }
    match text.parse::<usize>() {
        Ok(number) if number <= most => Ok(number),
        Ok(number) => Err(HttpError::bad_request(format!("{name} is {number}, the most is {most}"))),
        Err(_) => Err(HttpError::bad_request(format!("{name} must be a whole number, not {text:?}"))),
    }
}

/// What an answer says of its cost.
fn metrics(cost: &Cost) -> Metrics {
    Metrics {
        inspected_traces: cost.traces,
        inspected_bytes: cost.bytes,
        inspected_spans: cost.spans,
        blocks: cost.blocks,
        total_jobs: cost.candidates,
        completed_jobs: cost.traces.min(cost.candidates),
        block_bytes: cost.compressed_bytes,
        backend_reads: cost.bucket_requests,
        backend_bytes: cost.fetched_bytes,
    }
}

#[cfg(test)]
mod tests;
