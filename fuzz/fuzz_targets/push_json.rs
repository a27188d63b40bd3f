//! Bodies of pushes as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = wire::loki::json::push(bytes, None);
    let _ = wire::loki::legacy_json::push(bytes, None);
    let _ = wire::otlp::json::logs(bytes);
});
