use super::metadata::{MetadataSet, counted_bytes, write_canonical};
use super::*;
use model::{Labels, LabelsRef, Refused};
use proptest::prelude::*;
use std::collections::BTreeMap;
use wire::push::{Pair, PushBuilder};

const NOW_NS: i64 = 1_741_640_400_000_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;

fn tenant() -> Tenant {
    Tenant::new("t").unwrap()
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Entries: time after now, text, metadata.
type Entries<'a> = &'a [(i64, &'a str, Pairs<'a>)];

/// Streams of a push: labels and entries.
type Streams<'a> = &'a [(Pairs<'a>, Entries<'a>)];

fn push(streams: Streams<'static>) -> Push<'static> {
    let mut builder = PushBuilder::default();
    for (labels, entries) in streams {
        for (after_ns, line, metadata) in *entries {
            for (name, value) in *metadata {
                builder.pair(name.as_bytes(), value.as_bytes());
            }
            builder.entry(NOW_NS + after_ns, line.as_bytes());
        }
        builder.stream(labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
    }
    builder.build()
}

/// What becomes of `push` when none of its streams is known.
fn judged(push: &Push<'_>, limits: &Limits) -> Result<Admitted, HttpError> {
    let (limits, streams) = (Arc::new(limits.clone()), KnownStreams::default());
    admit(push, Judge { tenant: &tenant(), limits: &limits, streams: &streams, now_ns: NOW_NS })
}

fn admitted(streams: Streams<'static>, limits: &Limits) -> Admitted {
    judged(&push(streams), limits).unwrap()
}

/// What is stored: `labels time text metadata` for each line.
fn stored(admitted: &Admitted) -> Vec<String> {
    let read = Batch::decode(admitted.batch.bytes().clone()).unwrap();
    let lines = read.streams().flat_map(|stream| {
        let labels = stream.labels.to_string();
        let line = move |line: model::RowRef<'_>| {
            let text = String::from_utf8_lossy(line.body).into_owned();
            format!("{labels} {} {text} {}", line.ts_ns - NOW_NS, line.metadata)
        };
        stream.rows().map(line).collect::<Vec<_>>()
    });
    lines.collect()
}

fn answer(admitted: &Admitted) -> String {
    admitted.refusals.answer().map_or(String::new(), |(status, text)| format!("{} {text}", status.as_u16()))
}

#[test]
fn service_and_level_are_added() {
    let out = admitted(
        &[
            (
                &[("app", "a"), ("job", "j")],
                &[(0, "level=warn x", &[]), (1, "plain", &[("trace.id", "1"), ("e", "")])],
            ),
            (&[("container", "c"), ("level", "Fatal")], &[(2, "x", &[("severity", "info")])]),
            (&[("service_name", "s")], &[(3, "x", &[("detected_level", "ERR")])]),
            (&[("__pattern__", "p")], &[(4, "x", &[])]),
            (&[], &[(5, "x", &[])]),
            (&[("no", "lines")], &[]),
        ],
        &Limits::default(),
    );
    assert_eq!(
        stored(&out),
        [
            r#"{app="a", job="j", service_name="a"} 0 level=warn x {detected_level="warn"}"#,
            r#"{app="a", job="j", service_name="a"} 1 plain {detected_level="unknown", trace_id="1"}"#,
            r#"{container="c", level="Fatal", service_name="c"} 2 x {detected_level="fatal", severity="info"}"#,
            r#"{service_name="s"} 3 x {detected_level="error"}"#,
            r#"{__pattern__="p"} 4 x {detected_level="unknown"}"#,
            r#"{service_name="unknown_service"} 5 x {detected_level="unknown"}"#,
        ]
    );
    assert_eq!(answer(&out), "");
    assert_eq!(out.received, Received { streams: 6, lines: 6, line_bytes: 21, metadata_bytes: 22 });
    assert_eq!(out.bytes, 43);
}

#[test]
fn labels_are_checked() {
    let limits = Limits {
        max_label_names_per_series: 2,
        max_label_name_length: 12,
        max_label_value_length: 15,
        enforced_labels: vec!["team".into(), "env".into()],
        ..Limits::default()
    };
    let out = admitted(
        &[
            (&[("a", "1"), ("b", "2"), ("c", "3")], &[(0, "x", &[]), (1, "y", &[])]),
            (&[("app", "sixteen-letters!")], &[(0, "x", &[])]),
            (&[("thirteen_long", "v")], &[(0, "x", &[])]),
            (&[("a", "1"), ("a", "2")], &[(0, "x", &[])]),
            (&[("team", "t")], &[(0, "x", &[])]),
            (&[("env", "e"), ("team", "t")], &[(0, "kept", &[])]),
        ],
        &limits,
    );
    assert_eq!(stored(&out).len(), 1);
    assert_eq!(
        answer(&out).split("; 1 errors like: ").collect::<Vec<_>>(),
        [
            "400 1 errors like: entry for stream '{a=\"1\", b=\"2\", c=\"3\", service_name=\"unknown_service\"}' has 3 label \
             names; limit 2",
            "stream '{app=\"sixteen-letters!\", service_name=\"sixteen-letters!\"}' has label value too long: 'sixteen-letters!'",
            "stream '{service_name=\"unknown_service\", thirteen_long=\"v\"}' has label name too long: 'thirteen_long'",
            "stream '{a=\"1\", a=\"2\", service_name=\"unknown_service\"}' has duplicate label name: 'a'",
            "missing required labels 'env' for user 't' for stream '{service_name=\"unknown_service\", team=\"t\"}' (policy: '')",
        ]
    );
    let discarded: Vec<_> = out.refusals.discarded().map(|(reason, d)| (reason.word(), d.lines)).collect();
    assert_eq!(discarded[0], ("max_label_names_per_series", 2));
    let twice = admitted(&[(&[("__pattern__", "p"), ("a", "1"), ("a", "2")], &[(0, "x", &[])])], &limits);
    assert_eq!(
        answer(&twice),
        "400 stream '{__pattern__=\"p\", a=\"1\", a=\"2\"}' has duplicate label name: 'a'"
    );
    let bare = Limits { discover_service_name: vec![], ..Limits::default() };
    let out = admitted(&[(&[], &[(0, "x", &[])])], &bare);
    assert_eq!(answer(&out), "400 error at least one label pair is required per stream");
}

#[test]
fn entries_are_checked_and_the_good_ones_stay() {
    let limits = Limits {
        max_line_size: base::unit::ByteSize(5),
        max_structured_metadata_size: base::unit::ByteSize(6),
        max_structured_metadata_entries_count: 2,
        ..Limits::default()
    };
    let out = admitted(
        &[(
            &[("app", "a")],
            &[
                (-8 * 24 * HOUR_NS, "old", &[]),
                (HOUR_NS, "new", &[]),
                (0, "long line", &[]),
                (1, "x", &[("k", "seven77")]),
                (2, "x", &[("a", "1"), ("b", "2"), ("c", "3")]),
                (3, "good", &[("a", "1")]),
                (4, "x", &[("detected_level", "not counted")]),
            ],
        )],
        &limits,
    );
    assert_eq!(stored(&out).len(), 2);
    let stream = "stream '{app=\"a\", service_name=\"a\"}'";
    assert_eq!(
        answer(&out).split("; 1 errors like: ").collect::<Vec<_>>(),
        [
            format!(
                "400 1 errors like: entry for {stream} has timestamp too old: 2025-03-02T21:00:00Z, oldest acceptable timestamp is: 2025-03-03T21:00:00Z"
            ),
            format!("entry for {stream} has timestamp too new: 2025-03-10T22:00:00Z"),
            format!(
                "max entry size '5' bytes exceeded for {stream} while adding an entry with length '9' bytes"
            ),
            format!(
                "{stream} has structured metadata too large: '8' bytes, limit: '6' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it"
            ),
            format!(
                "{stream} has too many structured metadata labels: '3', limit: '2'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it"
            ),
        ]
    );
}

#[test]
fn times_before_1970_and_missing_ones_are_refused_always() {
    let mut builder = PushBuilder::default();
    builder.entry(-1, b"x".as_slice());
    builder.entry(wire::push::NO_TIME_NS, b"y".as_slice());
    builder.stream(vec![("app".into(), "a".into())]);
    let limits = Limits { reject_old_samples: false, ..Limits::default() };
    let out = judged(&builder.build(), &limits).unwrap();
    assert!(out.batch.is_empty());
    let text = answer(&out);
    assert!(
        text.contains("too old: 1969-12-31T23:59:59Z, oldest acceptable timestamp is: 1970-01-01T00:00:00Z"),
        "{text}"
    );
    assert!(text.contains("too old: 0001-01-01T00:00:00Z"), "{text}");
}

#[test]
fn metadata_may_be_disallowed_and_names_unusable() {
    let limits = Limits { allow_structured_metadata: false, ..Limits::default() };
    let out = admitted(&[(&[("app", "a")], &[(0, "level=info", &[]), (1, "x", &[("k", "v")])])], &limits);
    assert_eq!(stored(&out), [r#"{app="a", service_name="a"} 0 level=info {}"#]);
    assert!(
        answer(&out).contains("includes structured metadata, but this feature is disallowed. Please see")
    );
    let odd = push(&[(&[("app", "a")], &[(0, "x", &[("ü", "v")])])]);
    let refused = judged(&odd, &Limits::default()).unwrap_err();
    assert_eq!(refused.text(), "normalization for label name \"ü\" resulted in invalid name \"_\"");
}

#[test]
fn long_lines_may_be_cut_and_equal_times_spread() {
    let limits = Limits {
        max_line_size: base::unit::ByteSize(6),
        max_line_size_truncate: true,
        max_line_size_truncate_identifier: "[c]".into(),
        increment_duplicate_timestamp: true,
        discover_log_levels: false,
        ..Limits::default()
    };
    let entries: Entries<'_> = &[
        (0, "123456", &[]),
        (0, "1234567", &[]),
        (0, "c", &[]),
        (1, "d", &[]),
        (0, "d", &[]),
        (0, "d", &[]),
    ];
    let out = admitted(Box::leak(Box::new([(&[("a", "b")] as &[_], entries)])), &limits);
    let texts: Vec<_> = stored(&out).iter().map(|line| line.split("} ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(texts, ["0 123456 {}", "1 123[c] {}", "2 c {}", "1 d {}", "0 d {}", "0 d {}"]);
    assert_eq!(out.truncated, Discarded { lines: 1, bytes: 1 });
}

#[test]
fn a_blocked_tenant_hears_it_unless_something_else_is_wrong() {
    let limits = Limits { block_ingestion_until: "2099-01-01T00:00:00Z".into(), ..Limits::default() };
    let out = admitted(&[(&[("app", "a")], &[(0, "x", &[])])], &limits);
    assert!(out.batch.is_empty());
    assert_eq!(
        answer(&out),
        "260 ingestion blocked for user 't' until '2099-01-01T00:00:00Z' with status code '260'"
    );
    let quiet = Limits { block_ingestion_status_code: 200, ..limits.clone() };
    assert_eq!(answer(&admitted(&[(&[("app", "a")], &[(0, "x", &[])])], &quiet)), "");
    let both = admitted(
        &[(&[("app", "a")], &[(0, "x", &[])]), (&[("a", "1"), ("a", "2")], &[(0, "x", &[])])],
        &limits,
    );
    assert!(answer(&both).starts_with("400 stream"));
    let over = Limits { block_ingestion_until: "2020-01-01T00:00:00Z".into(), ..Limits::default() };
    assert_eq!(stored(&admitted(&[(&[("app", "a")], &[(0, "x", &[])])], &over)).len(), 1);
}

#[test]
fn the_stores_refusals_are_told_as_loki_tells_them() {
    let many: Vec<_> = (0i64..12).map(|n| (n, "text", &[] as &[(&str, &str)])).collect();
    let streams: Streams<'static> = Box::leak(Box::new([
        (&[("app", "a")] as &[_], &[(0i64, "x", &[] as &[(&str, &str)])] as &[_]),
        (&[("app", "b")] as &[_], &*many.leak()),
    ]));
    let batch = admitted(streams, &Limits::default()).batch;
    assert!(refused_by_store(&batch, &Ack::default()).is_none());
    let refused = |stream, why| Ack { refused: vec![Refused { stream, why }] };
    let told = refused_by_store(&batch, &refused(0, Refusal::StreamLimit { limit: 2 })).unwrap();
    assert_eq!(told.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        told.text(),
        "maximum active stream limit exceeded when trying to create stream {app=\"a\", service_name=\"a\"}, reduce the \
         number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if \
         the limit can be increased, user: 't'"
    );
    let rate = Refusal::StreamRate { limit_bytes: 1024, asked_bytes: 48 };
    let told = refused_by_store(&batch, &refused(1, rate)).unwrap();
    let lines: Vec<_> = told.text().split('\n').collect();
    assert_eq!(lines.len(), 11);
    assert_eq!(
        lines[1],
        "entry with timestamp 2025-03-10 21:00:00.000000001 +0000 UTC ignored, reason: 'Per stream rate limit exceeded \
         (limit: 1KB/sec) while attempting to ingest for stream '{app=\"b\", service_name=\"b\"}' totaling 4B, consider \
         splitting a stream via additional labels or contact your Loki administrator to see if the limit can be \
         increased',"
    );
    assert_eq!(
        lines[10],
        "user 't', total ignored: 12 out of 12 for stream: {app=\"b\", service_name=\"b\"}"
    );
}

#[test]
fn a_bucket_fills_with_time_and_follows_the_limits() {
    let limits = Limits { ingestion_rate_mb: 1.0, ingestion_burst_size_mb: 2.0, ..Limits::default() };
    let (rate, mb) = (IngestionRate::default(), 1u64 << 20);
    let take = |limits: &Limits, bytes, after_ns| rate.take(&tenant(), limits, bytes, NOW_NS + after_ns);
    assert!(!take(&limits, 2 * mb + 1, 0), "never more than the burst");
    assert!(take(&limits, 2 * mb, 0));
    assert!(!take(&limits, 1, 0));
    assert!(take(&limits, mb / 2, 500_000_000), "half a second fills half a megabyte");
    assert!(!take(&limits, 1, 400_000_000), "time that goes back fills nothing");
    let more = Limits { ingestion_rate_mb: 4.0, ..limits };
    assert!(take(&more, mb, 750_000_000), "a new rate holds at once");
    assert!(rate.take(&Tenant::single(), &more, 2 * mb, NOW_NS), "tenants have buckets of their own");
    let push = admitted(&[(&[("app", "a")], &[(0, "x", &[])])], &more);
    assert_eq!(
        rate_limited(&tenant(), &Limits { ingestion_rate_mb: 0.001, ..Limits::default() }, &push).text(),
        "ingestion rate limit exceeded for user t (limit: 1048 bytes/sec) while attempting to ingest '1' lines totaling \
         '1' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased"
    );
}

#[test]
fn refusals_are_grouped_and_bounded() {
    let mut refusals = Refusals::default();
    for n in 0..500 {
        refusals.add(Reason::LineTooLong, Discarded { lines: 1, bytes: 2 }, format!("text {}", n % 200));
    }
    let text = refusals.answer().unwrap().1;
    assert!(text.starts_with("3 errors like: text 0; ") && text.ends_with("; 200 other errors"), "{text}");
    assert_eq!(
        refusals.discarded().collect::<Vec<_>>(),
        [(Reason::LineTooLong, Discarded { lines: 500, bytes: 1000 })]
    );
}

proptest! {
    /// Canonical metadata is what a map makes of the pairs: the naive twin.
    #[test]
    fn metadata_becomes_a_label_set(
        own in proptest::collection::vec(("[a-c.]{1,2}|detected_level", ".{0,2}"), 0..5),
        shared in proptest::collection::vec(("[a-c.]{1,2}", ".{0,2}"), 0..4),
        level in proptest::option::of("[a-z]{1,4}"),
    ) {
        let pairs = |pairs: &[(String, String)]| -> Vec<Pair<'static>> {
            pairs.iter().map(|(n, v)| (n.clone().into_bytes().into(), v.clone().into_bytes().into())).collect()
        };
        let (mut own_set, mut shared_set) = (MetadataSet::default(), MetadataSet::default());
        let usable = own_set.fill(&pairs(&own)).is_ok() && shared_set.fill(&pairs(&shared)).is_ok();
        let mut want = BTreeMap::new();
        for (name, value) in own.iter().chain(&shared) {
            let Ok(name) = wire::label_name::normalize(name.as_bytes()) else {
                prop_assert!(!usable);
                return Ok(());
            };
            want.insert(name.into_owned(), value.replace('\u{fffd}', " "));
        }
        want.extend(level.iter().map(|level| ("detected_level".to_owned(), level.clone())));
        want.retain(|_, value| !value.is_empty());
        let mut out = Vec::new();
        write_canonical(&mut out, &own_set, &shared_set, level.as_deref().map(str::as_bytes));
        let want = Labels::from_pairs(want.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        prop_assert_eq!(LabelsRef::check(&out).unwrap(), want.as_ref());
        let counted: usize = own.iter().filter(|(n, _)| n != "detected_level").map(|(n, v)| n.len() + v.len()).sum();
        prop_assert_eq!(counted_bytes(&pairs(&own)), counted as u64);
    }

    /// Whatever is pushed, what is stored is a sound batch, and every line is stored or refused.
    #[test]
    fn every_line_is_stored_or_refused(
        streams in proptest::collection::vec((
            proptest::collection::vec(("[a-c_]{1,2}|__pattern__", ".{0,3}"), 0..4),
            proptest::collection::vec((any::<i64>(), proptest::collection::vec(any::<u8>(), 0..12), proptest::collection::vec(("[a-c]{1,2}", proptest::collection::vec(any::<u8>(), 0..4)), 0..3)), 0..4),
        ), 0..4),
    ) {
        let mut builder = PushBuilder::default();
        let mut lines = 0;
        for (labels, entries) in &streams {
            for (ts_ns, line, metadata) in entries {
                metadata.iter().for_each(|(n, v)| builder.pair(n.as_bytes(), v.as_slice()));
                builder.entry(*ts_ns, line.as_slice());
                lines += 1;
            }
            let mut labels: Vec<_> = labels.iter().map(|(n, v)| (n.as_str().into(), v.as_str().into())).collect();
            labels.sort();
            builder.stream(labels);
        }
        let limits = Limits { max_line_size: base::unit::ByteSize(8), reject_old_samples: false, ..Limits::default() };
        let out = judged(&builder.build(), &limits).unwrap();
        let read = Batch::decode(out.batch.bytes().clone()).unwrap();
        let refused: u64 = out.refusals.discarded().map(|(_, discarded)| discarded.lines).sum();
        prop_assert_eq!(read.row_count() + refused, lines);
    }
}
