//! Stages one by one, against what the reference answered or documents; and properties of whole
//! pipelines. Rarer cases are in the comparison with the recorded answers of the reference.

use super::*;
use crate::logql::ast::{Expr, LogExpr, MetricExpr};
use model::LabelsBuilder;

mod properties;
mod samples;

/// The stages of a query's text, without its selector.
pub(super) fn stages(text: &str) -> Vec<Stage> {
    let query = format!("{{app=\"x\"}} {text}");
    match crate::logql::parse(&query) {
        Ok(Expr::Log(LogExpr { stages, .. })) => stages,
        other => panic!("{query}: {other:?}"),
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

/// A line's text and labels after `text`, or `dropped`.
fn after(text: &str, metadata: &[(&str, &str)], line: &str) -> String {
    let pipeline = Pipeline::compile(&stages(text), Wanted::Lines).expect("it compiles");
    let stream = pipeline.for_stream(&labels(&[("app", "x"), ("env", "prod")]));
    let metadata = labels(metadata);
    let row = RowRef { ts_ns: 1_741_640_402_317_558_270, body: line.as_bytes(), metadata: metadata.as_ref() };
    let mut scratch = Scratch::default();
    match stream.line(&mut scratch, row) {
        None => "dropped".to_owned(),
        Some(mut processed) => {
            let text = String::from_utf8_lossy(processed.text()).into_owned();
            let mut shown = LabelsBuilder::from(processed.labels());
            let shown = shown.retain(|name| name != "app" && name != "env").build();
            format!("{text} {shown}")
        }
    }
}

/// Labels that `text` makes of `line`.
fn made(text: &str, line: &str) -> String {
    let after = after(text, &[], line);
    after.strip_prefix(line).map_or(after.clone(), |labels| labels.trim_start().to_owned())
}

fn wrong(text: &str) -> String {
    Pipeline::compile(&stages(text), Wanted::Lines).expect_err("it does not compile").to_string()
}

#[test]
fn json_flattens_objects() {
    let line = r#"{"a": {"b": 1, "c d": {"e": "f"}}, "t": true, "n": null, "l": [1], "1x": "y", "": "no"}"#;
    assert_eq!(made("| json", line), r#"{_1x="y", a_b="1", a_c_d_e="f", t="true"}"#);
    assert_eq!(
        made("| json", r#"{"d":"first","d":"second","app":"in"}"#),
        r#"{app_extracted="in", d="first"}"#
    );
    assert_eq!(made("| json", r#"{"e":"\u00e9\ud83d\ude00\n","bad":"\x"}"#), "{bad=\"\", e=\"é😀\\n\"}");
    assert_eq!(made("| json", r#"{"t": 1} trailing"#), r#"{t="1"}"#);
    let clash = after("| json", &[("trace", "m"), ("app", "m")], r#"{"trace":"p"}"#);
    assert_eq!(clash, r#"{"trace":"p"} {app_extracted="m", trace="m", trace_extracted="p"}"#);
}

#[test]
fn json_keeps_what_it_read_before_an_error() {
    let error = |details: &str, more: &str| {
        format!(r#"{{__error__="JSONParserErr", __error_details__={details:?}{more}}}"#)
    };
    let object = "Value looks like object, but can't find closing '}' symbol";
    assert_eq!(made("| json", r#"{"level":"info","nested":{"a":"abc"#), error(object, r#", level="info""#));
    assert_eq!(made("| json", "\"just a string\""), error(object, ""));
    let string = "Value is string, but can't find closing '\"' symbol";
    assert_eq!(made("| json", r#"{"level":"cut"#), error(string, ""));
    assert_eq!(made("| json", r#"{"a":1 "b":2}"#), error(object, r#", a="1""#));
    assert_eq!(made("| json", r#"{"a":undefined}"#), error("Unknown value type", ""));
    assert_eq!(made("| json", "{"), error("Malformed JSON error", ""));
}

#[test]
fn json_takes_paths() {
    let line = r#"{"a":{"b":[10,{"c":"d"}]},"k y":"v","o":{"x":1},"s":"\u0041","n":null}"#;
    let made = |paths: &str| made(&format!("| json {paths}"), line);
    assert_eq!(made(r#"x="a.b[1].c", y="[\"k y\"]", z="a.b[0]""#), r#"{x="d", y="v", z="10"}"#);
    assert_eq!(made(r#"o, s, n, none"#), r#"{n="", none="", o="{\"x\":1}", s="A"}"#);
    assert_eq!(made(r#"a="a.b[7]""#), r#"{a=""}"#);
    assert_eq!(
        after("| json a", &[], "no json"),
        r#"no json {__error__="JSONParserErr", a=""}"#.replace(", a=\"\"", "")
    );
    let words = wrong(r#"| json x="a..b""#);
    assert_eq!(
        words,
        r#"parse error : stage '| json x="a..b"' : cannot parse expression [a..b]: syntax error: unexpected DOT, expecting FIELD"#
    );
}

#[test]
fn logfmt_reads_pairs() {
    let line = r#"level=info  msg="a \"b\" \u00e9" bare empty= q="" ünï=ço 9n=1 a=b=c app=in end="#;
    let plain = r#"{_9n="1", _n_="ço", app_extracted="in", level="info", msg="a \"b\" é"}"#;
    assert_eq!(made("| logfmt", line), plain);
    let kept = made("| logfmt --keep-empty", r#"bare empty= q="" x=1"#);
    assert_eq!(kept, r#"{bare="", empty="", q="", x="1"}"#);
    assert_eq!(made("| logfmt", "dup=1 dup=2"), r#"{dup="1"}"#);
    assert_eq!(made("| logfmt", "level=info open=\"never closed n=1"), r#"{level="info"}"#);
    assert_eq!(made(r#"| logfmt x="level", none"#, "level=a level=b"), r#"{none="", x="b"}"#);
}

#[test]
fn strict_logfmt_stops_at_a_bad_pair() {
    let error = |details: &str| {
        format!(r#"{{__error__="LogfmtParserErr", __error_details__="{details}", level="info"}}"#)
    };
    let strict = |line: &str| made("| logfmt --strict", line);
    assert_eq!(
        strict(r#"level=info fo"o=bar n=1"#),
        error(r#"logfmt syntax error at pos 14 : unexpected '\"'"#)
    );
    assert_eq!(
        strict(r#"level=info open="never closed n=447"#),
        error("logfmt syntax error at pos 36 : unterminated quoted value")
    );
    assert_eq!(
        strict(r#"level=info msg="escaped \x41 bad" n=21"#),
        error("logfmt syntax error at pos 34 : invalid quoted value")
    );
    assert_eq!(strict("level=info a=b=c n=1"), error("logfmt syntax error at pos 15 : unexpected '='"));
}

#[test]
fn captures() {
    let line = "10.0.0.1 - - [22/Mar] \"GET /x HTTP/1.1\" 200";
    assert_eq!(made("| pattern `<ip> - <_> [<_>] \"<method> <_>`", line), r#"{ip="10.0.0.1", method="GET"}"#);
    assert_eq!(made("| pattern `<a> | <b>`", line), r#"{a="10.0.0.1 - - [22/Mar] \"GET /x HTTP/1.1\" 200"}"#);
    assert_eq!(made("| pattern `x<a>`", line), "{}");
    assert_eq!(made(r"| regexp `(?P<ip>\S+) .* (?P<status>\d+)$`", line), r#"{ip="10.0.0.1", status="200"}"#);
    assert_eq!(made(r"| regexp `(?P<a>x)|(?P<b>-)`", line), r#"{a="", b="-"}"#);
}

#[test]
fn unpack_restores_lines() {
    let packed = r#"{"app":"in","pod":"p","n":1,"_entry":"the \"line\""}"#;
    assert_eq!(after("| unpack", &[], packed), r#"the "line" {app_extracted="in", pod="p"}"#);
    assert_eq!(made("| unpack", r#"{"only":"labels"}"#), "{}");
    let error =
        r#"x {__error__="JSONParserErr", __error_details__="expecting json object(6), but it is not"}"#;
    assert_eq!(after("| unpack", &[], "x"), error);
    assert_eq!(after("| unpack |= `the`", &[], packed), r#"the "line" {app_extracted="in", pod="p"}"#);
    assert_eq!(after("| unpack |= `_entry`", &[], packed), "dropped");
}

#[test]
fn decolorize_and_the_filters_after_it() {
    let line = "\x1b[1;31mred\x1b[0m \x1b]0;title\x07link \x1b[2J";
    assert_eq!(after("| decolorize", &[], line), "red link  {}");
    // Addresses of links stay, as in the reference.
    assert_eq!(after("| decolorize", &[], "\x1b]8;;http://e\x07x"), "ttp://e\u{7}x {}");
    // The filter sees the colours.
    assert_eq!(after("| decolorize |= `red link`", &[], line), "dropped");
}

#[test]
fn line_filters() {
    let passes = |filter: &str, line: &str| after(filter, &[], line) != "dropped";
    assert!(passes("|= `a` or `b`", "xb") && !passes("|= `a` or `b`", "c"));
    assert!(passes("!= `a` or `b`", "c") && !passes("!= `a` or `b`", "xb"));
    assert!(passes("|~ `^a.c$`", "abc") && !passes("|~ `^a.c$`", "abcd") && passes("!~ `^a.c$`", "abcd"));
    assert!(passes("|> `<_> took <_>`", "it took long") && !passes("|> `<_> took <_>`", " took long"));
    assert!(passes("|> `tick <_> end`", "tick 1 end") && !passes("|> `tick <_> end`", "tick 1 end."));
    assert!(passes("!> ``", "x") && !passes("|> ``", "x"));
    assert!(
        passes("|= ip(`10.0.0.0/8`)", "from 10.1.2.3:80") && !passes("|= ip(`10.0.0.0/8`)", "from 11.1.2.3")
    );
    assert!(passes("|= ip(`2001:db8::1-2001:db8::8`)", "[2001:DB8::5]:443"));
    assert!(!passes("|= ip(`1.2.3.4`)", "version 1.2.3.4.5"));
    assert!(passes("!= ip(`10.0.0.1`)", "x") && passes("|= ip(`::ffff:0:0/96`)", "peer ::ffff:10.0.0.9 up"));
    assert_eq!(
        wrong("|= ip(`10.0.0.256`)"),
        "parse error : stage '|= ip(\"10.0.0.256\")' : ip: invalid pattern: \"10.0.0.256\""
    );
}

#[test]
fn label_filters() {
    let line = "d=1.5s b=5KB n=7 s=x bad=oops ip=10.0.0.7";
    let passes = |filter: &str| after(&format!("| logfmt | {filter} | keep none"), &[], line) != "dropped";
    for filter in
        ["d > 1s", "b >= 5KB", "n == 7", "s = `x`", "s =~ `x|y`", "ip = ip(`10.0.0.0/24`)", "none = ``"]
    {
        assert!(passes(filter), "{filter}");
    }
    for filter in
        ["d > 2s", "b < 5KB", "n != 7", "s != `x`", "none > 1", "none != ip(`10.0.0.1`)", "none = `x`"]
    {
        assert!(!passes(filter), "{filter}");
    }
    assert!(passes("n > 9 or s = `x`") && !passes("n > 9 and s = `x`"));
    let failed = |filter: &str| {
        let after = after(&format!("| logfmt | {filter} | keep none"), &[], line);
        after.split_once("__error_details__=").map(|(_, details)| details.trim_end_matches('}').to_owned())
    };
    assert_eq!(
        failed("bad > 5"),
        Some(r#""strconv.ParseFloat: parsing \"oops\": invalid syntax""#.to_owned())
    );
    assert_eq!(failed("bad > 5s and d > 1"), Some(r#""time: invalid duration \"oops\"""#.to_owned()));
    assert_eq!(failed("bad > 5s and n > 9"), None);
}

#[test]
fn metadata_and_what_filters_see() {
    let metadata = [("user", "u7"), ("env", "m"), ("none", "")];
    assert_eq!(after("| user=`u7`", &metadata, "x"), r#"x {env_extracted="m", user="u7"}"#);
    assert_eq!(after("| env=`m`", &metadata, "x"), "dropped");
    assert_eq!(after("| env_extracted=`m` | drop env_extracted", &metadata, "x"), r#"x {user="u7"}"#);
}

#[test]
fn errors_are_dropped_and_judged_by_name() {
    let error = r#"{__error__="JSONParserErr", __error_details__="#;
    assert!(made("| json | __error__=`JSONParserErr`", "x").starts_with(error));
    assert_eq!(after("| json | __error__=``", &[], "x"), "dropped");
    assert_eq!(made("| json | drop __error__, __error_details__", "x"), "{}");
    assert!(made("| json | drop __error__", "x").starts_with("{__error_details__="));
    assert!(made("| json | drop __error__=`other`", "x").starts_with(error));
    assert!(made("| json | keep none", "x").starts_with(error));
    // A field of that name is a label, and no error.
    let forged = r#"{"__error__":"forged"}"#;
    assert_eq!(made("| json | __error__=``", forged), r#"{__error__="forged"}"#);
}

#[test]
fn drop_and_keep() {
    let line = "a=1 b=2 c=3";
    assert_eq!(made("| logfmt | drop a, b=`x`, c=~`3`", line), r#"{b="2"}"#);
    assert_eq!(made("| logfmt | keep a, b=`x`, none", line), r#"{a="1"}"#);
    assert_eq!(after("| drop env | keep env", &[], "x"), "x {}");
}

#[test]
fn formats() {
    let line = "level=info status=503";
    assert_eq!(
        after("| logfmt | line_format `{{.level}}:{{.none}}{{__line__}}`", &[], line),
        format!("info:{line} {{level=\"info\", status=\"503\"}}")
    );
    assert_eq!(
        made("| logfmt | label_format lvl=level, level=status, x=none", line),
        r#"{level="503", lvl="info"}"#
    );
    assert_eq!(
        made("| logfmt | label_format class=`{{ div .status 100 }}xx` | keep class", line),
        r#"{class="5xx"}"#
    );
    let twice = "| logfmt | label_format a=`x{{.level}}`, b=level, level=`{{.a}}{{.level}}` | drop status";
    assert_eq!(made(twice, line), r#"{a="xinfo", b="info", level="info"}"#);
    assert_eq!(made("| label_format level=`pre` | logfmt", line), r#"{level="pre", status="503"}"#);
    let error = r#"{__error__="TemplateFormatErr", __error_details__="template: label:1:3: executing \"label\" at <div 1 0>: error calling div: runtime error: integer divide by zero"}"#;
    assert_eq!(made("| label_format x=`{{ div 1 0 }}`", line), error);
    assert_eq!(
        wrong("| line_format `{{ .x`"),
        "parse error : stage '| line_format \"{{ .x\"' : invalid line template: template: line:1: unclosed action"
    );
    assert_eq!(
        wrong("| label_format a=b, a=c"),
        "parse error : stage '| label_format a=b,a=c' : multiple label name 'a' not allowed in a single format operation"
    );
    assert_eq!(
        wrong("| label_format __error__=b"),
        "parse error : stage '| label_format __error__=b' : __error__ cannot be formatted"
    );
}

#[test]
fn bytes_that_are_no_text() {
    let pipeline =
        Pipeline::compile(&stages("| logfmt | line_format `{{.a}}`"), Wanted::Lines).expect("it compiles");
    let stream = pipeline.for_stream(&Labels::default());
    let mut scratch = Scratch::default();
    let row = RowRef { ts_ns: 0, body: b"a=x\xff\xfey \xff=1 b=2", metadata: LabelsRef::EMPTY };
    let mut processed = stream.line(&mut scratch, row).expect("it stays");
    assert_eq!(processed.text(), b"x  y");
    assert_eq!(processed.labels().to_string(), r#"{a="x  y", b="2"}"#);
}

#[test]
fn categories_part_the_labels() {
    let pipeline = Pipeline::compile(&stages("| logfmt | label_format env=`e`, user2=user"), Wanted::Lines)
        .expect("it compiles");
    let stream = pipeline.for_stream(&labels(&[("app", "x"), ("env", "prod")]));
    let metadata = labels(&[("user", "u"), ("trace", "t")]);
    let mut scratch = Scratch::default();
    let row = RowRef { ts_ns: 0, body: b"a=1 trace=2", metadata: metadata.as_ref() };
    let mut processed = stream.line(&mut scratch, row).expect("it stays");
    assert_eq!(processed.stream_labels().to_string(), r#"{app="x"}"#);
    assert_eq!(processed.metadata_labels().to_string(), r#"{trace="t", user2="u"}"#);
    assert_eq!(processed.parsed_labels().to_string(), r#"{a="1", env="e", trace_extracted="2"}"#);
}

#[test]
fn only_what_the_store_can_answer_is_pushed_down() {
    let pushed = |text: &str| {
        let split = Pushdown::split(&stages(text)).expect("it compiles");
        (split.predicates.len(), split.rest.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(
        pushed("|= `a` | json != `b` or `c` | line_format `x` |= `d`"),
        (2, r#"| json | line_format "x" |= "d""#.to_owned())
    );
    assert_eq!(
        pushed("|~ `a` |> `a<_> bc <_>d` |= ip(`1.2.3.4`)"),
        (2, r#"|> "a<_> bc <_>d" |= ip("1.2.3.4")"#.to_owned())
    );
    assert_eq!(pushed("| decolorize |= `a` | a=`b`"), (1, r#"| decolorize | a="b""#.to_owned()));
}

#[test]
fn label_filters_before_stages_that_make_labels_are_pushed_down() {
    let pushed = |text: &str| {
        let split = Pushdown::split(&stages(text)).expect("it compiles");
        let on_labels = split.on_labels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (on_labels, split.rest.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    let pair = |on_labels: &str, rest: &str| (on_labels.to_owned(), rest.to_owned());
    assert_eq!(pushed("| a=`b` |= `x` | a!=`c`"), pair(r#"a="b", a!="c""#, ""));
    assert_eq!(pushed("| a=`b` and b=~`c` | c=`d` | b!=`e`"), pair(r#"a="b", b=~"c", b!="e""#, r#"| c="d""#));
    assert_eq!(pushed("| a=`b` or b=`c` | a>5"), pair("", r#"| ( a="b" or b="c" ) | a>5"#));
    assert_eq!(pushed("| json | a=`b`"), pair("", r#"| json | a="b""#));
    assert_eq!(pushed("| __error__=`` | a_extracted=`b`"), pair("", r#"| __error__="" | a_extracted="b""#));
}

/// Looking every name up among all others would take minutes.
#[test]
fn lines_with_many_fields_are_taken_as_others() {
    let names = || (0..20_000).map(|number| format!("key_{number}"));
    let json =
        format!("{{{}}}", names().map(|name| format!("\"{name}\":\"v\"")).collect::<Vec<_>>().join(","));
    let logfmt = names().map(|name| format!("{name}=v")).collect::<Vec<_>>().join(" ");
    for (parser, line) in [("json", &json), ("logfmt", &logfmt)] {
        let all = made(&format!("| {parser}"), line);
        assert_eq!(all.matches("=\"v\"").count(), 20_000);
        assert_eq!(
            made(&format!("| {parser} | keep key_7, key_19999"), line),
            r#"{key_19999="v", key_7="v"}"#
        );
        let renamed = format!("| {parser} | label_format x=key_19998 | drop key_19999 | keep x, key_19999");
        assert_eq!(made(&renamed, line), r#"{x="v"}"#);
    }
}
