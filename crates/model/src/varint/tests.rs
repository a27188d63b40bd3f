use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_was_put_is_taken(value in any::<u64>(), bits in 0u32..64, after in proptest::collection::vec(any::<u8>(), 0..12)) {
        let value = value >> bits;
        let mut bytes = Vec::new();
        put(&mut bytes, value);
        prop_assert_eq!(bytes.len(), len(value));
        bytes.extend_from_slice(&after);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(take(&mut rest), Some(value));
        prop_assert_eq!(rest, after.as_slice());
    }

    #[test]
    fn any_bytes_are_taken_as_byte_by_byte(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x80u8..], 0..14)) {
        let (mut rest, mut expected_rest) = (bytes.as_slice(), bytes.as_slice());
        prop_assert_eq!(take(&mut rest), take_bytewise(&mut expected_rest));
        prop_assert_eq!(rest, expected_rest);
    }
}
