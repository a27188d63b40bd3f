use super::*;
use base::Clock;
use proptest::prelude::*;

const FIELDS: &[(&str, &str)] =
    &[("level", "info"), ("caller", "main.go:42"), ("path", "/api/v1/users"), ("n", "7"), ("empty", "")];

/// What `text` makes of the fields, or the words of its error.
fn run(text: &str) -> String {
    let template = match Template::parse("line", text) {
        Ok(template) => template,
        Err(wrong) => return wrong,
    };
    let clock = Clock::manual(1_000_000_000);
    let input = Input { fields: FIELDS, line: "the line", ts_ns: 1_741_640_402_317_558_270, clock: &clock };
    let mut out = String::new();
    match template.run(&input, &mut TemplateScratch::default(), &mut out) {
        Ok(()) => out,
        Err(wrong) => wrong,
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(run(text), *expected, "{text}");
    }
}

#[test]
fn fields_and_texts() {
    check(&[
        ("plain", "plain"),
        ("", ""),
        ("{{.level}} {{ .none }}|{{.empty}}|", "info ||"),
        (
            "{{ \"a\\n\" }}{{ `\\n` }}{{ 'x' }} {{ 42 }} {{ 0x10 }} {{ 1.50 }} {{ 1e9 }} {{ true }}",
            "a\n\\n120 42 16 1.5 1e+09 true",
        ),
        ("a {{- .level -}} b", "ainfob"),
        ("a {{/* no */}} b {{- /* trims */ -}} c", "a  bc"),
        ("{{ . }}", "map[caller:main.go:42 empty: level:info n:7 path:/api/v1/users]"),
        ("{{ __line__ }} {{ len __line__ }}", "the line 8"),
        ("{{ $.level }}{{ with .n }}{{ . }}{{ $.level }}{{ end }}", "info7info"),
    ]);
}

#[test]
fn pipelines_and_variables() {
    check(&[
        ("{{ .level | upper | printf \"%s-%s\" .n }}", "7-INFO"),
        ("{{ $x := .level }}{{ $x }}{{ $x = .n }}{{ $x }}", "info7"),
        ("{{ (index . \"level\") | len }}", "4"),
        ("{{ ($x := .n) }}{{ $x }}", "77"),
        ("{{ and .empty .none }}|{{ or .empty .n }}|{{ not .empty }}", "|7|true"),
        ("{{ if .empty }}a{{ else if eq .level \"info\" \"warn\" }}b{{ else }}c{{ end }}", "b"),
        ("{{ with .empty }}a{{ else with .n }}{{ . }}{{ end }}", "7"),
        (
            "{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" .n }}{{ block \"b\" .level }}{{ . }}{{ end }}",
            "<7>info",
        ),
    ]);
}

