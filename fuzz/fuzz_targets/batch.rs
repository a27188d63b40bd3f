//! Batches, as they come from the log or another node.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = model::Batch::decode(bytes::Bytes::copy_from_slice(bytes)) {
        let rows: u64 = batch.streams().map(|stream| stream.rows().count() as u64).sum();
        assert_eq!(rows, batch.row_count());
    }
});
