use super::*;
use proptest::prelude::*;

/// The end of the run from `at` on whose bytes are of `class`.
fn naive_end(text: &[u8], at: usize, end: usize, class: u8) -> usize {
    (at..end).find(|at| class_at(text, *at) & class == 0).unwrap_or(end)
}

fn naive_quote(text: &[u8], mut at: usize, end: usize) -> Option<usize> {
    while at < end {
        match text[at] {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

proptest! {
    #[test]
    fn eight_at_once_are_told_as_one_by_one(
        text in prop_oneof![
            "[a-zA-Z0-9_./:-]{0,40}",
            "[0-9a-f]{0,12}[^a-z]{0,3}[0-9_]{0,12}",
            "[ -~]{0,20}[\\\\\"a ]{0,30}[a-z ]{0,60}[\"\\\\]{0,2}",
            "\\PC{0,20}",
        ],
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        cut in 0..200usize,
    ) {
        for text in [text.as_bytes(), &bytes] {
            let end = text.len() - cut.min(text.len());
            for at in 0..=end {
                prop_assert_eq!(digits_end(text, at, end), naive_end(text, at, end, DIGIT));
                prop_assert_eq!(alnum_end(text, at, end), naive_end(text, at, end, ALNUM));
                prop_assert_eq!(pair_end(text, at, end), naive_end(text, at, end, PAIR));
                let word = naive_end(text, at, end, WORD);
                let has_digit = text[at..word].iter().any(u8::is_ascii_digit);
                prop_assert_eq!(word_end(text, at, end), (word, has_digit));
                prop_assert_eq!(closing_quote(text, at, end), naive_quote(text, at, end));
                let run = &text[at..naive_end(text, at, end, ALNUM)];
                if let Some(short) = ShortRun::at(text, at, end) {
                    let digit = |byte: &u8| byte.is_ascii_digit();
                    prop_assert_eq!(short.len, run.len());
                    prop_assert_eq!(short.digits(), run.iter().filter(|byte| digit(byte)).count());
                    prop_assert_eq!(short.leading_digits(), run.iter().take_while(|byte| digit(byte)).count());
                    let changes = run.windows(2).filter(|pair| digit(&pair[0]) != digit(&pair[1])).count();
                    prop_assert_eq!(short.changes(), changes);
                } else {
                    prop_assert!(run.len() >= 8 || run.contains(&b'_'));
                }
            }
        }
    }
}
