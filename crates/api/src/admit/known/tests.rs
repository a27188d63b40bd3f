use super::*;
use crate::admit::Admitted;
use crate::push::{Encoded, Failure, Format, Job, prepare};
use model::{Labels, RowRef};

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
