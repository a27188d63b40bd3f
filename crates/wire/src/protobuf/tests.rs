use super::*;
use proptest::prelude::*;

fn all(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, String> {
    let mut fields = Fields::new(bytes, "Message");
    let mut out = Vec::new();
    while let Some(field) = fields.next_field().map_err(|refused| refused.to_string())? {
        out.push(field);
    }
    Ok(out)
}

/// A message that the `prost` crate reads and writes: the naive twin.
#[derive(Clone, PartialEq, prost::Message)]
struct Twin {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
    #[prost(fixed64, tag = "3")]
    fixed64: u64,
    #[prost(fixed32, tag = "300")]
    fixed32: u32,
    #[prost(bytes = "vec", repeated, tag = "5")]
    many: Vec<Vec<u8>>,
}

#[test]
fn refusals_are_those_of_gos_decoder() {
    let refused = |bytes: &[u8]| all(bytes).unwrap_err();
    assert_eq!(refused(b"\xff\xff\xff"), "unexpected EOF");
    assert_eq!(refused(b"\x0a\x05abc"), "unexpected EOF");
    assert_eq!(refused(&[0xff; 12]), "proto: integer overflow");
    assert_eq!(refused(b"\x00\x01"), "proto: Message: illegal tag 0 (wire type 0)");
    assert_eq!(refused(b"\x0c"), "proto: Message: wiretype end group for non-group");
    assert_eq!(refused(b"\x0f"), "proto: illegal wireType 7");
    let length = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    assert_eq!(refused(length), "proto: negative length found during unmarshaling");
    assert_eq!(
        Value::Varint(1).bytes("Labels").unwrap_err().to_string(),
        "proto: wrong wireType = 0 for field Labels"
    );
}

#[test]
fn groups_are_skipped_and_bounded() {
    // group 1 { varint field 2, group 3 {} } then field 4
    assert_eq!(all(b"\x0b\x10\x07\x1b\x1c\x0c\x20\x09").unwrap(), [(4, Value::Varint(9))]);
    assert_eq!(refused_of(&[0x0b; 50]), "unexpected EOF");
    assert_eq!(refused_of(&[0x0b; 500]), "proto: Message: groups nested too deep");
}

fn refused_of(bytes: &[u8]) -> String {
    all(bytes).unwrap_err()
}

proptest! {
    #[test]
    fn reads_what_prost_writes(
        number: u64, fixed64: u64, fixed32: u32,
        bytes in proptest::collection::vec(any::<u8>(), 0..20),
        many in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5), 0..4),
    ) {
        let twin = Twin { number, bytes, fixed64, fixed32, many };
        let encoded = prost::Message::encode_to_vec(&twin);
        let mut read = Twin::default();
        for (tag, value) in all(&encoded).unwrap() {
            match tag {
                1 => read.number = value.varint("").unwrap(),
                2 => read.bytes = value.bytes("").unwrap().to_vec(),
                3 => read.fixed64 = value.fixed64("").unwrap(),
                300 => read.fixed32 = value.fixed32("").unwrap(),
                5 => read.many.push(value.bytes("").unwrap().to_vec()),
                other => prop_assert!(false, "field {other}"),
            }
        }
        prop_assert_eq!(read, twin);
    }

    #[test]
    fn prost_reads_what_is_written(number: u64, bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut out = Vec::new();
        put_varint(&mut out, 1, number);
        put_bytes(&mut out, 2, &bytes);
        let twin: Twin = prost::Message::decode(out.as_slice()).unwrap();
        prop_assert_eq!((twin.number, twin.bytes), (number, bytes));
    }

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = all(&bytes);
    }
}
