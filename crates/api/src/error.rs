//! The one place where an error becomes an answer of HTTP: status by [`Kind`], text as Go's
//! `http.Error` sends it, since clients of Loki read and match these texts.

pub mod json;

use axum::response::{IntoResponse, Response};
use base::{Error, Kind};
use http::{HeaderValue, StatusCode, header};

/// An error as a client sees it.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    text: String,
}

/// The result of a handler.
pub type HttpResult<T = Response> = Result<T, HttpError>;

/// The text of a query that took longer than its tenant's `query_timeout`.
const TIMEOUT_TEXT: &str = "request timed out, decrease the duration of the request or add more label \
    matchers (prefer exact match over regex match) to reduce the amount of data processed";

impl HttpError {
    /// Answers `status` with `text`, given without a line end.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// 400: the request is wrong.
    pub fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// 504: the deadline passed.
    pub fn timed_out() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, TIMEOUT_TEXT)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text, without a line end.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The status that tells a client what `kind` asks of it.
pub fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid | Kind::Limit => StatusCode::BAD_REQUEST,
        Kind::Rate => StatusCode::TOO_MANY_REQUESTS,
        Kind::Missing => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // nginx's "client closed request", which Loki's dashboards know too
        Kind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
        Kind::Corrupt | Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        Self::new(status_of(error.kind()), error.to_string())
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), error = %self.text, "request failed");
        }
        let mut response = (self.status, format!("{}\n", self.text)).into_response();
        response.extensions_mut().insert(json::Refusal(self.text.into()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
