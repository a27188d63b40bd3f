//! Where cells end.

use super::*;

#[test]
fn a_cell_has_its_last_instant_and_not_its_first() {
    let cells = Cells { edge_ns: 7, width_ns: 10 };
    let ends: Vec<i64> = [-4, -3, -2, 7, 8, 17, 18].iter().map(|ts| cells.end_ns(*ts)).collect();
    assert_eq!(ends, [-3, -3, 7, 7, 17, 17, 27]);
    assert!(cells.are_together(8, 17));
    assert!(!cells.are_together(7, 8));
    assert!(!cells.are_together(8, 18));
}

#[test]
fn times_at_the_ends_of_time_have_cells() {
    let cells = Cells { edge_ns: i64::MAX, width_ns: 3 };
    assert_eq!(cells.end_ns(i64::MAX), i64::MAX);
    assert!(cells.end_ns(i64::MIN) < i64::MIN + 3);
}
