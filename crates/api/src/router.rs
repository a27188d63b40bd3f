//! Which path leads where, for each door.

use crate::context::Context;
use crate::error::HttpError;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

/// Everything that the HTTP port serves, under `prefix`.
pub fn http(context: &Context, prefix: &str) -> Router {
    let routes = Router::new()
        .merge(crate::push::routes())
        .merge(crate::ask::routes(context))
        .merge(crate::admin::routes(context));
    let prefix = prefix.trim_end_matches('/');
    let routes = if prefix.is_empty() { routes } else { Router::new().nest(prefix, routes) };
    let routes = routes.fallback(nowhere).layer(from_fn(crate::error::json::write));
    routes.layer(from_fn(lead_to_tidy)).with_state(context.clone())
}

/// What the OTLP port for gRPC serves.
pub fn otlp_grpc(context: &Context) -> Router {
    crate::otlp_grpc::routes().with_state(context.clone())
}

/// What the OTLP port for HTTP serves.
pub fn otlp_http(context: &Context) -> Router {
    crate::push::otlp_routes().fallback(nowhere).with_state(context.clone())
}

/// Answers a path that leads nowhere.
async fn nowhere() -> HttpError {
    HttpError::new(StatusCode::NOT_FOUND, "404 page not found")
}

/// Leads from a path that is written untidily to its tidy form, as Go's routers do.
async fn lead_to_tidy(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let tidy = tidy(path);
    if tidy == path {
        return next.run(request).await;
    }
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    match HeaderValue::from_str(&(tidy + &query)) {
        Ok(location) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response(),
        Err(_) => nowhere().await.into_response(),
    }
}

/// `path` without empty, `.` and `..` segments.
fn tidy(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests;
