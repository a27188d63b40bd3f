use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The push as JSON of a plain shape.
fn shown(push: &Push<'_>) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let streams = push.streams().iter().map(|stream| {
        let labels: Vec<_> = stream.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let entries = push.entries(stream).map(|entry| {
            let own: Vec<_> =
                entry.own.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
            json!([entry.ts_ns, text(entry.line), own])
        });
        json!([labels, entries.collect::<Vec<_>>()])
    });
    streams.collect()
}

fn read(body: &str) -> Result<Value, String> {
    push(body.as_bytes(), None).map(|push| shown(&push)).map_err(|refused| refused.to_string())
}

fn one(value: &str) -> Result<Value, String> {
    let shown = read(&format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[{value}]}}]}}"#))?;
    Ok(shown[0][1].clone())
}

#[test]
fn streams_entries_and_metadata() {
    let body = r#" {"other":[1,{"x":null}],"streams":[{"stream":{"b":"2","a":"1","e":""},"more":true,
        "values":[["5","x",{"k":"v","k2":"\u00e9"}],["-6","\"q\"\ud83d\ude00"],["7","y",{},"z"]]},{}]} trailing"#;
    assert_eq!(
        read(body),
        Ok(json!([
            [["a=1", "b=2"], [[5, "x", ["k=v", "k2=é"]], [-6, "\"q\"😀", []], [7, "y", []]]],
            [[], []]
        ]))
    );
    assert_eq!(read("null"), Ok(json!([])));
    assert_eq!(read(r#"{"Streams":[{"Stream":{"a":"1"}}]}"#), Ok(json!([[[], []]])));
    assert_eq!(
        read(r#"{"streams":[{"stream":{"a":"1","a":"2"},"values":null}]}"#),
        Ok(json!([[["a=2"], []]]))
    );
    assert_eq!(one(r#"["9"]"#), Ok(json!([[9, "", []]])));
    assert_eq!(one("[], null"), Ok(json!([[i64::MIN, "", []]])));
}

#[test]
fn labels_of_any_type_are_text_and_names_are_judged_by_the_label_parser() {
    let labels =
        |object: &str| read(&format!(r#"{{"streams":[{{"stream":{object}}}]}}"#)).map(|v| v[0][0].clone());
    assert_eq!(
        labels(r#"{"a":5,"b":true,"c":{"d":1},"e":null}"#),
        Ok(json!(["a=5", "b=true", "c={\"d\":1}", "e=null"]))
    );
    let refused = |what: &str| Err(format!("couldn't parse labels: {what}"));
    assert_eq!(
        labels(r#"{"a-b":"c","z":"1"}"#),
        refused("1:3: parse error: unexpected character inside braces: '-'")
    );
    assert_eq!(
        labels(r#"{"":"c","z":"1"}"#),
        refused("1:2: parse error: unexpected \"=\" in label set, expected identifier or \"}\"")
    );
    let late = r#"{"streams":[{"stream":{"a b":"c"}},{"stream":{"a":"1"},"values":[5]}]}"#;
    assert!(read(late).unwrap_err().contains("Value is array"), "labels are judged last");
}

#[test]
fn the_second_layer_speaks_at_the_end_of_the_stream() {
    let why = |value: &str| {
        let text = one(value).unwrap_err();
        let start = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ";
        text.strip_prefix(start).unwrap_or(&text).split(", error found").next().unwrap().to_owned()
    };
    for value in [
        r#"[5,"x"]"#,
        r#"["","x"]"#,
        r#"["1.5","x"]"#,
        r#"["99999999999999999999","x"]"#,
        r#"["1","\ud83d"]"#,
    ] {
        assert_eq!(why(value), VALUE_FAULT, "{value}");
    }
    assert_eq!(why("[5]"), STRING_FAULT);
    assert_eq!(why(r#"["99999999999999999999"]"#), OVERFLOW_FAULT);
    assert_eq!(why(r#"["1",5]"#), STRING_FAULT);
    assert_eq!(why(r#"["1","x",{"a":5}]"#), STRING_FAULT);
    assert_eq!(why(r#"["1","x","m"]"#), OBJECT_FAULT);
    assert_eq!(why(r#"{"ts":"1"}"#), ARRAY_FAULT);
    let body = r#"{"streams":[{"stream":{"a":"b"},"values":[[12345,"x"]]}]}"#;
    assert_eq!(
        read(body).unwrap_err(),
        "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: Value looks like \
         Number/Boolean/None, but can't find its end: ',' or '}' symbol, error found in #10 byte of \
         ...|345,\"x\"]]}]}|..., bigger context ...|eams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[12345,\"x\"]]}]}|..."
    );
}

#[test]
fn the_first_layer_quotes_what_it_found() {
    for (body, want) in [
        (
            "[]",
            "readObjectStart: expect { or n, but found [, error found in #1 byte of ...|[]|..., bigger context ...|[]|...",
        ),
        (
            r#"{"streams":{}}"#,
            "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: decode slice: expect [ or n, but found {, \
             error found in #10 byte of ...|streams\":{}}|..., bigger context ...|{\"streams\":{}}|...",
        ),
        (
            r#"{"streams":[[1,]]}"#,
            "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: Skip: do not know how to skip: 93, error found \
             in #10 byte of ...|ms\":[[1,]]}|..., bigger context ...|{\"streams\":[[1,]]}|...",
        ),
        (
            r#"{"streams":[{"a":""#,
            "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: readStringSlowPath: unexpected end of input, \
             error found in #10 byte of ...|:[{\"a\":\"|..., bigger context ...|{\"streams\":[{\"a\":\"|...",
        ),
    ] {
        let found = read(body).unwrap_err();
        let (found_head, want_head) = (found.split("error found").next(), want.split("error found").next());
        assert_eq!(found_head, want_head, "{body}");
        assert_eq!(found.split("bigger context").nth(1), want.split("bigger context").nth(1), "{body}");
    }
    assert_eq!(push(b"", None).unwrap_err().text(), b"EOF");
    let cut = push(br#"{"stre"#, Some(Refused::invalid("unexpected EOF"))).unwrap_err();
    assert_eq!(cut.text(), b"loghttp.PushRequest.unexpected EOF");
    let whole = push(br#"{"streams":[]}"#, Some(Refused::invalid("gzip: invalid checksum"))).unwrap_err();
    assert_eq!(whole.text(), b"gzip: invalid checksum");
    let bytes = push(b"\xc8{", None).unwrap_err();
    assert!(
        bytes.text().starts_with(b"readObjectStart: expect { or n, but found \xc8, error found in #1 byte")
    );
}

#[test]
fn refusals_quote_no_further_than_the_piece() {
    let body = format!(r#"{{"pad":"{}","streams":5}}"#, "x".repeat(600));
    let found = read(&body).unwrap_err();
    let context = found.split("bigger context ...|").nth(1).unwrap();
    assert!(context.starts_with(&"x".repeat(10)) && context.ends_with(",\"streams\":5}|..."), "{context}");
}

proptest! {
    /// serde_json is the naive twin: what it reads in the right shape is read the same.
    #[test]
    fn reads_what_serde_writes(
        streams in proptest::collection::vec((
            proptest::collection::btree_map("[a-z]{1,3}", ".{1,6}", 0..4),
            proptest::collection::vec((any::<i64>(), ".{0,12}", proptest::collection::btree_map("[a-z]{1,3}", ".{0,5}", 0..3)), 0..4),
        ), 0..4),
        pretty: bool,
    ) {
        let body = json!({"streams": streams.iter().map(|(labels, entries)| json!({
            "stream": labels,
            "values": entries.iter().map(|(ts, line, metadata)| json!([ts.to_string(), line, metadata])).collect::<Vec<_>>(),
        })).collect::<Vec<_>>()});
        let text = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) };
        let want: Vec<Value> = streams.iter().map(|(labels, entries)| {
            let labels: Vec<_> = labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let entries: Vec<_> = entries.iter().map(|(ts, line, metadata)| {
                let own: Vec<_> = metadata.iter().map(|(n, v)| format!("{n}={v}")).collect();
                json!([ts, line, own])
            }).collect();
            json!([labels, entries])
        }).collect();
        prop_assert_eq!(read(&text.unwrap()), Ok(Value::Array(want)));
    }

    #[test]
    fn damaged_bodies_end(at in 0usize..120, to: u8, cut in 0usize..120) {
        let mut body = br#"{"streams":[{"stream":{"a":"b\n"},"values":[["5","x\u00e9",{"k":"v"}],["6","y"]]}],"o":[1.5e3,true,null]}"#.to_vec();
        let at = at % body.len();
        body[at] = to;
        body.truncate(cut.max(1));
        let _ = push(&body, None);
        let _ = push(&body, Some(Refused::invalid("unexpected EOF")));
    }

    #[test]
    fn any_bytes_end(body in proptest::collection::vec(any::<u8>(), 0..60), shape in "[{}\\[\\]\":,a0nt.\\\\u-]{0,40}") {
        let _ = push(&body, None);
        let _ = push(format!("{{\"streams\":[{shape}").as_bytes(), None);
    }
}

#[test]
fn empty_entries_do_not_fill_the_memory() {
    let body = |count: usize| {
        format!("{{\"streams\":[{{\"stream\":{{}},\"values\":[{}]}}]}}", vec!["[]"; count].join(","))
    };
    assert_eq!(push(body(1000).as_bytes(), None).unwrap().entry_count(), 1000);
    assert_eq!(push(body(600_000).as_bytes(), None).unwrap_err().kind(), base::Kind::Limit);
}
