//! The process itself: whether it is ready, what it counts, how it is configured.

use crate::context::{ConfigText, Context};
use crate::error::{HttpError, HttpResult};
use crate::params::Params;
use crate::stopping::Stopping;
use crate::tenant::Tenants;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::Error;
use base::meter::{Metric, Type};
use http::{StatusCode, header};
use model::{Signal, Tenant};

static BUILD: Metric = Metric {
    name: "loki_build_info",
    help: "Always 1; its labels say what runs.",
    kind: Type::Gauge,
    labels: &["version", "revision", "branch", "goversion"],
    buckets: &[],
};

/// Content type of Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counts the one build that runs.
pub fn count_build(context: &Context) {
    let build = &context.process.build;
    let labels = [build.version.as_str(), &build.revision, &build.branch, &build.compiler];
    context.registry.cell(&BUILD, &labels).set(1.0);
}

/// `/ready`: when the stores of all signals are; else what each still does.
pub async fn ready(State(context): State<Context>, Extension(stopping): Extension<Stopping>) -> HttpResult {
    let unavailable = |text: String| HttpError::new(StatusCode::SERVICE_UNAVAILABLE, text);
    if stopping.is_set() {
        return Err(unavailable("Application is stopping".to_owned()));
    }
    let each = Signal::ALL.iter().zip(context.operated());
    let waits = each.filter_map(|(signal, store)| {
        let why = store.ready().err()?;
        Some(format!("{}: {why}", signal.word()))
    });
    let waits: Vec<String> = waits.collect();
    if waits.is_empty() { Ok(text("ready\n")) } else { Err(unavailable(waits.join("\n"))) }
}

/// `/metrics`
pub async fn metrics(State(context): State<Context>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], context.registry.render()).into_response()
}

/// `/config`
pub async fn config(State(context): State<Context>, params: Params) -> HttpResult {
    let which = match params.get("mode") {
        "" => ConfigText::Effective,
        "diff" | "diffs" => ConfigText::Changed,
        "defaults" => ConfigText::Defaults,
        other => return Err(HttpError::bad_request(format!("unknown mode {other:?}"))),
    };
    Ok(text((context.process.config_text)(which)))
}

/// `/config/tenant/v1/limits`
pub async fn tenant_limits(State(context): State<Context>, tenants: Tenants) -> HttpResult {
    let limits = (context.limits)(tenants.one()?);
    let yaml = serde_saphyr::to_string(&*limits).map_err(|e| Error::bug("cannot write limits").because(e))?;
    Ok(text(yaml))
}

/// `/services`
pub async fn services(State(context): State<Context>) -> Response {
    let lines = (context.process.services)().into_iter().map(|(name, state)| format!("{name} => {state}\n"));
    text(lines.collect::<String>())
}

/// `GET /log_level`
pub async fn log_level(State(context): State<Context>) -> Response {
    let message = format!("Current log level is {}", context.process.log_level.get());
    json(StatusCode::OK, &[("message", &message)])
}

/// `POST /log_level`
pub async fn set_log_level(State(context): State<Context>, params: Params) -> Response {
    let level = params.get("log_level");
    match context.process.log_level.set(level) {
        Ok(()) => {
            let message = format!("Log level set to {level}");
            json(StatusCode::OK, &[("message", &message), ("status", "success")])
        }
        Err(error) => json(StatusCode::BAD_REQUEST, &[("message", &error.to_string()), ("status", "failed")]),
    }
}

/// `/loki/api/v1/status/buildinfo`
pub async fn build_info(State(context): State<Context>) -> Response {
    let build = &context.process.build;
    let fields = [
        ("version", build.version.as_str()),
        ("revision", &build.revision),
        ("branch", &build.branch),
        ("buildUser", &build.user),
        ("buildDate", &build.date),
        ("goVersion", &build.compiler),
    ];
    json(StatusCode::OK, &fields)
}

/// `/flush`: returns when everything that was in memory is in blocks.
pub async fn flush(State(context): State<Context>) -> HttpResult {
    flush_all(&context, None).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn flush_all(context: &Context, tenant: Option<Tenant>) -> base::Result<()> {
    let flushed = context.operated().map(|store| store.flush(tenant.clone()));
    // All are tried, whatever becomes of one.
    futures_util::future::join_all(flushed).await.into_iter().collect()
}

/// `/flush/tenant`
pub async fn flush_tenant(State(context): State<Context>, tenants: Tenants) -> HttpResult {
    flush_all(&context, Some(tenants.one()?.clone())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `/compact`: returns when no small blocks are left that can be merged.
pub async fn compact(State(context): State<Context>) -> HttpResult {
    for store in context.operated() {
        store.compact().await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn text(body: impl Into<String>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body.into()).into_response()
}

fn json(status: StatusCode, fields: &[(&str, &str)]) -> Response {
    let body = wire::reply::metadata::object(fields.iter().copied());
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
