//! No import cycle between the top modules of a crate: nothing else would refuse one.

use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

type Edges<'a> = BTreeMap<&'a str, BTreeSet<String>>;

pub fn check(sources: &[Source]) -> Vec<String> {
    let mut crates: BTreeMap<&str, Edges<'_>> = BTreeMap::new();
    for source in sources.iter().filter(|s| !s.is_test() && !["lib", "main"].contains(&s.top_module())) {
        let edges = crates.entry(source.crate_name()).or_default();
        edges.entry(source.top_module()).or_default().extend(imports(source));
    }
    let mut findings = Vec::new();
    for (name, edges) in &crates {
        for module in edges.keys() {
            if let Some(path) = way_back(edges, module) {
                findings.push(format!("crates/{name}: modules import each other: {}", path.join(" -> ")));
                break;
            }
        }
    }
    findings
}

/// Top modules named as `crate::x` outside comments.
fn imports(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in source.text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let part_of_word = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            let rest = &line[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => {
                    list.split(',').map(|item| item.trim().split("::").next().unwrap_or("")).collect()
                }
                None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")],
            };
            let modules = names.into_iter().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
            found.extend(modules.filter(|_| !part_of_word).map(str::to_owned));
        }
    }
    found.remove(source.top_module());
    found
}

/// A path from `start` back to itself.
fn way_back(edges: &Edges<'_>, start: &str) -> Option<Vec<String>> {
    let mut paths = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop() {
        let last = path.last()?.clone();
        for next in edges.get(last.as_str()).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}
