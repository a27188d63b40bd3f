use super::write;
use crate::go;
use proptest::prelude::*;

#[test]
fn two_digits_and_a_unit() {
    for (bytes, text) in [
        (0, "0B"),
        (9, "9B"),
        (10, "10B"),
        (999, "999B"),
        (1000, "1.0kB"),
        (1536, "1.5kB"),
        (9_990, "10kB"),
        (12_345, "12kB"),
        (999_950, "1000kB"),
        (5 << 20, "5.2MB"),
        (u64::MAX, "18EB"),
    ] {
        assert_eq!(write(bytes), text);
    }
}

proptest! {
    #[test]
    fn what_was_written_once_stays(bytes in any::<u64>()) {
        let once = go::parse_size(&write(bytes)).unwrap();
        prop_assert_eq!(go::parse_size(&write(once)), Ok(once));
        prop_assert!(once.abs_diff(bytes) <= bytes / 18 + 1);
    }
}
