//! Bodies of pushes as protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let whole = wire::loki::proto::push(bytes);
    let (mut entries, mut labels_fail) = (0, false);
    let streamwise = wire::loki::proto::each_stream(bytes, |stream| match stream.read_labels() {
        Ok(labels) => entries += stream.push(labels).entry_count(),
        Err(_) => labels_fail = true,
    });
    assert_eq!(whole.is_ok(), streamwise.is_ok() && !labels_fail);
    if let Ok(push) = whole {
        assert_eq!(push.entry_count(), entries);
    }
    let _ = wire::otlp::proto::logs(bytes);
});
