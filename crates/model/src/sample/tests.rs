use super::*;
use proptest::prelude::*;

fn buckets(integer: bool) -> impl Strategy<Value = Buckets> {
    let counts = prop::collection::vec(0u32..1_000_000, 0..20);
    (prop::collection::vec((any::<i32>(), any::<u32>()), 0..4), counts).prop_map(move |(spans, counts)| {
        let scale = if integer { 1.0 } else { 0.37 };
        Buckets { spans, counts: counts.into_iter().map(|count| f64::from(count) * scale).collect() }
    })
}

fn histogram() -> impl Strategy<Value = Histogram> {
    any::<bool>().prop_flat_map(|integer| {
        let numbers = prop::array::uniform4(-1e9..1e9f64);
        let bounds = prop::collection::vec(-1e3..1e3f64, 0..4);
        (-53..9i32, 0u8..4, numbers, buckets(integer), buckets(integer), bounds).prop_map(
            move |(schema, hint, numbers, positive, negative, custom_values)| Histogram {
                schema,
                integer,
                reset: ResetHint::from_number(hint).unwrap(),
                zero_threshold: numbers[0],
                zero_count: numbers[1],
                count: numbers[2],
                sum: numbers[3],
                positive,
                negative,
                custom_values,
            },
        )
    })
}

#[test]
fn floats_keep_their_bits() {
    for bits in [0, 1, STALE_BITS, f64::NAN.to_bits(), (-0.0f64).to_bits(), f64::INFINITY.to_bits()] {
        let body = float_body(f64::from_bits(bits));
        assert_eq!(float_of(&body).unwrap().to_bits(), bits);
    }
    assert!(is_stale(f64::from_bits(STALE_BITS)) && !is_stale(f64::NAN));
    assert_eq!(float_of(&exemplar_body(1.0)), None);
}

proptest! {
    #[test]
    fn histograms_read_back(histogram in histogram()) {
        let sample = Sample::Histogram(Box::new(histogram));
        let mut body = Vec::new();
        sample.put(&mut body);
        prop_assert_eq!(Sample::read(&body), Some(sample));
        for cut in 0..body.len() {
            prop_assert_eq!(Sample::read(&body[..cut]), None);
        }
    }

    #[test]
    fn damaged_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some(sample) = Sample::read(&body) {
            let mut again = Vec::new();
            sample.put(&mut again);
            prop_assert!(!again.is_empty());
        }
    }
}
