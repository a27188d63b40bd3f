use super::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}|[\\\\\"\n\té]{0,4}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            btree_map("[a-z .0-9é\"]{1,5}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The labels of an object, found the long way round. The first of two fields with one name counts.
fn flattened(
    prefix: Option<&str>,
    object: &serde_json::Map<String, Value>,
    out: &mut BTreeMap<String, String>,
) {
    for (key, value) in object {
        let mut name: String =
            key.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        match prefix {
            Some(prefix) => name = format!("{prefix}_{name}"),
            None if name.starts_with(|c: char| c.is_ascii_digit()) => name.insert(0, '_'),
            None => {}
        }
        let text = match value {
            Value::String(text) => text.replace('\u{fffd}', " "),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Object(inner) => {
                // An object without a name of its own begins names anew.
                flattened(Some(&name).filter(|name| !name.is_empty()).map(String::as_str), inner, out);
                continue;
            }
            Value::Null | Value::Array(_) => continue,
        };
        if !name.is_empty() {
            out.entry(name).or_insert(text);
        }
    }
}

/// The labels that `text` makes of `line`.
fn parsed(text: &str, line: &[u8]) -> Option<BTreeMap<String, String>> {
    let pipeline = Pipeline::compile(&stages(text), Wanted::Lines).expect("it compiles");
    let stream = pipeline.for_stream(&Labels::default());
    let mut scratch = Scratch::default();
    let mut processed =
        stream.line(&mut scratch, RowRef { ts_ns: 0, body: line, metadata: LabelsRef::EMPTY })?;
    Some(processed.labels().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Pairs of logfmt, read character by character: bad ones are skipped up to the next space.
fn pairs_of(text: &str) -> Vec<(String, String)> {
    let (mut pairs, mut rest) = (Vec::new(), text);
    let is_end = |c: char| c <= ' ';
    loop {
        rest = rest.trim_start_matches(is_end);
        if rest.is_empty() {
            return pairs;
        }
        let word_end = rest.find(is_end).unwrap_or(rest.len());
        let key_end = rest.find(|c| is_end(c) || c == '=' || c == '"').unwrap_or(rest.len());
        let (key, after) = rest.split_at(key_end);
        let bad = (after.starts_with('=') && key.is_empty()) || after.starts_with('"');
        if bad {
            rest = &rest[word_end.max(key_end)..];
            continue;
        }
        let Some(value) = after.strip_prefix('=') else {
            pairs.push((key.to_owned(), String::new()));
            rest = after;
            continue;
        };
        if let Some(quoted) = value.strip_prefix('"') {
            let Some(close) = quoted.find('"') else { return pairs };
            pairs.push((key.to_owned(), quoted[..close].to_owned()));
            rest = &quoted[close + 1..];
            continue;
        }
        let value_end = value.find(|c| is_end(c) || c == '=' || c == '"').unwrap_or(value.len());
        let (value, after) = value.split_at(value_end);
        if after.starts_with(['=', '"']) {
            rest = &after[after.find(is_end).unwrap_or(after.len())..];
            continue;
        }
        pairs.push((key.to_owned(), value.to_owned()));
        rest = after;
    }
}

const PIPELINES: &[&str] = &[
    "| json",
    "| logfmt",
    "| logfmt --strict --keep-empty",
    "| json a=`b.c[1]`, d",
    "| logfmt a=`b`, c",
    "| unpack | json",
    "| pattern `<a> <_>=<b>`",
    r"| regexp `(?P<a>\w+)=(?P<b>\S*)`",
    "| decolorize | json | drop a | keep b, c",
    "| json | b > 5 or c = `x` | label_format d=`{{.a | upper}}`, e=b | line_format `{{.d}} {{__line__}}`",
    "|= ip(`10.0.0.0/8`) |> `<_>a<_>` | logfmt | a = ip(`::/0`)",
];

/// Bytes that look like lines.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{\"a\":".to_owned()),
        Just("\"b\":{".to_owned()),
        Just("_entry".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("}".to_owned()),
        Just("[1,".to_owned()),
        Just("a=1 b=".to_owned()),
        Just("\u{1b}[3".to_owned()),
        Just("10.1.2.3".to_owned()),
        Just("::1f".to_owned()),
        "\\PC{0,4}",
    ];
    let text = vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![3 => text, 1 => vec(any::<u8>(), 0..40)]
}

proptest! {
    #[test]
    fn json_gives_what_a_whole_parser_gives(value in btree_map("[a-z .0-9é\"]{1,5}", json_value(), 0..6)) {
        let object: serde_json::Map<String, Value> = value.into_iter().collect();
        let mut expected = BTreeMap::new();
        flattened(None, &object, &mut expected);
        for line in [serde_json::to_vec(&object), serde_json::to_vec_pretty(&object)] {
            let labels = parsed("| json", &line.expect("JSON")).expect("it stays");
            prop_assert_eq!(&labels, &expected);
        }
    }

    #[test]
    fn paths_find_what_a_whole_parser_finds(value in json_value(), at in 0..3usize) {
        let line = serde_json::json!({"k": [value.clone(), {"in": value}], "z": 1});
        let found = |value: Option<&Value>| match value {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.replace('\u{fffd}', " "),
            Some(other) => other.to_string(),
        };
        let text = format!("| json x=`k[{at}]`, y=`k[1].in`, z=`z`");
        let labels = parsed(&text, &serde_json::to_vec(&line).expect("JSON")).expect("it stays");
        let element = line["k"].get(at);
        // Arrays are given as strings are, with their escapes resolved.
        if !element.is_some_and(Value::is_array) {
            prop_assert_eq!(&labels["x"], &found(element));
        }
        if !line["k"][1]["in"].is_array() {
            prop_assert_eq!(&labels["y"], &found(Some(&line["k"][1]["in"])));
        }
        prop_assert_eq!(&labels["z"], "1");
    }

    #[test]
    fn logfmt_gives_what_a_slow_reader_gives(text in "([a-c]{0,2}(=([a-z]{0,2}|\"[a-z =]{0,4}\")?)?[ \"=\t]{0,2}){0,8}") {
        let mut expected = BTreeMap::new();
        for (key, value) in pairs_of(&text) {
            expected.entry(key).or_insert(value);
        }
        prop_assert_eq!(parsed("| logfmt --keep-empty", text.as_bytes()), Some(expected));
    }

    #[test]
    fn what_is_asked_for_is_what_all_labels_say(line in line(), name in "[a-c]") {
        let whole = parsed("| logfmt", &line).expect("it stays");
        let grouping = Grouping { without: false, labels: vec![name.clone()] };
        let wanted = Wanted::Samples { value: SampleValue::Count, grouping: Some(&grouping) };
        let pipeline = Pipeline::compile(&stages("| logfmt"), wanted).expect("it compiles");
        let stream = pipeline.for_stream(&Labels::default());
        let mut scratch = Scratch::default();
        let row = RowRef { ts_ns: 0, body: &line, metadata: LabelsRef::EMPTY };
        let sample = stream.sample(&mut scratch, row, line.len()).expect("it stays");
        prop_assert_eq!(sample.labels.get(&name), whole.get(&name).map(String::as_str));
    }

    #[test]
    fn the_same_lines_pass_with_and_without_pushdown(line in line(), which in 0..5usize) {
        let text = ["|= `a` or `1` | json", "| logfmt != `b`", "|~ `a|[0-9]+` | decolorize !~ `x`", "| unpack |= `a`", "|> `<_>a<_>1<_>`"][which];
        let stages = stages(text);
        let split = Pushdown::split(&stages).expect("it compiles");
        let row = RowRef { ts_ns: 0, body: &line, metadata: LabelsRef::EMPTY };
        let passes = |stages: &[Stage]| {
            let stream = Pipeline::compile(stages, Wanted::Lines).expect("it compiles").for_stream(&Labels::default());
            stream.line(&mut Scratch::default(), row).map(|mut line| (line.text().to_vec(), line.labels().to_owned()))
        };
        let pushed = split.predicates.iter().all(|predicate| predicate.matches(&row));
        prop_assert_eq!(passes(&stages), if pushed { passes(&split.rest) } else { None });
    }

    #[test]
    fn no_line_is_too_strange(lines in vec(line(), 1..4), which in 0..PIPELINES.len()) {
        let stages = stages(PIPELINES[which]);
        let lines_of = Pipeline::compile(&stages, Wanted::Lines).expect("it compiles");
        let wanted = Wanted::Samples { value: SampleValue::Bytes, grouping: None };
        let samples_of = Pipeline::compile(&stages, wanted).expect("it compiles");
        let (lines_of, samples_of) = (lines_of.for_stream(&Labels::default()), samples_of.for_stream(&Labels::default()));
        // Buffers used before give the same as fresh ones.
        let mut scratch = Scratch::default();
        for line in &lines {
            let row = RowRef { ts_ns: 1, body: line, metadata: LabelsRef::EMPTY };
            let mut fresh = Scratch::default();
            let expected = lines_of.line(&mut fresh, row).map(|mut p| (p.text().to_vec(), p.labels().to_owned()));
            if let Some((_, labels)) = &expected {
                prop_assert!(LabelsRef::check(labels.bytes()).is_ok());
            }
            let again = lines_of.line(&mut scratch, row).map(|mut p| (p.text().to_vec(), p.labels().to_owned()));
            prop_assert_eq!(&again, &expected);
            let sample = samples_of.sample(&mut scratch, row, line.len()).map(|sample| sample.labels.to_owned());
            prop_assert_eq!(sample, expected.map(|(_, labels)| labels));
        }
    }

    #[test]
    fn networks_hold_the_addresses_of_their_bits(address: u32, other: u32, bits in 0..=32u32) {
        let text = format!("| a = ip(`{}/{bits}`)", std::net::Ipv4Addr::from(address));
        let line = format!("a={}", std::net::Ipv4Addr::from(other));
        let same = (0..bits).all(|bit| (address >> (31 - bit)) & 1 == (other >> (31 - bit)) & 1);
        prop_assert_eq!(parsed(&format!("| logfmt {text}"), line.as_bytes()).is_some(), same);
    }
}
