use super::super::class::PAIR;
use super::*;
use proptest::prelude::*;

/// The values of `text` as the format's page tells them, word by word.
fn naive(text: &[u8]) -> Vec<Range<usize>> {
    let is = |at: usize, what: u8| text.get(at).is_some_and(|byte| class(*byte) & what != 0);
    let end_of = |mut at: usize, inside: &dyn Fn(usize) -> bool| {
        while at < text.len() && inside(at) {
            at += 1;
        }
        at
    };
    let (mut at, mut quotes_end, mut out) = (0, true, Vec::new());
    while at < text.len() {
        let (value, next) = if is(at, WORD) {
            let end = end_of(at, &|at| is(at, WORD));
            let (mut from, mut to) = (at, end);
            while from < to && is(from, INNER) {
                from += 1;
            }
            while from < to && is(to - 1, INNER) {
                to -= 1;
            }
            let has_digit = (from..to).any(|at| is(at, DIGIT));
            (if has_digit { from..to } else { 0..0 }, end)
        } else if is(at, QUOTE) && quotes_end {
            let mut close = at + 1;
            while close < text.len() && text[close] != b'"' {
                close += 1 + usize::from(text[close] == b'\\');
            }
            quotes_end = close < text.len();
            match (quotes_end, text.get(close + 1)) {
                (false, _) => (0..0, at + 1),
                (true, Some(b':')) => (0..0, close + 1),
                (true, _) => (at + 1..close, close + 1),
            }
        } else if is(at, EQUALS) {
            let end = end_of(at + 1, &|at| is(at, PAIR));
            (at + 1..end, end)
        } else {
            (0..0, at + 1)
        };
        if !value.is_empty() {
            let is_last = out.len() + 1 == VALUES_MAX;
            out.push(if is_last { value.start..text.len() } else { value });
            if is_last {
                break;
            }
        }
        at = next;
    }
    out
}

fn cut_words(text: &[u8]) -> Vec<Range<usize>> {
    cut_as(text, Cut::Words)
}

fn cut_as(text: &[u8], how: Cut) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    cut(text, Span::new(0..text.len()), how, &mut values);
    values.into_iter().map(Span::range).collect()
}

#[test]
fn parts_are_what_is_between_other_bytes() {
    let text = b"kube-system/web_1-04f3a--x9.";
    let cut: Vec<_> = cut_as(text, Cut::Parts).into_iter().map(|range| &text[range]).collect();
    assert_eq!(cut, [&b"kube"[..], b"system", b"web_1", b"04f3a", b"x9"]);
    assert!(cut_as(b"--", Cut::Parts).is_empty());
    let many = "ab-".repeat(VALUES_MAX + 10);
    let cut = cut_as(many.as_bytes(), Cut::Parts);
    assert_eq!((cut.len(), cut[VALUES_MAX - 1].end), (VALUES_MAX, many.len()));
}

proptest! {
    #[test]
    fn values_are_those_of_a_walk_word_by_word(
        parts in proptest::collection::vec("[a-z]{1,4}|[0-9a-f]{1,20}|[.:/@-]|[ =\",]|\\\\|\"[a-z0-9 ]{0,30}\":?|[^ ]", 0..60),
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        many in 100..200usize,
    ) {
        let text = parts.concat();
        prop_assert_eq!(cut_words(text.as_bytes()), naive(text.as_bytes()), "{}", text);
        prop_assert_eq!(cut_words(&bytes), naive(&bytes));
        let repeated = text.repeat(many / parts.len().max(1));
        prop_assert_eq!(cut_words(repeated.as_bytes()), naive(repeated.as_bytes()));
    }
}

#[test]
fn words_with_digits_strings_and_what_follows_an_equals_sign() {
    let text = br#"GET /a?id=17&x= "k1":"v \" 2" ts=2025-03-10T21:00 (v2.1.) abc "open 7"#;
    let cut: Vec<_> =
        cut_words(text).into_iter().map(|range| String::from_utf8_lossy(&text[range])).collect();
    assert_eq!(cut, ["17", r#"v \" 2"#, "2025-03-10T21:00", "v2.1", "7"]);
}
