use super::*;
use model::Labels;

fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    put(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn values_are_the_shortest_texts_with_exponents_at_both_ends() {
    for (value, wanted) in [
        (1.5, "1.5"),
        (0.0, "0"),
        (-0.0, "-0"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (0.000_001, "0.000001"),
        (1e-7, "1e-07"),
        (2.5e-300, "2.5e-300"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
    ] {
        assert_eq!(value_text(value), wanted);
    }
}

#[test]
fn times_are_seconds_with_milliseconds_where_there_are_any() {
    let time = |ts_ns| text(|out| put_time(out, ts_ns));
    assert_eq!(time(1_741_640_400_000_000_000), "1741640400");
    assert_eq!(time(1_500_000_000), "1.500");
    assert_eq!(time(7_000_000), "0.007");
    assert_eq!(time(-1_500_000_000), "-1.500");
}

#[test]
fn the_envelope_has_remarks_only_where_there_are_some() {
    let data = |out: &mut Vec<u8>| put_strings(out, ["a", "b"]);
    let plain = success(&Remarks::default(), data);
    assert_eq!(String::from_utf8(plain).unwrap(), r#"{"status":"success","data":["a","b"]}"#);
    let remarks = Remarks { warnings: vec!["w".to_owned()], infos: vec!["i".to_owned()] };
    let with = String::from_utf8(success(&remarks, data)).unwrap();
    assert_eq!(with, r#"{"status":"success","data":["a","b"],"warnings":["w"],"infos":["i"]}"#);
    let failed = String::from_utf8(error("bad_data", "no \"x\"")).unwrap();
    assert_eq!(failed, r#"{"status":"error","errorType":"bad_data","error":"no \"x\""}"#);
}

#[test]
fn series_and_histograms() {
    let labels = Labels::from_pairs([("__name__", "h")]);
    let bucket = |lower, upper, closed| Bucket { lower, upper, count: 1.0, closed };
    let histogram = Histogram {
        count: 3.0,
        sum: 4.5,
        buckets: vec![
            bucket(-2.0, -1.0, (true, false)),
            bucket(-0.5, 0.5, (true, true)),
            bucket(1.0, 2.0, (false, true)),
        ],
    };
    let shown = text(|out| {
        begin_result(out, "vector");
        out.push(b'[');
        begin_series(out, labels.as_ref());
        put_key(out, "histogram");
        put_histogram(out, 1_000_000_000, &histogram);
        out.extend_from_slice(b"}]");
        end_result(out);
    });
    let buckets = r#"[[1,"-2","-1","1"],[3,"-0.5","0.5","1"],[0,"1","2","1"]]"#;
    let wanted = format!(
        r#"{{"resultType":"vector","result":[{{"metric":{{"__name__":"h"}},"histogram":[1,{{"count":"3","sum":"4.5","buckets":{buckets}}}]}}]}}"#
    );
    assert_eq!(shown, wanted);
    assert_eq!(text(|out| put_sample(out, 1_500_000_000, 2.25)), r#"[1.500,"2.25"]"#);
    let own = Labels::from_pairs([("trace_id", "t")]);
    let wanted = r#"{"labels":{"trace_id":"t"},"value":"0.5","timestamp":1.500}"#;
    assert_eq!(text(|out| put_exemplar(out, own.as_ref(), 1_500_000_000, 0.5)), wanted);
}
