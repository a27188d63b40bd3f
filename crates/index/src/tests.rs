use super::*;
use model::{Labels, MatchOp, Matcher};
use proptest::prelude::*;

fn labels(pairs: &[(u8, u8)]) -> Labels {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(n, v)| (format!("n{n}"), if *v == 0 { String::new() } else { format!("v{v}") }))
        .collect();
    Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())))
}

fn built(streams: &[Labels]) -> Index {
    Index::decode(&encode(streams.iter().map(Labels::as_ref)).unwrap()).unwrap()
}

fn any_streams() -> impl Strategy<Value = Vec<Labels>> {
    let set = prop::collection::vec((0u8..4, 0u8..5), 0..5);
    prop::collection::vec(set.prop_map(|pairs| labels(&pairs)), 0..40)
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    let value = prop::sample::select(vec!["", "v1", "v2", "v9", "v1|v3", "v.*", ".*", ".+", "|v4", "v"]);
    (0u8..5, op, value).prop_map(|(name, op, value)| Matcher::new(&format!("n{name}"), op, value).unwrap())
}

#[test]
fn names_and_values_are_sorted_and_distinct() {
    let index = built(&[labels(&[(2, 1), (1, 3)]), labels(&[(1, 2)]), labels(&[(1, 3)])]);
    assert_eq!(index.names().collect::<Vec<_>>(), ["n1", "n2"]);
    assert_eq!(index.values("n1").collect::<Vec<_>>(), ["v2", "v3"]);
    assert_eq!(index.values("n3").count(), 0);
    assert_eq!(index.stream_count(), 3);
}

#[test]
fn an_index_without_streams_answers() {
    let index = built(&[]);
    assert!(index.matching(&[]).unwrap().is_empty());
    assert!(index.labels(0).unwrap().is_none());
}

#[test]
fn cuts_and_wrong_versions_are_corrupt() {
    let bytes = encode([labels(&[(1, 1), (2, 2)]).as_ref()]).unwrap();
    for cut in 0..bytes.len() {
        assert!(Index::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut other = bytes.clone();
    other[3] = 2;
    assert_eq!(Index::decode(&other).unwrap_err().kind(), base::Kind::Corrupt);
}

proptest! {
    #[test]
    fn matches_as_naive_filtering(streams in any_streams(), matchers in prop::collection::vec(any_matcher(), 0..4)) {
        let index = built(&streams);
        let naive: Vec<u32> = (0..)
            .zip(&streams)
            .filter(|(_, labels)| matchers.iter().all(|m| m.matches_labels(labels.as_ref())))
            .map(|(ordinal, _)| ordinal)
            .collect();
        prop_assert_eq!(&index.matching(&matchers).unwrap(), &naive);
        for (ordinal, labels) in (0..).zip(&streams) {
            let read = index.labels(ordinal).unwrap();
            prop_assert_eq!(read.as_ref(), Some(labels));
        }
        let names = ["n1".to_owned(), "n3".to_owned(), "other".to_owned()];
        let of = |labels: &Labels| ["n1", "n3"].map(|name| labels.get(name).map(str::to_owned));
        let first = |ordinal: &u32| {
            let sought = of(&streams[*ordinal as usize]);
            naive.iter().copied().find(|other| of(&streams[*other as usize]) == sought).unwrap()
        };
        let alike: Vec<u32> = naive.iter().map(first).collect();
        prop_assert_eq!(index.alike(naive.iter().copied(), &names).unwrap(), alike);
    }

    #[test]
    fn damaged_tables_never_panic(streams in any_streams(), at: usize, to: u8, matcher in any_matcher()) {
        let bytes = encode(streams.iter().map(Labels::as_ref)).unwrap();
        let mut raw = zstd::bulk::decompress(&bytes[8..], 1 << 20).unwrap();
        let at = at % raw.len();
        raw[at] = to;
        if let Ok(index) = Index::from_raw(raw) {
            let _ = index.matching(std::slice::from_ref(&matcher));
            for ordinal in 0..index.stream_count().min(100) {
                let _ = index.labels(ordinal);
                let _ = index.alike(0..ordinal, &["n1".to_owned()]);
            }
        }
    }
}
