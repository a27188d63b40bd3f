//! Which path leads where, for each door.

use crate::context::Context;
use crate::error::HttpError;
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

/// Everything that the HTTP port serves, under `prefix`.
pub fn http(context: &Context, prefix: &str) -> Router {
    let routes = Router::new();
    let prefix = prefix.trim_end_matches('/');
    let routes = if prefix.is_empty() { routes } else { Router::new().nest(prefix, routes) };
    routes.fallback(nowhere).with_state(context.clone())
}

/// What the OTLP port for gRPC serves.
pub fn otlp_grpc(context: &Context) -> Router {
    Router::new().with_state(context.clone())
}

/// What the OTLP port for HTTP serves.
pub fn otlp_http(context: &Context) -> Router {
    Router::new().fallback(nowhere).with_state(context.clone())
}

/// Answers a path that leads nowhere; one that is written untidily leads to its tidy form, as in Go.
async fn nowhere(request: Request) -> Response {
    let path = request.uri().path();
    let tidy = tidy(path);
    if tidy == path {
        return HttpError::new(StatusCode::NOT_FOUND, "404 page not found").into_response();
    }
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    let Ok(location) = HeaderValue::from_str(&(tidy + &query)) else {
        return HttpError::new(StatusCode::NOT_FOUND, "404 page not found").into_response();
    };
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response()
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
