//! Pages and their sections.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    page::decode_untrusted(bytes);
});
