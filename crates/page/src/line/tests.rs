use super::*;
use crate::filter::word;
use crate::section::{Body, SectionWriter};
use bytes::Bytes;
use proptest::prelude::*;

fn joined(texts: &[Vec<u8>]) -> (Vec<u8>, Vec<u32>) {
    (texts.concat(), texts.iter().map(|text| text.len() as u32).collect())
}

/// Sections of the texts, if they can be cut into columns at all.
pub(super) fn written(texts: &[Vec<u8>]) -> Option<SectionWriter> {
    let (text, lengths) = joined(texts);
    let encoded = encode(&text, &lengths, true)?;
    let mut out = SectionWriter::default();
    encoded.write(&mut out).unwrap();
    Some(out)
}

pub(super) fn with_reader<T>(sections: &SectionWriter, ask: impl FnOnce(&Reader<'_>) -> T) -> T {
    let parts = [Bytes::copy_from_slice(&sections.bytes)];
    let body = Body { sections: &sections.sections, starts: &[0], parts: &parts, verified: true, kept: None };
    ask(&Reader::open(&body).unwrap())
}

fn assert_comes_back(texts: &[Vec<u8>]) -> bool {
    let Some(sections) = written(texts) else { return false };
    let (text, _) = joined(texts);
    with_reader(&sections, |reader| {
        let mut rebuilt = b"left over".to_vec();
        reader.rebuild(text.len(), &mut rebuilt).unwrap();
        assert!(rebuilt == text, "{:?}", String::from_utf8_lossy(&text));
    });
    true
}

/// Lines as programs write them, with every kind of value.
fn any_line() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "[0-9]{1,20}",
        "0[0-9]{3}",
        (0u32..300).prop_map(|n| n.to_string()),
        Just(u64::MAX.to_string()),
        Just("999999999999999999".to_owned()),
    ];
    let id = prop_oneof![
        "[a-f0-9]{16}",
        "[A-F0-9]{9}",
        "[a-z0-9]{6}-[0-9]{2}",
        "[a-z]{2}[0-9]{1,3}(,[0-9]{1,3}){0,3}"
    ];
    let value = prop_oneof![number.clone(), id.clone(), "[a-c ]{0,3}", "a=[0-9]{2} b=[0-9] c"];
    prop_oneof![
        (number.clone(), value.clone()).prop_map(|(n, v)| format!("GET /items/{n} took {v}ms")),
        (id.clone(), value.clone())
            .prop_map(|(n, v)| format!("{{\"id\":\"{n}\",\"value\":\"{v}\",\"list\":[{n},{n}]}}")),
        (id, value.clone()).prop_map(|(n, v)| format!("level=info id={n} msg=\"{v}\" n=")),
        value,
        number,
        "[a\"=\\\\0:é\n]{0,12}",
    ]
}

/// The same sections as they are.
fn uncompressed(sections: &SectionWriter) -> SectionWriter {
    let parts = [Bytes::copy_from_slice(&sections.bytes)];
    let body = Body { sections: &sections.sections, starts: &[0], parts: &parts, verified: true, kept: None };
    let mut plain = SectionWriter::default();
    for section in &sections.sections {
        let mut raw = Vec::new();
        body.decode(section.tag, &mut raw).unwrap();
        let store = |out: &mut Vec<u8>| {
            out.extend_from_slice(&raw);
            Ok(crate::Codec::None)
        };
        plain.add(section.tag, raw.len(), store).unwrap();
    }
    plain
}

/// A needle: a cut of one of the lines, perhaps with another byte in it, or anything.
#[derive(Clone, Debug)]
enum AnyNeedle {
    Cut { line: usize, start: usize, len: usize, changed: Option<(usize, u8)> },
    Other(String),
}

impl AnyNeedle {
    fn in_lines(self, lines: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Other(text) => text.into_bytes(),
            Self::Cut { line, start, len, changed } => {
                let line = &lines[line % lines.len()];
                let start = start % (line.len() + 1);
                let mut cut = line[start..(start + len).min(line.len())].to_vec();
                if let Some((at, byte)) = changed
                    && !cut.is_empty()
                {
                    let at = at % cut.len();
                    cut[at] = byte;
                }
                if cut.is_empty() { b"=".to_vec() } else { cut }
            }
        }
    }
}

