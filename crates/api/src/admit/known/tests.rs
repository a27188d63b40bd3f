use super::*;
use crate::admit::Admitted;
use crate::push::{Encoded, Failure, Format, Job, prepare};
use model::{Labels, RowRef};
use proptest::prelude::*;

const NOW_NS: i64 = 1_741_640_400_000_000_000;

/// A push of a line for each of these streams.
fn body(streams: &[&[(&str, &str)]]) -> Vec<u8> {
    let labels: Vec<Labels> = streams.iter().map(|pairs| Labels::from_pairs(pairs.iter().copied())).collect();
    let row = RowRef { ts_ns: NOW_NS, body: b"x", metadata: LabelsRef::EMPTY };
    let streams: Vec<_> = labels.iter().map(|labels| (labels.as_ref(), vec![row])).collect();
    wire::loki::encode::push_body(&streams)
}

fn pushed(
    body: &[u8],
    tenant: &str,
    limits: &Arc<Limits>,
    streams: &KnownStreams,
) -> Result<Admitted, Failure> {
    prepare(&Job {
        format: Format { compression: None, encoded: Encoded::LokiProto },
        body: body.to_vec().into(),
        tenant: Tenant::new(tenant).unwrap(),
        limits: limits.clone(),
        streams: streams.clone(),
        received_ns: NOW_NS,
        decompressed_bytes_max: 1 << 20,
    })
}

