use super::*;
use crate::labels::Labels;
use crate::row::RowRef;
use proptest::prelude::*;

fn sample() -> Batch {
    let mut builder = BatchBuilder::new(Tenant::new("t1").unwrap(), Signal::Line, 7);
    let metadata = Labels::from_pairs([("trace_id", "abc")]);
    for (app, count) in [("a", 2), ("b", 0), ("c", 1)] {
        let labels = Labels::from_pairs([("app", app)]);
        let lines = (0..count).map(|n| RowRef { ts_ns: n - 1, body: b"x\xff", metadata: metadata.as_ref() });
        builder.add_rows(labels.as_ref(), lines);
    }
    builder.build()
}

#[test]
fn decodes_what_was_built() {
    let built = sample();
    let read = Batch::decode(built.bytes().clone()).unwrap();
    assert_eq!((read.tenant(), read.received_ns()), (built.tenant(), 7));
    assert_eq!((read.stream_count(), read.row_count()), (2, 3));
    let texts: Vec<_> = read.streams().map(|s| (s.labels.to_string(), s.rows().count())).collect();
    assert_eq!(texts, [("{app=\"a\"}".to_owned(), 2), ("{app=\"c\"}".to_owned(), 1)]);
    let line = read.streams().next().unwrap().rows().next().unwrap();
    assert_eq!(
        (line.ts_ns, line.body, line.metadata.get("trace_id")),
        (-1, b"x\xff".as_slice(), Some("abc"))
    );
}

/// Stored in logs: these bytes must be read for ever.
#[test]
fn golden_bytes() {
    let mut golden = b"TFB\x02\x00\x07\0\0\0\0\0\0\0\x02t1".to_vec();
    golden.extend_from_slice(b"\x06\0\0\0\x02\0\0\0\x04\0\0\0\x14\0\0\0x\xffx\xff");
    // Each time as the step from the one before, zigzag; the length; the set, told once.
    golden.extend_from_slice(b"\x01\x02\x01\x0d\x08trace_id\x03abc\x02\x02\x01\x03app\x01a");
    golden.extend_from_slice(b"\x06\0\0\0\x01\0\0\0\x02\0\0\0\x11\0\0\0x\xff");
    golden.extend_from_slice(b"\x01\x02\x01\x0d\x08trace_id\x03abc\x03app\x01c");
    assert_eq!(sample().bytes(), &golden);
    assert_eq!(Batch::decode(golden.into()).unwrap().row_count(), 3);
}

#[test]
fn the_first_version_is_read() {
    let row = |ts: &[u8; 8]| [ts, b"\x02x\xff\x0d\x08trace_id\x03abc".as_slice()].concat();
    let minus_one = [0xff; 8];
    let mut golden = b"TFB\x01\x00\x07\0\0\0\0\0\0\0\x02t1".to_vec();
    golden.extend_from_slice(b"\x06\x03app\x01a\x02\x32");
    golden.extend_from_slice(&[row(&minus_one), row(&[0; 8])].concat());
    golden.extend_from_slice(b"\x06\x03app\x01c\x01\x19");
    golden.extend_from_slice(&row(&minus_one));
    assert_eq!(Batch::decode(golden.clone().into()).unwrap().bytes(), sample().bytes());
    for cut in 0..golden.len() {
        let whole = Batch::decode(Bytes::copy_from_slice(&golden[..cut]));
        assert!(whole.is_err() || whole.unwrap().stream_count() < 2, "cut at {cut}");
    }
}

#[test]
fn lengths_that_do_not_agree_are_refused() {
    let golden = sample().bytes().to_vec();
    // Rows and bytes of bodies of the first stream; length and set of its first row.
    for (at, to) in [(20, 1), (20, 3), (24, 3), (24, 5), (37, 3), (38, 2)] {
        let mut bytes = golden.clone();
        bytes[at] = to;
        assert!(Batch::decode(bytes.into()).is_err(), "byte {at} as {to}");
    }
}

#[test]
fn line_by_line_gives_the_same_batch() {
    let mut builder = BatchBuilder::new(Tenant::new("t1").unwrap(), Signal::Line, 7);
    for stream in sample().streams() {
        stream.rows().for_each(|line| builder.add_row(line));
        builder.end_stream(stream.labels);
        builder.end_stream(LabelsRef::EMPTY);
    }
    assert_eq!(builder.build().bytes(), sample().bytes());
}

