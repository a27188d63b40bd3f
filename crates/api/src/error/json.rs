//! Errors as JSON for clients that ask for it by name with `Accept: application/json`. Others get text, as
//! from Loki, whose clients match it.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// The text of an error, kept beside the response until it is known in which form the client takes it.
#[derive(Clone, Debug)]
pub struct Refusal(pub Arc<str>);

/// Writes the errors of all that is behind it as JSON where the client asks for that.
pub async fn write(request: Request, next: Next) -> Response {
    let asked = asks_for_json(request.headers());
    let mut response = next.run(request).await;
    if let (true, Some(refusal)) = (asked, response.extensions_mut().remove::<Refusal>()) {
        *response.body_mut() = Body::from(body(response.status(), &refusal.0));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
        headers.remove(header::CONTENT_LENGTH);
    }
    response
}

/// Whether `Accept` names JSON; `*/*` does not.
fn asks_for_json(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types =
        named.flat_map(|value| value.split(',')).map(|media| media.split(';').next().unwrap_or(""));
    types.any(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// As Prometheus writes errors, with `message` besides, which Grafana shows.
fn body(status: StatusCode, text: &str) -> String {
    let error_type = match status.as_u16() {
        400 => "bad_data",
        404 => "not_found",
        429 => "too_many_requests",
        422 => "execution",
        499 => "canceled",
        503 => "unavailable",
        504 => "timeout",
        code if code >= 500 => "internal",
        _ => "bad_data",
    };
    let error = serde_json::json!({
        "status": "error",
        "errorType": error_type,
        "error": text,
        "message": text,
    });
    format!("{error}\n")
}

#[cfg(test)]
mod tests;
