use super::detected::{
    DetectedField, DetectedLabel, detected_field_values, detected_fields, detected_labels,
};
use super::metadata::{IndexStats, Pattern, format_query, index_stats, object, patterns, series, strings};
use super::result::{Around, query};
use super::stats::{Chunk, Querier, Stats, Store, Summary};
use super::tail::{Dropped, TailLine, frame};
use bytes::Bytes;
use model::{Answer, AnsweredLine, AnsweredStream, Labels, Point, Series};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

fn line(ts_ns: i64, text: &'static [u8], metadata: &[(&str, &str)], parsed: &[(&str, &str)]) -> AnsweredLine {
    AnsweredLine { ts_ns, text: Bytes::from_static(text), metadata: labels(metadata), parsed: labels(parsed) }
}

fn result_of(answer: &Answer, categorize: bool) -> Value {
    let mut reply = read(&query(answer, &Around { categorize, ..Around::default() }));
    assert_eq!(reply["status"], "success");
    assert!(reply.get("warnings").is_none());
    let mut data = reply["data"].take();
    assert!(data["stats"]["summary"]["execTime"].is_number());
    data.as_object_mut().unwrap().remove("stats");
    data
}

#[test]
fn streams_with_and_without_categories() {
    let lines = vec![line(5, b"a<b", &[("trace", "1")], &[]), line(4, b"c", &[], &[("k", "v")])];
    let answer = Answer::Streams(vec![AnsweredStream { labels: labels(&[("app", "x")]), lines }]);
    assert_eq!(
        result_of(&answer, true),
        json!({"resultType": "streams", "encodingFlags": ["categorize-labels"], "result": [{"stream": {"app": "x"}, "values": [
            ["5", "a<b", {"structuredMetadata": {"trace": "1"}}], ["4", "c", {"parsed": {"k": "v"}}]]}]})
    );
    let plain = result_of(&answer, false);
    assert_eq!(plain["result"][0]["values"], json!([["5", "a<b"], ["4", "c"]]));
    assert!(text(query(&answer, &Around::default())).contains("a\\u003cb"));
}

#[test]
fn numbers_of_every_kind() {
    let matrix = Answer::Matrix(vec![Series {
        labels: labels(&[("a", "1")]),
        points: vec![(1_741_640_400_000_000_000, 0.5), (1_741_640_400_500_000_000, f64::NAN)],
    }]);
    assert_eq!(
        result_of(&matrix, false),
        json!({"resultType": "matrix", "result": [{"metric": {"a": "1"},
            "values": [[1_741_640_400, "0.5"], [1_741_640_400.5, "NaN"]]}]})
    );
    let vector = Answer::Vector(vec![Point { labels: Labels::default(), ts_ns: 0, value: f64::INFINITY }]);
    assert_eq!(
        result_of(&vector, false),
        json!({"resultType": "vector", "result": [{"metric": {}, "value": [0, "+Inf"]}]})
    );
    let scalar = Answer::Scalar { ts_ns: 2_000_000_000, value: 2.0 };
    assert_eq!(result_of(&scalar, false), json!({"resultType": "scalar", "result": [2000, "2"]}));
    assert_eq!(result_of(&Answer::Matrix(vec![]), false), json!({"resultType": "matrix", "result": []}));
}

#[test]
fn statistics_and_warnings() {
    let stats = Stats {
        summary: Summary { total_bytes: 7, exec_seconds: 0.25, ..Summary::default() },
        querier: Querier {
            store: Store { chunk: Chunk { duplicates: 3, ..Chunk::default() }, ..Store::default() },
            exec_seconds: 1e-7,
        },
        ..Stats::default()
    };
    let around = Around { warnings: vec!["partial".into()], stats, ..Around::default() };
    let reply = read(&query(&Answer::Streams(vec![]), &around));
    assert_eq!(reply["warnings"], json!(["partial"]));
    let stats = &reply["data"]["stats"];
    assert_eq!(stats["summary"]["totalBytesProcessed"], 7);
    assert_eq!(stats["summary"]["execTime"], 0.25);
    assert_eq!(stats["querier"]["store"]["chunk"]["totalDuplicates"], 3);
    assert_eq!(stats["querier"]["querierExecTime"], 1e-7);
    assert_eq!(stats["cache"]["taskResult"]["requests"], 0);
    assert_eq!(stats["index"]["usedBloomFilters"], false);
}

