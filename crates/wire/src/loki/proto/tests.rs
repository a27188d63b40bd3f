use super::*;
use proptest::prelude::*;

/// The messages as the `prost` crate has them: the naive twin.
#[derive(Clone, PartialEq, prost::Message)]
struct PushTwin {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<StreamTwin>,
}
#[derive(Clone, PartialEq, prost::Message)]
struct StreamTwin {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<EntryTwin>,
    #[prost(uint64, tag = "3")]
    hash: u64,
}
#[derive(Clone, PartialEq, prost::Message)]
struct EntryTwin {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<TimestampTwin>,
    #[prost(bytes = "vec", tag = "2")]
    line: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<PairTwin>,
}
#[derive(Clone, PartialEq, prost::Message)]
struct TimestampTwin {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}
#[derive(Clone, PartialEq, prost::Message)]
struct PairTwin {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

fn one(entry: EntryTwin, labels: &str) -> Vec<u8> {
    let stream = StreamTwin { labels: labels.into(), entries: vec![entry], hash: 7 };
    prost::Message::encode_to_vec(&PushTwin { streams: vec![stream] })
}

#[test]
fn times_are_checked_and_may_be_missing() {
    let body = one(EntryTwin::default(), "{a=\"b\"}");
    let read = push(&body).unwrap();
    assert_eq!(read.entries(&read.streams()[0]).next().unwrap().ts_ns, NO_TIME_NS);
    let refused = |seconds, nanos| {
        let timestamp = Some(TimestampTwin { seconds, nanos });
        push(&one(EntryTwin { timestamp, ..EntryTwin::default() }, "{}")).unwrap_err().to_string()
    };
    assert_eq!(refused(5, -1), "timestamp: seconds:5 nanos:-1 : nanos not in range [0, 1e9)");
    assert!(refused(i64::MAX, 0).ends_with("after 10000-01-01"));
    assert!(refused(i64::MIN, 0).ends_with("before 0001-01-01"));
}

#[test]
fn damage_is_found_before_bad_labels() {
    let mut body = one(EntryTwin::default(), "{");
    assert_eq!(
        push(&body).unwrap_err().to_string(),
        "couldn't parse labels: 1:2: parse error: unexpected end of input inside braces"
    );
    body.extend_from_slice(b"\x0a\x09cut");
    assert_eq!(push(&body).unwrap_err().to_string(), "unexpected EOF");
    assert_eq!(push(b"\x08\x01").unwrap_err().to_string(), "proto: wrong wireType = 0 for field Streams");
}

proptest! {
    #[test]
    fn reads_what_prost_writes(
        streams in proptest::collection::vec(proptest::collection::vec((
            any::<i32>(), 0i32..1_000_000_000, proptest::collection::vec(any::<u8>(), 0..12),
            proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..4), proptest::collection::vec(any::<u8>(), 0..4)), 0..3),
        ), 0..5), 0..4),
    ) {
        let twin = PushTwin { streams: streams.iter().enumerate().map(|(at, entries)| StreamTwin {
            labels: format!("{{n=\"{at}\"}}"), hash: 0,
            entries: entries.iter().map(|(seconds, nanos, line, metadata)| EntryTwin {
                timestamp: Some(TimestampTwin { seconds: i64::from(*seconds), nanos: *nanos }), line: line.clone(),
                metadata: metadata.iter().map(|(name, value)| PairTwin { name: name.clone(), value: value.clone() }).collect(),
            }).collect(),
        }).collect() };
        let body = prost::Message::encode_to_vec(&twin);
        let read = push(&body).unwrap();
        prop_assert_eq!(read.streams().len(), streams.len());
        for (stream, (at, entries)) in read.streams().iter().zip(streams.iter().enumerate()) {
            prop_assert_eq!(&stream.labels, &vec![("n".into(), at.to_string().into())]);
            prop_assert_eq!(stream.entry_count(), entries.len());
            for (entry, (seconds, nanos, line, metadata)) in read.entries(stream).zip(entries) {
                prop_assert_eq!(entry.ts_ns, i64::from(*seconds) * 1_000_000_000 + i64::from(*nanos));
                prop_assert_eq!(entry.line, line.as_slice());
                let own: Vec<_> = entry.own.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                prop_assert_eq!(&own, metadata);
            }
        }
        for cut in 0..body.len() {
            let _ = push(&body[..cut]);
        }
    }

    #[test]
    fn any_bytes_end(body in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = push(&body);
    }
}

#[test]
fn empty_messages_do_not_fill_the_memory() {
    let stream = |one: &[u8], count: usize| {
        let (mut stream, mut body) = (Vec::new(), Vec::new());
        crate::protobuf::put_bytes(&mut stream, 1, b"{a=\"b\"}");
        stream.extend(one.repeat(count));
        crate::protobuf::put_bytes(&mut body, 1, &stream);
        body
    };
    // An entry that is empty, and one with a pair that is.
    for one in [&b"\x12\x00"[..], b"\x12\x02\x1a\x00"] {
        assert_eq!(push(&stream(one, 1000)).unwrap().entry_count(), 1000);
        assert_eq!(push(&stream(one, 600_000)).unwrap_err().kind(), base::Kind::Limit);
    }
}
