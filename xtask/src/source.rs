//! The project's own sources, read once.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Path from the project's root.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether it holds tests, benches or examples rather than product code.
    pub fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.iter().filter_map(|part| part.to_str()).collect();
        let beside = self.path.file_name().is_some_and(|name| name == "tests.rs" || name == "testing.rs");
        beside || parts.iter().any(|part| ["tests", "benches", "examples"].contains(part))
    }

    /// The crate it belongs to.
    pub fn crate_name(&self) -> &str {
        let mut parts = self.path.iter().filter_map(|part| part.to_str());
        match parts.next() {
            Some("crates") => parts.next().unwrap_or_default(),
            other => other.unwrap_or_default(),
        }
    }

    /// The first module below the crate's root, `lib` or `main` for the root itself.
    pub fn top_module(&self) -> &str {
        let after_src = self.path.iter().skip_while(|part| *part != "src").nth(1);
        let name = after_src.and_then(|part| part.to_str()).unwrap_or_default();
        name.strip_suffix(".rs").unwrap_or(name)
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// All Rust sources of the crates and of xtask.
pub fn all() -> Vec<Source> {
    let mut found = Vec::new();
    for top in ["crates", "xtask"] {
        walk(&root().join(top), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let (Ok(text), Ok(inside)) = (fs::read_to_string(&path), path.strip_prefix(root()))
        {
            found.push(Source { path: inside.to_owned(), text });
        }
    }
}
