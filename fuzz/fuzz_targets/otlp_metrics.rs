//! Bodies of OTLP metrics as protobuf and JSON, their translation and admission.
#![no_main]

use model::{Limits, Tenant};
use wire::otlp::metrics::map::{Translation, translate};
use wire::otlp::metrics::{json, proto};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (tenant, limits) = (Tenant::single(), Limits::default());
    let translation = Translation {
        suffixes: true,
        promoted: vec!["a".to_owned()],
        keep_identifying: false,
        promote_scope: true,
    };
    for metrics in [proto::metrics(bytes), json::metrics(bytes)].into_iter().flatten() {
        let mut admission = api::admit::series::SeriesAdmission::new(&tenant, &limits, 0, 1 << 20);
        let _ = translate(&metrics, &translation, &mut admission);
        let batch = admission.finish().batch;
        model::Batch::decode(batch.bytes().clone()).expect("an admitted batch is sound");
    }
});
