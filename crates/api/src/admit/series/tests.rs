use super::*;
use model::sample::{Buckets, Histogram, ResetHint};
use wire::series::FamilyKind;
use wire::series::Label;

const NOW_NS: i64 = 1_741_640_400_000_000_000;
const NOW_MS: i64 = NOW_NS / MS_NS;

fn admitted(limits: &Limits, series: &[Series<'_>]) -> AdmittedSeries {
    let tenant = Tenant::single();
    let mut admission = SeriesAdmission::new(&tenant, limits, NOW_NS, 1 << 20).refusing_empty();
    series.iter().for_each(|series| admission.series(series).unwrap());
    admission.finish()
}

const UP: Label<'static> = (b"__name__", b"up");

fn floats<'a>(labels: &[Label<'a>], floats: &[(i64, f64)]) -> Series<'a> {
    Series { labels: labels.to_vec(), floats: floats.to_vec(), ..Series::default() }
}

/// Rows of each stream: labels, then milliseconds, value and metadata.
fn shown(batch: &Batch) -> Vec<String> {
    let mut out = Vec::new();
    for stream in batch.streams() {
        for row in stream.rows() {
            let sample = match Sample::read(row.body).unwrap() {
                Sample::Float(value) => value.to_string(),
                Sample::Exemplar(value) => format!("{value} {}", row.metadata),
                Sample::Histogram(histogram) => format!("schema {}", histogram.schema),
            };
            out.push(format!("{} {} {sample}", stream.labels, row.ts_ns / MS_NS - NOW_MS));
        }
    }
    out
}

#[test]
fn series_become_rows_in_the_order_sent() {
    let series = [
        floats(&[UP, (b"job", b"a"), (b"empty", b"")], &[(NOW_MS, 1.0), (NOW_MS - 5, 2.0)]),
        floats(&[(b"z", b"1"), UP, ("naïve.name".as_bytes(), b"x")], &[(NOW_MS, 3.0)]),
    ];
    let admitted = admitted(&Limits::default(), &series);
    assert_eq!(
        shown(&admitted.batch),
        [
            "{__name__=\"up\", job=\"a\"} 0 1",
            "{__name__=\"up\", job=\"a\"} -5 2",
            "{__name__=\"up\", naïve.name=\"x\", z=\"1\"} 0 3",
        ]
    );
    assert_eq!(admitted.passed, Counts { samples: 3, ..Counts::default() });
    assert_eq!(admitted.batch.signal(), Signal::Sample);
    assert_eq!(admitted.refusals.text(), None);
}

