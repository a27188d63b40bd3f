use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn digits_of_one_case_are_packed_and_no_others(
        values in prop::collection::vec("[0-9a-f]{1,20}|[0-9A-F]{8,17}|[0-9]{8}|[0-9a-fA-Fg@`:/]{8,9}|\\PC{8}", 1..4),
    ) {
        let mut packer = Packer::new(0);
        let (mut expected, mut cases) = (Vec::new(), vec![Case::Lower, Case::Upper]);
        for value in &values {
            cases.retain(|case| value.bytes().all(|byte| case.has(byte)));
            prop_assert_eq!(packer.add(value.as_bytes()), cases.first().copied());
            pack(value.as_bytes(), &mut expected);
        }
        if !cases.is_empty() {
            prop_assert_eq!(packer.packed, expected);
        }
    }
}
