use super::*;
use crate::traceql::ast::{Expr, Pipeline};
use crate::traceql::{self, ast::Field};
use model::attribute::Value;
use model::span::{Attributes, Event, Link, Origin};
use model::trace::FoundTrace;
use model::twin::Twin;
use model::{Append as _, BatchBuilder, RowRef, Signal};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const BASE_NS: i64 = 1_741_640_400_000_000_000;
pub(super) const MINUTE_NS: i64 = base::unit::MINUTE_NS;

pub(super) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub(super) fn origin(service: &str) -> Origin {
    let mut origin = Origin { scope_name: "lib".into(), ..Origin::default() };
    origin.resource.attributes = vec![("service.name".into(), text(service))];
    origin
}

pub(super) fn span(trace: u8, id: u8, parent: u8, minute: i64, attributes: &[(&str, Value)]) -> Span {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Span {
        trace_id: [trace; 16],
        span_id: [id; 8],
        parent_id: [parent; 8],
        start_ns: BASE_NS + minute * MINUTE_NS,
        duration_ns: 1_000_000,
        name: format!("op{id}"),
        attributes,
        ..Span::default()
    }
}

pub(super) async fn push(twin: &Twin, tenant: &Tenant, groups: &[OriginSpans]) {
    let mut batch = BatchBuilder::new(tenant.clone(), Signal::Span, BASE_NS);
    for group in groups {
        for span in &group.spans {
            let (metadata, mut body) = (span.metadata(), Vec::new());
            span.put_body(&mut body);
            batch.add_row(RowRef { ts_ns: span.start_ns, body: &body, metadata: metadata.as_ref() });
        }
        batch.end_stream(group.origin.labels().as_ref());
    }
    twin.append(batch.build()).await.unwrap();
}

pub(super) fn group(service: &str, spans: Vec<Span>) -> OriginSpans {
    OriginSpans { origin: origin(service), spans }
}

pub(super) fn traces(twin: &Twin) -> Traces {
    Traces::new(Arc::new(twin.clone()), Pool::new(2).unwrap())
}

pub(super) fn tenants() -> Vec<Tenant> {
    vec![Tenant::single()]
}

fn pipeline(query: &str) -> Pipeline {
    match traceql::parse(query).unwrap().expr {
        Expr::Spans(pipeline) => pipeline,
        Expr::Metrics(_) => panic!("{query}"),
    }
}

fn search_of(query: &str) -> Search {
    Search {
        tenants: tenants(),
        pipeline: pipeline(query),
        range: TimeRange::ALL,
        duration_ns: 0..=i64::MAX,
        limit: 20,
        spans_per_spanset: 3,
    }
}

async fn search(twin: &Twin, query: &str) -> Searched {
    traces(twin).search(&search_of(query), &Limits::default()).await.unwrap()
}

fn ids(found: &[FoundTrace]) -> Vec<u8> {
    found.iter().map(|trace| trace.id[0]).collect()
}

#[tokio::test]
async fn a_trace_is_put_together_from_all_streams() {
    let twin = Twin::new();
    let first = vec![group("shop", vec![span(1, 1, 0, 0, &[]), span(2, 1, 0, 0, &[])])];
    let later = vec![group("db", vec![span(1, 2, 1, 3, &[]), span(1, 3, 1, 2, &[])])];
    let again = vec![group("shop", vec![span(1, 4, 1, 5, &[]), span(1, 1, 0, 0, &[])])];
    for groups in [&first, &later, &again] {
        push(&twin, &Tenant::single(), groups).await;
    }
    let expected = vec![
        group("shop", vec![span(1, 1, 0, 0, &[]), span(1, 4, 1, 5, &[])]),
        group("db", vec![span(1, 3, 1, 2, &[]), span(1, 2, 1, 3, &[])]),
    ];
    for twin in [twin.clone(), twin.scattered(1), twin.scattered(2)] {
        let near = Some(TimeRange::new(BASE_NS, BASE_NS));
        for near in [None, near] {
            let whole = traces(&twin).by_id(&tenants(), [1; 16], near, &Limits::default()).await.unwrap();
            assert_eq!((&whole.groups, whole.partial), (&expected, None));
            assert_eq!((whole.cost.traces, whole.cost.spans), (1, 5));
            assert!(whole.cost.bytes > 0);
        }
    }
    let far = Some(TimeRange::new(0, 10));
    let whole = traces(&twin).by_id(&tenants(), [1; 16], far, &Limits::default()).await.unwrap();
    assert_eq!((whole.groups.len(), whole.cost.traces), (0, 0));
}

