use super::*;
use proptest::prelude::*;

/// Bytes of heads and of planes, and what they decode to, bit by bit.
fn there_and_back(runs: &[Vec<f64>]) -> (usize, usize, Vec<Vec<u64>>) {
    let (mut heads, mut planes) = (Vec::new(), Vec::new());
    runs.iter().for_each(|run| put(run, &mut heads, &mut planes));
    let (mut head, mut plane) = (heads.as_slice(), planes.as_slice());
    let found: Vec<Floats<'_>> =
        runs.iter().map(|run| Floats::take(run.len(), &mut head, &mut plane).unwrap()).collect();
    assert!(head.is_empty() && plane.is_empty());
    let (mut integers, mut floats) = (Vec::new(), Vec::new());
    let decoded = found.iter().map(|found| {
        found.decode(&mut integers, &mut floats);
        bits_of(&floats)
    });
    let decoded = decoded.collect();
    (heads.len(), planes.len(), decoded)
}

fn bits_of(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Decimals with a few values that are none.
fn any_run() -> impl Strategy<Value = Vec<f64>> {
    let odd =
        prop::sample::select(vec![STALE, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1 + 0.2, 1e300]);
    let value = move |exponent: i32| {
        prop_oneof![
            20 => (-100_000i64..100_000).prop_map(move |n| n as f64 / 10f64.powi(exponent)),
            5 => (-100_000i64..100_000).prop_map(move |n| n as f64 * 10f64.powi(-exponent)),
            1 => odd.clone(),
            1 => any::<u64>().prop_map(f64::from_bits),
        ]
    };
    (0i32..12).prop_flat_map(move |exponent| prop::collection::vec(value(exponent), 1..60))
}

proptest! {
    #[test]
    fn any_floats_come_back(runs in prop::collection::vec(prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 1..30), 0..4)) {
        let expected: Vec<_> = runs.iter().map(|run| bits_of(run)).collect();
        prop_assert_eq!(there_and_back(&runs).2, expected);
    }

    #[test]
    fn decimals_come_back(runs in prop::collection::vec(any_run(), 0..5)) {
        let expected: Vec<_> = runs.iter().map(|run| bits_of(run)).collect();
        prop_assert_eq!(there_and_back(&runs).2, expected);
    }

    #[test]
    fn any_bytes_are_refused_or_decoded(heads: Vec<u8>, planes: Vec<u8>, count in 1usize..100) {
        let mut out = Vec::new();
        if let Ok(found) = Floats::take(count, &mut heads.as_slice(), &mut planes.as_slice()) {
            found.decode(&mut Vec::new(), &mut out);
            prop_assert_eq!(out.len(), count);
        }
    }
}

#[test]
fn constants_cost_a_head() {
    let (heads, planes, back) = there_and_back(&[vec![1.0; 200], vec![STALE; 200]]);
    assert!(heads <= 3 + 12 && planes == 0, "{heads} {planes}");
    assert_eq!(back, [vec![1f64.to_bits(); 200], vec![STALE.to_bits(); 200]]);
}

#[test]
fn a_counter_that_ends_stale_takes_a_byte_a_value() {
    let mut run: Vec<f64> = (0..200).map(|n| f64::from(n * 50 + n % 7)).collect();
    run.push(STALE);
    let (heads, planes, back) = there_and_back(std::slice::from_ref(&run));
    assert!(heads <= 18 && planes <= 200, "{heads} {planes}");
    assert_eq!(back, [bits_of(&run)]);
}

#[test]
fn seconds_out_of_milliseconds_take_a_byte_a_value() {
    let run: Vec<f64> = (0..200).map(|n| f64::from(4592 + n * 8 + n % 3) * 0.001).collect();
    let (_, planes, back) = there_and_back(std::slice::from_ref(&run));
    assert!(planes <= 200, "{planes}");
    assert_eq!(back, [bits_of(&run)]);
}
