//! The log pipeline: no line is too strange for any stage, and its labels are canonical.
#![no_main]

use model::{Labels, LabelsRef, RowRef};
use query::eval::line::{Pipeline, SampleValue, Scratch, StreamPipeline, Wanted};
use query::logql::ast::Expr;
use std::sync::LazyLock;

const STAGES: &[&str] = &[
    "| json",
    "| json a=`b.c[1]`, d=`[0]`",
    "| logfmt",
    "| logfmt --strict --keep-empty a=`b`",
    "| unpack | json",
    "| pattern `<a> <_>=<b>`",
    "| decolorize | logfmt | a > 5 or b > 1s and c > 1KB | drop a | keep b, c",
    "|= ip(`10.0.0.0/8`) or ip(`::/0`) |> `<_>a<_>` | label_format a=`{{.b | upper}}` | line_format `{{.a}}{{__line__}}`",
];

static PIPELINES: LazyLock<Vec<[StreamPipeline; 2]>> = LazyLock::new(|| {
    let labels = Labels::from_pairs([("app", "x")]);
    let bound = |text: &&str| {
        let Ok(Expr::Log(log)) = query::logql::parse(&format!("{{app=\"x\"}} {text}")) else {
            panic!("{text} does not parse")
        };
        let samples = Wanted::Samples { value: SampleValue::Bytes, grouping: None };
        [Wanted::Lines, samples].map(|wanted| {
            Pipeline::compile(&log.stages, wanted).expect("it compiles").for_stream(&labels)
        })
    };
    STAGES.iter().map(bound).collect()
});

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    let metadata = Labels::from_pairs([("a", "m"), ("app", "m")]);
    let row = RowRef { ts_ns: 1, body: line, metadata: metadata.as_ref() };
    let mut scratch = Scratch::default();
    for [lines, samples] in &*PIPELINES {
        if let Some(mut processed) = lines.line(&mut scratch, row) {
            LabelsRef::check(processed.labels().bytes()).expect("canonical");
        }
        if let Some(sample) = samples.sample(&mut scratch, row, line.len()) {
            LabelsRef::check(sample.labels.bytes()).expect("canonical");
        }
    }
});
