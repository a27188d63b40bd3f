//! `drilldown-limits`: the limits that Grafana's Logs Drilldown adapts itself to.

use crate::ask::json;
use crate::context::Context;
use crate::error::HttpResult;
use crate::tenant::Tenants;
use axum::extract::State;
use serde_json::json as value;

/// Limits of the tenant that concern a reader.
pub async fn limits(State(context): State<Context>, tenants: Tenants) -> HttpResult {
    let limits = (context.limits)(tenants.one()?);
    let period = |period: base::unit::Period| period.prometheus_text();
    let body = value!({
        "limits": {
            "discover_log_levels": limits.discover_log_levels,
            "discover_service_name": limits.discover_service_name,
            "log_level_fields": limits.log_level_fields,
            "max_entries_limit_per_query": limits.max_entries_limit_per_query,
            "max_line_size_truncate": limits.max_line_size_truncate,
            "max_query_bytes_read": limits.max_query_bytes_read,
            "max_query_length": period(limits.max_query_length),
            "max_query_lookback": period(limits.max_query_lookback),
            "max_query_range": period(limits.max_query_range),
            "max_query_series": limits.max_query_series,
            "query_timeout": period(limits.query_timeout),
            "retention_period": period(limits.retention_period),
            "volume_enabled": limits.volume_enabled,
            "volume_max_series": limits.volume_max_series,
        },
        "pattern_ingester_enabled": context.patterns.is_some(),
        "version": context.process.build.version,
    });
    Ok(json(body.to_string().into_bytes()))
}