#[tokio::test]
async fn a_trace_that_does_not_fit_into_memory_is_given_in_part() {
    let twin = Twin::new();
    push(&twin, &Tenant::single(), &[group("a", vec![span(1, 1, 0, 0, &[])])]).await;
    let big = span(1, 2, 1, 0, &[("a", text(&"x".repeat(10_000)))]);
    push(&twin, &Tenant::single(), &[group("b", vec![big])]).await;
    let limits = Limits { max_query_memory: base::unit::ByteSize(5_000), ..Limits::default() };
    let whole = traces(&twin).by_id(&tenants(), [1; 16], None, &limits).await.unwrap();
    assert_eq!(whole.groups.len(), 1);
    assert!(whole.partial.unwrap().starts_with("query memory limit exceeded"), "names the limit");
}

#[tokio::test]
async fn several_tenants_are_one_trace() {
    let (twin, a, b) = (Twin::new(), Tenant::new("a").unwrap(), Tenant::new("b").unwrap());
    push(&twin, &a, &[group("shop", vec![span(1, 1, 0, 0, &[])])]).await;
    push(&twin, &b, &[group("shop", vec![span(1, 2, 1, 1, &[]), span(1, 1, 0, 0, &[])])]).await;
    let whole = traces(&twin).by_id(&[a, b], [1; 16], None, &Limits::default()).await.unwrap();
    assert_eq!(whole.groups, [group("shop", vec![span(1, 1, 0, 0, &[]), span(1, 2, 1, 1, &[])])]);
}

#[tokio::test]
async fn a_search_tells_of_traces_what_was_asked() {
    let twin = Twin::new();
    let mut failed = span(1, 2, 1, 1, &[("http.status_code", Value::Int(500))]);
    failed.status = 2;
    let spans = vec![span(1, 1, 0, 0, &[("http.status_code", Value::Int(200))]), failed];
    push(&twin, &Tenant::single(), &[group("shop", spans)]).await;
    push(&twin, &Tenant::single(), &[group("db", vec![span(1, 3, 2, 2, &[])])]).await;
    push(&twin, &Tenant::single(), &[group("shop", vec![span(2, 1, 9, 0, &[])])]).await;
    let found =
        search(&twin, "{ span.http.status_code >= 200 } | select(resource.service.name) | count() > 1").await;
    let [trace] = found.traces.as_slice() else { panic!("{found:?}") };
    assert_eq!((trace.root_service.as_deref(), trace.root_name.as_deref()), (Some("shop"), Some("op1")));
    assert_eq!((trace.start_ns, trace.duration_ns), (BASE_NS, 2 * MINUTE_NS + 1_000_000));
    let services: Vec<_> =
        trace.services.iter().map(|(name, counts)| (name.as_str(), counts.spans, counts.errors)).collect();
    assert_eq!(services, [("db", 1, 0), ("shop", 2, 1)]);
    let [spanset] = trace.spansets.as_slice() else { panic!("{trace:?}") };
    assert_eq!((spanset.matched, spanset.spans.len()), (2, 2));
    assert_eq!(spanset.attributes, [("count()".to_owned(), Value::Int(2))]);
    assert_eq!(spanset.spans[1].id, [2; 8]);
    let attributes: Attributes =
        vec![("http.status_code".into(), Value::Int(500)), ("service.name".into(), text("shop"))];
    assert_eq!(spanset.spans[1].attributes, attributes);
    assert_eq!((found.cost.traces, found.cost.candidates), (1, 1), "the check left one trace out");
    let orphan = search(&twin, "{ trace:id = \"02020202020202020202020202020202\" }").await;
    assert_eq!((orphan.traces.len(), &orphan.traces[0].root_service), (1, &None));
}

