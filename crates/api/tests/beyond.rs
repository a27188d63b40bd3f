//! What the API has beyond Loki's: cursors, partial answers, context, errors as JSON.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

mod small_store;

use api::context::Settings;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::twin::Twin;
use serde_json::Value;
use small_store::{API, RANGE, START, get, push, send, service, small};

/// `{app="a"}` and `{app="b"}`, a line a second in each.
async fn ten_lines_each() -> Router {
    let twin = Twin::new();
    for app in ["a", "b"] {
        let texts: Vec<String> = (0..10).map(|n| format!("{app}{n}")).collect();
        let lines: Vec<_> =
            texts.iter().enumerate().map(|(n, text)| (n as i64, text.as_str(), &[][..])).collect();
        push(&twin, "fake", &[("app", app)], &lines).await;
    }
    service(twin, Settings::default())
}

async fn data(app: &Router, path: &str) -> Value {
    let answer = get(app, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str::<Value>(&answer.body).unwrap()["data"].clone()
}

fn texts(data: &Value) -> Vec<String> {
    let streams = data["result"].as_array().unwrap().iter();
    let values = streams.flat_map(|stream| stream["values"].as_array().unwrap());
    values.map(|value| value[1].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_cursor_leads_through_all_lines() {
    let app = ten_lines_each().await;
    let path = format!("{API}/query_range?query=%7Bapp%3D~%22.%2B%22%7D&limit=3&{RANGE}");
    let mut cursor = "start".to_owned();
    let mut read = Vec::new();
    loop {
        let page = data(&app, &format!("{path}&cursor={cursor}")).await;
        read.extend(texts(&page));
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    read.sort();
    let mut all: Vec<String> =
        ["a", "b"].iter().flat_map(|app| (0..10).map(move |n| format!("{app}{n}"))).collect();
    all.sort();
    assert_eq!(read, all);
    assert!(data(&app, &path).await["cursor"].is_null(), "nobody asked for a cursor");
    let refused = get(&app, &format!("{path}&cursor=7")).await;
    assert_eq!((refused.status.as_u16(), refused.body.contains("was given by no answer")), (400, true));
}

#[tokio::test]
async fn context_is_what_stands_around_a_line() {
    let app = ten_lines_each().await;
    let at = (START + 5) * 1_000_000_000;
    let path = format!("{API}/context?query=%7Bapp%3D%22a%22%7D");
    let around = data(&app, &format!("{path}&time={at}&before=2&after=3")).await;
    assert_eq!(texts(&around), ["a3", "a4", "a5", "a6", "a7"]);
    assert_eq!(texts(&data(&app, &format!("{path}&time={at}&before=0&after=1")).await), ["a5"]);
    let near = data(&app, &format!("{path}&time={at}&before=9&after=0&since=2s")).await;
    assert_eq!(texts(&near), ["a3", "a4"]);
    for (params, text) in [("", "time is missing"), ("&time=1&before=0&after=0", "no line is asked for")] {
        let refused = get(&app, &format!("{path}{params}")).await;
        assert_eq!((refused.status.as_u16(), refused.body.contains(text)), (400, true), "{}", refused.body);
    }
}

#[tokio::test]
async fn errors_are_json_for_who_asks_for_it() {
    let app = small().await;
    let path = format!("{API}/query_range?query=%7B");
    let request =
        |accept: &str| Request::get(&path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
    let plain = send(&app, request("*/*")).await;
    assert_eq!(plain.content_type, "text/plain; charset=utf-8");
    let json = send(&app, request("application/json")).await;
    assert_eq!((json.status, json.content_type.as_str()), (plain.status, "application/json; charset=UTF-8"));
    let error: Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!((&error["status"], &error["errorType"]), (&"error".into(), &"bad_data".into()));
    assert_eq!(error["error"].as_str(), Some(plain.body.trim_end()));
}

#[tokio::test]
async fn partial_is_a_yes_or_no() {
    let app = ten_lines_each().await;
    let path = format!("{API}/query_range?query=%7Bapp%3D%22a%22%7D&{RANGE}");
    assert_eq!(texts(&data(&app, &format!("{path}&partial=true")).await).len(), 10);
    let refused = get(&app, &format!("{path}&partial=maybe")).await;
    assert_eq!(refused.body, "partial is \"maybe\", must be true or false\n");
}
