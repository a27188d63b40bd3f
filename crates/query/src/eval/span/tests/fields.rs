//! Conditions on one span.

use super::*;

/// A span with something of everything.
fn rich() -> (Span, Origin) {
    let list = |values: &[&str]| attribute::Value::Array(values.iter().map(|value| text(value)).collect());
    let mut span = span(5, 4, "GET /");
    (span.kind, span.status, span.status_message) = (2, 2, "timeout".to_owned());
    span.attributes = attributes([
        ("code", int(500)),
        ("ratio", attribute::Value::Double(0.5)),
        ("ok", attribute::Value::Bool(false)),
        ("zone", text("b")),
        ("tags", list(&["x", "y"])),
        ("none", list(&[])),
        ("raw", attribute::Value::Bytes(vec![1])),
        ("empty", attribute::Value::Empty),
        ("a b", text("quoted")),
    ]);
    let event = |name: &str, after_ns, attributes| Event {
        ts_ns: span.start_ns + after_ns,
        name: name.to_owned(),
        attributes,
        ..Event::default()
    };
    span.extra.events = vec![
        event("start", 0, Attributes::new()),
        event("exception", 2_000_000, attributes([("type", text("io"))])),
    ];
    let link = Link { trace_id: [9; 16], span_id: [8; 8], ..Link::default() };
    span.extra.links = vec![Link { attributes: attributes([("why", int(3))]), ..link }];
    let mut origin = service("web");
    origin.scope.attributes = attributes([("lib", text("http"))]);
    (origin.scope_name, origin.scope_version) = ("otel".to_owned(), "1.2".to_owned());
    (span, origin)
}

/// Whether the span is selected by each condition.
fn check(selected: bool, conditions: &[&str]) {
    let (span, origin) = rich();
    let members = [Member { span: &span, origin: &origin }];
    for condition in conditions {
        let wanted = if selected { "GET /" } else { "" };
        assert_eq!(given(&members, &format!("{{ {condition} }}")), wanted, "{condition}");
    }
}

