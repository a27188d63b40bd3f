use super::*;
use crate::codec::Codec;
use crate::section::{Tag, checksum};

/// The sections of some page.
fn page(number: u32) -> [Section; 2] {
    [1, 2].map(|tag| {
        let checksum = checksum(&[number.to_le_bytes(), [tag; 4]].concat());
        Section { tag: Tag::body(tag.into()), codec: Codec::None, stored_len: 1, raw_len: 1, checksum }
    })
}

#[test]
fn the_first_pages_are_read_back_and_then_some() {
    let trust = Trust::new();
    assert!((0..FIRST_PAGES).all(|_| trust.asks_for(&page(1))));
    let chosen: Vec<u32> = (0..10_000).filter(|number| trust.asks_for(&page(*number))).collect();
    let expected = 10_000 / ONE_IN as usize;
    assert!((expected * 3 / 4..expected * 5 / 4).contains(&chosen.len()), "{}", chosen.len());
    // Another process chooses the same ones.
    let other = Trust { first: AtomicU32::new(0), ..Trust::new() };
    assert!(chosen.iter().all(|number| other.asks_for(&page(*number))));
}

#[test]
fn after_a_page_that_differed_all_are_read_back() {
    let trust = Trust { first: AtomicU32::new(0), ..Trust::new() };
    let doubtful = (0..100).filter(|number| !trust.asks_for(&page(*number))).count();
    assert!(doubtful > 50);
    trust.lose();
    assert!((0..100).all(|number| trust.asks_for(&page(number))));
}
