use super::*;
use bytes::Bytes;
use model::Labels;
use proptest::prelude::*;
use std::collections::HashSet;

fn stream(labels: &[(&str, &str)], lines: &[&str]) -> AnsweredStream {
    let line = |text: &&str| AnsweredLine {
        ts_ns: 1,
        text: Bytes::from((*text).to_owned()),
        metadata: Labels::from_pairs([("trace", "x1")]),
        parsed: Labels::default(),
    };
    AnsweredStream {
        labels: Labels::from_pairs(labels.iter().copied()),
        lines: lines.iter().map(line).collect(),
    }
}

fn seen(streams: &[AnsweredStream]) -> Vec<String> {
    let fields = fields(streams, 1000).unwrap();
    let mut lines: Vec<_> = fields
        .iter()
        .map(|f| format!("{} {} {} {:?} {:?}", f.label, f.kind.text(), f.cardinality, f.parsers, f.json_path))
        .collect();
    lines.sort();
    lines
}

#[test]
fn values_have_the_first_kind_that_fits() {
    for (value, kind) in [
        ("1", Kind::Int),
        ("-7", Kind::Int),
        ("1.5", Kind::Float),
        ("NaN", Kind::Float),
        ("true", Kind::Boolean),
        ("t", Kind::Boolean),
        ("1h2m3.5s", Kind::Duration),
        ("5MB", Kind::Bytes),
        ("1.5 GiB", Kind::Bytes),
        ("10.0.0.1", Kind::String),
        ("", Kind::String),
    ] {
        assert_eq!(Kind::of(value), kind, "{value}");
    }
}

#[test]
fn json_fields_have_a_path_and_logfmt_comes_second() {
    let streams = [stream(
        &[("app", "a")],
        &[
            r#"{"app":"x","user":{"id":7,"n ame":"ü"},"list":[1],"ok":true}"#,
            r#"{"app":"y","user":{"id":8,"n ame":"v"}}"#,
            r#"level=info ok=false size=5KB __error__=forged"#,
            "plain words",
        ],
    )];
    assert_eq!(
        seen(&streams),
        [
            r#"app_extracted string 2 [Json] ["app"]"#,
            r#"level string 1 [Logfmt] []"#,
            r#"ok boolean 2 [Json, Logfmt] ["ok"]"#,
            r#"size bytes 1 [Logfmt] []"#,
            r#"trace string 1 [] []"#,
            r#"user_id int 2 [Json] ["user", "id"]"#,
            r#"user_n_ame string 2 [Json] ["user", "n ame"]"#,
        ]
    );
    assert_eq!(field_values(&streams, "user_id", 10).unwrap(), ["7", "8"]);
    assert_eq!(field_values(&streams, "user_id", 1).unwrap().len(), 1);
    assert_eq!(field_values(&streams, "app", 10).unwrap(), Vec::<String>::new());
    assert_eq!(fields(&streams, 2).unwrap().len(), 2);
}

#[test]
fn ids_say_nothing() {
    for id in ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8"] {
        assert!(is_id(id), "{id}");
    }
    for word in ["fleet-1", "", "12", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "a-b"] {
        assert!(!is_id(word), "{word}");
    }
}

proptest! {
    /// Few values are counted exactly, many within a fifth.
    #[test]
    fn distinct_values_are_counted(values in proptest::collection::vec(0u32..20_000, 0..6000)) {
        let mut distinct = Distinct::default();
        for value in &values {
            distinct.add(&value.to_le_bytes());
        }
        let exact = values.iter().collect::<HashSet<_>>().len() as f64;
        let error = (distinct.count() as f64 - exact).abs();
        prop_assert!(if exact < 1024.0 { error == 0.0 } else { error < exact / 5.0 }, "{} {}", distinct.count(), exact);
    }
}
