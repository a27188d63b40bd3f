//! Every endpoint once over a small store, with the exact answer.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

mod small_store;

use api::context::{Context, Settings};
use api::server::{ServerConfig, http_service};
use api::stopping::Stopping;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::Pool;
use small_store::{API, Answer, RANGE, get, push, send, service, small, small_store};
use std::sync::Arc;

/// Asks under the API's path; parameters are given readable and escaped here.
async fn ask(app: &Router, path: &str, params: &[(&str, &str)]) -> Answer {
    let escaped = params.iter().map(|(name, value)| {
        let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("&{name}={value}")
    });
    get(app, &format!("{API}/{path}?{RANGE}{}", escaped.collect::<String>())).await
}

async fn good(path: &str, params: &[(&str, &str)], body: &str) {
    let answer = ask(&small().await, path, params).await;
    assert_eq!((answer.status, answer.without_stats().as_str()), (StatusCode::OK, body), "{path} {params:?}");
    assert_eq!(answer.content_type, "application/json; charset=UTF-8");
}

async fn bad(path: &str, params: &[(&str, &str)], status: u16, text: &str) {
    let answer = ask(&small().await, path, params).await;
    assert_eq!((answer.status.as_u16(), answer.body), (status, format!("{text}\n")), "{path} {params:?}");
    assert_eq!(answer.content_type, "text/plain; charset=utf-8");
}

const NO_QUERY: &str = "parse error : syntax error: unexpected $end";

