use super::*;
use proptest::prelude::*;

fn of(values: &[&str]) -> Alphabet {
    Alphabet::of(values.iter().map(|value| value.as_bytes()))
}

#[test]
fn values_say_what_they_end() {
    for plain in ["1", "12:30:01.5Z", "7f/3", "9@b#c$d%"] {
        assert_eq!(of(&[plain]), Alphabet::NUMBERS, "{plain}");
    }
    assert_eq!(of(&["1", "x1"]), Alphabet::WORDS);
    assert!(!of(&["1", ""]).starts_with_digit());
    assert!(of(&[r#"1 say \"x\" \\"#]).stays_in_quotes());
    for breaking in [r#"""#, r#"a" b"#, r"\", r"a\\\", r#"\\""#] {
        assert!(!of(&["plain", breaking]).stays_in_quotes(), "{breaking}");
    }
    for apart in [" ", "a\tb", "a\"", "\n"] {
        assert!(!of(&[apart]).stays_in_pair(), "{apart}");
    }
    assert!(of(&["a=b,{}[]\\é"]).stays_in_pair());
    for no_word in ["a=b", "a,b", "{", "é", "\\", "\""] {
        assert!(!of(&[no_word]).is_word(), "{no_word}");
    }
}

proptest! {
    #[test]
    fn bytes_come_back(byte: u8, values in prop::collection::vec("[a1\"\\\\ =]{0,3}", 0..4)) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        prop_assert_eq!(Alphabet::from_byte(of(&values).byte()), of(&values));
        // What nobody writes promises nothing.
        if byte > ALL {
            prop_assert_eq!(Alphabet::from_byte(byte), Alphabet::UNKNOWN);
        }
    }

    #[test]
    fn bytes_in_any_order_tell_the_same(values in prop::collection::vec("[a1=., ]{1,3}|[\"\\\\]", 1..4)) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut bytes = AlphabetOfBytes::default();
        values.iter().rev().for_each(|value| bytes.add(value.as_bytes()));
        let firsts = values.iter().filter_map(|value| value.bytes().next());
        match bytes.with_firsts(firsts) {
            Some(alphabet) => prop_assert_eq!(alphabet, of(&values)),
            None => prop_assert!(values.concat().contains(['"', '\\'])),
        }
    }
}
