//! Traces in protobuf: any bytes are read or refused, and what was read comes back the same when it is written
//! and read again, as rows, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::RowRef;
use model::span::{Origin, Span};
use wire::otlp::traces::{encode, proto};

fuzz_target!(|body: &[u8]| {
    let Ok(export) = proto::traces(body) else { return };
    let written = encode::traces(&export.groups);
    let again = proto::traces(&written).expect("what was written is read");
    assert_eq!(again.refused.count, 0);
    // Groups of one resource come together at first; bytes compare what no comparison of NaN can.
    assert_eq!(encode::traces(&again.groups), written);
    for group in &export.groups {
        let labels = group.origin.labels();
        assert_eq!(Origin::from_labels(labels.as_ref()).labels(), labels);
        for span in &group.spans {
            let (metadata, mut bytes) = (span.metadata(), Vec::new());
            span.put_body(&mut bytes);
            let row = RowRef { ts_ns: span.start_ns, body: &bytes, metadata: metadata.as_ref() };
            let read = Span::read(&row).expect("a row of a span is read");
            let mut again = Vec::new();
            read.put_body(&mut again);
            assert_eq!((again, read.metadata()), (bytes, metadata));
        }
    }
});
