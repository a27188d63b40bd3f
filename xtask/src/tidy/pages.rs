//! Pages that must not go stale: the map names every crate, every byte layout has a page.

use super::layers::ALLOWED;
use crate::source::Source;
use std::fs;
use std::path::Path;

pub fn check(root: &Path, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    for (name, _) in ALLOWED {
        if !map.contains(&format!("`{name}`")) {
            findings.push(format!("ARCHITECTURE.md: does not name the crate `{name}`"));
        }
    }
    for source in sources.iter().filter(|source| !source.is_test() && source.crate_name() != "xtask") {
        for page in format_pages(&source.text) {
            if !root.join(page).is_file() {
                findings.push(format!("{}: names {page}, which is not there", source.path.display()));
            }
        }
        let has_layout = source.text.lines().any(|line| line.contains("const ") && line.contains("MAGIC"));
        if has_layout && format_pages(&source.text).is_empty() {
            findings.push(format!(
                "{}: declares a magic number and names no page of docs/format",
                source.path.display()
            ));
        }
    }
    findings
}

/// Every format page that a text names.
fn format_pages(text: &str) -> Vec<&str> {
    let begins = text.match_indices("docs/format/").map(|(at, _)| &text[at..]);
    begins
        .filter_map(|rest| rest.find(".md").map(|end| &rest[..end + 3]))
        .filter(|page| !page.contains('\n'))
        .collect()
}
