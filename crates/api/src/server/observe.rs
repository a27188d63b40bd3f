//! What every request leaves behind: metrics by the names that Loki's dashboards and alerts use, a
//! debug line, and, after a panic, an answer nevertheless.

use crate::context::Context;
use crate::error::{HttpError, status_of};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base::Kind;
use base::meter::{Cell, Metric, SECONDS_BUCKETS, Type};
use futures_util::FutureExt as _;
use http::{StatusCode, header};
use std::panic::AssertUnwindSafe;
use std::time::Instant;

static DURATION: Metric = Metric {
    name: "loki_request_duration_seconds",
    help: "Time spent serving HTTP requests.",
    kind: Type::Histogram,
    labels: &["method", "route", "status_code", "ws"],
    buckets: SECONDS_BUCKETS,
};

static INFLIGHT: Metric = Metric {
    name: "loki_inflight_requests",
    help: "Requests being served now.",
    kind: Type::Gauge,
    labels: &["method", "route"],
    buckets: &[],
};

static PANICS: Metric = Metric {
    name: "loki_panic_total",
    help: "Panics that were caught while serving a request.",
    kind: Type::Counter,
    labels: &[],
    buckets: &[],
};

/// A request under way. Dropped, it is counted: with its status, or as given up by the client.
struct Watched<'a> {
    context: &'a Context,
    method: String,
    path: String,
    route: String,
    websocket: bool,
    started: Instant,
    status: StatusCode,
    inflight: Cell,
}

/// Watches one request.
pub async fn observe(
    State(context): State<Context>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let mut watched = Watched::new(&context, matched.as_ref(), &request);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|panic| {
        context.registry.cell(&PANICS, &[]).inc();
        tracing::error!(path = watched.path, panic = panic_text(panic.as_ref()), "a handler panicked");
        HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
    });
    watched.status = response.status();
    response
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

impl<'a> Watched<'a> {
    fn new(context: &'a Context, matched: Option<&MatchedPath>, request: &Request) -> Self {
        let method = request.method().to_string();
        let route = matched.map_or_else(|| "other".to_owned(), |path| route_name(path.as_str()));
        let inflight = context.registry.cell(&INFLIGHT, &[&method, &route]);
        inflight.add(1.0);
        Self {
            context,
            method,
            path: request.uri().path().to_owned(),
            route,
            websocket: request.headers().contains_key(header::UPGRADE),
            started: Instant::now(),
            status: status_of(Kind::Cancelled),
            inflight,
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.inflight.add(-1.0);
        let elapsed = self.started.elapsed();
        let websocket = if self.websocket { "true" } else { "false" };
        let values = [self.method.as_str(), &self.route, self.status.as_str(), websocket];
        self.context.registry.buckets(&DURATION, &values).observe(elapsed.as_secs_f64());
        let (method, path, status) = (&self.method, &self.path, self.status.as_u16());
        tracing::debug!(method, path, status, ?elapsed, "request");
    }
}

/// The name of a route in metrics: `/loki/api/v1/label/{name}/values` is `loki_api_v1_label_name_values`.
fn route_name(path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    if name.is_empty() { "root".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
