use super::Lexer;
use crate::traceql::token::Token;

/// The names of the tokens of `text`, or of what comes before the first refusal, and that.
fn names(text: &str) -> String {
    let mut lexer = Lexer::new(text);
    let mut names = Vec::new();
    loop {
        match lexer.next_token() {
            Ok(Token::End) => return names.join(" "),
            Ok(token) => names.push(token.name()),
            Err(refusal) => return format!("{} ? {refusal}", names.join(" ")),
        }
    }
}

#[test]
fn the_longest_sign_is_read() {
    assert_eq!(names("!>>>=&>>&>&<<&&&~"), "!>> >= &>> &> &<< && &~");
    assert_eq!(names("<<=<>>>=~!~!=!!<~|||"), "<< = < >> >= ~ !~ != ! !< ~ || |");
    assert_eq!(names("& é"), "& IDENTIFIER é");
}

#[test]
fn names_of_attributes_end_where_something_else_can_stand() {
    assert_eq!(names(".a-b/c:d@e+1 .f"), ".a-b/c:d@e+1 .f");
    assert_eq!(names(".a=.b,.c)&&.d|.e^2"), ".a = .b , .c ) && .d | .e ^ 2");
    assert_eq!(names("span.a.b resource.é event.a link.b instrumentation.c"), {
        "span.a.b resource.é event.a link.b instrumentation.c"
    });
    assert_eq!(names("span .a . span.x."), "IDENTIFIER span .a . span.x.");
    assert_eq!(names(".5 span.5x ."), "0.5 span.5x .");
}

#[test]
fn names_may_have_quoted_parts() {
    assert_eq!(names(r#"span."a b" ."x\"y\\z" .a."b c".d ."plain""#), {
        r#"span."a b" ."x\"y\\z" ."a.b c.d" .plain"#
    });
    assert_eq!(
        names(r#"."a\n""#),
        r#" ? parse error at line 1, col 1: a name in quotes escapes only \" and \\"#
    );
    assert_eq!(names(r#"span."a"#), " ? parse error at line 1, col 1: the name's quotes are not closed");
    assert_eq!(names(r#".""#), " ? parse error at line 1, col 1: the name's quotes are not closed");
    assert_eq!(names(r#"."""#), ".");
}

#[test]
fn values_are_read_as_what_they_are() {
    assert_eq!(names("1 1.5 1e3 1s 1.5ms 1h30m 7us 7µs 0x10 5d"), {
        "1 1.5 1000.0 1s 1.5ms 1h30m0s 7µs 7µs 16 5 IDENTIFIER d"
    });
    assert_eq!(names("minInt maxInt true nil error server"), {
        "minInt 9223372036854775807 true nil error server"
    });
    let too_large = r#"strconv.ParseInt: parsing "9223372036854775808": value out of range"#;
    assert_eq!(names("9223372036854775808"), format!(" ? parse error at line 1, col 1: {too_large}"));
    assert_eq!(names("duration span:duration span:id trace:rootService"), {
        "duration duration span:id rootServiceName"
    });
    assert_eq!(names("span:foo"), " ? parse error at line 1, col 1: no span has span:foo");
    assert_eq!(names("parent parent.a parent.span.\"b c\" parental"), {
        "parent parent parent IDENTIFIER parental"
    });
}

#[test]
fn comments_are_skipped() {
    assert_eq!(names("{ // all\n /* or\n not */ }"), "{ }");
    assert_eq!(names(".a // b"), ".a");
}
