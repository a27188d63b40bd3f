use super::gram::{ID_BYTES_MIN, KeySet, ids, needle_keys};
use super::word::{GRAMS_MAX, Grams};
use super::*;
use proptest::prelude::*;

fn naive_ids(text: &[u8]) -> Vec<&[u8]> {
    text.split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
        .filter(|run| run.len() >= ID_BYTES_MIN && run.iter().any(u8::is_ascii_digit))
        .collect()
}

#[test]
fn an_empty_filter_contains_nothing() {
    let bytes = build(&[]).unwrap();
    assert!(!Filter::read(&bytes).unwrap().may_contain(7));
}

#[test]
fn wrong_headers_are_corrupt() {
    let bytes = build(&[1, 2, 3]).unwrap();
    for cut in 0..bytes.len() {
        assert!(Filter::read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut odd = bytes.clone();
    odd[8] = 3;
    assert!(Filter::read(&odd).is_err());
}

#[test]
fn a_needle_without_a_long_id_has_no_key() {
    for needle in ["", "connection refused", "0123456789abcde", "a-very-long-word-without-any-digit"] {
        assert!(needle_keys(needle.as_bytes()).is_empty(), "{needle}");
    }
    assert_eq!(needle_keys(b"0123456789abcdef"), needle_keys(b"x 0123456789ABCDEF y"));
}

#[test]
fn grams_of_words() {
    let keys = |text: &str| word::needle_keys(text.as_bytes());
    assert_eq!(keys("Tim3 timE"), [u64::from(u32::from_be_bytes(*b"time"))]);
    assert_eq!(keys("refused").len(), 4);
    for none in ["", "get", "cafe DEAF", "tim\u{e9}e", "4bf92f3577b34da6"] {
        assert!(keys(none).is_empty(), "{none}");
    }
}

#[test]
fn random_letters_have_no_filter() {
    let letter = |n: u64| b'a' + (murmur_mix(n) % 26) as u8;
    let letters = |count: u64| -> Vec<u8> { (0..count).map(letter).collect() };
    let mut grams = Grams::default();
    grams.add(&letters(500));
    assert!(grams.keys().is_some_and(|keys| keys.len() > 400));
    grams.add(&letters(4 * GRAMS_MAX as u64));
    assert!(grams.keys().is_none());
}

proptest! {
    /// What is collected in one pass is what each window tells.
    #[test]
    fn grams_are_those_of_windows(texts in prop::collection::vec("[a-hyzA-HYZ1 é]{0,40}", 0..5)) {
        let mut grams = Grams::default();
        texts.iter().for_each(|text| grams.add(text.as_bytes()));
        let mut found = grams.keys().unwrap().to_vec();
        found.sort_unstable();
        let mut naive: Vec<u64> = texts.iter().flat_map(|text| word::needle_keys(text.as_bytes())).collect();
        naive.sort_unstable();
        naive.dedup();
        prop_assert_eq!(found, naive);
    }

    /// The promise: a text has all grams of what is in it, in whatever case.
    #[test]
    fn keys_are_the_least_of_each_window(id in "[a-gA-G0-9_-]{16,60}") {
        let byte = |key: u64, byte: &u8| key << 8 | u64::from(byte.to_ascii_lowercase());
        let hash = |gram: &[u8]| gram.iter().fold(0, byte).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let windows = id.as_bytes().windows(ID_BYTES_MIN);
        let naive: std::collections::BTreeSet<u64> =
            windows.filter_map(|window| window.windows(gram::GRAM_BYTES).map(hash).min()).collect();
        let mut found = std::collections::BTreeSet::new();
        gram::keys(id.as_bytes(), |key| { found.insert(key); });
        prop_assert_eq!(found, naive);
    }

    #[test]
    fn any_cut_of_words_is_found(text in "([a-zA-Z]{1,12}[ .0]?){1,6}", from: usize, len in 0usize..30) {
        let from = from % text.len();
        let cut = &text.as_bytes()[from..(from + len).min(text.len())];
        let mut grams = Grams::default();
        grams.add(text.as_bytes());
        let bytes = build(grams.keys().unwrap()).unwrap();
        let filter = Filter::read(&bytes).unwrap();
        for needle in [cut.to_ascii_uppercase(), cut.to_ascii_lowercase()] {
            prop_assert!(word::needle_keys(&needle).into_iter().all(|key| filter.may_contain(key)));
        }
    }

    #[test]
    fn keys_are_found_and_others_rarely(keys in prop::collection::hash_set(any::<u64>(), 1..3000)) {
        let keys: Vec<u64> = keys.into_iter().collect();
        let bytes = build(&keys).unwrap();
        let filter = Filter::read(&bytes).unwrap();
        let theirs = BinaryFuse8::try_from(&keys).unwrap();
        prop_assert!(keys.iter().all(|key| filter.may_contain(*key)));
        for probe in 0..2000u64 {
            prop_assert_eq!(filter.may_contain(probe), xorf::Filter::contains(&theirs, &probe));
        }
    }

    #[test]
    fn finds_the_ids_that_splitting_finds(text in "[ab0_:]{0,120}") {
        let mut found = Vec::new();
        ids(text.as_bytes(), |id| found.push(id));
        prop_assert_eq!(found, naive_ids(text.as_bytes()));
    }

    /// The promise: whatever is cut out of a text is never proved absent from it.
    #[test]
    fn any_cut_of_a_text_is_found(text in "([a-fA-F0-9]{14,40}[ .]?){1,6}", from: usize, len in 0usize..60) {
        let from = from % text.len();
        let cut = &text.as_bytes()[from..(from + len).min(text.len())];
        let mut set = KeySet::default();
        set.add_ids(text.as_bytes());
        let bytes = build(set.keys()).unwrap();
        let filter = Filter::read(&bytes).unwrap();
        prop_assert!(needle_keys(&cut.to_ascii_uppercase()).into_iter().all(|key| filter.may_contain(key)));
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..80), key: u64) {
        if let Ok(filter) = Filter::read(&bytes) {
            let _ = filter.may_contain(key);
        }
    }
}