#[test]
fn bytes_of_rows_are_the_same_counted_and_found_out() {
    let built = sample();
    let read = Batch::decode(built.bytes().clone()).unwrap();
    let bytes = |batch: &Batch| batch.streams().map(|stream| stream.row_bytes()).collect::<Vec<_>>();
    assert_eq!(bytes(&built), [2 * (2 + 11), 2 + 11]);
    assert_eq!(bytes(&read), bytes(&built));
    assert_eq!(bytes(&built.without_streams(&[0])), [2 + 11]);
}

#[test]
fn a_buffer_that_was_used_before_holds_nothing_of_before() {
    let build = |text: &[u8]| {
        let mut builder = BatchBuilder::new(Tenant::single(), Signal::Line, 7);
        builder.reserve(100 << 10);
        let row = RowRef { ts_ns: 1, body: text, metadata: LabelsRef::EMPTY };
        builder.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), [row]);
        builder.build()
    };
    let first = build(&[b'x'; 90_000]);
    let expected = first.bytes().to_vec();
    drop(first);
    for text in [b"y".as_slice(), &[b'x'; 90_000]] {
        let (one, other) = (build(text), build(text));
        assert_eq!(one.bytes(), other.bytes());
        assert_eq!(Batch::decode(one.bytes().clone()).unwrap().row_count(), 1);
    }
    assert_eq!(build(&[b'x'; 90_000]).bytes(), &expected);
}

#[test]
fn leaves_streams_out() {
    let left = sample().without_streams(&[0]);
    assert_eq!((left.stream_count(), left.row_count()), (1, 1));
    assert_eq!(Batch::decode(left.bytes().clone()).unwrap().row_count(), 1);
}

#[test]
fn any_cut_is_refused() {
    let bytes = sample().bytes().clone();
    for cut in 0..bytes.len() {
        let whole = Batch::decode(bytes.slice(..cut));
        assert!(whole.is_err() || whole.unwrap().stream_count() < 2, "cut at {cut}");
    }
}

/// Rows with times in any order, and metadata that repeat or not.
fn rows() -> impl Strategy<Value = Vec<(i64, Vec<u8>, u16)>> {
    let set = prop_oneof![0u16..3, 0u16..200];
    prop::collection::vec((any::<i64>(), prop::collection::vec(any::<u8>(), 0..40), set), 1..60)
}

proptest! {
    #[test]
    fn rows_come_back(streams in prop::collection::vec(rows(), 0..5)) {
        let set = |number: u16| match number {
            0 => Labels::default(),
            _ => Labels::from_pairs([("level", number.to_string().as_str())]),
        };
        let mut builder = BatchBuilder::new(Tenant::single(), Signal::Line, 7);
        for (app, rows) in streams.iter().enumerate() {
            for (ts_ns, body, number) in rows {
                builder.add_row(RowRef { ts_ns: *ts_ns, body, metadata: set(*number).as_ref() });
            }
            builder.end_stream(Labels::from_pairs([("app", app.to_string().as_str())]).as_ref());
        }
        let built = builder.build();
        let read = Batch::decode(built.bytes().clone()).unwrap();
        prop_assert_eq!(read.stream_count(), streams.len());
        for (stream, rows) in read.streams().zip(&streams) {
            prop_assert_eq!(stream.row_count, rows.len() as u64);
            let told = stream.rows().map(|row| (row.ts_ns, row.body.to_vec(), row.metadata.to_owned()));
            let expected = rows.iter().map(|(ts_ns, body, number)| (*ts_ns, body.clone(), set(*number)));
            prop_assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
        let bytes = |batch: &Batch| batch.streams().map(|stream| stream.row_bytes()).collect::<Vec<_>>();
        prop_assert_eq!(bytes(&built), bytes(&read));
    }

    #[test]
    fn damaged_bytes_never_panic(at in 0usize..200, to: u8) {
        let mut bytes = sample().bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(batch) = Batch::decode(bytes.into()) {
            prop_assert_eq!(batch.streams().map(|s| s.rows().count() as u64).sum::<u64>(), batch.row_count());
        }
    }
}
