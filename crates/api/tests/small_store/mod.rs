//! A small store behind the HTTP service, for tests of endpoints.

#![allow(dead_code)] // each test program uses a part
#![allow(clippy::unwrap_used)]

use api::context::{Context, Settings};
use api::server::{ServerConfig, http_service};
use api::stopping::Stopping;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::{Clock, Pool};
use model::twin::Twin;
use model::{Append as _, BatchBuilder, Labels, RowRef, Signal, Tenant};
use std::sync::Arc;
use tower::ServiceExt as _;

pub const S: i64 = 1_000_000_000;
pub const START: i64 = 1_741_640_400;
pub const API: &str = "/loki/api/v1";
/// The asked range, as parameters.
pub const RANGE: &str = "start=1741640400&end=1741640460";

pub struct Answer {
    pub status: StatusCode,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    /// The body without the statistics, whose times vary.
    pub fn without_stats(&self) -> String {
        let end = self.body.find(",\"stats\":{\"summary\"").unwrap_or(self.body.len());
        self.body[..end].to_owned()
    }
}

pub type Line<'a> = (i64, &'a str, &'a [(&'a str, &'a str)]);

pub async fn push(twin: &Twin, tenant: &str, labels: &[(&str, &str)], lines: &[Line<'_>]) {
    let mut batch = BatchBuilder::new(Tenant::new(tenant).unwrap(), Signal::Line, 0);
    let labels = Labels::from_pairs(labels.iter().copied());
    let metadata: Vec<_> = lines.iter().map(|line| Labels::from_pairs(line.2.iter().copied())).collect();
    let rows = lines.iter().zip(&metadata).map(|((second, text, _), metadata)| RowRef {
        ts_ns: (START + second) * S,
        body: text.as_bytes(),
        metadata: metadata.as_ref(),
    });
    batch.add_rows(labels.as_ref(), rows);
    twin.append(batch.build()).await.unwrap();
}

pub async fn small_store() -> Twin {
    let twin = Twin::new();
    let dev = [("app", "a"), ("env", "dev")];
    push(&twin, "fake", &dev, &[(1, "level=info n=1", &[]), (2, "level=error n=2", &[("trace", "t1")])])
        .await;
    push(&twin, "fake", &[("app", "b"), ("env", "prod")], &[(3, r#"{"k":1,"in":{"x":"<y>"}}"#, &[])]).await;
    twin
}

pub fn service(twin: Twin, settings: Settings) -> Router {
    let mut context = Context::over(Arc::new(twin), Pool::new(1).unwrap());
    context.clock = Clock::manual((START + 60) * S);
    context.settings = Arc::new(settings);
    http_service(&context, &ServerConfig::default(), &Stopping::never())
}

pub async fn small() -> Router {
    service(small_store().await, Settings::default())
}

pub async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status, content_type: content_type.unwrap_or_default(), body }
}

pub async fn get(app: &Router, path: &str) -> Answer {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}