#[test]
fn known_streams_are_admitted_as_new_ones() {
    let (limits, streams) = (Arc::new(Limits::default()), KnownStreams::default());
    let body = body(&[&[("app", "a"), ("level", "warn")], &[("app", "b")]]);
    let first = pushed(&body, "t", &limits, &streams).unwrap();
    assert_eq!(streams.0.len(), 2);
    let again = pushed(&body, "t", &limits, &streams).unwrap();
    assert_eq!(first.batch.bytes(), again.batch.bytes());
    let stream = again.batch.streams().next().unwrap();
    assert_eq!(stream.labels.to_string(), r#"{app="a", level="warn", service_name="a"}"#);
    let levels: Vec<_> =
        again.batch.streams().flat_map(|s| s.rows()).map(|row| row.metadata.to_string()).collect();
    assert_eq!(levels, [r#"{detected_level="warn"}"#, r#"{detected_level="unknown"}"#]);
}

#[test]
fn other_limits_and_other_tenants_judge_anew() {
    let (wide, streams) = (Arc::new(Limits::default()), KnownStreams::default());
    let body = body(&[&[("app", "a"), ("env", "b")]]);
    assert_eq!(pushed(&body, "t", &wide, &streams).unwrap().batch.row_count(), 1);
    let narrow = Arc::new(Limits { max_label_names_per_series: 1, ..Limits::default() });
    for _ in 0..2 {
        let refused = pushed(&body, "t", &narrow, &streams).unwrap();
        assert_eq!((refused.batch.row_count(), refused.refusals.answer().is_some()), (0, true));
    }
    assert_eq!(streams.0.len(), 1, "what was refused is not remembered");
    assert_eq!(pushed(&body, "u", &wide, &streams).unwrap().batch.tenant().as_str(), "u");
    assert_eq!(streams.0.len(), 2);
}

#[test]
fn a_stream_that_is_wrong_refuses_the_push_of_known_ones() {
    let (limits, streams) = (Arc::new(Limits::default()), KnownStreams::default());
    let known = snap::raw::Decoder::new().decompress_vec(&body(&[&[("app", "a")]])).unwrap();
    pushed(&body(&[&[("app", "a")]]), "t", &limits, &streams).unwrap();
    let mut both = known.clone();
    // A stream with the labels `{`.
    both.extend_from_slice(b"\x0a\x05\x0a\x01{\x12\x00");
    let both = snap::raw::Encoder::new().compress_vec(&both).unwrap();
    let failure = pushed(&both, "t", &limits, &streams).unwrap_err();
    assert!(String::from_utf8_lossy(&failure.text).contains("couldn't parse labels"));
}

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

#[test]
fn the_body_is_judged_before_labels_and_labels_before_metadata() {
    let (limits, streams) = (Arc::new(Limits::default()), KnownStreams::default());
    let stream =
        |labels: &str, entry: &[u8]| field(1, &[field(1, labels.as_bytes()), field(2, entry)].concat());
    let mut seconds = vec![8];
    model::varint::put(&mut seconds, (NOW_NS / 1_000_000_000) as u64);
    let time = field(1, &seconds);
    // A name of which no letter is left.
    let metadata =
        [time.clone(), field(2, b"x"), field(3, &[field(1, b""), field(2, b"v")].concat())].concat();
    let wrong_metadata = stream("{a=\"b\"}", &metadata);
    let wrong_labels = stream("{", &[time.clone(), field(2, b"x")].concat());
    let text = |parts: &[&[u8]]| {
        let body = snap::raw::Encoder::new().compress_vec(&parts.concat()).unwrap();
        let failure = pushed(&body, "t", &limits, &streams).unwrap_err();
        String::from_utf8_lossy(&failure.text).into_owned()
    };
    let of_metadata = text(&[&wrong_metadata]);
    assert!(!of_metadata.contains("labels") && !of_metadata.contains("EOF"), "{of_metadata}");
    assert!(text(&[&wrong_metadata, &wrong_labels]).contains("couldn't parse labels"));
    assert!(text(&[&wrong_labels, &wrong_metadata]).contains("couldn't parse labels"));
    assert!(text(&[&wrong_metadata, &wrong_labels, b"\x0a\x05"]).contains("unexpected EOF"));
}

/// Streams with lines that pass and lines that do not: seconds after now, text, perhaps a trace.
type RawLines = Vec<(i64, String, Option<u8>)>;

fn raw_streams() -> impl Strategy<Value = Vec<(u8, RawLines)>> {
    let line =
        (prop_oneof![-5i64..5, Just(-1_000_000), Just(1_000_000)], "[a-z=]{0,8}", prop::option::of(0u8..3));
    prop::collection::vec((0u8..4, prop::collection::vec(line, 0..4)), 0..5)
}

proptest! {
    /// Stream by stream, known or new, gives what all at once gives.
    #[test]
    fn pushes_are_admitted_stream_by_stream_as_at_once(raw in raw_streams()) {
        let sets = [Labels::default(), Labels::from_pairs([("trace_id", "1")]), Labels::from_pairs([("level", "err")])];
        let labels = |app: u8| Labels::from_pairs([("app", app.to_string().as_str())]);
        let named: Vec<_> = raw.iter().map(|(app, lines)| (labels(*app), lines)).collect();
        let streams: Vec<_> = named.iter().map(|(labels, lines)| {
            let rows = lines.iter().map(|(after, text, set)| RowRef {
                ts_ns: NOW_NS + after * 1_000_000_000,
                body: text.as_bytes(),
                metadata: sets[set.map_or(0, usize::from)].as_ref(),
            });
            (labels.as_ref(), rows.collect::<Vec<_>>())
        }).collect();
        let body = wire::loki::encode::push_body(&streams);
        let message = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        let (limits, tenant) = (Arc::new(Limits::default()), Tenant::new("t").unwrap());
        let known = KnownStreams::default();
        let judge = crate::admit::Judge { tenant: &tenant, limits: &limits, streams: &known, now_ns: NOW_NS };
        let at_once = crate::admit::admit(&wire::loki::proto::push(&message).unwrap(), judge).unwrap();
        for _ in 0..2 {
            let streamwise = pushed(&body, "t", &limits, &known).unwrap();
            prop_assert_eq!(streamwise.batch.bytes(), at_once.batch.bytes());
            prop_assert_eq!(streamwise.received, at_once.received);
            prop_assert_eq!(streamwise.bytes, at_once.bytes);
            let answer = |admitted: &Admitted| admitted.refusals.answer();
            prop_assert_eq!(answer(&streamwise), answer(&at_once));
        }
    }
}
