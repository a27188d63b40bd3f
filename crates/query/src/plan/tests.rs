use super::*;
use crate::logql;

fn plan(query: &str) -> MetricPlan {
    match Plan::new(logql::parse(query).unwrap()).unwrap() {
        Plan::Metric(plan) => plan,
        Plan::Log(_) => panic!("{query} gives lines"),
    }
}

/// The plan's root in short: `L0` is leaf 0, `!(…)` is limited.
fn root(query: &str) -> String {
    fn short(node: &Node) -> String {
        match node {
            Node::Scalar(number) => number.to_string(),
            Node::Vector(number) => format!("vector({number})"),
            Node::Leaf(at) => format!("L{at}"),
            Node::Limited(inner) => format!("!({})", short(inner)),
            Node::Aggregate { op, inner, .. } => format!("{op:?}({})", short(inner)),
            Node::Binary { op, left, right, .. } => format!("{op:?}({}, {})", short(left), short(right)),
            Node::Relabel { inner, .. } => format!("Relabel({})", short(inner)),
        }
    }
    short(&plan(query).root)
}

fn names(grouping: &Option<Grouping>) -> Option<(bool, Vec<&str>)> {
    grouping.as_ref().map(|grouping| (grouping.without, grouping.labels.iter().map(String::as_str).collect()))
}

#[test]
fn sums_of_counts_become_groups_of_the_leaf() {
    for op in ["count_over_time", "rate", "bytes_over_time", "bytes_rate"] {
        let plan = plan(&format!(r#"sum by (a) ({op}({{app="x"}}[5m]))"#));
        assert_eq!(names(&plan.leaves[0].grouping), Some((false, vec!["a"])), "{op}");
        assert_eq!(plan.root, Node::Limited(Box::new(Node::Leaf(0))));
    }
    let all = plan(r#"sum(count_over_time({app="x"}[5m]))"#);
    assert_eq!(names(&all.leaves[0].grouping), Some((false, vec![])));
    let without = plan(r#"sum without (a) (sum_over_time({app="x"} | unwrap v [5m]))"#);
    assert_eq!(names(&without.leaves[0].grouping), Some((true, vec!["a"])));
}

#[test]
fn what_does_not_merge_stays_above_the_leaf() {
    assert_eq!(root(r#"max(max_over_time({app="x"} | unwrap v [5m]))"#), "!(L0)");
    assert_eq!(root(r#"max(min_over_time({app="x"} | unwrap v [5m]))"#), "!(Max(L0))");
    assert_eq!(root(r#"avg(rate({app="x"}[5m]))"#), "!(Avg(L0))");
    assert_eq!(root(r#"sum(max_over_time({app="x"} | unwrap v [5m]) by (a))"#), "!(Sum(L0))");
    let own = plan(r#"sum(max_over_time({app="x"} | unwrap v [5m]) by (a))"#);
    assert_eq!(names(&own.leaves[0].grouping), Some((false, vec!["a"])));
}

#[test]
fn limits_are_checked_where_loki_sends_queries_downstream() {
    assert_eq!(root(r#"topk(2, sum by (a) (rate({app="x"}[5m])))"#), "Topk(!(L0))");
    assert_eq!(root(r#"stddev(rate({app="x"}[5m]))"#), "Stddev(!(L0))");
    assert_eq!(root(r#"sum(sum by (a) (rate({app="x"}[5m])))"#), "!(Sum(L0))");
    assert_eq!(root(r#"sum(stddev_over_time({app="x"} | unwrap v [5m]))"#), "Sum(L0)");
    assert_eq!(root(r#"count(sum by (a) (rate({app="x"}[5m])))"#), "Count(!(L0))");
    assert_eq!(root(r#"count by (a) (rate({app="x"}[5m]))"#), "!(Count(L0))");
    assert_eq!(root(r#"count(rate({app="x"} | drop a [5m]))"#), "Count(!(L0))");
    assert_eq!(root(r#"max(sum by (a) (rate({app="x"}[5m])))"#), "Max(!(L0))");
    assert_eq!(
        root(r#"stddev_over_time({app="x"} | unwrap v [5m]) / rate({app="x"}[5m])"#),
        "Div(!(L0), !(L1))"
    );
    assert_eq!(root(r#"rate({app="x"}[5m]) or vector(0)"#), "Or(!(L0), vector(0))");
}

#[test]
fn equal_leaves_are_one() {
    let twice = plan(r#"sum(rate({app="x"}[5m])) / (sum(rate({app="x"}[5m])) + sum(rate({app="y"}[5m])))"#);
    assert_eq!(twice.leaves.len(), 2);
}

#[test]
fn numbers_are_computed_once() {
    assert_eq!(root("1 + 2 * 3 ^ 2"), "19");
    assert_eq!(root("1 > bool 2 == bool 0"), "1");
    assert_eq!(root("vector(1) * (2 + 3)"), "Mul(vector(1), 5)");
}

#[test]
fn a_bare_number_is_no_vector() {
    let expr = logql::parse(r#"label_replace(1, "a", "b", "c", "d")"#).unwrap();
    let error = Plan::new(expr).unwrap_err();
    assert_eq!(error.kind(), Kind::Bug);
    assert!(error.what().starts_with("unexpected expr type (*syntax.LiteralExpr)"));
}

#[test]
fn ranges_of_some_queries_can_be_cut() {
    let splittable = |query: &str| plan(query).splittable;
    assert!(splittable(r#"sum by (a) (count_over_time({app="x"}[2h])) * 2"#));
    assert!(splittable(r#"topk(1, rate({app="x"}[2h]))"#));
    assert!(!splittable(r#"stddev(rate({app="x"}[2h]))"#));
    assert!(!splittable(r#"sum(quantile_over_time(0.5, {app="x"} | unwrap v [2h]))"#));
    assert!(!splittable("1 + 1"));
}
