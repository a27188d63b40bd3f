//! Bodies of OTLP logs as protobuf and JSON, and their mapping to streams.
#![no_main]

use std::sync::LazyLock;
use wire::otlp::rules::Rules;
use wire::otlp::{json, map, proto};
use wire::room::Room;

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::new(&model::limits::OtlpConfig::default()).expect("the default rules are sound"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for logs in [proto::logs(bytes), json::logs(bytes)].into_iter().flatten() {
        let records = logs.record_count();
        if let Ok(push) = map::push(logs, &RULES, &["app".to_owned()], 7, &Room::of(bytes)) {
            assert_eq!(push.entry_count(), records);
            assert_eq!(push.streams().iter().map(|stream| stream.entry_count()).sum::<usize>(), records);
        }
    }
});
