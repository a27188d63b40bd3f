use super::*;
use crate::eval::line::{Pipeline, SampleValue, Scratch, Wanted};
use crate::eval::window::Steps;
use model::{LabelsRef, RowRef};
use proptest::prelude::*;

const NAMES: [&str; 5] = ["app", "app_extracted", "pod", "__error__", "level"];

fn labels() -> impl Strategy<Value = Labels> {
    let pair = (prop::sample::select(&NAMES[..]), prop::sample::select(&["", "a", "b"][..]));
    prop::collection::vec(pair, 0..3).prop_map(|pairs| {
        let mut labels = model::LabelsBuilder::default();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels.build()
    })
}

fn lines() -> impl Strategy<Value = RowColumns> {
    let row = (0i64..60, 0usize..5, prop::option::weighted(0.3, labels()));
    prop::collection::vec(row, 0..40).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.0);
        RowColumns::from_rows(rows.iter().map(|(ts_ns, bytes, metadata)| RowRef {
            ts_ns: *ts_ns,
            body: b"text"[..*bytes.min(&4)].as_ref(),
            metadata: metadata.as_ref().map_or(LabelsRef::EMPTY, Labels::as_ref),
        }))
    })
}

fn grouping() -> impl Strategy<Value = Option<Grouping>> {
    let names = prop::collection::vec(prop::sample::select(&NAMES[..]).prop_map(str::to_owned), 0..3);
    prop::option::of((any::<bool>(), names).prop_map(|(without, labels)| Grouping { without, labels }))
}

proptest! {
    #[test]
    fn sums_are_those_of_row_by_row(
        lines in lines(),
        (start_ns, count, step_ns, range_ns) in (-10i64..60, 0i64..8, 1i64..15, 1i64..20),
        bytes in any::<bool>(),
    ) {
        let end_ns = start_ns + count * step_ns;
        let windows = Windows::new(&Steps { start_ns, end_ns, step_ns }, range_ns, 0);
        let (value, mut naive) = (if bytes { RowValue::Bytes } else { RowValue::Count }, Vec::new());
        for (row, ts_ns) in lines.ts_ns.iter().enumerate() {
            let Some(pane) = windows.pane(*ts_ns) else { continue };
            let number = if bytes { lines.body_len(row) as f64 } else { 1.0 };
            match naive.last_mut() {
                Some((last, end, sum)) if *last == pane => (*end, *sum) = (row, *sum + number),
                _ => naive.push((pane, row, number)),
            }
        }
        let mut sums = Vec::new();
        value.sums(&lines, &windows, |pane, row, sum| sums.push((pane, row, sum)));
        prop_assert_eq!(sums, naive);
    }

    #[test]
    fn rows_of_uniform_runs_have_one_series(stream in labels(), lines in lines(), grouping in grouping()) {
        let wanted = Wanted::Samples { value: SampleValue::Count, grouping: grouping.as_ref() };
        let pipeline = Pipeline::compile(&[], wanted).unwrap().for_stream(&stream);
        if is_uniform(&stream, &lines, grouping.as_ref()) {
            let (mut scratch, mut series) = (Scratch::default(), Vec::new());
            for line in lines.rows() {
                let sample = pipeline.sample(&mut scratch, line, line.body.len()).unwrap();
                prop_assert!(!sample.failed);
                series.push(sample.labels.to_owned());
            }
            series.dedup();
            prop_assert!(series.len() <= 1, "{:?}", series);
        }
    }
}
