use super::*;
use proptest::prelude::*;

#[test]
fn items_are_decoded_once() {
    let kept = KeptPage::default();
    let decoded = kept.get_or(Item::Times, || Ok(vec![1i64, 2])).unwrap();
    let known = kept.get_or(Item::Times, || Err(base::Error::bug("decoded again"))).unwrap();
    assert!(Arc::ptr_eq(&decoded, &known));
    assert_eq!(kept.get::<Vec<i64>>(&Item::Times).as_deref(), Some(&vec![1, 2]));
    assert!(kept.get::<Vec<i64>>(&Item::Ends).is_none());
    assert!(kept.held_bytes() >= 16);
    let failed = kept.get_or::<Vec<u32>>(Item::Ends, || Err(base::Error::corrupt("no column")));
    assert!(failed.is_err() && kept.get::<Vec<u32>>(&Item::Ends).is_none());
}

#[test]
fn contents_of_some_rows_are_few() {
    let kept = KeptPage::default();
    let fields = Fields { format: model::fields::Format::Json, names: Vec::new() };
    let item = |rows: u128| Item::ContentsOf(fields.clone(), rows);
    kept.keep(Item::Times, vec![0i64; 100]);
    let before = kept.held_bytes();
    for rows in 0..ROWS_MAX as u128 {
        kept.keep(item(rows), vec![0u32; 1000]);
    }
    let full = kept.held_bytes();
    assert!(kept.get::<Vec<u32>>(&item(0)).is_some() && full >= before + 8 * 4000);
    kept.keep(item(99), vec![0u32; 1000]);
    assert!(kept.get::<Vec<u32>>(&item(0)).is_none() && kept.get::<Vec<u32>>(&item(99)).is_some());
    assert!(kept.get::<Vec<i64>>(&Item::Times).is_some());
    assert_eq!(kept.held_bytes() - before, (full - before) / 8);
}

proptest! {
    /// Against a naive twin: a flag for each byte.
    #[test]
    fn what_was_added_is_not_missing(
        added in prop::collection::vec((0u64..60, 0u64..20), 0..12),
        asked in (0u64..60, 0u64..20),
    ) {
        let body: Vec<u8> = (0..80).collect();
        let kept = KeptPage::default();
        let mut has = [false; 80];
        for (start, len) in added {
            let range = start as usize..(start + len) as usize;
            kept.add(start, &body[range.clone()]);
            has[range].fill(true);
        }
        let parts = kept.parts();
        for part in &parts {
            prop_assert_eq!(&part.bytes[..], &body[part.start as usize..part.end() as usize]);
        }
        prop_assert!(parts.is_sorted_by(|a, b| a.end() <= b.start));
        let held: usize = parts.iter().map(|part| part.bytes.len()).sum();
        prop_assert_eq!(held, has.iter().filter(|has| **has).count());
        let asked = asked.0..asked.0 + asked.1;
        let missing = kept.missing(std::slice::from_ref(&asked));
        let missing: Vec<u64> = missing.into_iter().flatten().collect();
        let expected: Vec<u64> = asked.filter(|at| !has[*at as usize]).collect();
        prop_assert_eq!(missing, expected);
    }
}