fn any_needle() -> impl Strategy<Value = AnyNeedle> {
    let changed = prop::option::of((any::<usize>(), prop::sample::select(b"0159af= \"x".to_vec())));
    prop_oneof![
        (any::<usize>(), any::<usize>(), 1usize..30, changed)
            .prop_map(|(line, start, len, changed)| AnyNeedle::Cut { line, start, len, changed }),
        "[0-9a]{1,4}|[a-c =\"]{1,3}|id=|\",\"".prop_map(AnyNeedle::Other),
    ]
}

/// What is found in columns are the rows that contain the needle.
fn assert_found(texts: &[Vec<u8>], needle: &[u8]) {
    let Some(sections) = written(texts) else { return };
    let finder = memchr::memmem::Finder::new(needle);
    let found = with_reader(&sections, |reader| reader.find_within(&finder, u64::MAX).unwrap());
    // Too many alignments.
    let Some(found) = found else { return };
    for (row, text) in texts.iter().enumerate() {
        let is_in = finder.find(text).is_some();
        assert_eq!(
            found.has(row),
            is_in,
            "{:?} in {:?}",
            String::from_utf8_lossy(needle),
            String::from_utf8_lossy(text)
        );
    }
}

fn assert_found_folded(texts: &[Vec<u8>], needle: &[u8]) {
    let Some(sections) = written(texts) else { return };
    let needle = needle.to_ascii_lowercase();
    let finder = memchr::memmem::Finder::new(&needle);
    let find = |reader: &Reader<'_>| reader.folded().unwrap().find_within(&finder, u64::MAX).unwrap();
    let is_in = |text: &[u8]| finder.find(&text.to_ascii_lowercase()).is_some();
    let (found, parts) =
        with_reader(&sections, |reader| (find(reader), reader.find_parts(&|part| is_in(part)).unwrap()));
    for (row, text) in texts.iter().enumerate() {
        if let Some(found) = &found {
            assert_eq!(found.has(row), is_in(text), "{:?}", String::from_utf8_lossy(text));
        }
        assert!(!parts.has(row) || is_in(text), "{:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn parts_are_found_in_literals_and_few_values() {
    let texts: Vec<Vec<u8>> = (0..300)
        .map(|n| format!("Request {n} level={} ended", ["Warn", "info", "error"][n % 3]).into_bytes())
        .collect();
    let sections = written(&texts).unwrap();
    let rows_with = |part: &[u8]| {
        let holds = |text: &[u8]| memchr::memmem::find(text, part).is_some();
        with_reader(&sections, |reader| reader.find_parts(&holds).unwrap().count())
    };
    assert_eq!((rows_with(b"Warn"), rows_with(b"quest "), rows_with(b"warn")), (100, 300, 0));
}

/// Words of any shape, and what stands between them.
fn any_words() -> impl Strategy<Value = String> {
    let word =
        prop_oneof!["[a-zA-Z]{1,9}", "[a-zA-Z]{1,5}[0-9]{1,3}[a-z]{0,6}", "[A-F0-9]{8}", "[g-kG-K]{5}é"];
    let between = prop::sample::select(vec![" ", "=", "\"", "\":\"", "/", "-", ".", "_", "\\", "\n", ""]);
    prop::collection::vec((word, between), 1..7).prop_map(|pieces| {
        pieces.into_iter().flat_map(|(word, between)| [word, between.to_owned()]).collect()
    })
}

proptest! {
    /// The encoder sees every word whole, however texts are cut.
    #[test]
    fn grams_are_those_of_the_texts(
        lines in prop::collection::vec(prop_oneof![any_words(), any_line()], 1..20),
        repeats in 1usize..12,
    ) {
        let texts: Vec<Vec<u8>> = (0..repeats).flat_map(|_| lines.iter().map(|l| l.clone().into_bytes())).collect();
        let (text, lengths) = joined(&texts);
        if let Some(encoded) = encode(&text, &lengths, true) {
            let mut found = encoded.grams.keys().unwrap().to_vec();
            found.sort_unstable();
            let mut naive: Vec<u64> = lines.iter().flat_map(|l| word::needle_keys(l.as_bytes())).collect();
            naive.sort_unstable();
            naive.dedup();
            prop_assert_eq!(found, naive);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn lines_come_back(lines in prop::collection::vec(any_line(), 1..200)) {
        assert_comes_back(&lines.into_iter().map(String::into_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn needles_are_found_as_in_the_lines(
        lines in prop::collection::vec(any_line(), 1..60),
        needle in any_needle(),
    ) {
        let texts: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
        let needle = needle.in_lines(&texts);
        assert_found(&texts, &needle);
        assert_found_folded(&texts, &needle);
    }

    #[test]
    fn chosen_rows_come_back(
        lines in prop::collection::vec(any_line(), 1..60),
        chosen in prop::collection::vec(any::<bool>(), 60),
    ) {
        let texts: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
        let Some(sections) = written(&texts) else { return Ok(()) };
        let rows: Vec<u32> = (0..texts.len()).filter(|row| chosen[*row]).map(|row| row as u32).collect();
        let expected: Vec<Vec<u8>> = rows.iter().map(|row| texts[*row as usize].clone()).collect();
        let (bytes, ends) = with_reader(&sections, |reader| reader.rebuild_rows(&rows).unwrap());
        let mut start = 0;
        let found: Vec<Vec<u8>> = ends
            .iter()
            .map(|end| bytes[std::mem::replace(&mut start, *end as usize)..*end as usize].to_vec())
            .collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(start, bytes.len());
    }

    /// Damage behind compression and checksums: refused, or other texts, but no panic.
    #[test]
    fn damaged_sections_are_survived(
        lines in prop::collection::vec(any_line(), 1..80),
        damage in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        let texts: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
        let Some(sections) = written(&texts) else { return Ok(()) };
        let mut plain = uncompressed(&sections);
        for (at, byte) in damage {
            let at = at % plain.bytes.len();
            plain.bytes[at] = byte;
        }
        let parts = [Bytes::from(plain.bytes)];
        let body = Body { sections: &plain.sections, starts: &[0], parts: &parts, verified: false, kept: None };
        let Ok(reader) = Reader::open(&body) else { return Ok(()) };
        let _ = reader.rebuild(texts.concat().len(), &mut Vec::new());
        let _ = reader.rebuild_rows(&[0, 2, 3, 50]);
        for needle in ["=", "17", "a3", "items/1 took"] {
            let _ = reader.find_within(&memchr::memmem::Finder::new(needle), 1 << 20);
        }
    }

    #[test]
    fn any_bytes_come_back(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..60)) {
        assert_comes_back(&texts);
    }
}

/// Lines of one kind each, so that columns are long enough for every encoding.
#[test]
fn every_kind_of_column_comes_back() {
    let line = |n: u64| -> Vec<String> {
        let hash = xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
        vec![
            format!("constant 17 of {}", n % 7),
            format!("id {hash:016x} and {:X}", hash | 1 << 63),
            format!("odd {:07x}", hash & 0xfff_ffff | 1 << 24),
            format!("count {n} down {} wide {}", 1_000_000 - n, hash % 1_000_000_000_000_000_000),
            format!("fixed {:05} {:02}", hash % 10_000, n % 60),
            format!("user=u{} name=\"{} {}\"", hash % 9, hash % 5, n),
            format!("path=/a{}/b-{}.html?x={}", hash % 4, hash % 100, n % 3),
            format!("list {}", (0..n % 200).map(|i| (i * n).to_string()).collect::<Vec<_>>().join(",")),
            format!(
                "raw=\"{}\"",
                char::from(b'a' + (hash % 26) as u8).to_string().repeat(1 + (n % 5) as usize)
            ),
            format!(
                "fixed=\"{}{}\"",
                char::from(b'a' + (hash % 26) as u8),
                char::from(b'a' + (hash / 31 % 26) as u8)
            ),
        ]
    };
    for kind in 0..10 {
        let texts: Vec<Vec<u8>> = (0..700).map(|n| line(n)[kind].clone().into_bytes()).collect();
        assert!(assert_comes_back(&texts), "kind {kind}");
        for row in (0..700).step_by(97) {
            let text = &texts[row];
            for (start, len) in [(0, 5), (2, 9), (4, 60), (6, 7), (8, 3), (10, 12)] {
                let cut = &text[start.min(text.len() - 1)..(start + len).min(text.len())];
                assert_found(&texts, cut);
            }
        }
    }
    let texts: Vec<Vec<u8>> = (0..300).flat_map(line).map(String::into_bytes).collect();
    assert!(assert_comes_back(&texts));
}

/// Lines that would take quadratic time, or a table of their own each.
#[test]
fn hostile_lines_are_survived() {
    let escapes = vec!["\\\"".repeat(200_000).into_bytes(); 4];
    assert_comes_back(&escapes);
    assert_comes_back(&vec!["\"".repeat(100_001).into_bytes(); 4]);
    assert!(assert_comes_back(&vec![
        (0..50_000).map(|n| format!("{n},")).collect::<String>().into_bytes();
        8
    ]));
    let letters = |n: u64| -> String {
        (0..12)
            .map(|at| {
                char::from(b'a' + (xxhash_rust::xxh3::xxh3_64(&(n * 16 + at).to_le_bytes()) % 26) as u8)
            })
            .collect()
    };
    let scattered: Vec<Vec<u8>> = (0..4000).map(|n| letters(n).into_bytes()).collect();
    assert!(written(&scattered).is_none(), "each line has a template of its own");
    let keys: Vec<Vec<u8>> = (0..300)
        .map(|n| (0..40).map(|k| format!("{}=1 ", letters(n * 40 + k))).collect::<String>().into_bytes())
        .collect();
    assert!(written(&keys).is_none());
}

#[test]
fn decimals_are_those_of_the_standard_library() {
    let mut numbers: Vec<u64> = (0..20)
        .flat_map(|power| {
            let power = 10u64.pow(power);
            [power - 1, power, power + 1, power / 3 * 2]
        })
        .collect();
    numbers.extend([0, u64::MAX, u64::MAX / 3, 12_345_678, 99_999_999, 100_000_000]);
    for number in numbers {
        let least = number.to_string().len() as u8;
        for digits in [0].into_iter().chain(least..=18) {
            let mut out = [b'x'; 40];
            let end = integer::write_decimal(number, digits, &mut out, 3);
            let expected = format!("{number:0width$}", width = usize::from(digits));
            assert_eq!(std::str::from_utf8(&out[3..end]).unwrap(), expected, "{digits} digits");
        }
    }
}

/// Names put together of others are no words of their own.
#[test]
fn names_are_cut_where_they_are_put_together() {
    let mut dice = 7u64;
    let mut below = |most: u64| {
        dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (dice >> 33) % most
    };
    let mut line = || {
        let space = ["shop", "kube-system", "monitoring"][below(3) as usize];
        let (set, pod) = (below(40) * 2741, below(60) * 611);
        format!("pod=\"{space}/web-{set:05x}-{pod:05x}\" is up").into_bytes()
    };
    let lines: Vec<Vec<u8>> = (0..3000).map(|_| line()).collect();
    assert!(assert_comes_back(&lines));
    let sections = written(&lines).unwrap();
    assert!(sections.cost() < 3000 * 9 / 4, "{}", sections.cost());
    for needle in ["system/web-", "-00000\"", "op/web-00ab5", "web-1", "2fb4-"] {
        assert_found(&lines, needle.as_bytes());
        assert_found_folded(&lines, needle.to_uppercase().as_bytes());
    }
}

/// Few numbers, far apart.
#[test]
fn few_numbers_take_less_than_a_byte() {
    let line = |n: u64| {
        let status = [200, 200, 200, 304, 404, 502][(n * n % 11 % 6) as usize];
        format!("status={status} took {n}ms").into_bytes()
    };
    let lines: Vec<Vec<u8>> = (0..4000).map(|n| line(n * 7919 % 4001)).collect();
    assert!(assert_comes_back(&lines));
    let [all, others] = [
        lines.clone(),
        (0..4000).map(|n| format!("status=200 took {}ms", n * 7919 % 4001).into_bytes()).collect(),
    ]
    .map(|lines: Vec<Vec<u8>>| written(&lines).unwrap().cost());
    assert!(all < others + 4000 * 3 / 8, "{all} {others}");
    for needle in ["=304", "status=5", "02 t"] {
        assert_found(&lines, needle.as_bytes());
    }
}
