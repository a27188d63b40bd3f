use super::*;
use crate::logql::ast::{LineFilter, LogExpr};
use base::unit::{ByteSize, HOUR_NS, SECOND_NS};
use model::MatchOp;

fn log(stages: Vec<Stage>) -> Plan {
    Plan::Log(LogExpr { matchers: vec![Matcher::new("app", MatchOp::Equal, "a").unwrap()], stages })
}

fn said(result: Result<()>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn lengths_are_told_as_go_and_prometheus_do() {
    let limits = Limits { max_query_length: Period(12 * HOUR_NS), ..Limits::default() };
    assert!(length(&limits, 0, 12 * HOUR_NS).is_ok());
    assert_eq!(
        said(length(&limits, 0, 18 * HOUR_NS)),
        "the query time range exceeds the limit (query length: 18h0m0s, limit: 12h)"
    );
    let forever = Limits { max_query_length: Period(0), ..Limits::default() };
    assert!(length(&forever, i64::MIN, i64::MAX).is_ok());
    assert!(said(length(&Limits::default(), 0, 1000 * HOUR_NS)).ends_with("limit: 30d1h)"));
}

#[test]
fn lookback_moves_the_start_or_leaves_nothing() {
    let limits = Limits { max_query_lookback: Period(HOUR_NS), ..Limits::default() };
    let now = 10 * HOUR_NS;
    assert_eq!(lookback(&limits, 0, now, now), Some(9 * HOUR_NS));
    assert_eq!(lookback(&limits, now - 5, now, now), Some(now - 5));
    assert_eq!(lookback(&limits, 0, 8 * HOUR_NS, now), None);
    assert_eq!(lookback(&Limits::default(), 0, 1, now), Some(0));
}

#[test]
fn resolution_is_bounded() {
    assert!(resolution(0, 11_000, 1).is_ok());
    assert!(said(resolution(0, 11_001, 1)).starts_with("exceeded maximum resolution of 11,000 points"));
    assert!(said(resolution(0, 1, 0)).starts_with("zero or negative query resolution step widths"));
}

#[test]
fn selectors_are_checked_for_what_they_must_and_may_hold() {
    let names = |names: &[&str]| -> Vec<Matcher> {
        names.iter().map(|name| Matcher::new(name, MatchOp::Equal, "x").unwrap()).collect()
    };
    let limits = Limits {
        max_streams_matchers_per_query: 2,
        required_labels: vec!["team".to_owned(), "env".to_owned()],
        minimum_labels_number: 2,
        ..Limits::default()
    };
    assert_eq!(
        said(matchers(&limits, &names(&["a", "b", "c"]))),
        "max streams matchers per query exceeded, matchers-count > limit (3 > 2)"
    );
    assert_eq!(
        said(matchers(&limits, &names(&["a", "env"]))),
        "stream selector is missing required matchers [team], labels present in the query were [a, env]"
    );
    assert!(matchers(&limits, &names(&["team", "env"])).is_ok());
    let limits = Limits { required_labels: Vec::new(), ..limits };
    assert_eq!(
        said(matchers(&limits, &names(&["a"]))),
        "stream selector has less label matchers than required: \
         (present: [a], number_present: 1, required_number_label_matchers: 2)"
    );
}

#[test]
fn queries_are_blocked_by_text_regex_hash_and_type() {
    let blocks = |rule: BlockedQuery, query: &str, plan: &Plan| {
        let limits = Limits { blocked_queries: vec![rule], ..Limits::default() };
        blocked(&limits, query, plan).is_err()
    };
    let text = |pattern: &str| BlockedQuery { pattern: pattern.to_owned(), ..BlockedQuery::default() };
    let plan = log(Vec::new());
    assert!(blocks(text(" {app=\"a\"} "), "{app=\"a\"}", &plan));
    assert!(!blocks(text(".*a.*"), "{app=\"a\"}", &plan));
    assert!(blocks(BlockedQuery { regex: true, ..text(".*a.*") }, "{app=\"a\"}", &plan));
    assert!(!blocks(BlockedQuery { regex: true, ..text("(") }, "{app=\"a\"}", &plan));
    assert!(blocks(BlockedQuery { hash: fnv1("{app=\"a\"}"), ..text("") }, "{app=\"a\"}", &plan));
    assert!(!blocks(BlockedQuery { hash: 1, ..text("") }, "{app=\"a\"}", &plan));
    let metric = BlockedQuery { types: vec!["metric".to_owned()], ..text("") };
    assert!(!blocks(metric, "{app=\"a\"}", &plan));
    let limited = BlockedQuery { types: vec!["metric".to_owned(), "limited".to_owned()], ..text("") };
    assert!(blocks(limited, "{app=\"a\"}", &plan));
}

#[test]
fn an_empty_line_filter_does_not_make_a_filter_query() {
    let filter = |op, text: &str| {
        log(vec![Stage::LineFilter(LineFilter { op, any: vec![LineOperand::Text(text.to_owned())] })])
    };
    assert_eq!(query_type(&filter(LineOp::Contains, "")), "limited");
    assert_eq!(query_type(&filter(LineOp::Contains, "x")), "filter");
    assert_eq!(query_type(&filter(LineOp::NotContains, "")), "filter");
}

#[test]
fn fnv1_is_the_published_hash() {
    assert_eq!(fnv1(""), 0x811c_9dc5);
    assert_eq!(fnv1("a"), 0x050c_5d7e);
    assert_eq!(fnv1("foobar"), 0x31f0_b262);
}

#[test]
fn sizes_read_as_loki_writes_them() {
    assert_eq!(human_bytes(9), "9B");
    assert_eq!(human_bytes(1_500), "1.5kB");
    assert_eq!(human_bytes(150 << 30), "161GB");
    let limits = Limits { max_query_bytes_read: ByteSize(1000), ..Limits::default() };
    assert!(bytes_read(&limits, 1000).is_ok());
    assert!(said(bytes_read(&limits, 2000)).starts_with(
        "the query would read too many bytes (query: 2.0kB, limit: 1.0kB); consider adding more specific"
    ));
}

#[test]
fn a_range_of_no_length_holds_its_instant() {
    assert_eq!(line_range(5, 5), TimeRange::new(5, 6));
    assert_eq!(line_range(5, SECOND_NS), TimeRange::new(5, SECOND_NS));
}
