//! Bodies of pushes as protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = wire::loki::proto::push(bytes);
    let _ = wire::otlp::proto::logs(bytes);
});
