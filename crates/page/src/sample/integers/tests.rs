use super::*;
use proptest::prelude::*;

/// The column's bytes, and what they decode to.
fn there_and_back(values: &[i64]) -> (usize, Vec<i64>) {
    let column = Column::new(values);
    let mut bytes = Vec::new();
    column.head.put(&mut bytes);
    column.put_planes(&mut bytes);
    let mut input = bytes.as_slice();
    let head = Head::take(&mut input).unwrap();
    assert_eq!(head, column.head);
    let planes = head.take_planes(values.len(), &mut input).unwrap();
    assert!(input.is_empty());
    let mut out = vec![7; 3];
    head.decode(planes, values.len(), &mut out);
    (bytes.len(), out)
}

proptest! {
    #[test]
    fn any_numbers_come_back(values in prop::collection::vec(any::<i64>(), 0..40)) {
        prop_assert_eq!(there_and_back(&values).1, values);
    }

    #[test]
    fn neighbours_come_back(first: i64, step in 1i64..1 << 40, by in prop::collection::vec(-300i64..300, 0..40)) {
        let mut value = first;
        let values: Vec<i64> = by.iter().map(|by| { value = value.wrapping_add(by.wrapping_mul(step)); value }).collect();
        prop_assert_eq!(there_and_back(&values).1, values);
    }

    #[test]
    fn any_bytes_are_refused_or_decoded(bytes: Vec<u8>, count in 0usize..100) {
        let mut input = bytes.as_slice();
        let mut out = Vec::new();
        if let Ok(head) = Head::take(&mut input)
            && let Ok(planes) = head.take_planes(count, &mut input)
        {
            head.decode(planes, count, &mut out);
            prop_assert_eq!(out.len(), count);
        }
    }
}

#[test]
fn constants_and_straight_lines_have_no_planes() {
    assert_eq!(there_and_back(&[5; 100]), (2, vec![5; 100]));
    let line: Vec<i64> = (0..1000).map(|n| 1_700_000_000_000_000_000 + n * 15_000_000_000).collect();
    let (bytes, back) = there_and_back(&line);
    assert_eq!((bytes, back), (1 + 9 + 5 + 1, line));
}

#[test]
fn a_step_is_taken_out() {
    let pages: Vec<i64> = [7, 3, 9, 200, 5, 6].map(|n| n * 4096).to_vec();
    let column = Column::new(&pages);
    assert_eq!((column.head.step, column.head.width, column.head.base), (4096, 1, 3 * 4096));
    assert_eq!(there_and_back(&pages).1, pages);
}