#[test]
fn lists_leave_out_what_loki_leaves_out() {
    assert_eq!(text(strings::<&str>(&[])), r#"{"status":"success"}"#);
    assert_eq!(text(strings(&["a", "b"])), r#"{"status":"success","data":["a","b"]}"#);
    assert_eq!(text(series([])), r#"{"status":"success","data":[]}"#);
    let set = labels(&[("a", "1"), ("b", "\"")]);
    assert_eq!(text(series([set.as_ref()])), r#"{"status":"success","data":[{"a":"1","b":"\""}]}"#);
    assert_eq!(text(detected_labels(&[])), "{}");
    assert_eq!(text(detected_fields(&[], 1000)), "{}");
    assert_eq!(text(detected_field_values::<String>(&[], 1000)), "{}");
    let stats = IndexStats { streams: 1, chunks: 2, bytes: 3, entries: 4 };
    assert_eq!(text(index_stats(&stats)), r#"{"streams":1,"chunks":2,"bytes":3,"entries":4}"#);
}

#[test]
fn detected_things_and_patterns() {
    let label = DetectedLabel { label: "pod".into(), cardinality: 3 };
    assert_eq!(text(detected_labels(&[label])), r#"{"detectedLabels":[{"label":"pod","cardinality":3}]}"#);
    let field = |parsers: Vec<&'static str>, json_path: Vec<String>| DetectedField {
        label: "a_b".into(),
        kind: "int",
        cardinality: 2,
        parsers,
        json_path,
    };
    let fields = [field(vec!["json"], vec!["a".into(), "b".into()]), field(vec![], vec![])];
    assert_eq!(
        read(&detected_fields(&fields, 1000)),
        json!({"fields": [{"label": "a_b", "type": "int", "cardinality": 2, "parsers": ["json"], "jsonPath": ["a", "b"]},
            {"label": "a_b", "type": "int", "cardinality": 2, "parsers": null}], "limit": 1000})
    );
    assert_eq!(text(detected_field_values(&["x"], 5)), r#"{"values":["x"],"limit":5}"#);
    let pattern = Pattern { pattern: "<_> x".into(), level: "info".into(), samples: vec![(10, 2)] };
    assert_eq!(
        read(&patterns(&[pattern])),
        json!({"status": "success", "data": [{"pattern": "<_> x", "level": "info", "samples": [[10, 2]]}]})
    );
}

#[test]
fn small_objects_and_tail_frames() {
    assert_eq!(text(format_query(Ok("{a=\"b\"}"))), r#"{"status":"success","data":"{a=\"b\"}"}"#);
    assert_eq!(text(format_query(Err("no"))), r#"{"status":"invalid-query","error":"no"}"#);
    assert_eq!(text(object([("version", "0.1.0"), ("branch", "")])), r#"{"version":"0.1.0","branch":""}"#);
    let lines = [TailLine { labels: labels(&[("a", "1")]), line: line(7, b"x", &[("m", "2")], &[]) }];
    let dropped = [Dropped { ts_ns: 6, labels: labels(&[("a", "1")]) }];
    assert_eq!(text(frame(&lines, &[], false)), r#"{"streams":[{"stream":{"a":"1"},"values":[["7","x"]]}]}"#);
    assert_eq!(
        read(&frame(&lines, &dropped, true)),
        json!({"streams": [{"stream": {"a": "1"}, "values": [["7", "x", {"structuredMetadata": {"m": "2"}}]]}],
            "dropped_entries": [{"timestamp": "6", "labels": {"a": "1"}}], "encodingFlags": ["categorize-labels"]})
    );
}

proptest! {
    /// Whatever the lines and labels hold, a JSON reader sees them again.
    #[test]
    fn streams_read_back(
        sets in proptest::collection::vec(proptest::collection::btree_map("[a-z_]{1,4}", ".{0,6}", 0..4), 0..4),
        texts in proptest::collection::vec(".{0,20}", 0..5),
    ) {
        let streams: Vec<_> = sets.iter().map(|set| AnsweredStream {
            labels: Labels::from_pairs(set.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
            lines: texts.iter().enumerate().map(|(at, text)| AnsweredLine {
                ts_ns: at as i64 - 2, text: Bytes::from(text.clone()), metadata: Labels::default(), parsed: Labels::default(),
            }).collect(),
        }).collect();
        let want: Vec<Value> = sets.iter().map(|set| json!({
            "stream": set,
            "values": texts.iter().enumerate().map(|(at, text)| json!([(at as i64 - 2).to_string(), text])).collect::<Vec<_>>(),
        })).collect();
        prop_assert_eq!(result_of(&Answer::Streams(streams), false)["result"].clone(), Value::Array(want));
    }
}
