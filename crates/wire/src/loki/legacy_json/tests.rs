use super::*;

#[test]
fn reads_the_old_shape() {
    let body = br#"{"streams":[{"labels":"{b=\"2\",a=\"1\"}","entries":[
        {"ts":"2025-03-10T21:00:00.000000001Z","line":"x\n"},{"ts":"2025-03-10T22:00:00+01:00","line":"y","other":[]}]},
        {"stream":{"a":"b"},"values":[["1","z"]]}]}"#;
    let read = push(body, None).unwrap();
    let labels: Vec<_> = read.streams()[0].labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(labels, ["a=1", "b=2"]);
    let entries: Vec<_> =
        read.entries(&read.streams()[0]).map(|entry| (entry.ts_ns, entry.line.to_vec())).collect();
    let base = 1_741_640_400_000_000_000;
    assert_eq!(entries, [(base + 1, b"x\n".to_vec()), (base, b"y".to_vec())]);
    assert_eq!((read.streams()[1].entry_count(), read.streams()[1].labels.len()), (0, 0));
}

#[test]
fn refusals_name_the_types() {
    let refused = |body: &str| push(body.as_bytes(), None).unwrap_err().to_string();
    assert_eq!(refused(""), "EOF");
    assert!(refused(r#"{"streams":[{"labels":5}]}"#).starts_with(
        "push.PushRequest.Streams: []push.Stream: push.Stream.Labels: ReadString: expects \" or n, but found 5, error"
    ));
    assert!(
        refused(r#"{"streams":[{"entries":[{"ts":"now"}]}]}"#).contains("cannot parse \"now\" as \"2006\"")
    );
    assert!(refused(r#"{"streams":[{"labels":"{a"}]}"#).starts_with("couldn't parse labels: 1:3:"));
}

#[test]
fn empty_entries_do_not_fill_the_memory() {
    let body = |count: usize| {
        format!("{{\"streams\":[{{\"labels\":\"{{}}\",\"entries\":[{}]}}]}}", vec!["{}"; count].join(","))
    };
    assert_eq!(push(body(1000).as_bytes(), None).unwrap().entry_count(), 1000);
    assert_eq!(push(body(600_000).as_bytes(), None).unwrap_err().kind(), base::Kind::Limit);
}
