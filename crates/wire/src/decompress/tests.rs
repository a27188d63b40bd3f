use super::*;
use base::Kind;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use std::io::Write;

const ALL: [Encoding; 5] =
    [Encoding::Snappy, Encoding::Gzip, Encoding::Deflate, Encoding::Zstd, Encoding::Lz4];

fn compress(encoding: Encoding, data: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Snappy => snap::raw::Encoder::new().compress_vec(data).unwrap(),
        Encoding::Gzip => {
            let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
            writer.write_all(data).unwrap();
            writer.finish().unwrap()
        }
        Encoding::Deflate => {
            let mut writer = DeflateEncoder::new(Vec::new(), Compression::fast());
            writer.write_all(data).unwrap();
            writer.finish().unwrap()
        }
        Encoding::Zstd => zstd::stream::encode_all(data, 1).unwrap(),
        Encoding::Lz4 => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(data).unwrap();
            writer.finish().unwrap()
        }
    }
}

fn refusal(encoding: Encoding, body: &[u8], limit_bytes: u64) -> (Kind, String) {
    let refused = decompress(encoding, body, limit_bytes).unwrap_err().refused;
    (refused.kind(), refused.to_string())
}

#[test]
fn the_limit_holds_and_is_named() {
    let data = vec![b'a'; 100_000];
    for encoding in ALL {
        let body = compress(encoding, &data);
        assert_eq!(decompress(encoding, &body, 100_000).unwrap(), data, "{encoding:?}");
        let (kind, text) = refusal(encoding, &body, 99_999);
        assert_eq!(kind, Kind::Limit, "{encoding:?}");
        assert!(text.ends_with("(100000 vs 99999)"), "{encoding:?}: {text}");
    }
}

#[test]
fn damage_is_told_in_gos_words() {
    let invalid = |text: &str| (Kind::Invalid, text.to_owned());
    assert_eq!(refusal(Encoding::Gzip, b"", 9), invalid("EOF"));
    assert_eq!(refusal(Encoding::Gzip, b"notgzip", 9), invalid("unexpected EOF"));
    assert_eq!(refusal(Encoding::Gzip, b"not gzip at all", 9), invalid("gzip: invalid header"));
    assert_eq!(refusal(Encoding::Snappy, b"", 9), invalid("snappy: corrupt input"));
    assert_eq!(refusal(Encoding::Snappy, b"\xff\xff\xff\xff\x0f", 9).1, "snappy: corrupt input");
    assert_eq!(decompress(Encoding::Snappy, b"\0", 9).unwrap(), b"");
    assert_eq!(decompress(Encoding::Gzip, b"notgzip", 9).unwrap_err().so_far, None);
    let mut gzip = compress(Encoding::Gzip, b"hello hello hello");
    let crc = gzip.len() - 8;
    gzip[crc] ^= 1;
    assert_eq!(refusal(Encoding::Gzip, &gzip, 99), invalid("gzip: invalid checksum"));
}

#[test]
fn a_cut_body_gives_what_came_before_the_cut() {
    let data: Vec<u8> = (0..4000u32).flat_map(u32::to_le_bytes).collect();
    for encoding in [Encoding::Gzip, Encoding::Deflate] {
        let body = compress(encoding, &data);
        let broken = decompress(encoding, &body[..body.len() / 2], 1 << 20).unwrap_err();
        assert_eq!(broken.refused.to_string(), "unexpected EOF", "{encoding:?}");
        let so_far = broken.so_far.unwrap();
        assert!(so_far.len() > 100 && data.starts_with(&so_far), "{encoding:?}");
    }
}

#[test]
fn deflate_is_raw_or_zlib_and_gzip_may_have_members() {
    let mut writer = ZlibEncoder::new(Vec::new(), Compression::default());
    writer.write_all(b"zlib text").unwrap();
    assert_eq!(decompress(Encoding::Deflate, &writer.finish().unwrap(), 99).unwrap(), b"zlib text");
    let mut members = compress(Encoding::Gzip, b"one ");
    members.extend(compress(Encoding::Gzip, b"two"));
    assert_eq!(decompress(Encoding::Gzip, &members, 99).unwrap(), b"one two");
}

proptest! {
    #[test]
    fn gives_back_what_was_compressed(data in proptest::collection::vec(any::<u8>(), 0..3000)) {
        for encoding in ALL {
            prop_assert_eq!(&decompress(encoding, &compress(encoding, &data), 3000).unwrap(), &data);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_stay_below_the_limit(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0usize..200,
    ) {
        for encoding in ALL {
            let whole = compress(encoding, &body);
            for bytes in [&body[..], &whole[..cut.min(whole.len())]] {
                if let Ok(out) = decompress(encoding, bytes, 100) {
                    prop_assert!(out.len() <= 100);
                }
            }
        }
    }
}
