//! Objects of the catalogue, and pages of the disk cache.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = store::catalogue::decode(bytes);
    let _ = bucket::page::decode(&bytes::Bytes::copy_from_slice(bytes));
});
