use super::*;
use proptest::prelude::*;

#[test]
fn steps_include_an_end_that_is_hit() {
    let steps = Steps { start_ns: 10, end_ns: 30, step_ns: 10 };
    assert_eq!(steps.count(), 3);
    assert_eq!(steps.ts_ns(2), 30);
    assert_eq!(Steps { end_ns: 29, ..steps }.count(), 2);
    assert_eq!(Steps { end_ns: 9, ..steps }.count(), 0);
    assert_eq!(Steps::instant(7).count(), 1);
}

#[test]
fn alignment_widens_to_multiples() {
    let steps = Steps { start_ns: -15, end_ns: 31, step_ns: 10 }.aligned();
    assert_eq!((steps.start_ns, steps.end_ns), (-20, 40));
    let kept = Steps { start_ns: 20, end_ns: 40, step_ns: 10 };
    assert_eq!(kept.aligned(), kept);
}

#[test]
fn extreme_times_do_not_overflow() {
    let steps = Steps { start_ns: i64::MIN + 5, end_ns: i64::MAX, step_ns: i64::MAX / 2 };
    let windows = Windows::new(&steps, i64::MAX, i64::MAX);
    assert_eq!(windows.pane(i64::MIN), None);
    assert!(windows.time_range().start_ns < 0);
}

proptest! {
    /// A row is in exactly the windows whose panes hold its pane.
    #[test]
    fn panes_say_the_same_as_bounds(
        start in -50i64..50, length in 0i64..60, step in 1i64..20, range in 1i64..70, offset in -30i64..30,
        ts in -250i64..250,
    ) {
        let steps = Steps { start_ns: start, end_ns: start + length, step_ns: step };
        let windows = Windows::new(&steps, range, offset);
        let pane = windows.pane(ts);
        for later in ts..=windows.pane_end(ts) {
            prop_assert_eq!(windows.pane(later), pane);
        }
        let mut holding = Vec::new();
        for at in 0..steps.count() {
            let end = steps.ts_ns(at) - offset;
            let inside = end - range < ts && ts <= end;
            prop_assert_eq!(windows.bounds(at), (end - range, end));
            prop_assert_eq!(pane.is_some_and(|pane| windows.panes(at).contains(&pane)), inside);
            if inside {
                prop_assert!(windows.time_range().contains(ts));
                holding.push(at);
            }
        }
        let steps: Vec<u32> = pane.map(|pane| windows.steps(pane).collect()).unwrap_or_default();
        prop_assert_eq!(steps, holding);
    }
}
