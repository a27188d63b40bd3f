use super::*;
use proptest::prelude::*;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue/entry/golden.jsonl");

fn meta(number: i64) -> BlockMeta {
    BlockMeta {
        name: format!("acme/logs/2025-03-10/{number:032x}.block"),
        tenant: Tenant::new("acme").unwrap(),
        signal: Signal::Line,
        min_ns: number,
        max_ns: number + 10,
        received_min_ns: number + 20,
        received_max_ns: number + 30,
        rows: 100,
        streams: 2,
        raw_bytes: 5000,
        size_bytes: 900,
        tail_bytes: 300,
    }
}

fn whole() -> (Header, Change) {
    let header = Header::new(ObjectKind::Entry, Signal::Line, 42, &"0f".repeat(16), 7);
    let tenant = Tenant::new("acme").unwrap();
    let change = Change {
        reset: true,
        added: vec![meta(1), meta(-2)],
        removed: vec![Removed { tenant: tenant.clone(), name: meta(3).name, at_ns: 99 }],
        deleted: vec![meta(4).name],
        covered: vec![Covered { writer: "ab".repeat(16), tenant, segment: 7, sequence: 1881 }],
    };
    (header, change)
}

#[test]
fn the_stored_form_does_not_change() {
    let (header, change) = whole();
    let bytes = encode(&header, &change).unwrap();
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &bytes).unwrap();
    }
    let golden = std::fs::read(GOLDEN).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&golden));
    assert_eq!(decode(&golden).unwrap(), (header, change));
}

#[test]
fn a_newer_program_is_told_apart_from_damage() {
    let seal = |body: &str| format!("{body}{{\"xxh3\":\"{}\"}}\n", checksum(body.as_bytes()));
    let (header, change) = whole();
    let text = String::from_utf8(encode(&header, &change).unwrap().to_vec()).unwrap();
    let body = &text[..text.rfind("{\"xxh3\"").unwrap()];
    let kind = |text: &str| decode(text.as_bytes()).unwrap_err().kind();
    assert_eq!(kind(&seal(&body.replace("\"version\":1", "\"version\":2"))), base::Kind::Invalid);
    assert_eq!(kind(&seal(&format!("{body}{{\"merged\":1}}\n"))), base::Kind::Invalid);
    assert_eq!(kind(&text.replace("1881", "1882")), base::Kind::Corrupt);
    assert_eq!(kind(&text[..text.len() - 1]), base::Kind::Corrupt);
    assert_eq!(kind(""), base::Kind::Corrupt);
}

proptest! {
    #[test]
    fn any_damage_is_found(at in 0usize..2000, mask in 1u8..=255) {
        let (header, change) = whole();
        let mut bytes = encode(&header, &change).unwrap().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= mask;
        // What is not in the checksum is the checksum itself, whose hex digits may change their case.
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }
}