#[test]
fn labels_that_no_series_may_have_are_refused_by_id() {
    let long_value = "v".repeat(2049);
    let long_name = "n".repeat(1025);
    let names: Vec<String> = (0..30).map(|at| format!("l{at:02}")).collect();
    let mut many: Vec<Label<'_>> = names.iter().map(|name| (name.as_bytes(), &b"x"[..])).collect();
    many.push(UP);
    let mut info = many.clone();
    info.retain(|label| *label != UP);
    info.push((b"__name__", b"target_info"));
    let cases: [(Vec<Label<'_>>, Option<&str>); 11] = [
        (vec![(b"a", b"b")], Some("missing-metric-name")),
        (vec![(b"__name__", b"")], Some("missing-metric-name")),
        (vec![(b"__name__", b"\xff")], Some("metric-name-invalid")),
        (vec![UP, (b"", b"x")], Some("label-invalid")),
        (vec![UP, (b"\xff", b"x")], Some("label-invalid")),
        (vec![UP, (b"a", b"\xff")], Some("label-value-invalid")),
        (vec![UP, (long_name.as_bytes(), b"x")], Some("label-name-too-long")),
        (vec![UP, (b"a", long_value.as_bytes())], Some("label-value-too-long")),
        (vec![UP, (b"a", b"1"), (b"a", b"2")], Some("duplicate-label-names")),
        (many, Some("max-label-names-per-series")),
        (info, None),
    ];
    for (labels, id) in cases {
        let good = floats(&[UP], &[(NOW_MS, 1.0)]);
        let admitted = admitted(&Limits::default(), &[floats(&labels, &[(NOW_MS, 1.0)]), good]);
        let text = admitted.refusals.text();
        match id {
            Some(id) => {
                assert!(text.as_ref().unwrap().ends_with(&format!("(err-mimir-{id})")), "{text:?}");
                assert_eq!((admitted.refusals.sample_count(), admitted.passed.samples), (1, 1), "{id}");
                assert!(text.unwrap().len() < 1500);
            }
            None => assert_eq!(text, None),
        }
    }
}

#[test]
fn times_and_repeats() {
    let limits = Limits { past_grace_period: base::unit::Period(1000 * MS_NS), ..Limits::default() };
    let times = [
        (NOW_MS + 600_000, 1.0),
        (NOW_MS + 600_001, 2.0),
        (NOW_MS - 1000, 3.0),
        (NOW_MS - 1001, 4.0),
        (i64::MIN, 5.0),
        (i64::MAX, 6.0),
    ];
    let taken = admitted(&limits, &[floats(&[UP], &times)]);
    assert_eq!(shown(&taken.batch), ["{__name__=\"up\"} 600000 1", "{__name__=\"up\"} -1000 3"]);
    let text = taken.refusals.text().unwrap();
    assert!(
        text.contains("10m in the future")
            && text.contains(", and 1 more like it (err-mimir-too-far-in-future)"),
        "{text}"
    );
    assert!(text.contains("(err-mimir-too-far-in-past)"), "{text}");
    assert!(admitted(&Limits::default(), &[floats(&[UP], &[(1, 1.0)])]).refusals.text().is_none());

    let stale = f64::from_bits(model::sample::STALE_BITS);
    let repeats =
        [floats(&[UP], &[(NOW_MS, 1.0), (NOW_MS, 1.0), (NOW_MS, 2.0)]), floats(&[UP], &[(NOW_MS, stale)])];
    let taken = admitted(&limits, &repeats);
    assert_eq!(shown(&taken.batch), ["{__name__=\"up\"} 0 1", "{__name__=\"up\"} 0 1"]);
    assert_eq!(taken.refusals.samples().collect::<Vec<_>>(), [(Why::DuplicateTimestamp, 2)]);
}

#[test]
fn exemplars_keep_their_labels_and_say_something() {
    let exemplar = |ts_ms, labels: &[Label<'static>]| Exemplar { ts_ms, value: 0.5, labels: labels.to_vec() };
    let long: &[u8] = &[b'x'; 129];
    let exemplars = vec![
        exemplar(NOW_MS, &[(b"trace_id", b"t"), (b"a", b"b")]),
        exemplar(NOW_MS, &[]),
        exemplar(0, &[(b"a", b"b")]),
        exemplar(NOW_MS, &[(b"a", long)]),
        exemplar(NOW_MS, &[(b"a", b"\xff")]),
    ];
    let admitted =
        admitted(&Limits::default(), &[Series { labels: vec![UP], exemplars, ..Series::default() }]);
    assert_eq!(shown(&admitted.batch), ["{__name__=\"up\"} 0 0.5 {a=\"b\", trace_id=\"t\"}"]);
    assert_eq!(
        (admitted.refusals.text(), admitted.passed.exemplars, admitted.received.exemplars),
        (None, 1, 5)
    );
}

#[test]
fn what_says_nothing_is_wrong_where_the_protocol_says_so() {
    let admitted = admitted(&Limits::default(), &[floats(&[UP], &[])]);
    assert!(admitted.refusals.text().unwrap().contains("has no sample"));
    assert!(admitted.batch.is_empty());
}

fn good() -> Histogram {
    Histogram {
        schema: 0,
        integer: true,
        reset: ResetHint::Unknown,
        zero_threshold: 0.1,
        zero_count: 1.0,
        count: 6.0,
        sum: 3.0,
        positive: Buckets { spans: vec![(0, 2), (1, 1)], counts: vec![1.0, 2.0, 1.0] },
        negative: Buckets { spans: vec![(-1, 1)], counts: vec![1.0] },
        custom_values: Vec::new(),
    }
}

fn custom() -> Histogram {
    Histogram {
        schema: -53,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 4.0,
        negative: Buckets::default(),
        custom_values: vec![1.0, 2.0, 5.0],
        ..good()
    }
}

fn outcome(limits: &Limits, histogram: Histogram) -> Result<String, String> {
    let series = Series { labels: vec![UP], histograms: vec![(NOW_MS, histogram)], ..Series::default() };
    let admitted = admitted(limits, &[series]);
    match admitted.refusals.text() {
        None => Ok(shown(&admitted.batch).pop().unwrap()),
        Some(text) => Err(text.rsplit("err-mimir-").next().unwrap().trim_end_matches(')').to_owned()),
    }
}

#[test]
fn native_histograms_must_fit_together() {
    type Change = fn(&mut Histogram);
    let cases: [(Change, Result<&str, &str>); 16] = [
        (|_| {}, Ok("schema 0")),
        (|h| h.schema = 20, Ok("schema 8")),
        (|h| h.schema = 53, Err("invalid-native-histogram-schema")),
        (|h| h.schema = -5, Err("invalid-native-histogram-schema")),
        (|h| h.count = 7.0, Err("native-histogram-count-mismatch")),
        (|h| (h.count, h.sum) = (7.0, f64::NAN), Ok("schema 0")),
        (|h| (h.count, h.sum) = (5.0, f64::NAN), Err("native-histogram-count-not-big-enough")),
        (|h| (h.integer, h.count) = (false, 6.5), Ok("schema 0")),
        (|h| h.positive.counts[1] = -1.0, Err("native-histogram-negative-bucket-count")),
        (|h| h.positive.counts[1] = f64::NAN, Err("native-histogram-negative-bucket-count")),
        (|h| (h.integer, h.zero_count) = (false, -1.0), Err("native-histogram-negative-bucket-count")),
        (|h| h.positive.spans[1].0 = -1, Err("native-histogram-span-negative-offset")),
        (|h| h.positive.spans[1].1 = u32::MAX, Err("native-histogram-spans-buckets-mismatch")),
        (|h| h.custom_values = vec![1.0], Err("native-histogram-spans-buckets-mismatch")),
        (|h| *h = custom(), Ok("schema -53")),
        (|h| h.sum = f64::from_bits(model::sample::STALE_BITS), Ok("schema 0")),
    ];
    for (at, (change, expected)) in cases.into_iter().enumerate() {
        let mut histogram = good();
        change(&mut histogram);
        let outcome = outcome(&Limits::default(), histogram);
        match (outcome, expected) {
            (Ok(row), Ok(end)) => assert!(row.ends_with(end), "{at}: {row}"),
            (outcome, expected) => {
                assert_eq!(outcome.as_ref().err().map(String::as_str), expected.err(), "{at}: {outcome:?}")
            }
        }
    }
    let bad_custom: [Change; 4] = [
        |h| h.custom_values = vec![2.0, 1.0, 3.0],
        |h| h.custom_values = vec![1.0, 2.0, f64::INFINITY],
        |h| h.custom_values = vec![1.0],
        |h| h.zero_threshold = 0.5,
    ];
    for change in bad_custom {
        let mut histogram = custom();
        change(&mut histogram);
        assert_eq!(
            outcome(&Limits::default(), histogram),
            Err("native-histogram-spans-buckets-mismatch".to_owned())
        );
    }
}

#[test]
fn histograms_of_many_buckets_become_coarser() {
    let limits = |max_native_histogram_buckets, reduce_native_histogram_over_max_buckets| Limits {
        max_native_histogram_buckets,
        reduce_native_histogram_over_max_buckets,
        ..Limits::default()
    };
    assert!(outcome(&limits(4, false), good()).is_ok());
    assert_eq!(outcome(&limits(3, false), good()), Err("max-native-histogram-buckets".to_owned()));
    assert!(outcome(&limits(3, true), good()).unwrap().ends_with("schema -2"));
    assert_eq!(outcome(&limits(1, true), good()), Err("not-reducible-native-histogram".to_owned()));
    assert_eq!(outcome(&limits(2, true), custom()), Err("not-reducible-native-histogram".to_owned()));
    let off = Limits { native_histograms_ingestion_enabled: false, ..Limits::default() };
    assert_eq!(outcome(&off, good()), Err("native-histograms-disabled".to_owned()));
}

#[test]
fn a_write_does_not_outgrow_its_share() {
    let (tenant, limits) = (Tenant::single(), Limits::default());
    let mut admission = SeriesAdmission::new(&tenant, &limits, NOW_NS, 1000);
    let value = "v".repeat(500);
    let series = floats(&[UP, (b"a", value.as_bytes())], &[(NOW_MS, 1.0)]);
    assert!(admission.series(&series).is_ok());
    let refused = admission.series(&series).unwrap_err();
    assert_eq!(refused.kind(), base::Kind::Limit);
}

#[test]
fn the_last_word_about_a_metric_is_kept() {
    let (tenant, limits) = (Tenant::single(), Limits { max_metadata_length: 4, ..Limits::default() });
    let mut admission = SeriesAdmission::new(&tenant, &limits, NOW_NS, 1000);
    let family = |name: &'static str, help: &'static str| Family {
        name: name.as_bytes(),
        kind: FamilyKind::Counter,
        help: help.as_bytes(),
        unit: b"",
    };
    [family("up", "old"), family("up", "newest"), family("", "x"), family("long_name", "x")]
        .into_iter()
        .for_each(|family| admission.family(family));
    let families = admission.finish().families;
    assert_eq!((families.len(), families["up"].help.as_str()), (1, "newe"));
}
