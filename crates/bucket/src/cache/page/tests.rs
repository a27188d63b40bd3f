use super::*;
use proptest::prelude::*;

const GOLDEN: &[u8] = include_bytes!("golden/v1.page");

const KEY: Key = Key { object: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff, page: 3 };

#[test]
fn the_layout_is_the_documented_one() {
    assert_eq!(encode(KEY, b"some bytes of an object"), GOLDEN);
    let (key, payload) = decode(&Bytes::from_static(GOLDEN)).unwrap();
    assert_eq!((key, &payload[..]), (KEY, &b"some bytes of an object"[..]));
}

#[test]
fn whole_pages_come_back() {
    for length in [0, 1, PAGE_BYTES] {
        let payload = vec![7; length];
        let file = Bytes::from(encode(KEY, &payload));
        assert_eq!(file.len(), length + OVERHEAD_BYTES);
        assert_eq!(decode(&file).unwrap(), (KEY, Bytes::from(payload)));
    }
    assert_eq!(decode(&Bytes::from(encode(KEY, &vec![7; PAGE_BYTES + 1]))), None);
}

proptest! {
    #[test]
    fn anything_spoiled_is_refused(at in 0usize..GOLDEN.len(), bits in 1u8.., end in 0usize..GOLDEN.len()) {
        let mut file = GOLDEN.to_vec();
        file[at] ^= bits;
        prop_assert_eq!(decode(&Bytes::from(file)), None);
        prop_assert_eq!(decode(&Bytes::from_static(&GOLDEN[..end])), None);
    }

    #[test]
    fn reading_anything_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(decode(&Bytes::from(bytes)), None);
    }
}
