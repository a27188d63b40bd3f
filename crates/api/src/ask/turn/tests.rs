use super::*;
use crate::context::Settings;
use axum::body::Body;
use axum::routing::get;
use base::Pool;
use base::unit::Period;
use model::Limits;
use model::twin::Twin;
use tokio::sync::Notify;
use tower::ServiceExt as _;

fn context(concurrent: usize, outstanding: usize) -> Context {
    let settings = Settings {
        max_concurrent_queries: concurrent,
        max_outstanding_per_tenant: outstanding,
        ..Settings::default()
    };
    let mut context = Context::over(Arc::new(Twin::new()), Pool::new(1).unwrap());
    context.settings = Arc::new(settings);
    context
}

fn app(context: &Context, gate: Arc<Notify>) -> axum::Router {
    let wait = move || async move {
        gate.notified().await;
        "done"
    };
    axum::Router::new()
        .route("/", get(wait))
        .route_layer(axum::middleware::from_fn_with_state(Turns::new(context), take))
}

fn request() -> Request {
    Request::new(Body::empty())
}

#[tokio::test(start_paused = true)]
async fn the_line_is_bounded_per_tenant() {
    let (gate, context) = (Arc::new(Notify::new()), context(1, 1));
    let app = app(&context, gate.clone());
    let answered = tokio::spawn(app.clone().oneshot(request()));
    tokio::task::yield_now().await;
    let waiting = tokio::spawn(app.clone().oneshot(request()));
    tokio::task::yield_now().await;
    let refused = app.clone().oneshot(request()).await.unwrap();
    assert_eq!(refused.status(), 429);
    let body = axum::body::to_bytes(refused.into_body(), 100).await.unwrap();
    assert_eq!(body, "too many outstanding requests\n");
    gate.notify_one();
    assert_eq!(answered.await.unwrap().unwrap().status(), 200);
    gate.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_takes_too_long_ends() {
    let mut context = context(1, 1);
    context.limits = Limits { query_timeout: Period::seconds(3), ..Limits::default() }.fixed();
    let app = app(&context, Arc::new(Notify::new()));
    let late = app.clone().oneshot(request()).await.unwrap();
    assert_eq!(late.status(), 504);
    let body = axum::body::to_bytes(late.into_body(), 1000).await.unwrap();
    assert!(body.starts_with(b"request timed out, decrease the duration of the request"));
    // its place is free again
    assert_eq!(app.oneshot(request()).await.unwrap().status(), 504);
}
