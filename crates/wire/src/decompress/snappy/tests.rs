use super::*;
use proptest::prelude::*;

/// What the library makes of a block: the naive twin.
fn expected(body: &[u8]) -> Option<Vec<u8>> {
    (!body.is_empty()).then(|| snap::raw::Decoder::new().decompress_vec(body).ok()).flatten()
}

fn found(body: &[u8], room: &mut Vec<u8>) -> Option<Vec<u8>> {
    snappy(body, 1 << 20, room).ok().map(<[u8]>::to_vec)
}

/// Texts that repeat themselves, near and far.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        3 => "[a-d]{1,4}",
        2 => "(level=info |status=200 |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|abababababababababab)",
        1 => "[ -~]{0,90}",
    ];
    proptest::collection::vec(word, 0..200).prop_map(|words| words.concat().into_bytes())
}

/// An element of a block that may be wrong.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let literal = (0u8..60, any::<u8>())
        .prop_map(|(len, byte)| [vec![len << 2], vec![byte; usize::from(len) + 1]].concat());
    let long = (1usize..300).prop_map(|len| {
        let told = (len - 1) as u16;
        [vec![61 << 2], told.to_le_bytes().to_vec(), vec![b'x'; len]].concat()
    });
    let near = (0u8..64, any::<u8>()).prop_map(|(upper, back)| vec![upper << 2 | 1, back]);
    let far = (0u8..64, 0u16..400)
        .prop_map(|(len, back)| [vec![len << 2 | 2], back.to_le_bytes().to_vec()].concat());
    let farthest = (0u8..64, 0u32..400)
        .prop_map(|(len, back)| [vec![len << 2 | 3], back.to_le_bytes().to_vec()].concat());
    prop_oneof![4 => literal, 1 => long, 4 => near, 4 => far, 2 => farthest]
}

/// Bytes that come out of elements, as far as they tell.
fn size_of(elements: &[Vec<u8>]) -> usize {
    let size = |element: &Vec<u8>| match (element[0] & 3, usize::from(element[0] >> 2)) {
        (0, upper) if upper < 60 => upper + 1,
        (0, _) => element.len() - 3,
        (1, upper) => (upper & 7) + 4,
        (_, upper) => upper + 1,
    };
    elements.iter().map(size).sum()
}

proptest! {
    #[test]
    fn what_was_compressed_comes_out(texts in proptest::collection::vec(text(), 1..4)) {
        let mut room = Vec::new();
        for text in texts {
            let body = snap::raw::Encoder::new().compress_vec(&text).unwrap();
            prop_assert_eq!(found(&body, &mut room), Some(text));
        }
    }

    #[test]
    fn any_elements_are_read_as_by_the_library(
        elements in proptest::collection::vec(element(), 0..12),
        more in 0usize..3,
        cut in 0usize..40,
    ) {
        let mut body = Vec::new();
        model::varint::put(&mut body, (size_of(&elements) + more / 2) as u64);
        body.extend(elements.concat());
        body.truncate(body.len().saturating_sub(cut.saturating_sub(30)).max(1));
        let mut room = vec![7; 300];
        // The library takes a claim for granted that has far more bytes than there can be.
        if let Some(text) = expected(&body).filter(|text| text.len() / RATIO_MAX <= body.len()) {
            prop_assert_eq!(found(&body, &mut room), Some(text));
        } else {
            prop_assert_eq!(found(&body, &mut room), None);
        }
    }

    #[test]
    fn any_bytes_are_read_as_by_the_library(body in proptest::collection::vec(any::<u8>(), 0..80)) {
        if snap::raw::decompress_len(&body).is_ok_and(|size| size < 1 << 16 && size / RATIO_MAX <= body.len()) {
            prop_assert_eq!(found(&body, &mut Vec::new()), expected(&body));
        }
    }
}
