//! How much of each crate is about one signal, and how much about all: `cargo x signals`.

use crate::source::{self, Source};
use std::collections::BTreeMap;

/// Where each signal has code of its own: the start of a path below `crates/`. All else is shared.
const OWN: &[(&str, Kind)] = &[
    ("model/src/sample", Kind::Sample),
    ("model/src/span", Kind::Span),
    ("model/src/trace", Kind::Span),
    ("model/src/attribute", Kind::Span),
    ("page/src/line", Kind::Line),
    ("page/src/sample", Kind::Sample),
    ("page/src/span", Kind::Span),
    ("query/src/eval/line", Kind::Line),
    ("query/src/eval/sample", Kind::Sample),
    ("query/src/eval/span", Kind::Span),
    ("query/src/engine/promql", Kind::Sample),
    ("query/src/engine/", Kind::Line),
    ("query/src/logql", Kind::Line),
    ("query/src/plan", Kind::Line),
    ("query/src/template", Kind::Line),
    ("query/src/patterns", Kind::Line),
    ("query/src/detect", Kind::Line),
    ("query/src/volume", Kind::Line),
    ("query/src/promql", Kind::Sample),
    ("query/src/traceql", Kind::Span),
    ("query/src/traces", Kind::Span),
    ("wire/src/loki", Kind::Line),
    ("wire/src/otlp/metrics", Kind::Sample),
    ("wire/src/otlp/traces", Kind::Span),
    ("wire/src/otlp/", Kind::Line),
    ("wire/src/prometheus", Kind::Sample),
    ("wire/src/histogram", Kind::Sample),
    ("wire/src/series", Kind::Sample),
    ("wire/src/reply/prometheus", Kind::Sample),
    ("wire/src/reply/tempo", Kind::Span),
    ("wire/src/reply/", Kind::Line),
    ("api/src/admit/families", Kind::Sample),
    ("api/src/admit/series", Kind::Sample),
    ("api/src/admit/spans", Kind::Span),
    ("api/src/admit/trace_sizes", Kind::Span),
    ("api/src/admit/rate", Kind::Shared),
    ("api/src/admit/", Kind::Line),
    ("api/src/push/samples", Kind::Sample),
    ("api/src/push/spans", Kind::Span),
    ("api/src/ask/prometheus", Kind::Sample),
    ("api/src/ask/tempo", Kind::Span),
    ("api/src/ask/turn", Kind::Shared),
    ("api/src/ask/bounds", Kind::Shared),
    ("api/src/ask/", Kind::Line),
    ("api/src/patterns", Kind::Line),
    ("agent/", Kind::Line),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Line,
    Sample,
    Span,
    Shared,
}

/// Prints lines of product code by crate and signal.
pub fn run() -> Result<(), String> {
    let mut lines: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for source in source::all().iter().filter(|source| !source.is_test()) {
        let Ok(path) = source.path.strip_prefix("crates") else { continue };
        let crate_name = source.crate_name().to_owned();
        lines.entry(crate_name).or_default()[kind(&path.to_string_lossy()) as usize] += code_lines(source);
    }
    println!("{:<10}{:>8}{:>8}{:>8}{:>8}", "crate", "line", "sample", "span", "shared");
    let mut sums = [0; 4];
    for (name, counts) in &lines {
        print_row(name, counts);
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    print_row("all", &sums);
    Ok(())
}

fn print_row(name: &str, counts: &[usize; 4]) {
    println!("{name:<10}{:>8}{:>8}{:>8}{:>8}", counts[0], counts[1], counts[2], counts[3]);
}

fn kind(path: &str) -> Kind {
    OWN.iter().find(|(start, _)| path.starts_with(start)).map_or(Kind::Shared, |(_, kind)| *kind)
}

/// Lines with code: neither empty nor comments.
fn code_lines(source: &Source) -> usize {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    source.text.lines().filter(is_code).count()
}