#[test]
fn attributes_are_found_by_their_scope() {
    check(
        true,
        &[
            r#".zone = "b""#,
            r#"span.zone = "b""#,
            r#"resource.zone = "a""#,
            ".n = 1",
            "span.n = nil",
            "resource.code = nil",
            r#"instrumentation.lib = "http""#,
            r#".lib = nil"#,
            r#"span."a b" = "quoted""#,
            r#"event.type = "io""#,
            "link.why > 2",
            ".empty = nil",
            ".raw != nil",
            "true",
            "1 < 2",
        ],
    );
    check(
        false,
        &["span.n = 1", r#"resource.zone = "b""#, r#"event.lib = "http""#, ".raw = nil", "false", ".ok"],
    );
}

#[test]
fn intrinsics_are_what_the_span_says() {
    check(
        true,
        &[
            r#"name = "GET /" && kind = server && status = error && statusMessage = "timeout""#,
            "duration = 5ms && duration > 4 && duration < 5.5ms && traceDuration = 5ms",
            r#"trace:id = "07070707070707070707070707070707" && span:id = "0505050505050505""#,
            r#"span:parentID = "0404040404040404" && span:childCount = 0"#,
            r#"event:name = "exception" && event:name = "start" && event:timeSinceStart >= 2ms"#,
            r#"link:traceID =~ "09+.*" && link:spanID = "0808080808080808""#,
            r#"instrumentation:name = "otel" && instrumentation:version = "1.2""#,
            // Its root has not come yet.
            "rootName = nil && rootServiceName = nil && nestedSetLeft = 0 && nestedSetParent = 0",
            "name != nil && kind != client && status != ok",
        ],
    );
}

#[test]
fn numbers_of_all_kinds_compare() {
    check(
        true,
        &[
            ".code = 500 && .code = 500.0 && .code < 501 && .code >= 499.5",
            ".ratio = 0.5 && .ratio < 1 && .ratio > 0",
            ".code > 400ns && duration > .code",
            ".code + 1 = 501 && .code / 3 = 166 && .code % 3 = 2 && .code * .ratio = 250.0",
            "2 ^ 10 = 1024 && -.code = -500 && -.code < 0 && 2 ^ -1 = 0.5",
            "duration * 2 = 10ms && duration + 1ms = 6ms && duration / traceDuration = 1",
            "maxInt + 1 > 9e18 && maxInt + 1 >= maxInt && -minInt > 9e18 && maxInt = 9223372036854775807",
        ],
    );
    check(
        false,
        &[
            ".code / 0 = 0",
            ".code / 0 != 0",
            ".code % 0 = 0",
            ".code + .zone = 500",
            "-.zone = 1",
            ".code != 500",
            "maxInt - 1 = maxInt",
        ],
    );
}

#[test]
fn values_of_different_kinds_are_neither_equal_nor_unequal() {
    check(true, &[r#"!(.code = "500")"#, r#"!(.code != "500")"#]);
    check(
        false,
        &[
            r#".code = "500""#,
            r#".code != "500""#,
            ".zone != 5",
            ".ok != 0",
            ".zone > 5",
            r#".code =~ "5.*""#,
        ],
    );
    check(false, &[r#".code !~ "5.*""#, r#".raw = "x""#, r#".raw != "x""#]);
}

#[test]
fn texts_match_as_a_whole() {
    check(
        true,
        &[
            r#".zone =~ "b|c""#,
            r#"name =~ "GET.*""#,
            r#"name !~ "GET""#,
            r#"name =~ "(?i)get /""#,
            r#".zone > "a" && .zone < "c""#,
            r#""b" = .zone"#,
        ],
    );
    check(false, &[r#"name =~ "GET""#, r#".zone !~ "b""#]);
}

#[test]
fn of_arrays_one_must_be_equal_or_none() {
    check(
        true,
        &[
            r#".tags = "x""#,
            r#".tags = "y" && "y" = .tags"#,
            r#".tags =~ "y+""#,
            r#".tags != "z""#,
            r#".tags !~ "z""#,
            r#".tags > "x""#,
            r#".none != "x""#,
            r#".none != nil"#,
            r#"event:name != "end""#,
        ],
    );
    check(
        false,
        &[
            r#".tags != "x""#,
            r#".tags !~ "x|q""#,
            r#".tags = "z""#,
            r#".none = "x""#,
            r#".none =~ ".*""#,
            r#"event:name != "start""#,
            ".tags = 5",
            ".tags != 5",
        ],
    );
}

#[test]
fn what_is_not_there_is_neither_equal_nor_unequal() {
    check(
        true,
        &[
            ".gone = nil",
            "!(.gone != nil)",
            "nil = .gone",
            ".gone = 1 || true",
            "!(.gone = 1 && false)",
            "!(.gone = 1)",
            "!(.gone != 1)",
            r#"!(.gone =~ "x")"#,
            r#"!(.gone !~ "x")"#,
            "!(.gone + 1 > 0)",
        ],
    );
    check(
        false,
        &[
            ".gone",
            "!.gone",
            ".gone = 1",
            ".gone != 1",
            "!(.gone && true)",
            r#".gone =~ ".*""#,
            r#".gone !~ "x""#,
            ".gone = .lost",
            ".gone && true",
            ".gone = 1 || false",
            ".gone + 1 > 0",
            ".gone != nil",
        ],
    );
}

#[test]
fn replies_tell_what_was_asked_about() {
    let (span, origin) = rich();
    let members = [Member { span: &span, origin: &origin }];
    let trace = Trace::new(&members);
    let fields = pipeline("{ .zone = \"b\" && .gone = nil } | select(.tags, resource.zone, name)").fields();
    let values = trace.values(&fields, 0);
    let told: Vec<String> = values.iter().map(|(field, value)| format!("{field}={}", shown(value))).collect();
    assert_eq!(told, [".zone=b", ".tags=x+y", "resource.zone=a", "name=GET /"]);
}
