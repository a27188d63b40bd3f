//! Spansets of one trace.

use super::*;

/// ```text
/// 1 front (web)
/// ├─ 2 auth (auth) ── 4 db (db)
/// └─ 3 list (web)  ┬─ 5 db (db)
///                  └─ 6 cache (cache)
/// 8 late, whose parent 7 has not come
/// ```
/// in the order 6 5 4 3 2 1 8.
fn trace() -> Vec<(Span, Origin)> {
    let spans = [
        (6, 3, "cache", "cache"),
        (5, 3, "db5", "db"),
        (4, 2, "db4", "db"),
        (3, 1, "list", "web"),
        (2, 1, "auth", "auth"),
        (1, 0, "front", "web"),
        (8, 7, "late", "late"),
    ];
    let of = |(id, parent, name, origin): (u8, u8, &str, &str)| {
        let mut span = span(id, parent, name);
        span.attributes = attributes([("size", int(i64::from(id) * 10))]);
        if name.starts_with("db") {
            span.attributes.push(("ratio".to_owned(), attribute::Value::Double(f64::from(id) / 10.0)));
        }
        (span, service(origin))
    };
    spans.map(of).into()
}

fn check(cases: &[(&str, &str)]) {
    let trace = trace();
    let members: Vec<Member<'_>> = trace.iter().map(|(span, origin)| Member { span, origin }).collect();
    for (query, wanted) in cases {
        assert_eq!(given(&members, query), *wanted, "{query}");
    }
}

const ALL: &str = "cache db5 db4 list auth front late";

