//! Questions about metrics as Prometheus answers them, under `/prometheus` and without it.
//!
//! Every answer stands in the same envelope, refusals too: what a handler refuses, the status says the kind of
//! (`errorType`), whoever refused it.

mod limits;
mod parameter;
mod query;
mod series;
mod status;

use crate::ask::both;
use crate::ask::turn::{Turns, take};
use crate::context::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{HeaderValue, StatusCode, header};
use wire::reply::prometheus::error;

/// Before each path; Mimir's own, too.
const PREFIXES: [&str; 2] = ["/prometheus/api/v1", "/api/v1"];

/// Longest text of a refusal, in bytes; all of them are made here.
const REFUSAL_BYTES_MAX: usize = 1 << 20;

/// Every path; questions that read wait for their turn among `turns`.
pub fn routes(turns: Turns) -> Router<Context> {
    let waiting = under_prefixes(|| {
        [
            ("query", both(query::instant)),
            ("query_range", both(query::range)),
            ("series", both(series::series)),
            ("labels", both(series::names)),
            ("label/{name}/values", both(series::values)),
            ("query_exemplars", both(series::exemplars)),
        ]
    });
    let at_once = under_prefixes(|| {
        [
            ("format_query", both(query::format)),
            ("metadata", get(status::metadata)),
            ("status/buildinfo", get(status::build_info)),
        ]
    });
    waiting.route_layer(from_fn_with_state(turns, take)).merge(at_once).route_layer(from_fn(envelope))
}

fn under_prefixes<const N: usize>(
    routes: impl Fn() -> [(&'static str, MethodRouter<Context>); N],
) -> Router<Context> {
    let mut router = Router::new();
    for prefix in PREFIXES {
        for (path, method) in routes() {
            router = router.route(&format!("{prefix}/{path}"), method);
        }
    }
    router
}

/// Puts refusals into the envelope.
async fn envelope(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if status.is_success() {
        return response;
    }
    let text = to_bytes(response.into_body(), REFUSAL_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let (status, kind) = kind_of(status);
    let mut response = Response::new(Body::from(error(kind, text.trim_end())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Prometheus's status and word for a refusal.
fn kind_of(status: StatusCode) -> (StatusCode, &'static str) {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => (status, "execution"),
        StatusCode::NOT_FOUND => (status, "not_found"),
        StatusCode::NOT_ACCEPTABLE => (status, "not_acceptable"),
        StatusCode::GATEWAY_TIMEOUT => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => (status, "unavailable"),
        _ if status.as_u16() == 499 => (status, "canceled"),
        _ if status.is_server_error() => (status, "internal"),
        _ => (status, "bad_data"),
    }
}
