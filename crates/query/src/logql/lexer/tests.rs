use super::super::ast::{RangeOp, VectorOp};
use super::super::token::{Flag, Function, Token, Word};
use super::Lexer;
use crate::syntax::Position;

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer::new(text);
    let mut all = Vec::new();
    loop {
        match lexer.next_token().unwrap() {
            Token::End => return all,
            token => all.push(token),
        }
    }
}

#[test]
fn functions_are_functions_only_when_called() {
    use Token::{Identifier, RangeOp as Range, VectorOp as Vector};
    assert_eq!(tokens("rate"), [Identifier("rate")]);
    assert_eq!(tokens("rate  (")[0], Range(RangeOp::Rate));
    assert_eq!(tokens("Sum\nWITHOUT (")[0], Vector(VectorOp::Sum));
    assert_eq!(tokens("sum by a")[0], Identifier("sum"));
    assert_eq!(tokens("sum_ (")[0], Identifier("sum_"));
    assert_eq!(tokens("ip(")[0], Token::Function(Function::Ip));
    assert_eq!(tokens("ip")[0], Identifier("ip"));
}

#[test]
fn words_are_words_in_any_case() {
    assert_eq!(tokens("JSON by"), [Token::Word(Word::Json), Token::Word(Word::By)]);
    assert_eq!(tokens("jsonx"), [Token::Identifier("jsonx")]);
}

#[test]
fn signs_take_two_characters_where_they_can() {
    use Word::{Equal, EqualEqual, GreaterEqual, NotPattern, Pipe, PipePattern};
    let words =
        |text| tokens(text).into_iter().filter_map(|t| if let Token::Word(w) = t { Some(w) } else { None });
    assert_eq!(
        words("|> || = >= !> ===").collect::<Vec<_>>(),
        [PipePattern, Pipe, Pipe, Equal, GreaterEqual, NotPattern, EqualEqual, Equal]
    );
    assert_eq!(tokens("!;€"), [Token::Identifier("!"), Token::Identifier(";"), Token::Identifier("€")]);
}

#[test]
fn numbers_with_units() {
    use Token::{Bytes, Duration, Identifier, Number, Range};
    assert_eq!(
        tokens("5m 1h30m 1.5s 3ns 1d -2m"),
        [
            Duration(300_000_000_000),
            Duration(5_400_000_000_000),
            Duration(1_500_000_000),
            Duration(3),
            Duration(86_400_000_000_000),
            Duration(-120_000_000_000),
        ]
    );
    assert_eq!(tokens("5B 5kB 5KB 2M"), [Bytes(5), Bytes(5000), Bytes(5000), Bytes(2_000_000)]);
    // Two digits are all that the reference compares.
    assert_eq!(tokens("1KiB 1536B 12345B 5MiB"), [Bytes(1000), Bytes(1500), Bytes(12_000), Bytes(5_200_000)]);
    assert_eq!(tokens("1PB 2PiB"), [Bytes(1_000_000_000_000_000), Bytes(2_300_000_000_000_000)]);
    assert_eq!(tokens("5b 1 s"), [Number("5"), Identifier("b"), Number("1"), Identifier("s")]);
    assert_eq!(tokens("- 5 -5 +5")[0], Token::Word(Word::Sub));
    assert_eq!(tokens("1e3 0x10 .5 5."), [Number("1e3"), Number("0x10"), Number(".5"), Number("5.")]);
    assert_eq!(tokens("[5m][0]"), [Range(300_000_000_000), Range(0)]);
}

#[test]
fn flags_strings_and_comments() {
    assert_eq!(tokens("--strict --keep-empty"), [Token::Flag(Flag::Strict), Token::Flag(Flag::KeepEmpty)]);
    assert_eq!(tokens("--other").len(), 3);
    assert_eq!(
        tokens(r#""a\tb\u00e9" `a\t`"#),
        [Token::Text("a\tbé".to_owned()), Token::Text(r"a\t".to_owned())]
    );
    assert_eq!(tokens("a # \"b\n c"), [Token::Identifier("a"), Token::Identifier("c")]);
}

#[test]
fn what_is_read_past_a_lexeme_has_no_line() {
    for (text, line) in [("a", 1), ("|", 1), ("|=", 0), ("[5m]", 0), ("5m", 0), ("5", 1), ("--strict", 0)] {
        let mut lexer = Lexer::new(text);
        lexer.next_token().unwrap();
        assert_eq!(lexer.position(), Position { line, column: 1 }, "{text}");
    }
}

#[test]
fn refuses_what_is_no_token() {
    for (text, why) in [
        ("[5", "parse error at line 0, col 1: missing closing ']' in duration"),
        ("[]", "parse error at line 0, col 1: empty duration string"),
        ("[1.5h]", "parse error at line 0, col 1: unknown unit \".\" in duration \"1.5h\""),
        ("[30m1h]", "parse error at line 0, col 1: not a valid duration string: \"30m1h\""),
        ("[300y]", "parse error at line 0, col 1: duration out of range"),
        ("0KB", "parse error at line 1, col 1: decimal literal has no digits"),
        ("\"\\777\"", "parse error at line 1, col 1: invalid syntax"),
        ("\"\\ud800\"", "parse error at line 1, col 1: invalid syntax"),
    ] {
        assert_eq!(Lexer::new(text).next_token().unwrap_err().to_string(), why);
    }
}
