use super::*;

static LINES: Metric = Metric {
    name: "lines_total",
    help: "Lines seen.",
    kind: Type::Counter,
    labels: &["tenant"],
    buckets: &[],
};
static WAIT: Metric =
    Metric { name: "wait_seconds", help: "Wait.", kind: Type::Histogram, labels: &[], buckets: &[0.1, 1.0] };

#[test]
fn renders_prometheus_text() {
    let registry = Registry::default();
    registry.cell(&LINES, &["a\"b"]).add(2.0);
    registry.cell(&LINES, &["a\"b"]).inc();
    for value in [0.1, 0.5, 7.0] {
        registry.buckets(&WAIT, &[]).observe(value);
    }
    let expected = "\
# HELP lines_total Lines seen.
# TYPE lines_total counter
lines_total{tenant=\"a\\\"b\"} 3
# HELP wait_seconds Wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.1\"} 1
wait_seconds_bucket{le=\"1\"} 2
wait_seconds_bucket{le=\"+Inf\"} 3
wait_seconds_sum 7.6
wait_seconds_count 3
";
    assert_eq!(registry.render(), expected);
}

static OTHER: Metric =
    Metric { name: "rows_total", help: "Rows.", kind: Type::Counter, labels: &[], buckets: &[] };

#[test]
fn one_count_under_two_names() {
    let registry = Registry::default();
    for _ in 0..2 {
        let cell = registry.cell(&LINES, &["a"]);
        registry.show_also(&OTHER, &[], &cell);
        cell.inc();
    }
    let text = registry.render();
    assert!(text.contains("lines_total{tenant=\"a\"} 2\n") && text.contains("\nrows_total 2\n"), "{text}");
}