#[test]
fn ranges() {
    check(&[
        ("{{ range $k, $v := fromJson `{\"b\":1,\"a\":\"x\"}` }}{{ $k }}={{ $v }};{{ end }}", "a=x;b=1;"),
        ("{{ range $i, $e := fromJson `[5,6]` }}{{ $i }}{{ $e }} {{ end }}", "05 16 "),
        ("{{ range fromJson `[1,2,3,4]` }}{{ if eq . 3.0 }}{{ break }}{{ end }}{{ . }}{{ end }}", "12"),
        ("{{ range fromJson `[1,2,3]` }}{{ if eq . 2.0 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        ("{{ range fromJson `[]` }}a{{ else }}none{{ end }}", "none"),
        (
            "{{ range 3 }}{{ . }}{{ end }}{{ range $k, $v := . }}{{ $k }} {{ end }}",
            "012caller empty level n path ",
        ),
        ("{{ $s := 0 }}{{ range fromJson `[1,2]` }}{{ $s = add $s . }}{{ end }}{{ $s }}", "3"),
        (
            "{{ range .level }}{{ end }}",
            "template: line:1:9: executing \"line\" at <.level>: range can't iterate over info",
        ),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("{{ upper \"zoë\" }} {{ ToLower \"ÀB\" }} {{ title \"a bc_d e-f\" }}", "ZOË àb A Bc_d E-F"),
        (
            "{{ Trim .path \"/\" }} {{ trimAll \"/\" .path }} {{ TrimLeft .path \"/a\" }} {{ TrimRight .path \"s\" }}",
            "api/v1/users api/v1/users pi/v1/users /api/v1/user",
        ),
        (
            "{{ trimPrefix \"/api\" .path }} {{ TrimSuffix .path \"users\" }} [{{ trim \"  x \" }}]",
            "/v1/users /api/v1/ [x]",
        ),
        ("{{ replace \"/\" \"-\" .path }} {{ Replace .path \"/\" \"-\" 2 }}", "-api-v1-users -api-v1/users"),
        ("{{ trunc 3 .level }} {{ trunc -3 .level }} {{ trunc 9 .level }}", "inf nfo info"),
        (
            "{{ substr 1 3 .level }} {{ substr -1 3 .level }} {{ substr 2 -1 .level }} {{ substr 2 100 .level }}",
            "nf inf fo fo",
        ),
        (
            "{{ alignLeft 6 .level }}|{{ alignRight 6 .level }}|{{ alignLeft 2 .level }}|{{ alignRight 2 .level }}",
            "info  |  info|in|fo",
        ),
        ("{{ indent 2 \"a\\nb\" }}{{ nindent 1 \"c\" }}", "  a\n  b\n c"),
        ("{{ repeat 3 \"ab\" }}|{{ repeat 0 \"ab\" }}", "ababab|"),
        (
            "{{ contains \"nf\" .level }} {{ hasPrefix \"in\" .level }} {{ hasSuffix \"x\" .level }}",
            "true true false",
        ),
        (
            "{{ b64enc .level }} {{ b64dec \"aGVsbG8=\" }} {{ b64dec \"aGVsbG8\" }} {{ b64dec \"***\" }}",
            "aW5mbw== hello hello illegal base64 data at input byte 0",
        ),
        ("{{ urlencode \"a b&c/ü\" }} {{ urldecode \"a+b%26\" }}", "a+b%26c%2F%C3%BC a b&"),
        ("{{ regexReplaceAll `(\\w+)\\.go:(?P<l>\\d+)` .caller \"${l}-$1x$$\" }}", "42-$"),
        ("{{ regexReplaceAllLiteral `\\d` .caller \"$1\" }} {{ count \"a\" \"banana\" }}", "main.go:$1$1 3"),
        (
            "{{ html `<a href=\"x\">&'` }} {{ js `it's <b>` }} {{ urlquery \"a b\" 1 }}",
            "&lt;a href=&#34;x&#34;&gt;&amp;&#39; it\\'s \\u003Cb\\u003E a+b1",
        ),
        ("{{ default \"d\" .empty }} {{ default \"d\" .level }}", "d info"),
        (
            "{{ fromJson `{\"a\":[1,\"x\",null,{\"b\":true}]}` }} {{ (fromJson `{\"a\":{\"b\":5}}`).a.b }} {{ fromJson `no` }}",
            "map[a:[1 x <nil> map[b:true]]] 5 <no value>",
        ),
    ]);
}

#[test]
fn numbers() {
    check(&[
        (
            "{{ add 1 2 .n }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 3 }} {{ div -7 2 }}",
            "10 3 24 3 1 -3",
        ),
        (
            "{{ addf 0.1 0.2 }} {{ subf 5 2.5 1 }} {{ mulf 1.1 1.1 }} {{ divf 10 4 2 }} {{ divf 1 3 }}",
            "0.3 1.5 1.21 1.25 0.3333333333333333",
        ),
        ("{{ max 1 5 3 }} {{ min 4 2 9 }} {{ maxf 1.5 2.5 }} {{ minf 1.5 2.5 }}", "5 2 2.5 1.5"),
        (
            "{{ int \"3.7\" }} {{ int \"abc\" }} {{ int \"010\" }} {{ float64 \"3.5\" }} {{ float64 \"x\" }} {{ int true }}",
            "3 0 8 3.5 0 1",
        ),
        (
            "{{ ceil 1.2 }} {{ floor -1.2 }} {{ round 3.14159 2 }} {{ round 2.5 0 }} {{ round -2.5 0 }}",
            "2 -2 3.14 3 -3",
        ),
        (
            "{{ bytes \"1.5MiB\" }} {{ duration \"90ms\" }} {{ duration_seconds \"1m\" }}",
            "1.572864e+06 0.09 60",
        ),
        (
            "{{ lt 1 2 }} {{ ge .n \"8\" }} {{ ne 1 2 }} {{ eq 1 2 1 }} {{ gt 1.5 1.0 }} {{ le \"a\" \"b\" }}",
            "true false true true true true",
        ),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("{{ __timestamp__ }}", "2025-03-10 21:00:02.31755827 +0000 UTC"),
        (
            "{{ __timestamp__.Year }}-{{ __timestamp__.Month }}-{{ __timestamp__.Day }} {{ __timestamp__.Weekday }} {{ __timestamp__.YearDay }}",
            "2025-March-10 Monday 69",
        ),
        (
            "{{ (__timestamp__.Add 3600000000000).Unix }} {{ __timestamp__ | unixEpoch }} {{ unixEpochMillis __timestamp__ }} {{ unixEpochNanos __timestamp__ }}",
            "1741644002 1741640402 1741640402317 1741640402317558270",
        ),
        ("{{ now | unixEpoch }} {{ date \"2006\" 0 }}", "1 1970"),
        (
            "{{ date \"Mon Jan _2 3:04:05.000 PM 06 002 -07:00 Z07:00\" __timestamp__ }}",
            "Mon Mar 10 9:00:02.317 PM 25 069 +00:00 Z",
        ),
        (
            "{{ toDate \"2006-01-02T15:04:05Z07:00\" \"2021-11-02T10:00:00+02:00\" | date \"15:04\" }}",
            "08:00",
        ),
        (
            "{{ toDate \"2006-01-02T15:04:05Z07:00\" \"2021-11-02T10:00:00+02:00\" }}",
            "2021-11-02 10:00:00 +0200 +0200",
        ),
        (
            "{{ toDateInZone \"2006-01-02\" \"Europe/Amsterdam\" \"2021-11-02\" }}",
            "2021-11-02 00:00:00 +0100 CET",
        ),
        ("{{ toDate \"2006\" \"garbage\" }}", "0001-01-01 00:00:00 +0000 UTC"),
        (
            "{{ unixToTime \"19373\" }} {{ unixToTime \"1679577215\" }} {{ unixToTime \"1679577215123\" }}",
            "2023-01-16 00:00:00 +0000 UTC 2023-03-23 13:13:35 +0000 UTC 2023-03-23 13:13:35.123 +0000 UTC",
        ),
        (
            "{{ (__timestamp__.Sub (toDate \"2006\" \"2025\")).Hours | floor }} {{ (toDate \"2006\" \"2025\").IsZero }}",
            "1653 false",
        ),
    ]);
}

#[test]
fn printing() {
    check(&[
        (
            "{{ printf \"%5s|%-5s|%05d|%+d|%x|%X|%o|%c|%q\" \"a\" \"b\" 42 7 255 255 8 65 \"x\" }}",
            "    a|b    |00042|+7|ff|FF|10|A|\"x\"",
        ),
        (
            "{{ printf \"%f %.2f %e %g %6.1f|%v\" 1.5 1.005 1.5 1e6 2.25 2.5 }}",
            "1.500000 1.00 1.500000e+00 1e+06    2.2|2.5",
        ),
        (
            "{{ printf \"%d\" \"x\" }} {{ printf \"%s\" 5 }} {{ printf \"%d\" }} {{ printf \"a\" 1 }}",
            "%!d(string=x) %!s(int=5) %!d(MISSING) a%!(EXTRA int=1)",
        ),
        (
            "{{ printf \"%v %T %t %%\" . .level true }}",
            "map[caller:main.go:42 empty: level:info n:7 path:/api/v1/users] string true %",
        ),
        (
            "{{ printf \"%[2]s %[1]s %*d|%.3s|%!\" \"a\" \"b\" }}",
            "b a %!(BADWIDTH)%!d(MISSING)|%!s(MISSING)|%!!(MISSING)",
        ),
        ("{{ print 1 2 \"a\" 3 }}|{{ println 1 \"a\" }}", "1 2a3|1 a\n"),
        ("{{ printf \"%6.2f%%|%t|%08.3f\" 12.345 false -1.5 }}", " 12.35%|false|-001.500"),
    ]);
}

#[test]
fn parse_errors() {
    check(&[
        ("{{ .level", "template: line:1: unclosed action"),
        ("a\nb {{ .x", "template: line:2: unclosed action"),
        ("{{ }}", "template: line:1: missing value for command"),
        ("{{ \"x }}", "template: line:1: unterminated quoted string"),
        ("{{ `x }}", "template: line:1: unterminated raw quoted string"),
        ("{{/* x }}", "template: line:1: unclosed comment"),
        ("{{ nosuch }}", "template: line:1: function \"nosuch\" not defined"),
        ("{{ $x }}", "template: line:1: undefined variable \"$x\""),
        ("{{ break }}", "template: line:1: {{break}} outside {{range}}"),
        ("{{ if .x }}", "template: line:1: unexpected EOF"),
        ("{{ end }}", "template: line:1: unexpected {{end}}"),
        ("{{ else }}", "template: line:1: unexpected {{else}}"),
        ("{{ (.x }}", "template: line:1: unclosed left paren"),
        ("{{ .x) }}", "template: line:1: unexpected right paren"),
        ("{{ .x | 5 }}", "template: line:1: non executable command in pipeline stage 2"),
        ("{{ 1a }}", "template: line:1: bad number syntax: \"1a\""),
        ("{{ .x! }}", "template: line:1: bad character U+0021 '!'"),
        ("{{ \"a\".b }}", "template: line:1: unexpected . after term \"\\\"a\\\"\""),
        ("{{ if }}{{end}}", "template: line:1: missing value for if"),
        ("{{ range $i, 5 := .x }}{{end}}", "template: line:1: range can only initialize variables"),
        ("{{ template .x }}", "template: line:1: unexpected \".x\" in template clause"),
    ]);
}

#[test]
fn run_errors() {
    let error =
        |at: &str, message: &str| format!("template: line:1:3: executing \"line\" at <{at}>: {message}");
    let check = |text: &str, at: &str, message: &str| assert_eq!(run(text), error(at, message), "{text}");
    check("{{ div 1 0 }}", "div 1 0", "error calling div: runtime error: integer divide by zero");
    check("{{ upper .level .n }}", "upper", "wrong number of args for upper: want 1 got 2");
    check(
        "{{ eq 1 1.0 }}",
        "eq 1 1.0",
        "error calling eq: incompatible types for comparison: int and float64",
    );
    check(
        "{{ substr 3 1 .level }}",
        "substr 3 1 .level",
        "error calling substr: runtime error: slice bounds out of range [3:1]",
    );
    check(
        "{{ unixToTime \"12\" }}",
        "unixToTime \"12\"",
        "error calling unixToTime: unable to parse time '12': %!w(<nil>)",
    );
    check(
        "{{ addf \"+Inf\" 1 }}",
        "addf \"+Inf\" 1",
        "error calling addf: Cannot create a Decimal from +Inf",
    );
    check("{{ repeat -1 \"x\" }}", "repeat -1 \"x\"", "error calling repeat: strings: negative Repeat count");
    // The position is that of the last field.
    let shown = "template: line:1:9: executing \"line\" at <.level.x>: can't evaluate field x in type string";
    assert_eq!(run("{{ .level.x }}"), shown);
    check("{{ nil }}", "nil", "nil is not a command");
}

proptest! {
    #[test]
    fn nothing_is_too_strange(pieces in prop::collection::vec(prop_oneof![
        Just("{{"), Just("}}"), Just(" .a"), Just(" $x"), Just(":="), Just("="), Just(" if"), Just(" range"),
        Just(" end"), Just(" else"), Just(" with"), Just("|"), Just("("), Just(")"), Just(" printf"), Just("\"%v%5d\""),
        Just(" 5"), Just(" -1"), Just(" fromJson"), Just("`[1,{\"a\":2}]`"), Just(" template"), Just("\"t\""),
        Just(" define"), Just(" date"), Just(" __timestamp__"), Just(".Year"), Just("-"), Just(" "), Just("é"),
        Just(" index"), Just(" slice"), Just(" substr"), Just(" repeat"), Just("9999999"), Just(","), Just("/*"), Just("*/"),
    ], 0..16)) {
        run(&pieces.concat());
    }

    #[test]
    fn text_without_actions_stays(text in "[^{]{0,40}") {
        prop_assert_eq!(run(&text), text);
    }

    #[test]
    fn times_read_what_they_wrote(seconds in 0i64..4_000_000_000, nanos in 0i64..1_000_000_000) {
        let time = jiff::Timestamp::from_nanosecond(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)).expect("a time");
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
        for layout in ["2006-01-02T15:04:05.999999999Z07:00", "Mon, 02 Jan 2006 15:04:05.000000000 -0700", "2006-002 3:04:05 PM .000000000"] {
            let text = layout::format(&zoned, layout);
            let read = layout::parse(layout, &text, &jiff::tz::TimeZone::UTC).map(|read| read.timestamp());
            prop_assert_eq!(read, Some(time), "{}: {}", layout, text);
        }
    }
}

#[test]
fn work_is_bounded() {
    let deep = "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}";
    assert!(run(deep).contains("exceeded maximum template depth"), "{}", run(deep));
    let long = "{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}";
    assert!(run(long).contains("more than 1000000 steps"), "{}", run(long));
    let wide = "{{ $x := \"0123456789\" }}{{ range 60 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}";
    assert!(run(wide).contains("longer than"), "{}", run(wide));
    assert!(run("{{ repeat 100000000 \"x\" }}").contains("longer than"));
    assert!(
        run("{{ printf \"%999999d%999999d%999999d%999999d%999999d\" 1 2 3 4 5 }}").contains("longer than")
    );
    let nested = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(run(&format!("{{{{ {nested} }}}}")).contains("nested deeper"));
    let lists = format!("{{{{ fromJson `{}{}` }}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(run(&lists), "<no value>");
}
