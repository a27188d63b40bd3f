//! Files and functions do not grow past what a reader holds in the head. What is longer today
//! stands in `xtask/ratchet.txt` with its length and may not grow.

use crate::source::Source;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

pub fn check(root: &Path, sources: &[Source]) -> Vec<String> {
    let ratchet = ratchet(root);
    let mut findings = Vec::new();
    let mut judge = |what: String, lines: usize, max: usize| {
        let allowed = ratchet.get(&what).copied().unwrap_or(max);
        if lines > allowed {
            findings.push(format!("{what}: {lines} lines, at most {allowed}"));
        }
    };
    for source in sources.iter().filter(|source| !source.is_test()) {
        let path = source.path.display();
        judge(path.to_string(), source.text.lines().count(), FILE_LINES_MAX);
        for (name, lines) in functions(&source.text) {
            judge(format!("{path}: fn {name}"), lines, FUNCTION_LINES_MAX);
        }
    }
    findings
}

fn ratchet(root: &Path) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(root.join("xtask/ratchet.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(what, n)| Some((what.to_owned(), n.parse().ok()?)))
        .collect()
}

/// Every function with its number of lines, from its name to its closing brace. Relies on rustfmt:
/// a function ends at the first line that closes at its own indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let end = lines[at..].iter().position(|line| line.trim_end() == close);
        let open = lines[at..]
            .iter()
            .position(|line| line.trim_end().ends_with('{') || line.trim_end().ends_with(';'));
        let is_body = open.is_some_and(|open| lines[at + open].trim_end().ends_with('{'));
        if let (Some(end), true) = (end, is_body) {
            found.push((name, end + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned())
}
