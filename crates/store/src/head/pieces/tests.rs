use super::*;

#[test]
fn what_was_pushed_is_where_it_was_pushed() {
    let mut pieces = Pieces::default();
    assert_eq!((pieces.len(), pieces.get(0)), (0, None));
    for number in 0..3 * PIECE + 5 {
        assert_eq!(pieces.len(), number);
        pieces.push(number);
    }
    if let Some(item) = pieces.get_mut(PIECE) {
        *item = 1_000;
    }
    pieces.iter_mut().for_each(|item| *item += 1);
    let expected: Vec<usize> =
        (0..3 * PIECE + 5).map(|number| if number == PIECE { 1_001 } else { number + 1 }).collect();
    assert_eq!(pieces.iter().copied().collect::<Vec<_>>(), expected);
    assert_eq!((0..pieces.len()).filter_map(|at| pieces.get(at).copied()).collect::<Vec<_>>(), expected);
    assert_eq!(pieces.get(pieces.len()), None);
}
