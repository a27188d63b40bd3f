use super::*;
use proptest::prelude::*;

#[test]
fn what_does_not_shrink_is_kept_as_it_is() {
    let mut out = Vec::new();
    assert_eq!(compress(b"x", &mut out).unwrap(), Codec::None);
    assert_eq!(out, b"x");
    assert_eq!(compress(&[b'x'; 1000], &mut out).unwrap(), Codec::Zstd);
    assert!(out.len() < 100);
}

#[test]
fn a_wrong_length_is_corrupt() {
    let mut stored = Vec::new();
    let codec = compress(&[b'x'; 1000], &mut stored).unwrap();
    for wrong in [0, 999, 1001, DECODED_BYTES_MAX, DECODED_BYTES_MAX + 1, usize::MAX] {
        let refused = decompress(codec, &stored, wrong, &mut Vec::new()).unwrap_err();
        assert_eq!(refused.kind(), base::Kind::Corrupt, "{wrong}");
    }
    let mut column = Vec::new();
    compress_numbers(&[1i64, 2, 3], &mut column).unwrap();
    for wrong in [0, 2, 4, 1000] {
        assert!(decompress_numbers(&column, &mut vec![0i64; wrong]).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn bytes_come_back(raw in prop::collection::vec(0u8..4, 0..2000)) {
        let mut stored = Vec::new();
        let codec = compress(&raw, &mut stored).unwrap();
        let mut back = vec![1, 2, 3];
        decompress(codec, &stored, raw.len(), &mut back).unwrap();
        prop_assert_eq!(back, raw);
    }

    #[test]
    fn numbers_come_back(values in prop::collection::vec(any::<i64>(), 1..600), unit in 0u64..2000) {
        let mut stored = Vec::new();
        compress_numbers(&values, &mut stored).unwrap();
        let mut back = vec![0i64; values.len()];
        decompress_numbers(&stored, &mut back).unwrap();
        prop_assert_eq!(&back, &values);
        let multiples: Vec<u64> = values.iter().map(|value| (*value as u64 >> 12) * unit).collect();
        stored.clear();
        compress_multiples(&multiples, unit, &mut stored).unwrap();
        let mut back = vec![0u64; values.len()];
        decompress_numbers(&stored, &mut back).unwrap();
        prop_assert_eq!(back, multiples);
    }

    #[test]
    fn parts_come_back_as_one(
        parts in prop::collection::vec((0u8..40, prop::collection::vec(0u8..4, 0..600)), 0..8),
        skipped: u8,
    ) {
        let raw: Vec<u8> = parts.iter().flat_map(|(more, part)| part.iter().map(move |byte| byte * more)).collect();
        let mut end = 0;
        let ends: Vec<usize> = parts.iter().map(|(_, part)| { end += part.len(); end }).collect();
        let ends = (0..).zip(ends).filter(|(at, _)| skipped >> at & 1 == 0).map(|(_, end)| end);
        let mut stored = Vec::new();
        let codec = compress_parts(&raw, ends, &mut stored).unwrap();
        let mut back = Vec::new();
        decompress(codec, &stored, raw.len(), &mut back).unwrap();
        prop_assert_eq!(back, raw);
    }

    #[test]
    fn any_bytes_are_refused_or_read(stored in prop::collection::vec(any::<u8>(), 0..300), count in 0usize..600) {
        let _ = decompress(Codec::Zstd, &stored, count, &mut Vec::new());
        let _ = decompress_numbers(&stored, &mut vec![0u32; count]);
    }
}

/// Bytes of one kind behind those of another.
#[test]
fn parts_have_codes_of_their_own() {
    let chance = |n: u64| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
    let low = (0..20_000).map(|n| chance(n) as u8);
    let high = (0..20_000).map(|n| (chance(n) >> 61) as u8);
    let raw: Vec<u8> = low.chain(high).collect();
    let stored = |ends: &[usize]| {
        let mut stored = Vec::new();
        compress_parts(&raw, ends.iter().copied(), &mut stored).unwrap();
        stored.len()
    };
    // A byte for each of the lower ones, three bits for each of the upper.
    assert!(stored(&[20_000, 40_000]) < 20_000 + 20_000 * 3 / 8 + 200);
    assert!(stored(&[]) > 30_000);
}
