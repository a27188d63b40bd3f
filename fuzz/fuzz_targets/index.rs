//! Tables of labels.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = index::Index::decode(bytes);
    if let Ok(index) = index::Index::from_raw(bytes.to_vec()) {
        for name in index.names().map(str::to_owned).collect::<Vec<_>>() {
            let _ = index.values(&name).count();
        }
        for ordinal in 0..index.stream_count().min(100) {
            let _ = index.labels(ordinal);
        }
    }
});
