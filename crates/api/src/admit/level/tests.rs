use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::io::Read as _;
use std::path::PathBuf;

fn finder() -> LevelFinder {
    LevelFinder::new(&Limits::default()).unwrap()
}

fn of_line(line: &str) -> &'static str {
    finder().of_line(line.as_bytes())
}

#[test]
fn words_count_when_they_stand_alone() {
    for (line, level) in [
        ("this has an error inside", "error"),
        ("[ERROR] bracket", "error"),
        ("E0310 12:00:00 klog", "unknown"),
        ("info then warn then err", "error"),
        ("warning: Trace me", "trace"),
        ("stacktrace trace", "unknown"),
        ("errors", "unknown"),
        ("error_code", "unknown"),
        ("CRITICAL!", "critical"),
        ("fatal and critical", "fatal"),
        ("éerror", "error"),
        ("\u{aa}error", "unknown"),
        ("informational", "unknown"),
        ("", "unknown"),
    ] {
        // Bytes are taken for characters of Latin-1: the last byte of é is no letter there, that of ª is.
        assert_eq!(of_line(line), level, "{line}");
    }
}

#[test]
fn logfmt_is_read_up_to_the_first_bad_pair() {
    for (line, level) in [
        ("level=warn msg=x", "warn"),
        ("a=b lvl=ERR", "error"),
        ("severity=Critical msg=info", "critical"),
        ("lvl=debug LEVEL=\"info\"", "info"),
        ("msg=\"level=error\" x=y", "error"),
        ("msg=\"quoted \\\" text\" level=debug", "debug"),
        ("a=b=c level=warn error", "error"),
        ("=novalue level=error", "error"),
        ("level= warn", "warn"),
        ("level=10 x", "unknown"),
        ("level=information", "info"),
        ("open=\"never level=debug", "debug"),
        ("err=nil all good", "error"),
    ] {
        assert_eq!(of_line(line), level, "{line}");
    }
}

