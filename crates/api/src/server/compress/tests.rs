use super::*;
use std::io::Read as _;

fn accepts(value: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
    accepts_gzip(&headers)
}

#[test]
fn gzip_is_used_only_where_it_is_taken() {
    assert!(accepts("gzip"));
    assert!(accepts("deflate, gzip;q=0.5"));
    assert!(accepts("*"));
    assert!(!accepts("gzip;q=0"));
    assert!(!accepts("deflate, br"));
    assert!(!accepts_gzip(&HeaderMap::new()));
}

#[test]
fn gzip_gives_the_same_bytes_back() {
    let body = Bytes::from("a line of text\n".repeat(1000));
    let packed = gzip(&body).unwrap();
    assert!(packed.len() < body.len() / 10);
    let mut back = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
    assert_eq!(back, body);
}
