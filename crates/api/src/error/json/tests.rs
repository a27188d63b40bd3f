use super::*;

#[test]
fn json_is_asked_for_by_name() {
    let asks = |accept: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        asks_for_json(&headers)
    };
    assert!(asks("application/json") && asks("text/html, application/json;q=0.9"));
    assert!(!asks("*/*") && !asks("text/plain") && !asks_for_json(&HeaderMap::new()));
}

#[test]
fn an_error_names_its_type() {
    let error: serde_json::Value =
        serde_json::from_str(&body(StatusCode::GATEWAY_TIMEOUT, "too \"slow\"")).unwrap();
    assert_eq!((&error["errorType"], &error["error"]), (&"timeout".into(), &"too \"slow\"".into()));
}
