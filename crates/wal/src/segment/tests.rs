use super::*;
use bytes::Bytes;
use proptest::prelude::*;

const MARK: u64 = 0x1234_5678_9abc_def0;

/// The golden file holds what [`golden_bytes`] makes; it is never written by a test.
const GOLDEN: &[u8] = include_bytes!("golden/v1.wal");

fn record_bytes(mark: u64, sequence: u64, payload: &[u8]) -> Vec<u8> {
    let payload_checksum = payload_checksum(payload);
    let header = RecordHeader { mark, sequence, payload_checksum, length: payload.len() as u32 };
    [&header.encode()[..], payload].concat()
}

fn segment_bytes(payloads: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Header { segment: 7, mark: MARK }.encode().to_vec();
    for (sequence, payload) in (0..).zip(payloads) {
        bytes.extend(record_bytes(MARK, sequence, payload));
    }
    bytes
}

fn record(sequence: u64, payload: &[u8]) -> Event {
    Event::Record { sequence, payload: Bytes::copy_from_slice(payload) }
}

fn golden_bytes() -> Vec<u8> {
    segment_bytes(&[b"first", b"", b"third record"])
}

#[test]
fn the_layout_is_the_documented_one() {
    assert_eq!(golden_bytes(), GOLDEN);
    let expected = [record(0, b"first"), record(1, b""), record(2, b"third record")];
    assert_eq!(read(GOLDEN).unwrap(), expected);
    // By hand, as the page says it.
    assert_eq!(&GOLDEN[..8], b"TREFWAL\n");
    assert_eq!(GOLDEN[8..16], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(GOLDEN[16..24], 7u64.to_le_bytes());
    assert_eq!(GOLDEN[24..32], MARK.to_le_bytes());
    assert_eq!(GOLDEN[40..48], MARK.to_le_bytes());
    assert_eq!(GOLDEN[48..56], 0u64.to_le_bytes());
    assert_eq!(GOLDEN[64..68], 5u32.to_le_bytes());
    assert_eq!(&GOLDEN[72..77], b"first");
}

#[test]
fn an_unknown_version_is_refused_and_not_taken_for_damage() {
    let mut bytes = golden_bytes();
    bytes[8] = 2;
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Damaged), "the checksum guards the version");
    let checksum = xxh3_64(&bytes[..32]);
    bytes[32..40].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Version(2)));
    assert_eq!(read(&bytes).unwrap_err().kind(), io::ErrorKind::Unsupported);
}

#[test]
fn a_damaged_header_costs_no_record() {
    let mut bytes = golden_bytes();
    bytes[27] ^= 1;
    let events = read(&bytes).unwrap();
    assert_eq!(events[0], Event::Damage { offset: 0, bytes: 40 });
    assert_eq!(events[1..], read(GOLDEN).unwrap());
    // Without the first record there is no mark to be found: all is one damage.
    bytes[72] ^= 1;
    assert_eq!(read(&bytes).unwrap(), [Event::Damage { offset: 0, bytes: bytes.len() as u64 }]);
}

#[test]
fn a_segment_under_a_wrong_name_is_told() {
    let mut scanner = Scanner::new(GOLDEN, Some(8)).unwrap();
    assert_eq!(scanner.next().unwrap(), Some(Event::Damage { offset: 0, bytes: 40 }));
    assert_eq!(scanner.next().unwrap(), Some(record(0, b"first")));
}

#[test]
fn a_payload_cannot_pretend_to_be_a_record() {
    // A copy of another segment, and a copy of the beginning of this one.
    let foreign = record_bytes(!MARK, 1, b"forged");
    let older = record_bytes(MARK, 0, b"old");
    let mut bytes = segment_bytes(&[b"old", &foreign, &older, b"last"]);
    // Spoil the headers of records 1 and 2, so that the reader has to search through the payloads.
    let first = HEADER_BYTES + 32 + 3;
    let second = first + 32 + foreign.len();
    bytes[first + 9] ^= 0xff;
    bytes[second + 9] ^= 0xff;
    let damaged = (32 + foreign.len() + 32 + older.len()) as u64;
    let expected =
        [record(0, b"old"), Event::Damage { offset: first as u64, bytes: damaged }, record(3, b"last")];
    assert_eq!(read(&bytes).unwrap(), expected);
}

#[test]
fn a_length_that_is_too_long_is_damage() {
    let header =
        RecordHeader { mark: MARK, sequence: 0, payload_checksum: 0, length: PAYLOAD_MAX_BYTES as u32 + 1 };
    let mut bytes = segment_bytes(&[]);
    bytes.extend(header.encode());
    assert_eq!(read(&bytes).unwrap(), [Event::Damage { offset: 40, bytes: 32 }]);
}

#[test]
fn records_longer_than_the_window_and_across_it() {
    let long = vec![b'x'; 3 << 20];
    let half = vec![b'y'; (1 << 20) - 100];
    let mut bytes = segment_bytes(&[&half, &long, b"end"]);
    let expected = [record(0, &half), record(1, &long), record(2, b"end")];
    assert_eq!(read(&bytes).unwrap(), expected);
    // Spoil the long one's header: the mark of the next lies several windows away.
    let long_at = HEADER_BYTES + 32 + half.len();
    bytes[long_at + 8] ^= 1;
    let damage = Event::Damage { offset: long_at as u64, bytes: 32 + long.len() as u64 };
    assert_eq!(read(&bytes).unwrap(), [record(0, &half), damage, record(2, b"end")]);
}

proptest! {
    #[test]
    fn reading_anything_never_panics(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
        header in any::<bool>(),
        marks in proptest::collection::vec(0usize..300, 0..4),
    ) {
        if header {
            bytes.splice(0..0, Header { segment: 1, mark: MARK }.encode());
        }
        for at in marks {
            let at = at.min(bytes.len());
            bytes.splice(at..at, RecordHeader {
                mark: MARK, sequence: at as u64 / 40, payload_checksum: 1, length: at as u32,
            }.encode());
        }
        let events = read(&bytes).unwrap();
        let damaged: u64 = events.iter().map(|event| match event {
            Event::Damage { bytes, .. } => *bytes,
            Event::Record { payload, .. } => 32 + payload.len() as u64,
        }).sum();
        // Header and events tile the segment.
        let told_header = matches!(events.first(), Some(Event::Damage { offset: 0, .. }));
        prop_assert_eq!(damaged + if told_header { 0 } else { 40 }, bytes.len() as u64);
    }
}