#[tokio::test]
async fn a_search_stops_at_its_limit_with_the_newest() {
    let twin = Twin::new();
    for trace in 1..=50 {
        push(&twin, &Tenant::single(), &[group("s", vec![span(trace, 1, 0, i64::from(trace) % 10, &[])])])
            .await;
    }
    for twin in [twin.clone(), twin.scattered(7)] {
        let asked = Search { limit: 7, ..search_of("{}") };
        let found = traces(&twin).search(&asked, &Limits::default()).await.unwrap();
        assert_eq!(ids(&found.traces), [9, 19, 29, 39, 49, 8, 18]);
        assert!(found.cost.traces < 20, "{:?}", found.cost);
        let range = TimeRange::new(BASE_NS + 3 * MINUTE_NS, BASE_NS + 4 * MINUTE_NS);
        let found =
            traces(&twin).search(&Search { range, ..search_of("{}") }, &Limits::default()).await.unwrap();
        assert_eq!(ids(&found.traces), [3, 13, 23, 33, 43]);
        assert_eq!((found.cost.traces, found.cost.candidates), (5, 5));
        let duration_ns = 2_000_000..=i64::MAX;
        let long = Search { duration_ns, ..search_of("{}") };
        assert!(traces(&twin).search(&long, &Limits::default()).await.unwrap().traces.is_empty());
    }
}

#[tokio::test]
async fn reading_too_much_is_refused() {
    let twin = Twin::new();
    push(&twin, &Tenant::single(), &[group("s", vec![span(1, 1, 0, 0, &[])])]).await;
    let limits = Limits { max_querier_bytes_read: base::unit::ByteSize(1), ..Limits::default() };
    let refused = traces(&twin).search(&search_of("{}"), &limits).await.unwrap_err();
    assert_eq!(refused.kind(), base::Kind::Limit);
}

fn asked(query: &str) -> TagsAsked {
    TagsAsked { tenants: tenants(), range: TimeRange::ALL, query: query.to_owned(), limit: 0 }
}

async fn tagged() -> Twin {
    let twin = Twin::new();
    let mut with_event = span(1, 1, 0, 0, &[("http.method", text("GET")), ("n", Value::Int(5))]);
    let of_event = vec![("exception.type".to_owned(), text("Oops"))];
    with_event.extra.events =
        vec![Event { attributes: of_event, name: "exception".into(), ..Event::default() }];
    let list = Value::Array(vec![text("x"), text("y")]);
    let mut with_link = span(2, 1, 9, 0, &[("list", list), ("n", Value::Double(0.5))]);
    let of_link = vec![("why".to_owned(), Value::Bool(true))];
    with_link.extra.links = vec![Link { attributes: of_link, ..Link::default() }];
    push(&twin, &Tenant::single(), &[group("shop", vec![with_event]), group("db", vec![with_link])]).await;
    twin
}

#[tokio::test]
async fn names_of_attributes_by_scope() {
    let twin = tagged().await;
    let names = async |query: &str, scopes: &[TagScope]| {
        let found = traces(&twin).tag_names(&asked(query), scopes, &Limits::default()).await.unwrap();
        found
            .0
            .into_iter()
            .map(|(scope, names)| format!("{}: {}", scope.word(), names.join(" ")))
            .collect::<Vec<_>>()
    };
    let all = [
        "resource: service.name",
        "span: http.method list n",
        "event: exception.type",
        "link: why",
        "instrumentation: ",
    ];
    assert_eq!(names("", &TagScope::ALL).await, all);
    assert_eq!(names("", &[TagScope::Resource]).await, all[..1]);
    let of_db = ["span: list n", "link: why"];
    let query = "{ resource.service.name = \"db\" && ";
    assert_eq!(names(query, &[TagScope::Span, TagScope::Link]).await, of_db);
}

#[tokio::test]
async fn values_of_a_field() {
    let twin = tagged().await;
    let values = async |field: &str, query: &str| {
        let field: Field = pipeline(&format!("{{ {field} != nil }}")).fields().remove(0);
        let (values, cost) =
            traces(&twin).tag_values(&asked(query), &field, &Limits::default()).await.unwrap();
        let values: Vec<_> = values.into_iter().map(|(kind, text)| format!("{kind} {text}")).collect();
        (values.join(", "), cost.spans)
    };
    assert_eq!(values("resource.service.name", "").await, ("string db, string shop".to_owned(), 0));
    assert_eq!(values("resource.service.name", "{ span.n = 5 }").await.0, "string shop");
    assert_eq!(values(".service.name", "").await.0, "string db, string shop");
    assert_eq!(values("span.n", "").await.0, "float 0.5, int 5");
    assert_eq!(values("span.list", "").await.0, "string x, string y");
    assert_eq!(values("event.exception.type", "").await.0, "string Oops");
    assert_eq!(values("link.why", "").await.0, "bool true");
    assert_eq!(values("event:name", "").await.0, "string exception");
    assert_eq!(values("name", "").await.0, "string op1");
    assert_eq!(values("rootServiceName", "").await.0, "string shop", "the other span is no root");
    assert_eq!(values("instrumentation:name", "").await, ("string lib".to_owned(), 0));
    assert_eq!(values("status", "").await, ("keyword error, keyword ok, keyword unset".to_owned(), 0));
    let limits = Limits { max_bytes_per_tag_values_query: base::unit::ByteSize(3), ..Limits::default() };
    let service = pipeline("{ resource.service.name = \"a\" }").fields().remove(0);
    let (values, _) = traces(&twin).tag_values(&asked(""), &service, &limits).await.unwrap();
    assert_eq!(values.into_iter().collect::<Vec<_>>(), [("string", "db".to_owned())]);
}

