//! `format_query`: the pretty form of a query. The only endpoint that refuses in JSON.

use crate::ask::json;
use crate::params::Params;
use axum::response::Response;
use http::StatusCode;
use wire::reply::metadata;

/// Prints the query anew.
pub async fn format_query(params: Params) -> Response {
    match query::logql::parse(params.get("query")) {
        Ok(expr) => json(metadata::format_query(Ok(&query::logql::pretty(&expr)))),
        Err(error) => {
            let mut refused = json(metadata::format_query(Err(error.what())));
            *refused.status_mut() = StatusCode::BAD_REQUEST;
            refused
        }
    }
}
