use super::Lexer;
use crate::promql::token::{Kind, Word};

/// The tokens of `text`, then the refusal of the rest.
fn tokens(text: &str) -> Vec<String> {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    loop {
        match lexer.next_token() {
            Ok(token) if token.kind == Kind::End => return tokens,
            Ok(token) => tokens.push(token.description()),
            Err(refusal) => {
                tokens.push(refusal.to_string());
                return tokens;
            }
        }
    }
}

#[test]
fn signs_are_as_long_as_they_can_be() {
    assert_eq!(
        tokens("a<=b</c<d"),
        [
            "identifier \"a\"",
            "<op:<=>",
            "identifier \"b\"",
            "<op:</>",
            "identifier \"c\"",
            "<op:<>",
            "identifier \"d\""
        ]
    );
    assert_eq!(tokens("-==@"), ["<op:->", "<op:==>", "<op:@>"]);
    assert_eq!(tokens("(=,"), ["\"(\"", "\"=\"", "\",\"", "1:4: parse error: unclosed left parenthesis"]);
}

#[test]
fn words_are_words_in_any_case_and_names_between_braces() {
    assert_eq!(
        tokens("SUM By oFFset NaN a:b"),
        ["<aggr:SUM>", "<By>", "<oFFset>", "number \"NaN\"", "metric identifier \"a:b\""]
    );
    assert_eq!(
        tokens("{sum,by=~!~}"),
        ["\"{\"", "identifier \"sum\"", "\",\"", "identifier \"by\"", "<op:=~>", "<op:!~>", "\"}\""]
    );
    assert_eq!(
        tokens("fill fill (fill_left"),
        [
            "identifier \"fill\"",
            "<fill>",
            "\"(\"",
            "identifier \"fill_left\"",
            "1:21: parse error: unclosed left parenthesis"
        ]
    );
}

#[test]
fn numbers_and_durations() {
    for number in ["1", "1.", ".5", "1.5e3", "1e+5", "0x1F", "0xeE", "1_000", "0x_1", "0755", "Inf"] {
        assert_eq!(tokens(number), [format!("number {number:?}")]);
    }
    for duration in ["5m", "1h30m", "300ms", "1y2w3d4h5m6s7ms", "5y1hs", "1.5h", "5m1h"] {
        assert_eq!(Lexer::new(duration).next_token().unwrap().kind, Kind::Duration, "{duration}");
    }
    for (text, read) in [
        ("2.5.", "2.5."),
        ("100..4", "100.."),
        ("0deadbeef", "0de"),
        ("5mm", "5mm"),
        ("5m1", "5m1"),
        ("1e", "1e"),
        ("1e+", "1e+"),
        ("1_", "1_"),
        ("1__0", "1__"),
        ("5h1y", "5h1"),
        ("1e5e", "1e5e"),
        ("0x1.5", "0x1."),
        ("5x", "5"),
    ] {
        assert_eq!(tokens(text), [format!("1:1: parse error: bad number or duration syntax: {read:?}")]);
    }
}

#[test]
fn texts() {
    for text in [r#""""#, r#""a\"\n\x41\101\u00e9\U0001f600""#, r"'it\'s'", "`\\`", "`a\nb`"] {
        assert_eq!(Lexer::new(text).next_token().unwrap().text, text);
    }
    for (text, message) in [
        ("\"a", "unterminated quoted string"),
        ("'a\n'", "unterminated quoted string"),
        ("`a", "unterminated raw string"),
        (r#""\"#, "escape sequence not terminated"),
        (r#""\x4"#, "escape sequence not terminated"),
        (r#""\c""#, "unknown escape sequence U+0063 'c'"),
        (r#""\'""#, "unknown escape sequence U+0027 '''"),
        (r#""\x.""#, "illegal character U+002E '.' in escape sequence"),
        ("\"\\\n\"", "unknown escape sequence U+000A"),
        (r#""\400""#, "escape sequence is an invalid Unicode code point"),
        (r#""\ud800""#, "escape sequence is an invalid Unicode code point"),
        (r#""\U00110000""#, "escape sequence is an invalid Unicode code point"),
    ] {
        assert_eq!(tokens(text), [format!("1:1: parse error: {message}")], "{text}");
    }
    assert_eq!(tokens("\"a long text\""), ["string \"\\\"a long te\"..."]);
}

#[test]
fn brackets_hold_durations() {
    assert_eq!(
        tokens("[5m+step():min_of]"),
        ["\"[\"", "duration \"5m\"", "<op:+>", "\"step\"", "\"(\"", "\")\"", "\":\"", "\"min_of\"", "\"]\""]
    );
    assert_eq!(tokens("[a")[1], "1:2: parse error: unexpected character in duration expression: 'a'");
    assert_eq!(tokens("[5m a")[2], "1:5: parse error: unexpected character: 'a', expected ':'");
    assert_eq!(tokens("[:")[1], "1:3: parse error: unexpected colon before duration in duration expression");
    assert_eq!(tokens("[5m::")[3], "1:5: parse error: unexpected colon ':'");
    assert_eq!(tokens("[5m[")[2], "1:4: parse error: unexpected left bracket '['");
    assert_eq!(tokens("[")[1], "1:2: parse error: unexpected end of input in duration expression");
    assert_eq!(tokens("[5m")[2], "1:4: parse error: unclosed left bracket");
    assert_eq!(tokens("]"), ["1:1: parse error: unexpected right bracket ']'"]);
}

#[test]
fn what_is_no_token() {
    assert_eq!(tokens("1))"), ["number \"1\"", "1:3: parse error: unexpected right parenthesis ')'"]);
    assert_eq!(tokens("!"), ["1:1: parse error: unexpected character after '!': '\u{fffd}'"]);
    assert_eq!(tokens("=~"), ["1:1: parse error: unexpected character after '=': '~'"]);
    assert_eq!(tokens(".a"), ["1:1: parse error: unexpected character: '.'"]);
    assert_eq!(tokens("\\"), ["1:1: parse error: unexpected character: '\\\\'"]);
    assert_eq!(tokens("ä"), ["1:1: parse error: unexpected character: 'ä'"]);
    assert_eq!(
        tokens("{!a"),
        ["\"{\"", "1:2: parse error: unexpected character after '!' inside braces: 'a'"]
    );
    assert_eq!(tokens("{"), ["\"{\"", "1:2: parse error: unexpected end of input inside braces"]);
    assert_eq!(tokens("{{"), ["\"{\"", "1:2: parse error: unexpected left brace '{'"]);
}

#[test]
fn places_and_comments() {
    let mut lexer = Lexer::new("a # b\r\n  # c\n +{ # d\n}# e");
    let spans: Vec<_> = std::iter::from_fn(|| lexer.next_token().ok().filter(|t| t.kind != Kind::End))
        .map(|token| (token.span.start, token.span.end))
        .collect();
    assert_eq!(spans, [(0, 1), (14, 15), (15, 16), (21, 22)]);
    assert_eq!(Word::named("sum").and_then(Word::aggregate_op).map(|op| op.text()), Some("sum"));
}