const QUERIES: [&str; 24] = [
    "{}",
    "{ .a = 1 }",
    "{ span.a = 1.5 }",
    "{ resource.a = \"x\" }",
    "{ .a = \"x\" && .b = true }",
    "{ .a = \"x\" || name = \"op2\" }",
    "{ span.a =~ \"x|y\" && span.b != nil }",
    "{ name =~ \"op[12]\" && resource.service.name = \"s1\" }",
    "{ .a != \"x\" }",
    "{ !(.a = \"x\") }",
    "{ .a = 0 }",
    "{ .a = \"\" }",
    "{ .a = 1 } && { .b = true }",
    "{ .a = 1 } || { .b = true }",
    "{ .a = 1 } > { name = \"op2\" }",
    "{ .a = 1 } !>> { .b = true }",
    "{ .a = 1 } &~ { .a = \"x\" }",
    "({ .a = 1 } | count() > 1) || { rootName = \"op1\" }",
    "{ rootName = \"op1\" && .a = 1 }",
    "{ rootServiceName = \"s1\" }",
    "{ nestedSetParent < 0 && (.a = 1 || .b = true) && (.b = false || .a = 1.5) }",
    "{ instrumentation:name = \"lib\" && span.a = true }",
    "{ (.a = 1 || .b = 1) && (.a = 1 || .b = 1) && (.a = 1 || .b = 1) }",
    "{ .a = 1 } | by(name) | count() >= 1",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(text("x")),
        Just(text("y")),
        Just(text("")),
        Just(Value::Int(0)),
        Just(Value::Int(1)),
        Just(Value::Double(-0.0)),
        Just(Value::Double(1.0)),
        Just(Value::Double(1.5)),
        any::<bool>().prop_map(Value::Bool),
    ];
    leaf.prop_recursive(1, 3, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Value::Array))
}

pub(super) fn some_attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::btree_map("[ab]", any_value(), 0..3).prop_map(|map| map.into_iter().collect())
}

pub(super) type Drawn = (u8, u8, u8, i64, Attributes, Attributes, bool);

pub(super) fn pushed(drawn: Vec<Drawn>) -> Vec<OriginSpans> {
    let group = |(at, (trace, id, parent, minute, own, of_resource, other)): (usize, Drawn)| {
        let mut group =
            group(if other { "s1" } else { "s2" }, vec![span(trace, at as u8 + 10, parent, minute, &[])]);
        group.origin.resource.attributes.extend(of_resource);
        group.spans[0].name = format!("op{id}");
        group.spans[0].attributes = own;
        group
    };
    drawn.into_iter().enumerate().map(group).collect()
}

/// All traces that `query` selects when each is evaluated.
fn naively(groups: &[OriginSpans], query: &str) -> Vec<u8> {
    let mut by_trace: BTreeMap<u8, Vec<Member<'_>>> = BTreeMap::new();
    for member in members(groups) {
        by_trace.entry(member.span.trace_id[0]).or_default().push(member);
    }
    let pipeline = pipeline(query);
    let selected = |members: &Vec<Member<'_>>| !Trace::new(members).run(&pipeline).is_empty();
    by_trace.into_iter().filter(|(_, members)| selected(members)).map(|(id, _)| id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sieves_lose_no_trace(
        drawn in prop::collection::vec(
            (1u8..5, 1u8..4, prop_oneof![Just(0u8), 10u8..16], 0i64..30, some_attributes(), some_attributes(), any::<bool>()),
            1..12,
        ),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let groups = pushed(drawn);
        let twin = Twin::new();
        runtime.block_on(push(&twin, &Tenant::single(), &groups));
        let twin = twin.scattered(seed);
        for query in QUERIES {
            let mut found = ids(&runtime.block_on(search(&twin, query)).traces);
            found.sort_unstable();
            prop_assert_eq!(found, naively(&groups, query), "{}", query);
        }
    }
}
