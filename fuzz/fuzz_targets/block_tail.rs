//! Tails of blocks: label index, run table, page directory, footer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    store::block::decode_untrusted(bytes);
});
