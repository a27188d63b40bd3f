//! Traces in JSON: any bytes are read or refused, and what was read comes back the same when it is written and
//! read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::trace::OriginSpans;
use wire::otlp::traces::{Style, json, put_resource_spans};

fn written(groups: &[OriginSpans], style: Style) -> Vec<u8> {
    let mut out = b"{\"resourceSpans\":".to_vec();
    put_resource_spans(&mut out, groups, style);
    out.push(b'}');
    out
}

fuzz_target!(|body: &[u8]| {
    let Ok(export) = json::traces(body) else { return };
    let first = written(&export.groups, Style::Otlp);
    let again = json::traces(&first).expect("what was written is read");
    assert_eq!(again.refused.count, 0);
    assert_eq!(written(&again.groups, Style::Otlp), first);
    written(&export.groups, Style::Tempo);
});
