//! Why a push failed, and how each kind of client hears it.

use crate::error::{HttpError, status_of};
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use base::{Error, Kind};
use http::{HeaderValue, StatusCode, header};
use wire::Refused;

/// Status and words; the words may quote a body, which may hold any bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The status over HTTP.
    pub status: StatusCode,
    /// The words, without a line end.
    pub text: Vec<u8>,
}

impl Failure {
    /// Answers `status` with `text`.
    pub fn new(status: StatusCode, text: impl Into<Vec<u8>>) -> Self {
        Self { status, text: text.into() }
    }

    /// As Loki's own paths answer: plain text.
    pub fn into_loki_response(self) -> Response {
        match String::from_utf8(self.text) {
            Ok(text) => HttpError::new(self.status, text).into_response(),
            Err(error) => {
                let mut response = HttpError::new(self.status, "").into_response();
                let mut text = error.into_bytes();
                text.push(b'\n');
                *response.body_mut() = Body::from(text);
                response
            }
        }
    }

    /// As OTLP asks: a `google.rpc.Status`. 500 becomes 503, since clients of OTLP do not come
    /// again after a 500.
    pub fn into_otlp_response(self) -> Response {
        let status = match self.status {
            StatusCode::INTERNAL_SERVER_ERROR => StatusCode::SERVICE_UNAVAILABLE,
            status => status,
        };
        if status.is_server_error() {
            let text = String::from_utf8_lossy(&self.text);
            tracing::warn!(status = status.as_u16(), error = %text, "push failed");
        }
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        (status, [content_type], wire::otlp::status(&self.text)).into_response()
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let status = match refused.kind() {
            Kind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
            kind => status_of(kind),
        };
        Self::new(status, refused.text())
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::new(error.status(), error.text())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        HttpError::from(error).into()
    }
}
