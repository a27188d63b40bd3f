use super::*;
use crate::Refused;
use crate::series::{Exemplar, Family, FamilyKind, Label, Series, Sink};
use model::sample::{Buckets, Histogram, ResetHint, STALE_BITS};
use proptest::prelude::*;

type OwnedLabels = Vec<(String, String)>;

/// What came out of a write, owned.
#[derive(Debug, Default, PartialEq)]
struct Collected {
    series: Vec<OwnedSeries>,
    families: Vec<(String, FamilyKind, String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct OwnedSeries {
    labels: OwnedLabels,
    /// Values by their bits, so that NaN equals NaN.
    floats: Vec<(i64, u64)>,
    histograms: Vec<(i64, Histogram)>,
    exemplars: Vec<(i64, u64, OwnedLabels)>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn owned(labels: &[Label<'_>]) -> OwnedLabels {
    labels.iter().map(|(name, value)| (text(name), text(value))).collect()
}

impl Sink for Collected {
    fn series(&mut self, series: &Series<'_>) -> Result<(), Refused> {
        let exemplars = series.exemplars.iter();
        self.series.push(OwnedSeries {
            labels: owned(&series.labels),
            floats: series.floats.iter().map(|(ts_ms, value)| (*ts_ms, value.to_bits())).collect(),
            histograms: series.histograms.clone(),
            exemplars: exemplars.map(|e| (e.ts_ms, e.value.to_bits(), owned(&e.labels))).collect(),
        });
        Ok(())
    }

    fn family(&mut self, family: Family<'_>) {
        self.families.push((text(family.name), family.kind, text(family.help), text(family.unit)));
    }
}

fn borrowed(labels: &OwnedLabels) -> Vec<Label<'_>> {
    labels.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

impl OwnedSeries {
    fn borrowed(&self) -> Series<'_> {
        let exemplars = self.exemplars.iter().map(|(ts_ms, bits, labels)| Exemplar {
            ts_ms: *ts_ms,
            value: f64::from_bits(*bits),
            labels: borrowed(labels),
        });
        Series {
            labels: borrowed(&self.labels),
            floats: self.floats.iter().map(|(ts_ms, bits)| (*ts_ms, f64::from_bits(*bits))).collect(),
            histograms: self.histograms.clone(),
            exemplars: exemplars.collect(),
        }
    }
}

fn read_v1(body: &[u8]) -> Result<Collected, String> {
    let mut out = Collected::default();
    write_v1::read(body, &mut out).map(|()| out).map_err(|refused| refused.to_string())
}

fn read_v2(body: &[u8]) -> Result<Collected, String> {
    let mut out = Collected::default();
    write_v2::read(body, &mut out).map(|()| out).map_err(|refused| refused.to_string())
}

/// Both versions' messages as another implementation writes them.
mod twin {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Request {
        #[prost(string, repeated, tag = "4")]
        pub symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub samples: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub histograms: Vec<Histogram>,
        #[prost(message, repeated, tag = "4")]
        pub exemplars: Vec<Exemplar>,
        #[prost(message, optional, tag = "5")]
        pub metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Sample {
        #[prost(double, tag = "1")]
        pub value: f64,
        #[prost(int64, tag = "2")]
        pub timestamp: i64,
        #[prost(int64, tag = "3")]
        pub start_timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Exemplar {
        #[prost(uint32, repeated, packed = "false", tag = "1")]
        pub labels_refs: Vec<u32>,
        #[prost(double, tag = "2")]
        pub value: f64,
        #[prost(int64, tag = "3")]
        pub timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Metadata {
        #[prost(int32, tag = "1")]
        pub r#type: i32,
        #[prost(uint32, tag = "3")]
        pub help_ref: u32,
        #[prost(uint32, tag = "4")]
        pub unit_ref: u32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Span {
        #[prost(sint32, tag = "1")]
        pub offset: i32,
        #[prost(uint32, tag = "2")]
        pub length: u32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Histogram {
        #[prost(uint64, tag = "1")]
        pub count_int: u64,
        #[prost(double, optional, tag = "2")]
        pub count_float: Option<f64>,
        #[prost(double, tag = "3")]
        pub sum: f64,
        #[prost(sint32, tag = "4")]
        pub schema: i32,
        #[prost(double, tag = "5")]
        pub zero_threshold: f64,
        #[prost(uint64, tag = "6")]
        pub zero_count_int: u64,
        #[prost(double, tag = "7")]
        pub zero_count_float: f64,
        #[prost(message, repeated, tag = "8")]
        pub negative_spans: Vec<Span>,
        #[prost(sint64, repeated, tag = "9")]
        pub negative_deltas: Vec<i64>,
        #[prost(double, repeated, tag = "10")]
        pub negative_counts: Vec<f64>,
        #[prost(message, repeated, tag = "11")]
        pub positive_spans: Vec<Span>,
        #[prost(sint64, repeated, tag = "12")]
        pub positive_deltas: Vec<i64>,
        #[prost(double, repeated, tag = "13")]
        pub positive_counts: Vec<f64>,
        #[prost(int32, tag = "14")]
        pub reset_hint: i32,
        #[prost(int64, tag = "15")]
        pub timestamp: i64,
        #[prost(double, repeated, tag = "16")]
        pub custom_values: Vec<f64>,
        #[prost(int64, tag = "17")]
        pub start_timestamp: i64,
    }
}

fn twin_request() -> twin::Request {
    let symbols = ["", "__name__", "up", "job", "a", "trace_id", "t1", "Is it up?", "seconds"];
    let integer = twin::Histogram {
        count_int: 12,
        sum: 1.5,
        schema: -2,
        zero_threshold: 0.001,
        zero_count_int: 2,
        negative_spans: vec![twin::Span { offset: -3, length: 1 }],
        negative_deltas: vec![4],
        positive_spans: vec![twin::Span { offset: 1, length: 2 }, twin::Span { offset: 3, length: 1 }],
        positive_deltas: vec![1, 2, -1],
        reset_hint: 2,
        timestamp: 3000,
        start_timestamp: 1,
        ..twin::Histogram::default()
    };
    let custom = twin::Histogram {
        count_float: Some(3.5),
        schema: -53,
        positive_spans: vec![twin::Span { offset: 0, length: 2 }],
        positive_counts: vec![1.0, 2.5],
        custom_values: vec![0.1, 0.2],
        reset_hint: 3,
        timestamp: 4000,
        ..twin::Histogram::default()
    };
    let labels_refs = vec![1, 2, 3, 4];
    let sample = |value, timestamp| twin::Sample { value, timestamp, start_timestamp: 7 };
    twin::Request {
        symbols: symbols.map(str::to_owned).to_vec(),
        timeseries: vec![
            twin::TimeSeries {
                labels_refs: labels_refs.clone(),
                samples: vec![sample(1.0, 1000), sample(f64::from_bits(STALE_BITS), 2000)],
                exemplars: vec![twin::Exemplar { labels_refs: vec![5, 6], value: 0.5, timestamp: 900 }],
                metadata: Some(twin::Metadata { r#type: 1, help_ref: 7, unit_ref: 8 }),
                histograms: Vec::new(),
            },
            twin::TimeSeries { labels_refs, histograms: vec![integer, custom], ..Default::default() },
        ],
    }
}

#[test]
fn version_2_is_read_with_all_of_its_fields() {
    let body = prost::Message::encode_to_vec(&twin_request());
    let read = read_v2(&body).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let labels = vec![pair("__name__", "up"), pair("job", "a")];
    let integer = Histogram {
        schema: -2,
        integer: true,
        reset: ResetHint::No,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 12.0,
        sum: 1.5,
        positive: Buckets { spans: vec![(1, 2), (3, 1)], counts: vec![1.0, 3.0, 2.0] },
        negative: Buckets { spans: vec![(-3, 1)], counts: vec![4.0] },
        custom_values: Vec::new(),
    };
    let custom = Histogram {
        schema: -53,
        integer: false,
        reset: ResetHint::Gauge,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 3.5,
        sum: 0.0,
        positive: Buckets { spans: vec![(0, 2)], counts: vec![1.0, 2.5] },
        negative: Buckets::default(),
        custom_values: vec![0.1, 0.2],
    };
    let first = OwnedSeries {
        labels: labels.clone(),
        floats: vec![(1000, 1f64.to_bits()), (2000, STALE_BITS)],
        exemplars: vec![(900, 0.5f64.to_bits(), vec![pair("trace_id", "t1")])],
        histograms: Vec::new(),
    };
    let second =
        OwnedSeries { labels, histograms: vec![(3000, integer), (4000, custom)], ..OwnedSeries::default() };
    assert_eq!(read.series, [first, second]);
    let family = ("up".to_owned(), FamilyKind::Counter, "Is it up?".to_owned(), "seconds".to_owned());
    assert_eq!(read.families, [family]);
    assert_eq!(read_v1(&body).unwrap().series, [], "to the first version these fields mean nothing");
}

#[test]
fn references_must_lead_somewhere() {
    let refused = |change: fn(&mut twin::Request)| {
        let mut request = twin_request();
        change(&mut request);
        read_v2(&prost::Message::encode_to_vec(&request)).unwrap_err()
    };
    assert_eq!(
        refused(|request| request.timeseries[0].labels_refs = vec![1, 9]),
        "symbol 9 is referred to, there are only 9"
    );
    assert_eq!(
        refused(|request| request.timeseries[0].labels_refs = vec![1, 2, 3]),
        "labels are references in pairs, there is one too many"
    );
    assert_eq!(
        refused(|request| request.timeseries[0].exemplars[0].labels_refs = vec![1]),
        "labels are references in pairs, there is one too many"
    );
    assert_eq!(
        refused(|request| request.symbols[0] = "x".to_owned()),
        "the first symbol is not the empty string"
    );
    assert_eq!(read_v2(b"").unwrap(), Collected::default());
}

/// `up{a="b"} 1.5` at 1000 ms and the metadata of `up`, byte by byte.
const GOLDEN_V1: &[u8] = b"\x0a\x26\x0a\x0e\x0a\x08__name__\x12\x02up\x0a\x06\x0a\x01a\x12\x01b\
    \x12\x0c\x09\0\0\0\0\0\0\xf8\x3f\x10\xe8\x07\
    \x1a\x0b\x08\x02\x12\x02up\x22\x01h\x2a\0";

#[test]
fn version_1_byte_by_byte() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let read = read_v1(GOLDEN_V1).unwrap();
    let series = OwnedSeries {
        labels: vec![pair("__name__", "up"), pair("a", "b")],
        floats: vec![(1000, 1.5f64.to_bits())],
        ..OwnedSeries::default()
    };
    assert_eq!(read.series.first(), Some(&series));
    assert_eq!(read.families, [("up".to_owned(), FamilyKind::Gauge, "h".to_owned(), String::new())]);
    let family = Family { name: b"up", kind: FamilyKind::Gauge, help: b"h", unit: b"" };
    let written = encode::write_request(&[series.borrowed()], &[family]);
    assert_eq!(read_v1(&written).unwrap(), read);
    assert_eq!(read_v1(&GOLDEN_V1[..20]).unwrap_err(), "unexpected EOF");
}

#[test]
fn empty_messages_do_not_fill_the_memory() {
    let refused = |number: u8, message: &[u8], times: usize| {
        let mut series = Vec::new();
        for _ in 0..times {
            crate::protobuf::put_bytes(&mut series, u32::from(number), message);
        }
        let mut body = Vec::new();
        crate::protobuf::put_bytes(&mut body, 1, &series);
        read_v1(&body).unwrap_err()
    };
    // An unknown field is as good as nothing.
    let nothing = b"\x78\x01";
    assert_eq!(refused(2, nothing, FLOATS_MAX + 1), "more than 1048576 samples at once; send fewer");
    for (number, what) in [(1, "labels"), (3, "exemplars"), (4, "histograms")] {
        let told = format!("more than 65536 {what} at once; send fewer");
        assert_eq!(refused(number, nothing, PARTS_MAX + 1), told);
    }
    let mut deltas = Vec::new();
    crate::protobuf::put_bytes(&mut deltas, 12, &[0; PARTS_MAX + 1]);
    assert_eq!(refused(4, &deltas, 1), "more than 65536 buckets at once; send fewer");
}

fn labels() -> impl Strategy<Value = OwnedLabels> {
    proptest::collection::vec(("[a-z_é]{0,4}", ".{0,4}"), 0..4)
}

fn buckets(integer: bool) -> impl Strategy<Value = Buckets> {
    let count = (-1000i64..1_000_000).prop_map(move |n| if integer { n as f64 } else { n as f64 / 8.0 });
    let spans = proptest::collection::vec((any::<i32>(), any::<u32>()), 0..4);
    (spans, proptest::collection::vec(count, 0..6)).prop_map(|(spans, counts)| Buckets { spans, counts })
}

fn histogram() -> impl Strategy<Value = (i64, Histogram)> {
    let sides = any::<bool>().prop_flat_map(|integer| (Just(integer), buckets(integer), buckets(integer)));
    let numbers = (0u32..1000, 0u32..1000, -10i32..10, any::<i64>(), 0u8..4);
    (sides, numbers, proptest::collection::vec(-100i32..100, 0..4)).prop_map(
        |((integer, positive, negative), (count, zeros, schema, ts_ms, reset), bounds)| {
            let histogram = Histogram {
                schema,
                integer,
                reset: ResetHint::from_number(reset).unwrap(),
                zero_threshold: 0.25,
                zero_count: f64::from(zeros),
                count: f64::from(count),
                sum: f64::from(schema) / 3.0,
                positive,
                negative,
                custom_values: bounds.into_iter().map(f64::from).collect(),
            };
            (ts_ms, histogram)
        },
    )
}

fn series() -> impl Strategy<Value = OwnedSeries> {
    let floats = proptest::collection::vec((any::<i64>(), any::<u64>()), 0..4);
    let exemplars = proptest::collection::vec((any::<i64>(), any::<u64>(), labels()), 0..3);
    (labels(), floats, proptest::collection::vec(histogram(), 0..3), exemplars).prop_map(
        |(labels, floats, histograms, exemplars)| OwnedSeries { labels, floats, histograms, exemplars },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(series in proptest::collection::vec(series(), 0..4)) {
        let borrowed: Vec<_> = series.iter().map(OwnedSeries::borrowed).collect();
        let body = encode::write_request(&borrowed, &[]);
        prop_assert_eq!(read_v1(&body).unwrap().series, series);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in any::<u16>()) {
        let _ = (read_v1(&bytes), read_v2(&bytes));
        // Nearly right ones get further.
        let mut body = prost::Message::encode_to_vec(&twin_request());
        let at = usize::from(at) % body.len();
        body.splice(at..at + 1, bytes.iter().take(3).copied());
        let _ = read_v2(&body);
        let mut body = GOLDEN_V1.to_vec();
        let at = at % body.len();
        body.splice(at..at + 1, bytes.iter().take(3).copied());
        let _ = read_v1(&body);
    }
}
