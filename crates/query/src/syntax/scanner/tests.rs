use super::{Lexeme, Scanner};
use proptest::prelude::*;

fn lexemes(text: &str) -> Vec<(Lexeme<'_>, u32, u32)> {
    let mut scanner = Scanner::new(text);
    let mut all = Vec::new();
    loop {
        let lexeme = scanner.next_lexeme().unwrap();
        all.push((lexeme, scanner.start().line, scanner.start().column));
        if lexeme == Lexeme::End {
            return all;
        }
    }
}

fn refusal(text: &str) -> String {
    let mut scanner = Scanner::new(text);
    loop {
        match scanner.next_lexeme() {
            Ok(Lexeme::End) => return "accepted".to_owned(),
            Ok(_) => {}
            Err(e) => return e.to_string(),
        }
    }
}

#[test]
fn lexemes_have_places() {
    use Lexeme::{End, Identifier, Number, Other, Text};
    assert_eq!(
        lexemes("{ünï=\"a\\\"ж\"}\n  1.5e3 'x' `r\n` €"),
        [
            (Other("{"), 1, 1),
            (Identifier("ünï"), 1, 2),
            (Other("="), 1, 5),
            (Text("\"a\\\"ж\""), 1, 6),
            (Other("}"), 1, 12),
            (Number("1.5e3"), 2, 3),
            (Other("'x'"), 2, 9),
            (Text("`r\n`"), 2, 13),
            (Other("€"), 3, 3),
            (End, 3, 4),
        ]
    );
    assert_eq!(lexemes(""), [(End, 0, 0)]);
    assert_eq!(lexemes("\n"), [(End, 2, 1)]);
    assert_eq!(lexemes("a // b\n/* c\n */ d")[1], (Identifier("d"), 3, 5));
}

#[test]
fn numbers() {
    for text in ["1", "007", "1_000", "0x1F", "0x_1", "0x1.8p3", "1.", ".5", "1e-3", "0o17", "09.5"] {
        assert_eq!(lexemes(text)[0].0, Lexeme::Number(text));
    }
    for (text, why) in [
        ("0B", "decimal literal has no digits"),
        ("0x", "hexadecimal literal has no digits"),
        ("0b1", "decimal literal has no digits"),
        ("08", "invalid digit '8' in octal literal"),
        ("1_", "'_' must separate successive digits"),
        ("1__0", "'_' must separate successive digits"),
        ("1e", "exponent has no digits"),
        ("0o1e3", "'e' exponent requires decimal mantissa"),
        ("0x1.8", "hexadecimal mantissa requires a 'p' exponent"),
        ("0o1.5", "invalid radix point in octal literal"),
    ] {
        assert_eq!(refusal(&format!(" {text}")), format!("parse error at line 1, col 2: {why}"));
    }
}

#[test]
fn what_is_no_lexeme() {
    for (text, why) in [
        ("\"a\nb\"", "parse error at line 1, col 1: literal not terminated"),
        ("x \"a\\\"", "parse error at line 1, col 3: literal not terminated"),
        ("`a", "parse error at line 1, col 1: literal not terminated"),
        ("\"\\q\"", "parse error at line 1, col 1: invalid char escape"),
        ("\"\\x4\"", "parse error at line 1, col 1: invalid char escape"),
        ("'ab'", "parse error at line 1, col 1: invalid char literal"),
        ("a \"b\0c\"", "parse error at line 1, col 3: invalid character NUL"),
        ("a\0", "parse error at line 1, col 1: invalid character NUL"),
        ("ab \0", "parse error at line 0, col 1: invalid character NUL"),
        ("a /* b", "parse error at line 1, col 3: comment not terminated"),
    ] {
        assert_eq!(refusal(text), why, "{text:?}");
    }
}

proptest! {
    #[test]
    fn reads_every_byte_or_refuses(text in any::<String>(), soup in "[a0_.xbe\"'`\\\\/* \n\0é€-]{0,16}") {
        for text in [text, soup] {
            let mut scanner = Scanner::new(&text);
            while let Ok(lexeme) = scanner.next_lexeme() {
                if lexeme == Lexeme::End {
                    prop_assert_eq!(scanner.rest(), "");
                    break;
                }
            }
        }
    }
}