#[test]
fn json_is_searched_two_objects_deep() {
    for (line, level) in [
        (r#"{"level":"INFO"}"#, "info"),
        (r#"  {"a":[{"level":"error"}],"severity" : "WARNING"}  "#, "warn"),
        (r#"{"log":{"level":"error"}}"#, "error"),
        (r#"{"a":{"b":{"level":"x"}},"m":"plain"}"#, "unknown"),
        (r#"{"a":{"level":"debug"},"level":"info"}"#, "debug"),
        (r#"{"level":5,"lvl":"dbg"}"#, "debug"),
        (r#"{"level":"odd","msg":"an error"}"#, "error"),
        (r#"{"Lvl":"warn","x":tru,"level":"info"}"#, "warn"),
        (r#"{"x":nope,"y":}"#, "unknown"),
        (r#"{level:"debug",x:1}"#, "debug"),
        (r#"{"k":"a\\\"}","level":"trace"}"#, "trace"),
        ("{}", "unknown"),
    ] {
        assert_eq!(of_line(line), level, "{line}");
    }
    let limits = Limits { log_level_from_json_max_depth: 1, ..Limits::default() };
    let finder = LevelFinder::new(&limits).unwrap();
    assert_eq!(finder.of_line(br#"{"a":{"level":"debug"},"level":"info"}"#), "info");
}

fn set(pairs: &[(&str, &str)]) -> MetadataSet {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_bytes().into(), v.as_bytes().into())).collect();
    let mut set = MetadataSet::default();
    set.fill(&pairs).unwrap();
    set
}

#[test]
fn what_is_told_goes_before_what_is_found() {
    let finder = finder();
    let level = |label: Option<&'static str>, own: &[(&str, &str)], shared: &[(&str, &str)]| {
        let (own, shared) = (set(own), set(shared));
        let label = label.map(str::as_bytes);
        let level = finder.level(label, finder.told(&own), finder.told(&shared), b"level=debug");
        String::from_utf8(level.to_vec()).unwrap()
    };
    assert_eq!(level(None, &[], &[]), "debug");
    assert_eq!(level(None, &[("severity_number", "17")], &[]), "error");
    assert_eq!(level(None, &[("severity_number", "99")], &[]), "unknown");
    assert_eq!(level(None, &[("severity_number", "x")], &[]), "info");
    assert_eq!(level(None, &[("severity_text", "WARN"), ("severity_number", "1")], &[]), "warn");
    assert_eq!(level(None, &[("severity_text", "WARN")], &[("level", "Fatal")]), "fatal");
    assert_eq!(level(None, &[("level", "info")], &[("level", "own word")]), "own word");
    assert_eq!(level(Some("Trc"), &[("level", "info")], &[]), "trace");
    assert_eq!(level(Some("info"), &[("detected_level", "forced")], &[]), "forced");
    assert_eq!(level(None, &[("level", "")], &[]), "");
    let off = Limits { discover_log_levels: false, ..Limits::default() };
    assert!(LevelFinder::new(&off).is_none());
}

/// Lower-cases and searches word by word: the naive twin.
fn naive_words(line: &[u8]) -> &'static str {
    const WORDS: [(&str, &str); 9] = [
        ("trace", "trace"),
        ("debug", "debug"),
        ("fatal", "fatal"),
        ("critical", "critical"),
        ("error", "error"),
        ("err", "error"),
        ("warning", "warn"),
        ("warn", "warn"),
        ("info", "info"),
    ];
    let lower: Vec<char> = line.to_ascii_lowercase().into_iter().map(char::from).collect();
    let is_word = |c: char| c == '_' || c.is_alphanumeric() && !"²³¹¼½¾".contains(c);
    let found = WORDS.iter().find(|(word, _)| {
        let word: Vec<char> = word.chars().collect();
        let Some(at) = lower.windows(word.len()).position(|window| window == word) else { return false };
        let before = at.checked_sub(1).map(|at| lower[at]);
        let after = lower.get(at + word.len()).copied();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    });
    found.map_or("unknown", |(_, level)| level)
}

proptest! {
    #[test]
    fn one_pass_finds_what_nine_searches_find(
        parts in proptest::collection::vec(prop_oneof![
            "(trace|DEBUG|Fatal|critical|error|Err|warning|WARN|info)", "[a-z _.:é²ª]{0,3}",
        ], 0..8),
        noise in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut line = parts.concat().into_bytes();
        prop_assert_eq!(words::find(&line), naive_words(&line), "{}", parts.concat());
        line.extend(noise);
        prop_assert_eq!(words::find(&line), naive_words(&line));
    }

    #[test]
    fn a_line_that_may_hold_no_level_holds_none(line in "(level|lvl|x|=|==|\"| |\\\\|warn|info|é){0,14}") {
        let finder = finder();
        let found = logfmt::find(line.as_bytes(), &finder.fields).and_then(normal);
        prop_assert_eq!(found, logfmt::read(line.as_bytes(), &finder.fields).and_then(normal));
    }

    #[test]
    fn any_line_has_a_level(line in proptest::collection::vec(any::<u8>(), 0..60), shape in "[{}\\[\\]\":,=a \\\\level]{0,40}") {
        let finder = finder();
        let _ = finder.of_line(&line);
        let _ = finder.of_line(shape.as_bytes());
        let _ = finder.of_line(format!("{{{shape}}}").as_bytes());
    }
}

/// The directory with recorded answers of Loki, when there is one.
fn recorded() -> Option<PathBuf> {
    let given = std::env::var_os("TREFOIL_SHARED").map(PathBuf::from);
    let shared = given.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    Some(shared.join("conformance/loki")).filter(|dir| dir.join("visible.jsonl").exists())
}

/// Puts strings back that the recording keeps in a list of their own.
fn expand(value: &Value, strings: &[Value]) -> Value {
    match value {
        Value::Object(fields) => match fields.get("$").and_then(Value::as_u64) {
            Some(at) if fields.len() == 1 => strings[at as usize].clone(),
            _ => fields.iter().map(|(key, value)| (key.clone(), expand(value, strings))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| expand(item, strings)).collect(),
        other => other.clone(),
    }
}

/// Every line that Loki answered to queries which leave lines and labels as they are has the level
/// that is found here.
#[test]
fn levels_are_those_that_loki_found() {
    let Some(dir) = recorded() else {
        println!("skipped: no recorded answers");
        return;
    };
    let mut text = Vec::new();
    let file = std::fs::File::open(dir.join("golden/visible.json.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut text).unwrap();
    let recording: Value = serde_json::from_str(&String::from_utf8_lossy(&text)).unwrap();
    let strings = recording["strings"].as_array().unwrap();
    let cases = std::fs::read_to_string(dir.join("visible.jsonl")).unwrap();
    let finder = finder();
    let mut checked = 0;
    for case in cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let query = case["query"].as_str().unwrap_or("");
        let is_selector = query.starts_with('{') && query.ends_with('}') && !query.contains('|');
        let answer = &recording["answers"][case["id"].as_str().unwrap()];
        if !is_selector || answer["data"]["type"] != "streams" || !answer["data"]["flags"].is_null() {
            continue;
        }
        for stream in expand(&answer["data"]["streams"], strings).as_array().unwrap() {
            let labels: Value = serde_json::from_str(stream[0].as_str().unwrap()).unwrap();
            let labels = labels.as_object().unwrap();
            let pairs = labels.iter().filter(|(name, _)| *name != DETECTED_LEVEL);
            let pairs: Vec<_> = pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
            let want = labels.get(DETECTED_LEVEL).map_or("", |level| level.as_str().unwrap());
            if want == "forced" || want.is_empty() {
                continue;
            }
            let pairs = set(&pairs);
            for entry in stream[1].as_array().unwrap() {
                let line = entry[1].as_str().unwrap();
                let level = finder.level(None, finder.told(&pairs), Told::default(), line.as_bytes());
                assert_eq!(String::from_utf8_lossy(level), want, "{line}");
                checked += 1;
            }
        }
    }
    println!("{checked} lines");
    assert!(checked > 1000, "{checked}");
}