#[test]
fn joined_filters() {
    check(&[
        ("{}", ALL),
        ("{ false }", ""),
        (r#"{ name = "auth" } && { name = "list" }"#, "list auth"),
        (r#"{ name = "auth" } && { name = "gone" }"#, ""),
        (r#"{ name = "auth" } || { name = "gone" }"#, "auth"),
        (r#"{ name = "gone" } && {} || { name = "auth" }"#, "auth"),
    ]);
}

#[test]
fn relations_in_the_trace() {
    let db = r#"{ name =~ "db." }"#;
    let list = r#"{ name = "list" }"#;
    let front = r#"{ name = "front" }"#;
    check(&[
        (&format!("{list} > {{}}"), "cache db5"),
        (&format!("{front} > {{}}"), "list auth"),
        (&format!("{front} >> {{}}"), "cache db5 db4 list auth"),
        (&format!("{front} >> {db}"), "db5 db4"),
        (&format!("{db} < {{}}"), "list auth"),
        (&format!("{db} << {{}}"), "list auth front"),
        (&format!("{db} ~ {{}}"), "cache"),
        (&format!("{list} ~ {{}}"), "auth"),
        (r#"{} ~ {}"#, "cache db5 list auth"),
        (&format!("{front} ~ {{}}"), ""),
        (&format!("{list} !> {{}}"), "db4 list auth front late"),
        (&format!("{front} !>> {{}}"), "front late"),
        (&format!("{db} !< {{}}"), "cache db5 db4 front late"),
        (&format!("{db} !<< {db}"), "db5 db4"),
        (&format!("{db} !~ {{ name != \"late\" }}"), "db5 db4 list auth front"),
        (&format!("{list} &> {{}}"), "cache db5 list"),
        (&format!("{front} &>> {db}"), "db5 db4 front"),
        (&format!("{db} &< {list}"), "db5 list"),
        (&format!("{db} &<< {front}"), "db5 db4 front"),
        (&format!("{db} &~ {{ name = \"cache\" }}"), "cache db5"),
        (&format!("{db} &> {front}"), ""),
        (&format!("{front} > {list} > {db}"), "db5"),
        (&format!("{front} > ({{}} > {db})"), ""),
        (&format!("{front} >> ({list} > {{}} | count() > 1) | {db}"), "db5"),
    ]);
}

#[test]
fn places_in_the_tree() {
    check(&[
        ("{ nestedSetParent = -1 }", "front"),
        ("{ nestedSetParent = 1 }", "list auth"),
        ("{ nestedSetLeft = 1 && nestedSetRight = 12 }", "front"),
        ("{ nestedSetLeft = 0 }", "late"),
        ("{ span:childCount = 2 }", "list front"),
        (r#"{ span:parentID = "" }"#, "front"),
        (r#"{ rootName = "front" && rootServiceName = "web" && traceDuration > 8ms }"#, ALL),
    ]);
}

#[test]
fn stages_one_after_the_other() {
    check(&[
        (r#"{ name =~ "db." } | { .size > 40 }"#, "db5"),
        (
            "{} | by(resource.service.name) | count() > 1",
            "db5 db4 by(resource.service.name)=db count()=2; \
          list front by(resource.service.name)=web count()=2",
        ),
        ("{} | by(.ratio) | { .size < 30 }", "auth front by(.ratio)=nil"),
        ("{} | by(resource.service.name) | coalesce()", ALL),
        ("{ .size < 30 } | by(kind) | by(.size) ", {
            "auth by(kind)=unspecified by(.size)=20; front by(kind)=unspecified by(.size)=10"
        }),
        ("{ .size < 30 } | select(.size)", "auth front"),
        ("by(resource.service.name) | { name =~ \"db.\" } | coalesce() | count() = 2", "db5 db4 count()=2"),
        ("({ .size < 30 } | count() = 2) && ({ .size > 70 } | count() = 1)", "auth front late"),
        ("({ .size < 30 } | count() = 3) && ({ .size > 70 } | count() = 1)", ""),
        ("{ false } | coalesce()", ""),
        ("{ false } | count() = 0", ""),
    ]);
}

#[test]
fn numbers_about_spansets() {
    check(&[
        ("{ .size < 30 } | count() >= 2", "auth front count()=2"),
        ("{ .size < 30 } | count() > 2", ""),
        ("{ .size < 30 } | avg(.size) = 15", "auth front avg(.size)=15.0"),
        ("{ .size < 30 } | sum(.size) = 30 | max(.size) > min(.size)", {
            "auth front sum(.size)=30 max(.size)=20 min(.size)=10"
        }),
        ("{ .size < 30 } | avg(duration) = 1.5ms", "auth front avg(duration)=1.5ms"),
        ("{} | sum(.ratio) = 0.9", &format!("{ALL} sum(.ratio)=0.9")),
        ("{} | max(.ratio * 10) < 5.5", &format!("{ALL} max(.ratio * 10)=5.0")),
        ("{} | max(.gone) > 0", ""),
        ("{ .size < 30 } | count() * 10 + 1 > -(min(.size) - 30)", "auth front count()=2 min(.size)=10"),
        ("{ .size < 30 } | -count() < 0", "auth front count()=2"),
    ]);
}

#[test]
fn a_trace_without_spans_has_no_spansets() {
    assert_eq!(given(&[], "{}"), "");
    assert_eq!(given(&[], "count() = 0"), "");
    assert_eq!(Trace::new(&[]).duration_ns(), 0);
}

#[test]
fn circles_and_twins_do_no_harm() {
    let origin = service("web");
    let spans = [
        span(1, 2, "a"),
        span(2, 1, "b"),
        span(3, 3, "c"),
        span(4, 1, "d"),
        span(4, 1, "e"),
        span(5, 4, "f"),
    ];
    let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin: &origin }).collect();
    assert_eq!(given(&members, "{} >> {}"), "b d e f");
    assert_eq!(given(&members, r#"{ name = "a" } >> {}"#), "b d e f");
    assert_eq!(given(&members, "{ nestedSetLeft = 0 && nestedSetRight = 0 }"), "a b c d e f");
    assert_eq!(given(&members, r#"{ name = "d" } > {}"#), "f");
}

#[test]
fn where_a_circle_is_cut_does_not_depend_on_the_order_of_spans() {
    let origin = service("web");
    let spans = [span(1, 2, "a"), span(2, 1, "b"), span(3, 2, "c")];
    let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin: &origin }).collect();
    let backwards: Vec<Member<'_>> =
        spans.iter().rev().map(|span| Member { span, origin: &origin }).collect();
    for query in ["{} >> {}", r#"{ name = "b" } > {}"#, r#"{ name = "a" } < {}"#] {
        let given = |members: &[Member<'_>]| {
            let text = super::given(members, query);
            let mut names: Vec<String> = text.split(' ').map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(given(&members), given(&backwards), "{query}");
    }
    assert_eq!(given(&members, r#"{ name = "a" } > {}"#), "b");
}

#[test]
fn the_stack_bears_the_longest_query() {
    check(&[
        (&format!("{{ .size > 60{} }}", " && .size > 60".repeat(990)), "late"),
        (&format!("{{ .size > 60 }}{}", " || { .size > 60 }".repeat(990)), "late"),
        (&format!("{{ {}.size > 60{} }}", "(.gone || ".repeat(40), ")".repeat(40)), "late"),
    ]);
}
