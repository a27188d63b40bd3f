use super::*;
use proptest::prelude::*;

fn all_scales() -> impl Iterator<Item = Scale> {
    (0..=u8::MAX).filter_map(Scale::from_byte)
}

proptest! {
    #[test]
    fn integers_give_their_float_back(bits: u64, digits in -9_999_999i64..9_999_999, exponent in 0usize..12) {
        for value in [f64::from_bits(bits), digits as f64 / POWERS[exponent], digits as f64 * FRACTIONS[exponent]] {
            for scale in all_scales() {
                let Some(integer) = scale.integer(value) else { continue };
                let mut out = vec![0.5];
                scale.floats(&[integer], &mut out);
                prop_assert_eq!(out.len(), 1);
                prop_assert_eq!(out[0].to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn bits_are_ordered_as_values(a: f64, b: f64) {
        prop_assert_eq!(Scale::Bits.integer(a) < Scale::Bits.integer(b), a.total_cmp(&b).is_lt());
    }
}

#[test]
fn bytes_of_scales_come_back() {
    assert_eq!(all_scales().count(), 38);
    assert!(all_scales().all(|scale| Scale::from_byte(scale.byte()) == Some(scale)));
}

#[test]
fn no_integer_gives_what_is_no_decimal() {
    for value in [f64::NAN, f64::INFINITY, -0.0, 1e300, f64::MIN_POSITIVE, std::f64::consts::PI] {
        assert_eq!(Scale::Divided(2).integer(value), None, "{value}");
    }
    assert_eq!(Scale::Divided(2).integer(-20.25), Some(-2025));
    assert_eq!(Scale::Divided(0).integer(9_007_199_254_740_991.0), Some(9_007_199_254_740_991));
}

#[test]
fn candidates_are_found_from_digits() {
    let cents: Vec<f64> = (0..100).map(|n| f64::from(n) / 100.0).collect();
    assert_eq!(candidates(&cents, false)[0], Scale::Divided(2));
    let milliseconds: Vec<f64> = (4000..4100).map(|n| f64::from(n) * 0.001).collect();
    assert!(candidates(&milliseconds, true).contains(&Scale::Multiplied(3)));
    assert_eq!(candidates(&[f64::NAN; 10], false), []);
    assert_eq!(candidates(&[], false), []);
}
