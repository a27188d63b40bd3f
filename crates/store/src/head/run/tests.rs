use super::*;
use model::LabelsRef;

fn row(ts_ns: i64, text: &[u8]) -> RowRef<'_> {
    RowRef { ts_ns, body: text, metadata: LabelsRef::EMPTY }
}

#[test]
fn room_doubles_up_to_its_bound_and_holds_any_text() {
    assert_eq!(OpenRun::with_room(0, 0, 0).room(), ROOM_MIN_BYTES);
    assert_eq!(OpenRun::with_room(300, 0, 0).room(), 512);
    assert_eq!(OpenRun::with_room(0, 4096, 0).room(), 8192);
    assert_eq!(OpenRun::with_room(1 << 20, 1 << 20, 0).room(), ROOM_MAX_BYTES);
    let large = OpenRun::with_room(0, 0, 200_000);
    assert!(large.room() >= 200_000 && large.fits(&row(0, &vec![0; 200_000])));
}

#[test]
fn a_run_without_room_takes_nothing() {
    assert!(!OpenRun::default().fits(&row(1, b"")));
    let mut run = OpenRun::with_room(0, 0, 0);
    for ts_ns in 0..ROWS_MAX as i64 {
        assert!(run.fits(&row(ts_ns, b"")));
        run.push(&row(ts_ns, b""));
    }
    assert!(!run.fits(&row(0, b"")));
}

#[test]
fn order_is_known() {
    let mut run = OpenRun::with_room(0, 0, 0);
    run.push(&row(i64::MIN, b"a"));
    run.push(&row(2, b"b"));
    assert!(run.copy(2).ascending);
    run.push(&row(2, b"c"));
    assert!(!run.close().ascending);
}

#[test]
fn copies_and_fronts_are_the_first_rows() {
    let mut run = OpenRun::with_room(0, 0, 0);
    for (ts_ns, text) in [(1, "one"), (2, ""), (3, "three")] {
        run.push(&row(ts_ns, text.as_bytes()));
    }
    let texts = |run: &Run| {
        let lines = &run.rows;
        lines.rows().map(|row| String::from_utf8_lossy(row.body).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&run.copy(2)), ["one", ""]);
    let full = run.close();
    assert_eq!(texts(&full.first(1)), ["one"]);
    assert_eq!(texts(&full), ["one", "", "three"]);
}
