//! Pages for operators, and the answers that clients probe for.

mod delete;
mod landing;
mod process;
mod rules;

pub(crate) use process::{build_info, ready};

use crate::context::Context;
use axum::Router;
use axum::routing::{get, post};

/// Every path that is not a question or a push.
pub fn routes(context: &Context) -> Router<Context> {
    process::count_build(context);
    let api = "/loki/api/v1";
    let groups = get(rules::groups).post(rules::set_group).delete(rules::delete_namespace);
    let group = get(rules::group).delete(rules::delete_group);
    Router::new()
        .route("/", get(landing::page))
        .route("/ready", get(process::ready))
        .route("/metrics", get(process::metrics))
        .route("/config", get(process::config))
        .route("/config/tenant/v1/limits", get(process::tenant_limits))
        .route("/services", get(process::services))
        .route("/log_level", get(process::log_level).post(process::set_log_level))
        .route("/flush", get(process::flush).post(process::flush))
        .route("/flush/tenant", post(process::flush_tenant))
        .route("/compact", post(process::compact))
        .route(&format!("{api}/status/buildinfo"), get(process::build_info))
        .route(
            &format!("{api}/delete"),
            get(delete::list).post(delete::add).put(delete::add).delete(delete::cancel),
        )
        .route(&format!("{api}/rules"), get(rules::all))
        .route(&format!("{api}/rules/{{namespace}}"), groups.clone())
        .route(&format!("{api}/rules/{{namespace}}/{{group}}"), group.clone())
        .route("/api/prom/rules", get(rules::all))
        .route("/api/prom/rules/{namespace}", groups)
        .route("/api/prom/rules/{namespace}/{group}", group)
        .route("/prometheus/api/v1/rules", get(rules::prometheus_rules))
        .route("/prometheus/api/v1/alerts", get(rules::prometheus_alerts))
}
