//! Label sets as Prometheus writes them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = wire::loki::label_set::parse(bytes);
});
