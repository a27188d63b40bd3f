use super::GoRegex;
use proptest::prelude::*;

fn refusal(text: &str) -> String {
    GoRegex::new(text).map(|regex| format!("{regex:?} was accepted")).unwrap_or_else(|e| e.to_string())
}

/// The first match of `text` in `haystack`.
fn find<'h>(text: &str, haystack: &'h str) -> Option<&'h str> {
    let regex = GoRegex::new(text).unwrap();
    let found = regex.compiled().find(haystack.as_bytes())?;
    haystack.get(found.range())
}

#[test]
fn refuses_in_go_words() {
    for (text, why) in [
        ("(", "missing closing ): `(`"),
        ("a(b", "missing closing ): `a(b`"),
        ("a)b", "unexpected ): `a)b`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a|*", "missing argument to repetition operator: `*`"),
        ("(+?a)", "missing argument to repetition operator: `+?`"),
        ("(?i)*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*+?", "invalid nested repetition operator: `*+?`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("v{1500}", "invalid repeat count: `{1500}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("[", "missing closing ]: `[`"),
        ("a[b", "missing closing ]: `[b`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
        (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        (r"\", "trailing backslash at end of expression: ``"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\x4", r"invalid escape sequence: `\x4`"),
        (r"\xzz", r"invalid escape sequence: `\xzz`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"\_é\q", r"invalid escape sequence: `\q`"),
        ("(?P<a b>x)", "invalid named capture: `(?P<a b>`"),
        ("(?P<a", "invalid named capture: `(?P<a`"),
        ("(?<>x)", "invalid named capture: `(?<>`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?#a)", "invalid or unsupported Perl syntax: `(?#`"),
        ("(?P=a)", "invalid or unsupported Perl syntax: `(?P`"),
    ] {
        assert_eq!(refusal(text), format!("error parsing regexp: {why}"), "{text}");
    }
}

#[test]
fn classes_are_ascii() {
    assert_eq!(find(r"\w+", "жa1_ж"), Some("a1_"));
    assert_eq!(find(r"\d+", "٣3"), Some("3"));
    assert_eq!(find(r"\s+", "\u{a0}\u{b}x \t"), Some(" \t"));
    assert_eq!(find(r"\bж", "aж ж"), Some("ж"));
    assert_eq!(find(r"a\b", "aж"), Some("a"));
    assert_eq!(find(r"[\w-]+", "é a-b"), Some("a-b"));
    assert_eq!(find(r"[^\d]+", "12x3"), Some("x"));
    assert_eq!(find("[[:^alpha:]]+", "ab12"), Some("12"));
    assert_eq!(find(r"\p{Greek}+\pN", "xαβ7"), Some("αβ7"));
    assert_eq!(find(r"\p{^Greek}+", "αb"), Some("b"));
    assert_eq!(find(r"(?i)\W", "s\u{17f}!"), Some("!"));
}

#[test]
fn brackets_have_no_operators() {
    assert_eq!(find("[a&&b]+", "x&a&b"), Some("&a&b"));
    assert_eq!(refusal("[a--b]"), "error parsing regexp: invalid character class range: `a--`");
    assert_eq!(find("[+--]+", "a+,-b"), Some("+,-"));
    assert_eq!(find("[[a]+", "x[[a"), Some("[[a"));
    assert_eq!(find("[]a]+", "x]a"), Some("]a"));
    assert_eq!(find("[^]a]+", "]xa"), Some("x"));
    assert_eq!(find("[a~~b]+", "~b"), Some("~b"));
    assert_eq!(find(r"[\x{D800}]", "a"), None);
}

#[test]
fn braces_quotes_and_escapes() {
    assert_eq!(find("a{", "a{"), Some("a{"));
    assert_eq!(find("{a}", "{a}"), Some("{a}"));
    assert_eq!(find("x{,2}", "x{,2}"), Some("x{,2}"));
    assert_eq!(find("x{02}", "x{02}"), Some("x{02}"));
    assert_eq!(find(r"\Qa.b\E+", "a.bbb"), Some("a.bbb"));
    assert_eq!(find(r"\Q(*", "x(*"), Some("(*"));
    assert_eq!(find(r"\x41\x{42}\103\a", "ABC\u{7}"), Some("ABC\u{7}"));
    assert_eq!(find(r"\-\#\_\ ", "-#_ "), Some("-#_ "));
    assert_eq!(find("a # b", "a # b"), Some("a # b"));
    assert_eq!(find(r"\x{D800}", "a"), None);
}

#[test]
fn flags_reach_as_far_as_in_go() {
    assert_eq!(find("(?i)ab|CD", "xcd"), Some("cd"));
    assert_eq!(find("(a(?i)b|c)C", "cC"), Some("cC"));
    assert_eq!(find("(a(?i)b|c)C", "CC"), Some("CC"));
    assert_eq!(find("(?i:a)A", "aa"), None);
    assert_eq!(find("(?i)a(?-i)b", "Ab"), Some("Ab"));
    assert_eq!(find("(?i)a(?-i)b", "AB"), None);
    assert_eq!(find("a(?i)*", "aaA"), Some("aa"));
    assert_eq!(find("(?U)a+", "aaa"), Some("a"));
    assert_eq!(find("(?U)a+?", "aaa"), Some("aaa"));
    assert_eq!(find("(?s).+", "a\nb"), Some("a\nb"));
    assert_eq!(find("a.b", "a\nb"), None);
    assert_eq!(find("(?m)^b$", "a\nb\nc"), Some("b"));
    assert_eq!(find("b$", "b\n"), None);
    assert_eq!(find("(?)a(?i-i)B", "aB"), Some("aB"));
    assert_eq!(find("a*(?i)?", "aa"), Some("aa"));
}

#[test]
fn anchored_matches_the_whole_and_newlines() {
    let regex = GoRegex::anchored("a.b|c").unwrap();
    assert!(regex.is_match(b"a\nb"));
    assert!(regex.is_match(b"c"));
    assert!(!regex.is_match(b"xc"));
    assert!(!regex.is_match(b"c\n"));
    assert!(GoRegex::anchored("").unwrap().is_match(b""));
    assert!(GoRegex::anchored("a)|(b").is_err());
    assert_ne!(GoRegex::anchored("a").unwrap(), GoRegex::new("a").unwrap());
}

#[test]
fn names_of_groups() {
    let regex = GoRegex::new("(?P<a>x)(?<b>y)(z)(?P<a>q)(?P<1>w)").unwrap();
    let names: Vec<_> = regex.names().iter().map(|n| n.as_deref().unwrap_or("-")).collect();
    assert_eq!(names, ["-", "a", "b", "-", "a", "1"]);
    assert_eq!(regex.compiled().captures_len(), names.len());
}

#[test]
fn expands_as_go() {
    let regex = GoRegex::new("(?P<key>[a-z]+)=(?P<val>[0-9]*)(?P<key>!)?").unwrap();
    for (template, expanded) in [
        ("$key:$val", "ab:12"),
        ("$1x", ""),
        ("${1}x", "abx"),
        ("$$1", "$1"),
        ("$", "$"),
        ("${", "${"),
        ("${key", "${key"),
        ("${a b}", "${a b}"),
        ("$9|$nope|$0", "||ab=12"),
        ("$01", ""),
        ("é$key", "éab"),
    ] {
        let replaced = regex.replace_all(b"ab=12", template.as_bytes()).into_owned();
        assert_eq!(String::from_utf8(replaced).unwrap(), expanded, "{template}");
    }
}

#[test]
fn literals_to_search_first() {
    let required = |text: &str| GoRegex::new(text).unwrap().required_literal().map(<[u8]>::to_vec);
    assert_eq!(required("a.*error: [0-9]+").unwrap(), b"error: ");
    assert_eq!(required("(?:abc)+d?"), Some(b"abc".to_vec()));
    assert_eq!(required("(?i)error"), None);
    assert_eq!(required("a|b"), None);
    assert_eq!(required("x*"), None);

    let exact = |text: &str| {
        let regex = GoRegex::anchored(text).unwrap();
        regex
            .exact_literals()
            .map(|all| all.iter().map(|t| String::from_utf8_lossy(t).into_owned()).collect())
    };
    assert_eq!(exact("a|b"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(exact("n[12]"), Some(vec!["n1".to_owned(), "n2".to_owned()]));
    assert_eq!(exact("a.*"), None::<Vec<String>>);
    assert_eq!(exact("a$|b"), None);
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "(".repeat(100_000) + &")".repeat(100_000);
    assert!(refusal(&deep).starts_with("error parsing regexp: expression nests too deeply"));
    let allowed = "(".repeat(150) + &")".repeat(150);
    assert!(GoRegex::new(&allowed).is_ok());
    assert!(refusal(r"(?:\pL{1000}){1}\pL{1000}").contains("too large"));
}

/// Expressions that mean the same in both dialects.
fn plain_expression() -> impl Strategy<Value = String> {
    let atom = prop_oneof!["[abc]", Just(".".to_owned()), Just("[a-b]".to_owned()), Just("[^c]".to_owned())];
    atom.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(?:{a}|{b})")),
            (inner.clone(), "[*+?]|\\{1,3\\}|\\{2\\}").prop_map(|(a, op)| format!("({a}){op}")),
            inner.prop_map(|a| format!("(?i:{a})")),
        ]
    })
}

proptest! {
    #[test]
    fn translation_keeps_meaning(expression in plain_expression(), haystack in "[abcAB\n]{0,12}") {
        let ours = GoRegex::new(&expression).unwrap();
        let plain = regex::bytes::Regex::new(&expression).unwrap();
        prop_assert_eq!(
            ours.compiled().find(haystack.as_bytes()).map(|m| m.range()),
            plain.find(haystack.as_bytes()).map(|m| m.range()),
        );
        if let Some(literal) = ours.required_literal() {
            let found = memchr::memmem::find(haystack.as_bytes(), literal).is_some();
            prop_assert!(found || !ours.is_match(haystack.as_bytes()));
        }
    }

    #[test]
    fn never_panics(text in any::<String>(), soup in r"[\\()\[\]{}?*+|^$.:=!<>PpQEdwsiU,0-9a-c-]{0,24}") {
        let _ = GoRegex::new(&text);
        if let Ok(regex) = GoRegex::anchored(&soup) {
            let _ = regex.is_match(b"abc(1)");
            let _ = regex.replace_all(b"abc(1)", soup.as_bytes());
        }
    }
}
