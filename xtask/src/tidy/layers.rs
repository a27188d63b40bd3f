//! Which crate may import which. A new edge is a change of the architecture: change the table and
//! ARCHITECTURE.md together.

use std::fs;
use std::path::Path;

/// Each crate with all that it may import.
pub const ALLOWED: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("model", &["base"]),
    ("wal", &["base"]),
    ("bucket", &["base"]),
    ("wire", &["model", "base"]),
    ("query", &["model", "base"]),
    ("page", &["model", "base"]),
    ("index", &["model", "base"]),
    ("store", &["page", "index", "wal", "bucket", "model", "base"]),
    ("api", &["query", "wire", "model", "base"]),
    ("agent", &["wire", "wal", "model", "base"]),
    (
        "trefoil",
        &["agent", "api", "store", "wire", "query", "page", "index", "model", "wal", "bucket", "base"],
    ),
];

pub fn check(root: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, allowed) in ALLOWED {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else {
            findings.push(format!("crates/{name}: no Cargo.toml, yet it stands in the table of layers"));
            continue;
        };
        for import in imports(&text) {
            let ours = ALLOWED.iter().any(|(other, _)| *other == import);
            if ours && import != *name && !allowed.contains(&import.as_str()) {
                findings.push(format!("crates/{name}: must not import {import}"));
            }
        }
    }
    for entry in fs::read_dir(root.join("crates")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !ALLOWED.iter().any(|(known, _)| *known == name) {
            findings.push(format!("crates/{name}: does not stand in the table of layers"));
        }
    }
    findings
}

/// Names under `[dependencies]`; tests may import what they like below their own level.
fn imports(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if inside && let Some(end) = line.find(['.', ' ', '=']) {
            found.push(line[..end].to_owned());
        }
    }
    found
}
