use super::*;
use crate::reply::tempo::Metrics;

fn series() -> Vec<Series> {
    let labels = |pairs: &[(&str, Value)]| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| value.to_pair(name)).collect();
        Labels::from_pairs(pairs.iter().map(|(name, text)| (name.as_ref(), text.as_ref())))
    };
    let typed = [
        ("resource.service.name", Value::String("a \"b\"".into())),
        ("p", Value::Double(0.99)),
        ("__bucket", Value::Double(1.0)),
        ("_5", Value::Int(500)),
        ("x", Value::Bool(true)),
        ("list", Value::Array(vec![Value::Int(1)])),
    ];
    vec![
        Series {
            labels: labels(&typed),
            points: vec![(1_700_000_000_000_000_000, 0.5), (-1, f64::INFINITY)],
        },
        Series { labels: Labels::default(), points: vec![] },
    ]
}

const LABELS: &str = concat!(
    r#""labels":[{"key":"_5","value":{"intValue":"500"}},{"key":"__bucket","value":{"doubleValue":1}},"#,
    r#"{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"}]}}},{"key":"p","value":{"doubleValue":0.99}},"#,
    r#"{"key":"resource.service.name","value":{"stringValue":"a \"b\""}},{"key":"x","value":{"boolValue":true}}]"#,
);

const PROM_LABELS: &str = concat!(
    r#""promLabels":"{_5=\"500\", __bucket=\"1\", list=\"{\\\"arrayValue\\\":{\\\"values\\\":[{\\\"intValue\\\":\\\"1\\\"}]}}\", "#,
    r#"p=\"0.99\", \"resource.service.name\"=\"a \\\"b\\\"\", x=\"true\"}""#,
);

const METRICS: &str = concat!(
    r#""metrics":{"inspectedTraces":0,"totalBlocks":0,"completedJobs":0,"totalJobs":0,"inspectedBytes":"0","#,
    r#""inspectedSpans":"7","totalBlockBytes":"0","backendReads":"0","backendBytes":"0"}"#,
);

#[test]
fn over_time_and_at_once() {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let metrics = Metrics { inspected_spans: 7, ..Metrics::default() };
    let expected = format!(
        concat!(
            r#"{{"series":[{{{},"samples":[{{"timestampMs":"1700000000000","value":0.5}},"#,
            r#"{{"timestampMs":"-1","value":"Infinity"}}],{}}},{{"labels":[],"samples":[],"promLabels":"{{}}"}}],"#,
            r#"{},"status":"COMPLETE"}}"#
        ),
        LABELS, PROM_LABELS, METRICS
    );
    assert_eq!(text(range_series(&series(), &Envelope { partial: None, metrics })), expected);
    let mut series = series();
    series[0].points.truncate(1);
    let expected = format!(
        r#"{{"series":[{{{LABELS},"value":0.5,{PROM_LABELS}}},{{"labels":[],"promLabels":"{{}}"}}],{METRICS},"status":"PARTIAL","message":"few"}}"#,
    );
    assert_eq!(text(instant_series(&series, &Envelope { partial: Some("few".into()), metrics })), expected);
}