#[tokio::test]
async fn labels_values_and_series() {
    good("labels", &[], r#"{"status":"success","data":["app","env"]}"#).await;
    good("label", &[("query", r#"{env="prod"}"#)], r#"{"status":"success","data":["app","env"]}"#).await;
    good("labels", &[("query", r#"{app="nosuch"}"#)], r#"{"status":"success"}"#).await;
    good("label/env/values", &[], r#"{"status":"success","data":["dev","prod"]}"#).await;
    good("label/env/values", &[("query", r#"{app="a"}"#)], r#"{"status":"success","data":["dev"]}"#).await;
    bad("labels", &[("query", r#"{app="a"} |= "x""#)], 400, "only label matchers are supported").await;
    let both = r#"{"status":"success","data":[{"app":"a","env":"dev"},{"app":"b","env":"prod"}]}"#;
    good("series", &[], both).await;
    good("series", &[("match[]", "{}")], both).await;
    good("series", &[("match[]", r#"{app="a"}"#), ("match", r#"{app="b"}"#)], both).await;
    good("series", &[("match[]", r#"{app="c"}"#)], r#"{"status":"success","data":[]}"#).await;
    bad("series", &[("match[]", "")], 400, NO_QUERY).await;
}

#[tokio::test]
async fn sizes() {
    good("index/stats", &[("query", r#"{app="a"}"#)], r#"{"streams":1,"chunks":1,"bytes":36,"entries":2}"#)
        .await;
    bad("index/stats", &[], 400, NO_QUERY).await;
    let by_env = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"env":"dev"},"value":[1741640460,"36"]},{"metric":{"env":"prod"},"value":[1741640460,"24"]}]"#;
    let all = ("query", r#"{app=~".+"}"#);
    good("index/volume", &[all, ("targetLabels", "env")], by_env).await;
    let by_name = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":""},"value":[1741640460,"60"]},{"metric":{"env":""},"value":[1741640460,"60"]}]"#;
    good("index/volume", &[all, ("aggregateBy", "labels")], by_name).await;
    let empty = r#"{"status":"success","data":{"resultType":"vector","result":[]"#;
    good("index/volume", &[("query", r#"{app="c"}"#)], empty).await;
    bad("index/volume", &[all, ("aggregateBy", "x")], 400, "invalid aggregation option").await;
    let steps = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"app":"a"},"values":[[1741640401.999,"36"],[1741640403.999,"0"]]}]"#;
    good("index/volume_range", &[("query", r#"{app="a"}"#), ("step", "2")], steps).await;
    let shards = r#"{"shards":[{"bounds":{"max":18446744073709551615,"min":0},"stats":{"bytes":60,"chunks":2,"entries":3,"streams":2}}]}"#;
    good("index/shards", &[all, ("targetBytesPerShard", "1MB")], shards).await;
}

#[tokio::test]
async fn explained() {
    let query = ("query", r#"{app="a"} |= "error" | json"#);
    let text = ask(&small().await, "explain", &[query]).await;
    assert_eq!(
        (text.status, text.content_type.as_str()),
        (StatusCode::OK, "application/json; charset=UTF-8")
    );
    let answer: serde_json::Value = serde_json::from_str(&text.body).unwrap();
    let leaf = &answer["data"]["leaves"][0];
    assert_eq!(
        (&leaf["stages"][0]["doneBy"], &leaf["stages"][1]["doneBy"]),
        (&"store".into(), &"engine".into())
    );
    assert_eq!(leaf["estimate"]["heads"], serde_json::json!({"rows": 2, "bytes": 36}));
    assert!(answer["data"]["actual"].is_null());
    let text = ask(&small().await, "explain", &[query, ("run", "true")]).await.body;
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let actual = &answer["data"]["actual"];
    assert_eq!((&actual["entriesReturned"], &actual["scan"]["headRows"]), (&1.into(), &2.into()));
    let at =
        format!("{API}/explain?time=1741640460&query=sum(count_over_time(%7Bapp%3D~%22.%2B%22%7D%5B1m%5D))");
    let answer: serde_json::Value = serde_json::from_str(&get(&small().await, &at).await.body).unwrap();
    assert_eq!(answer["data"]["root"], serde_json::json!(["leaf 1"]));
    bad("explain", &[query, ("run", "x")], 400, r#"run is "x", must be true or false"#).await;
    bad("explain", &[], 400, NO_QUERY).await;
}

#[tokio::test]
async fn what_can_be_detected() {
    let labels = r#"{"detectedLabels":[{"label":"app","cardinality":2},{"label":"env","cardinality":2}]}"#;
    good("detected_labels", &[], labels).await;
    good("detected_labels", &[("query", r#"{app="c"}"#)], "{}").await;
    let fields = r#"{"fields":[{"label":"trace","type":"string","cardinality":1,"parsers":null},{"label":"level","type":"string","cardinality":2,"parsers":["logfmt"]},{"label":"n","type":"int","cardinality":2,"parsers":["logfmt"]}],"limit":1000}"#;
    good("detected_fields", &[("query", r#"{app="a"}"#)], fields).await;
    let in_json = r#"{"fields":[{"label":"in_x","type":"string","cardinality":1,"parsers":["json"],"jsonPath":["in","x"]},{"label":"k","type":"int","cardinality":1,"parsers":["json"],"jsonPath":["k"]}],"limit":5}"#;
    good("detected_fields", &[("query", r#"{app="b"}"#), ("limit", "5")], in_json).await;
    let values = r#"{"values":["error","info"],"limit":1000}"#;
    good("detected_field/level/values", &[("query", r#"{app="a"}"#)], values).await;
    good("detected_field/app/values", &[("query", r#"{app="a"}"#)], "{}").await;
    let metric = [("query", r#"count_over_time({app="a"}[5m])"#)];
    bad("detected_fields", &metric, 400, "only log selector is supported").await;
    bad("detected_fields", &[("query", "{}"), ("limit", "0")], 400, "limit must be a positive value").await;
    good("patterns", &[("query", r#"{app="a"}"#)], r#"{"status":"success","data":[]}"#).await;
    bad("patterns", &[], 400, NO_QUERY).await;
}

#[tokio::test]
async fn queries_over_a_range() {
    let newest = r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"a","env":"dev","trace":"t1"},"values":[["1741640402000000000","level=error n=2"]]}]"#;
    good("query_range", &[("query", r#"{app="a"}"#), ("limit", "1")], newest).await;
    let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"app":"a"},"values":[[1741640430,"2"],[1741640460,"2"]]}]"#;
    let count = r#"sum by (app) (count_over_time({app="a"}[1m]))"#;
    good("query_range", &[("query", count), ("step", "30")], matrix).await;
    let escaped = r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"b","env":"prod"},"values":[["1741640403000000000","{\"k\":1,\"in\":{\"x\":\"\u003cy\u003e\"}}"]]}]"#;
    good("query_range", &[("query", r#"{app="b"}"#)], escaped).await;
    bad("query_range", &[], 400, NO_QUERY).await;
    bad("query_range", &[("query", "{}"), ("direction", "up")], 400, "invalid direction 'up'").await;
    bad("query_range", &[("query", "{}"), ("step", "1x")], 400, "cannot parse \"1x\" to a valid duration")
        .await;
    bad("query_range", &[("query", "{}"), ("interval", "-1")], 400, "interval must be >= 0").await;
}

#[tokio::test]
async fn labels_by_category() {
    let app = small().await;
    let path = format!("{API}/query_range?{RANGE}&limit=1&query=%7Bapp%3D%22a%22%7D%20%7C%20logfmt");
    let request = Request::get(path).header("X-Loki-Response-Encoding-Flags", "categorize-labels");
    let answer = send(&app, request.body(Body::empty()).unwrap()).await;
    let expected = r#"{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[{"stream":{"app":"a","env":"dev"},"values":[["1741640402000000000","level=error n=2",{"structuredMetadata":{"trace":"t1"},"parsed":{"level":"error","n":"2"}}]]}]"#;
    assert_eq!(answer.without_stats(), expected);
}

#[tokio::test]
async fn queries_at_one_time() {
    let vector = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1741640460,"3"]}]"#;
    let count = ("query", r#"sum(count_over_time({app=~".+"}[1m]))"#);
    good("query", &[count, ("time", "1741640460")], vector).await;
    let probe = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1741640460,"2"]}]"#;
    good("query", &[("query", "vector(1)+vector(1)")], probe).await;
    let logs = "log queries are not supported as an instant query type, please change your query to a range query type";
    bad("query", &[("query", r#"{app="a"}"#)], 400, logs).await;
    bad(
        "query",
        &[("query", "vector(1)"), ("time", "x")],
        400,
        "strconv.ParseInt: parsing \"x\": invalid syntax",
    )
    .await;
}

#[tokio::test]
async fn a_form_counts_before_the_url() {
    let form = "query=%7Bapp%3D%22b%22%7D&start=1741640400";
    let request = Request::post(format!("{API}/label/env/values?end=1741640460&query=%7Bapp%3D%22a%22%7D"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = send(&small().await, request.body(Body::from(form)).unwrap()).await;
    assert_eq!(answer.body, r#"{"status":"success","data":["prod"]}"#);
}

#[tokio::test]
async fn query_formatting_refuses_in_json() {
    let app = small().await;
    let good = get(&app, &format!("{API}/format_query?query=%7Bapp%3D%22a%22%7D%7C%3D%22x%22")).await;
    assert_eq!(good.body, r#"{"status":"success","data":"{app=\"a\"} |= \"x\""}"#);
    let bad = get(&app, &format!("{API}/format_query?query=%7Bapp")).await;
    assert_eq!(bad.status, 400);
    assert!(
        bad.body.starts_with(r#"{"status":"invalid-query","error":"parse error at line 1, col 5:"#),
        "{}",
        bad.body
    );
}

#[tokio::test]
async fn legacy_paths_have_their_shapes() {
    let app = small().await;
    let lines =
        get(&app, &format!("/api/prom/query?{RANGE}&limit=1&query=%7Bapp%3D%22a%22%7D&regexp=err.r")).await;
    let expected = r#"{"streams":[{"entries":[{"line":"level=error n=2","ts":"2025-03-10T21:00:02Z"}],"labels":"{app=\"a\", env=\"dev\", trace=\"t1\"}"}]}"#;
    assert_eq!(lines.body, format!("{expected}\n"));
    let metric = get(&app, &format!("/api/prom/query?{RANGE}&query=vector(1)")).await;
    assert_eq!(metric.body, "legacy endpoints only support streams result type\n");
    assert_eq!(get(&app, &format!("/api/prom/label?{RANGE}")).await.body, r#"{"values":["app","env"]}"#);
    assert_eq!(
        get(&app, &format!("/api/prom/label/env/values?{RANGE}")).await.body,
        r#"{"values":["dev","prod"]}"#
    );
    let series = get(&app, &format!("/api/prom/series?{RANGE}&match[]=%7Bapp%3D%22b%22%7D")).await;
    assert_eq!(series.body, r#"{"status":"success","data":[{"app":"b","env":"prod"}]}"#);
}

#[tokio::test]
async fn tenants_are_kept_apart_and_joined() {
    let twin = small_store().await;
    push(&twin, "a", &[("app", "x")], &[(1, "one", &[])]).await;
    push(&twin, "b", &[("app", "x"), ("__tenant_id__", "old")], &[(1, "two", &[])]).await;
    let settings = Settings { auth_enabled: true, multi_tenant_queries_enabled: true, ..Settings::default() };
    let app = service(twin, settings);
    let asked = |tenant: &'static str, path: &str| {
        let request = Request::get(format!("{API}/{path}?{RANGE}")).header("X-Scope-OrgID", tenant);
        send(&app, request.body(Body::empty()).unwrap())
    };
    assert_eq!(get(&app, &format!("{API}/labels")).await.body, "no org id\n");
    assert_eq!(asked("a", "series").await.body, r#"{"status":"success","data":[{"app":"x"}]}"#);
    assert_eq!(
        asked("a|b", "series").await.body,
        r#"{"status":"success","data":[{"__tenant_id__":"a","app":"x"},{"__tenant_id__":"b","app":"x","original___tenant_id__":"old"}]}"#
    );
    assert_eq!(
        asked("a|b", "label/__tenant_id__/values").await.body,
        r#"{"status":"success","data":["a","b"]}"#
    );
    assert_eq!(asked("a/b", "labels").await.body, "tenant ID 'a/b' contains unsupported character '/'\n");
    assert_eq!(asked("a|b", "tail").await.body, "multiple org IDs present\n");
}

#[tokio::test]
async fn tails_are_refused_before_they_are_opened() {
    bad("tail", &[], 400, NO_QUERY).await;
    bad("tail", &[("query", r#"{app="a"}"#)], 400, "Bad Request").await;
    bad("tail", &[("query", r#"{app="a"}"#), ("delay_for", "6")], 400, "delay_for can't be greater than 5")
        .await;
    let limit = "strconv.Atoi: parsing \"abc\": invalid syntax";
    bad("tail", &[("query", r#"{app="a"}"#), ("limit", "abc")], 400, limit).await;
}

#[tokio::test]
async fn pages_for_operators() {
    let twin = small_store().await;
    let app = service(twin.clone(), Settings::default());
    for (path, body) in [
        ("/ready", "ready\n"),
        ("/services", ""),
        ("/config", ""),
        ("/log_level", r#"{"message":"Current log level is info"}"#),
        ("/loki/api/v1/delete", "[]"),
        (
            "/prometheus/api/v1/rules",
            r#"{"status":"success","data":{"groups":[]},"errorType":"","error":""}"#,
        ),
        (
            "/prometheus/api/v1/alerts",
            r#"{"status":"success","data":{"alerts":[]},"errorType":"","error":""}"#,
        ),
    ] {
        let answer = get(&app, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, body), "{path}");
    }
    let build = get(&app, "/loki/api/v1/status/buildinfo").await.body;
    assert!(build.starts_with(r#"{"version":""#) && build.contains(r#","buildDate":"""#), "{build}");
    assert!(get(&app, "/config/tenant/v1/limits").await.body.contains("max_query_series: 500\n"));
    assert!(get(&app, "/").await.body.contains("<title>Trefoil</title>"));
    let drilldown = get(&app, "/loki/api/v1/drilldown-limits").await.body;
    assert!(drilldown.contains(r#""max_query_length":"30d1h""#), "{drilldown}");
    let merged = send(&app, Request::post("/compact").body(Body::empty()).unwrap()).await;
    assert_eq!(merged.status, 204);
    let flushed = send(&app, Request::post("/flush").body(Body::empty()).unwrap()).await;
    assert_eq!((flushed.status.as_u16(), twin.flushes()), (204, 3), "one flush per signal");
    let level = send(&app, Request::post("/log_level?log_level=loud").body(Body::empty()).unwrap()).await;
    assert_eq!(level.status, 400);
    assert!(level.body.ends_with(r#","status":"failed"}"#), "{}", level.body);
    let metrics = get(&app, "/metrics").await.body;
    let count =
        r#"loki_request_duration_seconds_count{method="GET",route="ready",status_code="200",ws="false"} 1"#;
    assert!(metrics.contains(count), "{metrics}");
}

#[tokio::test]
async fn what_does_not_exist_says_so() {
    let app = small().await;
    for (path, status, body) in [
        ("/loki/api/v1", 404, "404 page not found\n"),
        ("/loki/api/v1/label/app/value", 404, "404 page not found\n"),
        ("/loki/api/v1/label//values", 301, ""),
        ("/loki/api/v1/rules", 404, "no rule groups found\n"),
        ("/loki/api/v1/rules/ns", 404, "no rule groups found\n"),
        ("/loki/api/v1/rules/ns/group", 400, "GetRuleGroup unsupported in rule local store\n"),
    ] {
        let answer = get(&app, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (status, body), "{path}");
    }
    for method in ["PUT", "DELETE"] {
        let request = Request::builder().method(method).uri(format!("{API}/query_range"));
        assert_eq!(send(&app, request.body(Body::empty()).unwrap()).await.status, 405);
    }
    let delete =
        Request::post(format!("{API}/delete?query=%7Bapp%3D%22a%22%7D&start=1741640400&end=1741640401"));
    let refused = send(&app, delete.body(Body::empty()).unwrap()).await;
    assert_eq!((refused.status.as_u16(), refused.body.as_str()), (400, "Retention is not enabled\n"));
}

#[tokio::test]
async fn a_prefix_stands_before_every_path() {
    let context = Context::over(Arc::new(small_store().await), Pool::new(1).unwrap());
    let config = ServerConfig { http_path_prefix: "/logs/".to_owned(), ..ServerConfig::default() };
    let app = http_service(&context, &config, &Stopping::never());
    assert_eq!(get(&app, "/logs/ready").await.body, "ready\n");
    assert_eq!(get(&app, "/logs").await.status, 200);
    assert_eq!(get(&app, &format!("/logs{API}/format_query?query=1")).await.status, 200);
    assert_eq!(get(&app, "/ready").await.body, "404 page not found\n");
}
