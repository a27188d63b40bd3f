//! What Grafana's Loki data source, its alerting pages and Logs Drilldown call, with the headers and
//! the forms of parameters that they use.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

mod small_store;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use small_store::{Answer, send, small};

const TIMES_NS: &str = "start=1741640400000000000&end=1741640460000000000";
const TIMES_RFC3339: &str = "start=2025-03-10T21:00:00.000Z&end=2025-03-10T21:01:00.000Z";

async fn call(app: &Router, source: &str, path: &str) -> Answer {
    let request = Request::get(path)
        .header("X-Loki-Response-Encoding-Flags", "categorize-labels")
        .header("X-Query-Tags", format!("Source={source}"))
        .header("Accept", "application/json, text/plain, */*");
    send(app, request.body(Body::empty()).unwrap()).await
}

async fn ok(app: &Router, source: &str, path: &str) -> Value {
    let answer = call(app, source, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn the_data_source_is_saved_and_tested() {
    let app = small().await;
    let probe = ok(
        &app,
        "",
        "/loki/api/v1/query?direction=backward&query=vector%281%29%2Bvector%281%29&time=4000000000",
    )
    .await;
    assert_eq!(probe["data"]["result"], json!([{"metric": {}, "value": [4_000_000_000_u64, "2"]}]));
}

#[tokio::test]
async fn explore_shows_lines_and_their_volume() {
    let app = small().await;
    let api = "/loki/api/v1";
    let lines = format!(
        "{api}/query_range?direction=backward&{TIMES_NS}&limit=1000&query=%7Bapp%3D%22a%22%7D&step=2000ms"
    );
    let lines = ok(&app, "", &lines).await;
    assert_eq!(lines["data"]["encodingFlags"], json!(["categorize-labels"]));
    assert_eq!(lines["data"]["result"][0]["values"][0][2], json!({"structuredMetadata": {"trace": "t1"}}));
    assert!(lines["data"]["stats"]["summary"]["totalLinesProcessed"].as_u64() > Some(0));
    let volume = "sum%20by%20(app)%20(count_over_time(%7Bapp%3D~%22.%2B%22%7D%5B2s%5D))";
    let volume = format!("{api}/query_range?direction=backward&{TIMES_NS}&query={volume}&step=2000ms");
    let volume = ok(&app, "logvolhist", &volume).await;
    assert_eq!(volume["data"]["resultType"], "matrix");
    assert_eq!(volume["data"]["result"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_editor_asks_about_labels_and_fields() {
    let app = small().await;
    let api = "/loki/api/v1";
    let selector = "%7Bapp%3D%22a%22%7D";
    for (path, at, expected) in [
        (format!("labels?{TIMES_NS}"), "/data", json!(["app", "env"])),
        (format!("labels?{TIMES_NS}&query={selector}"), "/data", json!(["app", "env"])),
        (format!("label/env/values?{TIMES_NS}&query={selector}"), "/data", json!(["dev"])),
        (format!("series?{TIMES_NS}&match%5B%5D={selector}"), "/data", json!([{"app": "a", "env": "dev"}])),
        (format!("index/stats?{TIMES_NS}&query={selector}"), "/entries", json!(2)),
        (format!("detected_fields?{TIMES_NS}&query={selector}&limit=1000"), "/limit", json!(1000)),
        (
            format!("detected_field/level/values?{TIMES_NS}&query={selector}"),
            "/values",
            json!(["error", "info"]),
        ),
        (format!("patterns?{TIMES_NS}&query={selector}&step=10s"), "/data", json!([])),
        (format!("format_query?query={selector}"), "/data", json!(r#"{app="a"}"#)),
    ] {
        let answer = ok(&app, "", &format!("{api}/{path}")).await;
        assert_eq!(answer.pointer(at), Some(&expected), "{path}");
    }
}

#[tokio::test]
async fn alerting_finds_that_rules_can_be_listed_but_not_edited() {
    let app = small().await;
    assert_eq!(ok(&app, "", "/prometheus/api/v1/rules").await["data"], json!({"groups": []}));
    assert_eq!(ok(&app, "", "/prometheus/api/v1/alerts").await["data"], json!({"alerts": []}));
    let edit = call(&app, "", "/loki/api/v1/rules/test/test?subtype=mimir").await;
    assert!(edit.body.contains("GetRuleGroup unsupported in rule local store"), "{}", edit.body);
}

#[tokio::test]
async fn drilldown_starts() {
    let app = small().await;
    let (source, api) = ("grafana-lokiexplore-app", "/loki/api/v1");
    let limits = ok(&app, source, &format!("{api}/drilldown-limits")).await;
    assert_eq!(limits["pattern_ingester_enabled"], json!(false));
    assert_eq!(limits["limits"]["volume_enabled"], json!(true));
    let volume = format!(
        "{api}/index/volume?{TIMES_RFC3339}&query=%7Bapp%3D~%60.%2B%60%7D&limit=5000&targetLabels=app"
    );
    let volume = ok(&app, source, &volume).await;
    let names: Vec<_> =
        volume["data"]["result"].as_array().unwrap().iter().map(|s| &s["metric"]["app"]).collect();
    assert_eq!(names, ["a", "b"]);
    let labels = ok(&app, source, &format!("{api}/detected_labels?{TIMES_RFC3339}&query=")).await;
    assert_eq!(labels["detectedLabels"][0], json!({"label": "app", "cardinality": 2}));
}
