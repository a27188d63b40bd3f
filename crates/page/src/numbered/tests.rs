use super::*;
use proptest::prelude::*;

/// Numbers as they are by definition.
fn naive<T: PartialEq>(things: &[T]) -> Numbered {
    let mut numbered = Numbered::default();
    for (at, thing) in things.iter().enumerate() {
        let known = numbered.firsts.iter().position(|first| things[*first as usize] == *thing);
        let number = known.unwrap_or_else(|| {
            numbered.firsts.push(at as u32);
            numbered.firsts.len() - 1
        });
        numbered.of.push(number as u32);
    }
    numbered
}

proptest! {
    #[test]
    fn numbers_are_those_of_first_things(
        keys in prop::collection::vec(0u32..9, 0..60),
        wide in prop::collection::vec(prop_oneof![0u64..4, Just(u64::MAX), any::<u64>()], 0..60),
        texts in prop::collection::vec(prop::option::of("[ab\0]{0,9}"), 0..60),
        scale in prop::sample::select(vec![1u32, 1 << 20]),
    ) {
        let scaled: Vec<u32> = keys.iter().map(|key| key * scale).collect();
        prop_assert_eq!(Numbered::keys(scaled.into_iter(), 9 * scale as usize), naive(&keys));
        prop_assert_eq!(Numbered::integers(&wide), naive(&wide));
        let as_bytes = texts.iter().map(|text| text.as_deref().map(str::as_bytes));
        prop_assert_eq!(Numbered::texts(as_bytes), naive(&texts));
        let both: Vec<_> = keys.iter().zip(&wide).collect();
        let part = |len: usize| (Numbered::keys(keys[..len].iter().copied(), 9), Numbered::integers(&wide[..len]));
        let (one, two) = part(both.len());
        prop_assert_eq!(one.clone().and(two.clone()), naive(&both));
        prop_assert_eq!(two.and(one), naive(&both));
    }
}

#[test]
fn what_differs_is_soon_not_looked_at() {
    let keys: Vec<u64> = (0..5000).map(|n| if n < 4000 { n << 40 } else { 0 }).collect();
    assert_eq!(Numbered::integers(&keys), Numbered::different(5000));
    let keys: Vec<u64> = (0..5000).map(|n| (n % 900) << 40).collect();
    assert_eq!(Numbered::integers(&keys).firsts.len(), 900);
}
