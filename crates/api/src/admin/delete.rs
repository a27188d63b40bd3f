//! Delete requests. Nothing deletes yet: a request is checked, then refused in the words of a Loki
//! without a compactor that deletes, and the list of requests is empty.

use crate::context::Context;
use crate::error::{HttpError, HttpResult};
use crate::params::{Params, timestamp};
use crate::tenant::Tenants;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use base::unit::{DAY_NS, go_duration_text};
use http::{StatusCode, header};
use query::logql::ast::{Expr, Stage};

/// The longest piece that a request with a line filter is cut into.
const INTERVAL_MAX_NS: i64 = DAY_NS;

/// `GET /loki/api/v1/delete`
pub async fn list(State(context): State<Context>, tenants: Tenants) -> HttpResult {
    allowed(&context, &tenants)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], "[]").into_response())
}

/// `POST /loki/api/v1/delete`; parameters are those of the URL.
pub async fn add(
    State(context): State<Context>,
    tenants: Tenants,
    RawQuery(query): RawQuery,
) -> HttpResult<Response> {
    allowed(&context, &tenants)?;
    check(&Params::read(&query.unwrap_or_default())?, context.clock.now_ns())?;
    Err(HttpError::bad_request("Retention is not enabled"))
}

/// `DELETE /loki/api/v1/delete`
pub async fn cancel(
    State(context): State<Context>,
    tenants: Tenants,
    RawQuery(query): RawQuery,
) -> HttpResult<Response> {
    allowed(&context, &tenants)?;
    let params = Params::read(&query.unwrap_or_default())?;
    if params.get("request_id").is_empty() {
        return Err(HttpError::bad_request("request_id not set"));
    }
    Err(HttpError::new(StatusCode::NOT_FOUND, "could not find delete request with given id"))
}

fn allowed(context: &Context, tenants: &Tenants) -> HttpResult<()> {
    if (context.limits)(tenants.one()?).deletion_mode == "disabled" {
        return Err(HttpError::new(StatusCode::FORBIDDEN, "deletion is not available for this tenant"));
    }
    Ok(())
}

fn check(params: &Params, now_ns: i64) -> HttpResult<()> {
    let wrong = |text: &str| Err(HttpError::bad_request(text));
    if params.get("query").is_empty() {
        return wrong("query not set");
    }
    let Ok(Expr::Log(log)) = query::logql::parse(params.get("query")) else {
        return wrong("invalid query expression");
    };
    if params.get("start").is_empty() {
        return wrong("start time not set");
    }
    let start_ns = time(params, "start", now_ns)?;
    let end_ns = time(params, "end", now_ns)?;
    if end_ns > now_ns {
        return wrong("deletes in the future are not allowed");
    }
    if start_ns >= end_ns {
        return wrong("start time can't be greater than or equal to end time");
    }
    let filters = log.stages.iter().any(|stage| matches!(stage, Stage::LineFilter(_)));
    if filters { check_interval(params.get("max_interval"), start_ns, end_ns) } else { Ok(()) }
}

/// RFC 3339, or seconds in exactly ten digits.
fn time(params: &Params, name: &str, default_ns: i64) -> HttpResult<i64> {
    let text = params.get(name);
    let is_seconds = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = match text {
        "" => Some(default_ns),
        text if is_seconds => timestamp(text, default_ns).ok(),
        text => model::time::parse_rfc3339(text).ok(),
    };
    let wrong = || format!("invalid {name} time: require unix seconds or RFC3339 format");
    read.ok_or_else(|| HttpError::bad_request(wrong()))
}

fn check_interval(text: &str, start_ns: i64, end_ns: i64) -> HttpResult<()> {
    if text.is_empty() {
        return Ok(());
    }
    let wrong = |text: String| Err(HttpError::bad_request(text));
    let Ok(interval_ns) = query::go::parse_duration(text) else {
        return wrong("invalid max_interval: valid time units are 's', 'm', 'h'".to_owned());
    };
    if interval_ns < base::unit::SECOND_NS {
        return wrong("invalid max_interval: value must be greater than 1s".to_owned());
    }
    if interval_ns > INTERVAL_MAX_NS {
        return wrong(format!("max_interval can't be greater than {}", go_duration_text(INTERVAL_MAX_NS)));
    }
    if interval_ns > end_ns - start_ns {
        return wrong("max_interval can't be greater than the interval to be deleted".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
