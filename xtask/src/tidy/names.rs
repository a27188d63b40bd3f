//! Names that say nothing, and signals named where none may be known.

use crate::source::Source;

/// Modules of these names become drawers.
const DRAWERS: &[&str] = &["common", "util", "utils", "helper", "helpers", "manager", "misc"];
/// Crates that store bytes of any signal.
const SIGNAL_BLIND: &[&str] = &["wal", "bucket", "store", "cluster"];
/// Words that begin or end the name of a signal's type.
const SIGNALS: &[&str] = &["Line", "Sample", "Span"];
/// Crates whose product code may name one signal: the words of the domain, and what must understand a row's body.
const SIGNAL_AWARE: &[&str] = &["model", "page", "query", "wire", "api", "xtask"];
/// How a signal is named in code.
const SIGNAL_PATHS: &[&str] =
    &["Signal::Line", "Signal::Sample", "Signal::Span", "model::sample", "model::span", "model::attribute"];

pub fn check(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        let path = source.path.display();
        let stem = source.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder =
            source.path.parent().and_then(|p| p.file_name()).and_then(|n| n.to_str()).unwrap_or_default();
        if DRAWERS.contains(&stem) || DRAWERS.contains(&folder) {
            findings.push(format!("{path}: a module of this name has no subject"));
        }
        if source.is_test() {
            continue;
        }
        if !source.text.trim_start().starts_with("//!") {
            findings.push(format!("{path}: begins without a module doc (//!)"));
        }
        if !SIGNAL_AWARE.contains(&source.crate_name()) {
            let named = SIGNAL_PATHS.iter().filter(|path| source.text.contains(**path));
            findings.extend(named.map(|name| {
                format!("{path}: names {name}; {} is the same for all signals", source.crate_name())
            }));
        }
        if SIGNAL_BLIND.contains(&source.crate_name()) {
            findings.extend(types(&source.text).filter(|name| names_signal(name)).map(|name| {
                format!("{path}: type {name} names a signal; {} stores any", source.crate_name())
            }));
        }
    }
    findings
}

/// Names of types that a text declares.
fn types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let rest = ["struct ", "enum ", "trait ", "type "].iter().find_map(|word| line.strip_prefix(word))?;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    })
}

/// Whether a CamelCase name holds a signal's word as a whole word.
fn names_signal(name: &str) -> bool {
    SIGNALS.iter().any(|word| {
        name.match_indices(word).any(|(at, _)| {
            let rest = &name[at + word.len()..];
            let rest = rest.strip_prefix('s').unwrap_or(rest);
            rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase())
        })
    })
}
