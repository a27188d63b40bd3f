use super::*;

/// The range aggregation of a query.
fn range(query: &str) -> crate::logql::ast::RangeAggregation {
    match crate::logql::parse(query) {
        Ok(Expr::Metric(MetricExpr::Range(range))) => range,
        other => panic!("{query}: {other:?}"),
    }
}

/// The sample that `query` takes of `line`, with the grouping of a `sum` around it.
fn sample(query: &str, by: Option<&[&str]>, line: &str) -> String {
    let range = range(query);
    let by = by.map(|names| Grouping {
        without: false,
        labels: names.iter().map(|name| (*name).to_owned()).collect(),
    });
    let value = match &range.unwrap {
        Some(unwrap) => SampleValue::Unwrap(unwrap),
        None if query.starts_with("bytes") => SampleValue::Bytes,
        None => SampleValue::Count,
    };
    let grouping = by.as_ref().or(range.grouping.as_ref());
    let pipeline =
        Pipeline::compile(&range.log.stages, Wanted::Samples { value, grouping }).expect("it compiles");
    let stream = pipeline.for_stream(&labels(&[("app", "x"), ("env", "prod")]));
    let mut scratch = Scratch::default();
    let row = RowRef { ts_ns: 0, body: line.as_bytes(), metadata: LabelsRef::EMPTY };
    match stream.sample(&mut scratch, row, line.len()) {
        None => "none".to_owned(),
        Some(Sample { value, labels, failed }) => {
            format!("{value} {labels}{}", if failed { " failed" } else { "" })
        }
    }
}

#[test]
fn values() {
    let line = "lat=1.5s n=7 size=2KB text=x";
    let by: Option<&[&str]> = Some(&["app"]);
    assert_eq!(sample(r#"count_over_time({app="x"}[1m])"#, None, line), r#"1 {app="x", env="prod"}"#);
    assert_eq!(sample(r#"bytes_over_time({app="x"}[1m])"#, by, line), r#"28 {app="x"}"#);
    assert_eq!(sample(r#"bytes_over_time({app="x"} | line_format "four" [1m])"#, by, line), r#"4 {app="x"}"#);
    assert_eq!(sample(r#"sum_over_time({app="x"} | logfmt | unwrap n [1m])"#, by, line), r#"7 {app="x"}"#);
    assert_eq!(
        sample(r#"sum_over_time({app="x"} | logfmt | unwrap duration(lat) [1m])"#, by, line),
        r#"1.5 {app="x"}"#
    );
    assert_eq!(
        sample(r#"sum_over_time({app="x"} | logfmt | unwrap bytes(size) [1m])"#, by, line),
        r#"2000 {app="x"}"#
    );
    assert_eq!(sample(r#"sum_over_time({app="x"} | logfmt | unwrap none [1m])"#, by, line), "none");
    assert_eq!(sample(r#"sum_over_time({app="x"} | logfmt | unwrap n | n > 9 [1m])"#, by, line), "none");
}

#[test]
fn series_lose_the_label_that_became_the_number() {
    let query = r#"sum_over_time({app="x"} | logfmt | unwrap n [1m])"#;
    assert_eq!(sample(query, None, "n=7 b=1"), r#"7 {app="x", b="1", env="prod"}"#);
    let without = r#"avg_over_time({app="x"} | logfmt | unwrap n [1m]) without (app)"#;
    assert_eq!(sample(without, None, "n=7 b=1"), r#"7 {b="1", env="prod"}"#);
}

#[test]
fn a_text_that_is_no_number_fails_unless_it_is_filtered() {
    let failed = sample(r#"sum_over_time({app="x"} | logfmt | unwrap n [1m])"#, Some(&["app"]), "n=oops");
    assert!(failed.ends_with(" failed") && failed.contains(r#"__error__="SampleExtractionErr""#), "{failed}");
    let query = r#"sum_over_time({app="x"} | logfmt | unwrap n | __error__="" [1m])"#;
    assert_eq!(sample(query, Some(&["app"]), "n=oops"), "none");
}

#[test]
fn parsers_do_no_more_than_is_asked() {
    let cut = r#"{"a":"1","b":"cut"#;
    let count = r#"count_over_time({app="x"} | json [1m])"#;
    // Nothing of the line is asked for: it is not parsed, and so not wrong.
    assert_eq!(sample(count, Some(&[]), cut), "1 {}");
    // What is asked for stands before the place where it breaks.
    assert_eq!(sample(count, Some(&["a"]), cut), r#"1 {a="1"}"#);
    assert!(sample(count, Some(&["b"]), cut).ends_with(" failed"));
    assert!(sample(count, None, cut).ends_with(" failed"));
    // Asking for errors keeps them; with no error there is no such label.
    assert!(sample(count, Some(&["__error__"]), cut).contains("__preserve_error__"));
    assert_eq!(sample(count, Some(&["__error__"]), r#"{"a":"1"}"#), "1 {}");
    // A field of the error's name fails the query where it is asked for.
    assert!(sample(count, Some(&["__error__"]), r#"{"__error__":"forged"}"#).ends_with(" failed"));
    assert_eq!(sample(count, Some(&["a"]), r#"{"__error__":"forged","a":"1"}"#), r#"1 {a="1"}"#);
}

#[test]
fn groups_find_names_with_their_suffix() {
    let count = r#"count_over_time({app="x"} | logfmt [1m])"#;
    assert_eq!(sample(count, Some(&["app_extracted"]), "app=in z=1"), r#"1 {app_extracted="in"}"#);
    assert_eq!(sample(count, Some(&["app"]), "app=in z=1"), r#"1 {app="x"}"#);
    let dropped = r#"count_over_time({app="x"} | drop level | logfmt [1m])"#;
    assert_eq!(sample(dropped, Some(&["level"]), "level=info"), r#"1 {level="info"}"#);
}

#[test]
fn rows_are_read_no_further_than_needed() {
    let projection = |query: &str, by: Option<&[&str]>| {
        let range = range(query);
        let by = by.map(|names| Grouping {
            without: false,
            labels: names.iter().map(|name| (*name).to_owned()).collect(),
        });
        let wanted = Wanted::Samples { value: SampleValue::Bytes, grouping: by.as_ref() };
        let projection = Pipeline::compile(&range.log.stages, wanted).expect("it compiles").projection();
        (projection.body, projection.metadata)
    };
    assert_eq!(projection(r#"bytes_over_time({app="x"}[1m])"#, Some(&[])), (false, false));
    assert_eq!(projection(r#"bytes_over_time({app="x"} | json [1m])"#, Some(&[])), (false, false));
    assert_eq!(projection(r#"bytes_over_time({app="x"} |> "a<_>" [1m])"#, Some(&[])), (true, false));
    assert_eq!(projection(r#"bytes_over_time({app="x"}[1m])"#, Some(&["a"])), (false, true));
    assert_eq!(projection(r#"bytes_over_time({app="x"}[1m])"#, None), (false, true));
    assert_eq!(projection(r#"bytes_over_time({app="x"} | json [1m])"#, Some(&["a"])), (true, true));
}
