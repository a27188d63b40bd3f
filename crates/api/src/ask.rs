//! Questions: one file per family of endpoints, and what they share.

mod around;
mod bounds;
mod detected;
mod explain;
mod format_query;
mod labels;
mod legacy;
mod page;
mod patterns;
mod prometheus;
mod published;
mod query;
mod record;
mod selector;
mod series;
mod shards;
mod stats;
mod tail;
mod tempo;
mod turn;
mod volume;

use crate::context::Context;
use crate::error::{HttpError, HttpResult};
use crate::params::Params;
use crate::tenant::Tenants;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, header};
use model::{LabelsBuilder, Limits, Matcher, Signal, Stream, StreamFacts, StreamQuery, TimeRange};
use std::sync::Arc;

/// Label that tells the tenants of an answer apart when a request names several.
const TENANT_LABEL: &str = "__tenant_id__";

/// What a label of that name becomes that was there before.
const TENANT_LABEL_BEFORE: &str = "original___tenant_id__";

/// Every path that asks.
pub fn routes(context: &Context) -> Router<Context> {
    let api = "/loki/api/v1";
    let turns = turn::Turns::new(context);
    let waiting = Router::new()
        .route(&format!("{api}/query_range"), both(query::range))
        .route(&format!("{api}/query"), both(query::instant))
        .route(&format!("{api}/explain"), both(explain::explain))
        .route(&format!("{api}/context"), both(around::context))
        .route(&format!("{api}/label"), both(labels::names))
        .route(&format!("{api}/labels"), both(labels::names))
        .route(&format!("{api}/label/{{name}}/values"), both(labels::values))
        .route(&format!("{api}/series"), both(series::series))
        .route(&format!("{api}/index/stats"), both(stats::stats))
        .route(&format!("{api}/index/volume"), both(volume::volume))
        .route(&format!("{api}/index/volume_range"), both(volume::volume_range))
        .route(&format!("{api}/index/shards"), both(shards::shards))
        .route(&format!("{api}/detected_labels"), both(detected::labels))
        .route(&format!("{api}/detected_fields"), both(detected::fields))
        .route(&format!("{api}/detected_field/{{name}}/values"), both(detected::values))
        .route(&format!("{api}/patterns"), both(patterns::patterns))
        .route("/api/prom/query", both(legacy::query))
        .route("/api/prom/label", both(legacy::label_names))
        .route("/api/prom/label/{name}/values", both(legacy::label_values))
        .route("/api/prom/series", both(series::series))
        .merge(tempo::waiting_routes())
        .route_layer(axum::middleware::from_fn_with_state(turns.clone(), turn::take));
    Router::new()
        .route(&format!("{api}/format_query"), both(format_query::format_query))
        .route(&format!("{api}/drilldown-limits"), get(published::limits))
        .route(&format!("{api}/tail"), get(tail::tail))
        .route("/api/prom/tail", get(tail::legacy))
        .merge(tempo::routes())
        .merge(prometheus::routes(turns))
        .merge(waiting)
        .layer(axum::Extension(tail::Seats::new(&context.registry)))
}

/// Reads take their parameters from a GET's query and from a POST's form alike.
fn both<H, T>(handler: H) -> MethodRouter<Context>
where
    H: axum::handler::Handler<T, Context>,
    T: 'static,
{
    get(handler.clone()).merge(post(handler))
}

/// A question as it came in.
pub struct Ask {
    /// What answers it.
    pub context: Context,
    /// Who asks.
    pub tenants: Tenants,
    /// What exactly.
    pub params: Params,
    /// What else the client says.
    pub headers: HeaderMap,
    /// When.
    pub now_ns: i64,
}

impl FromRequest<Context> for Ask {
    type Rejection = HttpError;

    async fn from_request(request: Request, context: &Context) -> Result<Self, HttpError> {
        let (mut parts, body) = request.into_parts();
        let tenants = Tenants::from_request_parts(&mut parts, context).await?;
        let headers = parts.headers.clone();
        let params = Params::from_request(Request::from_parts(parts, body), context).await?;
        Ok(Self { context: context.clone(), tenants, params, headers, now_ns: context.clock.now_ns() })
    }
}

impl Ask {
    /// The limits that hold for this question: of several tenants the strictest.
    pub fn limits(&self) -> Arc<Limits> {
        bounds::strictest(&self.context.limits, &self.tenants)
    }

    /// What is known about the streams of all asked tenants that match, in a range whose end is
    /// part of it.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn streams(&self, range: TimeRange, matchers: &[Matcher]) -> HttpResult<Vec<StreamFacts>> {
        let range = TimeRange::new(range.start_ns, range.end_ns.saturating_add(1));
        let several = self.tenants.all().len() > 1;
        let (of_tenant, of_stream): (Vec<_>, Vec<_>) =
            matchers.iter().cloned().partition(|matcher| several && matcher.name == TENANT_LABEL);
        let mut found = Vec::new();
        for tenant in self.tenants.all() {
            if !of_tenant.iter().all(|matcher| matcher.matches(tenant.as_str())) {
                continue;
            }
            let matchers = of_stream.clone();
            let query = StreamQuery { tenant: tenant.clone(), signal: Signal::Line, range, matchers };
            let mut facts = self.context.logs.select.streams(query).await?;
            if several {
                facts.iter_mut().for_each(|facts| facts.stream = of(&facts.stream, tenant.as_str()));
            }
            found.append(&mut facts);
        }
        Ok(found)
    }

    /// Whether the client takes labels in categories: a flag of `X-Loki-Response-Encoding-Flags`.
    pub fn categorize(&self) -> bool {
        let flags = self.headers.get("X-Loki-Response-Encoding-Flags").and_then(|flags| flags.to_str().ok());
        flags.is_some_and(|flags| flags.split(',').any(|flag| flag == "categorize-labels"))
    }
}

/// `stream` with the label that says whose it is.
fn of(stream: &Stream, tenant: &str) -> Arc<Stream> {
    let mut labels = LabelsBuilder::from(stream.labels.as_ref());
    if let Some(before) = stream.labels.get(TENANT_LABEL) {
        labels.set(TENANT_LABEL_BEFORE, before);
    }
    Arc::new(Stream::new(labels.set(TENANT_LABEL, tenant).build()))
}

/// An answer in JSON.
fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
}
