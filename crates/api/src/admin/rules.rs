//! Rules. Nothing evaluates rules yet, so there are none: these are the answers by which Grafana
//! tells that it can list them here and cannot edit them.

use crate::error::HttpError;
use crate::tenant::Tenants;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

/// `GET /rules`
pub async fn all(_: Tenants) -> HttpError {
    HttpError::new(StatusCode::NOT_FOUND, "no rule groups found")
}

/// `GET /rules/<namespace>`
pub async fn groups(_: Tenants) -> HttpError {
    HttpError::new(StatusCode::NOT_FOUND, "no rule groups found")
}

/// `GET /rules/<namespace>/<group>`
pub async fn group(_: Tenants) -> HttpError {
    unsupported("GetRuleGroup")
}

/// `POST /rules/<namespace>`
pub async fn set_group(_: Tenants) -> HttpError {
    unsupported("SetRuleGroup")
}

/// `DELETE /rules/<namespace>/<group>`
pub async fn delete_group(_: Tenants) -> HttpError {
    unsupported("DeleteRuleGroup")
}

/// `DELETE /rules/<namespace>`
pub async fn delete_namespace(_: Tenants) -> HttpError {
    unsupported("DeleteNamespace")
}

/// Grafana looks for this text.
fn unsupported(what: &str) -> HttpError {
    HttpError::bad_request(format!("{what} unsupported in rule local store"))
}

/// `/prometheus/api/v1/rules`
pub async fn prometheus_rules(_: Tenants) -> Response {
    success(r#"{"groups":[]}"#)
}

/// `/prometheus/api/v1/alerts`
pub async fn prometheus_alerts(_: Tenants) -> Response {
    success(r#"{"alerts":[]}"#)
}

fn success(data: &str) -> Response {
    let body = format!(r#"{{"status":"success","data":{data},"errorType":"","error":""}}"#);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
