//! OTLP metrics over HTTP, and what HTTP and gRPC answer.

use crate::context::Context;
use crate::push::body::Held;
use crate::push::samples::{Wire, Written, write};
use crate::push::{Encoded, Failure, Format, format, read_body};
use crate::tenant::Tenants;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use model::Tenant;
use wire::json_text::{put_key, put_string};
use wire::otlp::metrics::response;

/// `/v1/metrics`
pub(super) async fn http(State(context): State<Context>, tenants: Tenants, request: Request) -> Response {
    let answered = answer(&context, &tenants, request).await;
    answered.unwrap_or_else(Failure::into_otlp_response)
}

async fn answer(context: &Context, tenants: &Tenants, request: Request) -> Result<Response, Failure> {
    let tenant = tenants.one()?;
    let (parts, body) = request.into_parts();
    let format = format::otlp(&parts.headers)?;
    let is_json = format.encoded == Encoded::OtlpJson;
    let body = read_body(context, body).await?;
    let (lost, told) = told(write(context, tenant, Wire::Otlp(format), body).await?)?;
    let (content_type, answer) = match is_json {
        true => ("application/json", response_json(lost, &told)),
        false => ("application/x-protobuf", response(lost, &told)),
    };
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok((StatusCode::OK, [content_type], answer).into_response())
}

/// Stores what the body of a call holds; gives the encoded `ExportMetricsServiceResponse`.
///
/// # Errors
/// Nothing was stored.
pub(crate) async fn export(
    context: &Context,
    tenant: &Tenant,
    format: Format,
    body: Held,
) -> Result<Vec<u8>, Failure> {
    let (lost, told) = told(write(context, tenant, Wire::Otlp(format), body).await?)?;
    Ok(response(lost, &told))
}

/// How many samples were not kept, and why. A point may be several samples.
///
/// # Errors
/// None was kept of what came.
fn told(written: Written) -> Result<(u64, Vec<u8>), Failure> {
    match written.refused {
        Some(failure) if written.kept.total() == 0 => Err(failure),
        Some(failure) => Ok((written.lost, failure.text)),
        None => Ok((0, Vec::new())),
    }
}

fn response_json(lost: u64, told: &[u8]) -> Vec<u8> {
    let mut out = b"{".to_vec();
    if lost > 0 || !told.is_empty() {
        put_key(&mut out, "partialSuccess");
        out.push(b'{');
        put_key(&mut out, "rejectedDataPoints");
        put_string(&mut out, lost.to_string().as_bytes());
        put_key(&mut out, "errorMessage");
        put_string(&mut out, told);
        out.push(b'}');
    }
    out.push(b'}');
    out
}
