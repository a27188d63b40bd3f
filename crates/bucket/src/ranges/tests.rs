use super::*;
use proptest::prelude::*;

/// By marking every byte: what is asked, then gaps that are short.
fn naive(ranges: &[Range<u64>], gap_bytes: u64, size: usize) -> Vec<Range<u64>> {
    let mut asked = vec![false; size];
    for range in ranges {
        asked[range.start as usize..range.end as usize].fill(true);
    }
    let mut joined: Vec<Range<u64>> = Vec::new();
    for at in (0..size as u64).filter(|at| asked[*at as usize]) {
        match joined.last_mut() {
            Some(last) if at - last.end < gap_bytes.max(1) => last.end = at + 1,
            _ => joined.push(at..at + 1),
        }
    }
    joined
}

fn some_ranges() -> impl Strategy<Value = Vec<Range<u64>>> {
    let one = (0u64..500, 0u64..60).prop_map(|(start, length)| start..start + length);
    proptest::collection::vec(one, 0..20)
}

proptest! {
    #[test]
    fn joining_is_what_marking_bytes_gives(ranges in some_ranges(), gap in 0u64..80) {
        prop_assert_eq!(join(&ranges, gap, u64::MAX), naive(&ranges, gap, 600));
    }

    #[test]
    fn a_bound_on_the_length_still_covers_everything(
        ranges in some_ranges(), gap in 0u64..80, most in 1u64..200,
    ) {
        let joined = join(&ranges, gap, most);
        prop_assert!(joined.is_sorted_by(|a, b| a.end <= b.start), "disjoint and sorted");
        for range in ranges.iter().filter(|range| !range.is_empty()) {
            let holders = joined.iter().filter(|j| j.start <= range.start && range.end <= j.end).count();
            prop_assert_eq!(holders, 1);
        }
        for whole in &joined {
            prop_assert!(ranges.iter().any(|range| range.start == whole.start));
            prop_assert!(ranges.iter().any(|range| range.end == whole.end));
            // Longer than allowed only without a gap or a seam: one chain of overlapping ranges.
            if whole.end - whole.start > most {
                let inside: Vec<_> = ranges.iter().filter(|r| whole.start <= r.start && r.start < whole.end).cloned().collect();
                let chains = naive_overlaps(inside);
                prop_assert!(chains.iter().any(|chain| chain.end == whole.end && chain.end - chain.start > 0));
                let before = chains.iter().rev().skip(1).map(|chain| chain.end).next();
                prop_assert!(before.is_none_or(|end| end - whole.start <= most));
            }
        }
    }

    #[test]
    fn cutting_gives_back_what_was_asked(ranges in some_ranges(), gap in 0u64..80, most in 1u64..200) {
        let content: Vec<u8> = (0..600u32).map(|at| (at * 7 % 251) as u8).collect();
        let bytes = |range: &Range<u64>| &content[range.start as usize..range.end as usize];
        let fetched: Vec<_> = join(&ranges, gap, most)
            .into_iter()
            .map(|range| (range.clone(), Bytes::copy_from_slice(bytes(&range))))
            .collect();
        let cut = cut(&ranges, &fetched).unwrap();
        prop_assert_eq!(cut.len(), ranges.len());
        for (range, found) in ranges.iter().zip(cut) {
            prop_assert_eq!(&found[..], bytes(range));
        }
    }
}

/// Ranges that share bytes, as one each.
fn naive_overlaps(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut chains: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match chains.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => chains.push(range),
        }
    }
    chains
}

#[test]
fn cutting_from_something_else_is_refused() {
    let fetched = [(10..20, Bytes::from_static(b"0123456789"))];
    for range in [5..8, 15..25, 30..31] {
        assert_eq!(cut(&[range], &fetched), None);
    }
    assert_eq!(cut(&[15..20], &fetched).unwrap(), ["56789"]);
}
