//! What a tenant's limits say about the time range of a question that reads no rows. (Queries are
//! checked where they are planned.)

use crate::error::{HttpError, HttpResult};
use crate::tenant::Tenants;
use base::unit::go_duration_text;
use model::{Limits, LimitsOf, TimeRange};
use std::sync::Arc;

/// `range` within `limits`: cut at the oldest time that may be seen.
///
/// # Errors
/// 400 when nothing of it is left, or it is too long.
pub fn within(range: TimeRange, limits: &Limits, now_ns: i64) -> HttpResult<TimeRange> {
    let lookback_ns = limits.max_query_lookback.ns();
    let oldest_ns = if lookback_ns > 0 { now_ns.saturating_sub(lookback_ns) } else { i64::MIN };
    let range = TimeRange::new(range.start_ns.max(oldest_ns), range.end_ns);
    if range.end_ns < range.start_ns {
        return Err(HttpError::bad_request(format!(
            "this data is no longer available, it is past now - max_query_lookback ({})",
            limits.max_query_lookback.prometheus_text()
        )));
    }
    let longest_ns = limits.max_query_length.ns();
    if longest_ns > 0 && range.length_ns() > longest_ns {
        return Err(HttpError::bad_request(format!(
            "the query time range exceeds the limit (query length: {}, limit: {})",
            go_duration_text(range.length_ns()),
            limits.max_query_length.prometheus_text()
        )));
    }
    Ok(range)
}

/// The limits of `tenants`: of several, the smallest of each that bounds a question.
pub fn strictest(limits_of: &LimitsOf, tenants: &Tenants) -> Arc<Limits> {
    let mut all = tenants.all().iter().map(|tenant| limits_of(tenant));
    // there is always a tenant
    let first = all.next().unwrap_or_default();
    all.fold(first, |strictest, other| Arc::new(stricter(&strictest, &other)))
}

/// The smaller one, where 0 is no limit.
fn smaller<T: Ord + Default>(a: T, b: T) -> T {
    if a == T::default() || (b != T::default() && b < a) { b } else { a }
}

fn stricter(a: &Limits, b: &Limits) -> Limits {
    Limits {
        max_entries_limit_per_query: smaller(a.max_entries_limit_per_query, b.max_entries_limit_per_query),
        max_query_series: smaller(a.max_query_series, b.max_query_series),
        max_query_length: smaller(a.max_query_length, b.max_query_length),
        max_query_range: smaller(a.max_query_range, b.max_query_range),
        max_query_lookback: smaller(a.max_query_lookback, b.max_query_lookback),
        max_search_duration: smaller(a.max_search_duration, b.max_search_duration),
        max_metrics_duration: smaller(a.max_metrics_duration, b.max_metrics_duration),
        query_timeout: smaller(a.query_timeout, b.query_timeout),
        max_streams_matchers_per_query: smaller(
            a.max_streams_matchers_per_query,
            b.max_streams_matchers_per_query,
        ),
        cardinality_limit: smaller(a.cardinality_limit, b.cardinality_limit),
        max_query_bytes_read: smaller(a.max_query_bytes_read, b.max_query_bytes_read),
        max_querier_bytes_read: smaller(a.max_querier_bytes_read, b.max_querier_bytes_read),
        max_query_memory: smaller(a.max_query_memory, b.max_query_memory),
        volume_enabled: a.volume_enabled && b.volume_enabled,
        volume_max_series: smaller(a.volume_max_series, b.volume_max_series),
        blocked_queries: [a.blocked_queries.as_slice(), &b.blocked_queries].concat(),
        required_labels: [a.required_labels.as_slice(), &b.required_labels].concat(),
        minimum_labels_number: a.minimum_labels_number.max(b.minimum_labels_number),
        ..a.clone()
    }
}

#[cfg(test)]
mod tests;
