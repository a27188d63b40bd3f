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
    compress_numbers(&[1i64, 2, 3], true, &mut column).unwrap();
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
    fn numbers_come_back(values in prop::collection::vec(any::<i64>(), 1..600), delta: bool) {
        let mut stored = Vec::new();
        compress_numbers(&values, delta, &mut stored).unwrap();
        let mut back = vec![0i64; values.len()];
        decompress_numbers(&stored, &mut back).unwrap();
        prop_assert_eq!(back, values);
    }

    #[test]
    fn any_bytes_are_refused_or_read(stored in prop::collection::vec(any::<u8>(), 0..300), count in 0usize..600) {
        let _ = decompress(Codec::Zstd, &stored, count, &mut Vec::new());
        let _ = decompress_numbers(&stored, &mut vec![0u32; count]);
    }
}
