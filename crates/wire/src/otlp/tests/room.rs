//! Bodies that are made to fill the memory are refused, whatever they repeat; others are not.

use super::*;
use crate::otlp::{metrics, traces};
use crate::protobuf::put_bytes;
use base::Kind;

/// Enough of the shortest messages to take more than any short body may. Those that take less than
/// [`crate::room::DECODED_BYTES_PER_BYTE`] by themselves need no bound.
const MANY: usize = 600_000;

/// An unknown field is as good as nothing, and has a length.
const NOTHING: &[u8] = b"\x98\x06\x01";

/// `message` inside of messages of these fields.
fn within(fields: &[u32], message: &[u8]) -> Vec<u8> {
    fields.iter().rev().fold(message.to_vec(), |message, field| {
        let mut out = Vec::new();
        put_bytes(&mut out, *field, &message);
        out
    })
}

/// A message of field `number` again and again.
fn repeated(number: u32, message: &[u8]) -> Vec<u8> {
    let mut one = Vec::new();
    put_bytes(&mut one, number, message);
    if message.is_empty() {
        one = vec![(number as u8) << 3 | 2, 0];
    }
    one.repeat(MANY)
}

#[track_caller]
fn is_refused<T>(result: Result<T, crate::refused::Refused>) {
    let refused = result.err().expect("it is refused");
    assert_eq!(refused.kind(), Kind::Limit);
    let text = refused.to_string();
    assert!(
        text.starts_with("a body of ") && text.ends_with("send fewer or less empty items at once"),
        "{text}"
    );
}

#[test]
fn empty_messages_do_not_fill_the_memory() {
    for (fields, repeats) in [(&[][..], 1), (&[1], 2), (&[1, 2], 2), (&[1, 2, 2], 6)] {
        is_refused(proto::logs(&within(fields, &repeated(repeats, b""))));
    }
    for (fields, repeats) in [
        (&[][..], 1),
        (&[1], 2),
        (&[1, 2], 2),
        (&[1, 2, 2, 5], 1),
        (&[1, 2, 2, 9, 1], 8),
        (&[1, 2, 2, 5, 1], 7),
    ] {
        is_refused(metrics::proto::metrics(&within(fields, &repeated(repeats, b""))));
    }
    for (fields, repeats) in [(&[1, 1][..], 1), (&[1, 2, 2], 9), (&[1, 2, 2], 11), (&[1, 2, 2], 13)] {
        is_refused(traces::proto::traces(&within(fields, &repeated(repeats, b""))));
    }
}

#[test]
fn empty_objects_do_not_fill_the_memory() {
    let objects = |count: usize| vec!["{}"; count].join(",");
    let (many, few) = (objects(MANY), objects(1000));
    let bodies = |items: &str, shapes: &[&str]| -> Vec<Vec<u8>> {
        shapes.iter().map(|shape| shape.replace('?', items).into_bytes()).collect()
    };
    let of_logs = [
        r#"{"resourceLogs":[{"scopeLogs":[?]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[?]}]}]}"#,
        r#"{"resourceLogs":[{"resource":{"attributes":[?]}}]}"#,
    ];
    for body in bodies(&many, &of_logs) {
        is_refused(json::logs(&body));
    }
    bodies(&few, &of_logs).iter().for_each(|body| assert!(json::logs(body).is_ok()));
    let of_metrics = [
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[?]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[?]}}]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"exemplars":[?]}]}}]}]}]}"#,
    ];
    bodies(&many, &of_metrics).iter().for_each(|body| is_refused(metrics::json::metrics(body)));
    bodies(&few, &of_metrics).iter().for_each(|body| assert!(metrics::json::metrics(body).is_ok()));
    let of_traces = [
        r#"{"resourceSpans":[{"scopeSpans":[?]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[?]}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"links":[?]}]}]}]}"#,
    ];
    bodies(&many, &of_traces).iter().for_each(|body| is_refused(traces::json::traces(body)));
    bodies(&few, &of_traces).iter().for_each(|body| assert!(traces::json::traces(body).is_ok()));
}

/// A resource that says `bytes` bytes, with `scopes` scopes of one item each.
fn wide(bytes: usize, scopes: usize, item: &[u8]) -> Vec<u8> {
    let key_value = [within(&[1], b"a"), within(&[2, 1], &vec![b'x'; bytes])].concat();
    let scope = within(&[2, 2], item);
    within(&[1], &[within(&[1, 1], &key_value), scope.repeat(scopes)].concat())
}

#[test]
fn a_wide_resource_is_not_repeated_for_ever() {
    let ids = [within(&[1], &[1; 16]), within(&[2], &[1; 8])].concat();
    is_refused(traces::proto::traces(&wide(100_000, 1000, &ids)));
    assert_eq!(traces::proto::traces(&wide(1000, 1000, &ids)).unwrap().groups.len(), 1000);
    // Scopes without spans repeat nothing.
    assert_eq!(traces::proto::traces(&wide(100_000, 1000, NOTHING)).unwrap().refused.count, 1000);
}

/// Maps the logs of `body` as they are by default.
fn streams(body: &[u8]) -> Result<usize, crate::refused::Refused> {
    let rules = Rules::new(&OtlpConfig::default()).unwrap();
    map::push(proto::logs(body)?, &rules, &[], 77, &Room::of(body)).map(|push| push.streams().len())
}

#[test]
fn names_and_labels_of_logs_are_not_repeated_for_ever() {
    // A long name before each of many.
    let pair = |key: &[u8], value: &[u8]| [within(&[1], key), within(&[2], value)].concat();
    let map =
        |key: &[u8], count: usize| pair(key, &within(&[6], &within(&[1], &pair(b"k", b"")).repeat(count)));
    let resource = |attribute: &[u8], scopes: usize| {
        within(&[1], &[within(&[1, 1], attribute), within(&[2, 2], NOTHING).repeat(scopes)].concat())
    };
    is_refused(streams(&resource(&map(&vec![b'x'; 10_000], 1000), 1)));
    assert_eq!(streams(&resource(&map(b"x", 1000), 1)).unwrap(), 1);
    // A long label, and metadata of many pairs, for each of many scopes.
    is_refused(streams(&resource(&pair(b"service.name", &within(&[1], &vec![b'x'; 100_000])), 100)));
    is_refused(streams(&resource(&map(b"x", 10_000), 100)));
    assert_eq!(streams(&resource(&map(b"x", 100), 100)).unwrap(), 1);
}

#[test]
fn records_that_say_little_are_taken() {
    let record = [within(&[5, 1], b"a line"), b"\x09\x01\x00\x00\x00\x00\x00\x00\x00".to_vec()].concat();
    let body = within(&[1, 2], &within(&[2], &record).repeat(200_000));
    assert_eq!(proto::logs(&body).unwrap().record_count(), 200_000);
    let point = b"\x19\x01\x00\x00\x00\x00\x00\x00\x00\x21\x01\x00\x00\x00\x00\x00\x00\x00";
    let body = within(&[1, 2, 2, 5], &within(&[1], point).repeat(200_000));
    assert_eq!(metrics::proto::metrics(&body).unwrap().resources.len(), 1);
}
