//! What the program was built from: revision and branch of the git checkout, where there is one, and
//! the compiler. Read from files, so that a build needs no git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let (revision, branch) = checkout().unwrap_or_default();
    println!("cargo::rustc-env=TREFOIL_REVISION={revision}");
    println!("cargo::rustc-env=TREFOIL_BRANCH={branch}");
    println!("cargo::rustc-env=TREFOIL_COMPILER={}", compiler().unwrap_or_default());
}

/// The checked out revision and its branch (empty when there is none).
fn checkout() -> Option<(String, String)> {
    let git = git_folder(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let head = read_watched(&git.join("HEAD"))?;
    let Some(reference) = head.strip_prefix("ref: ") else {
        return is_revision(&head).then_some((head, String::new()));
    };
    // A work tree beside others has its own HEAD; branches are in the folder that all share.
    let shared = match fs::read_to_string(git.join("commondir")) {
        Ok(path) => git.join(path.trim()),
        Err(_) => git,
    };
    let revision = read_watched(&shared.join(reference)).or_else(|| packed(&shared, reference))?;
    let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    is_revision(&revision).then(|| (revision, branch.to_owned()))
}

/// The folder of git that belongs to the checkout around `inside`.
fn git_folder(inside: &Path) -> Option<PathBuf> {
    let git = inside.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    Some(git.parent()?.join(text.strip_prefix("gitdir: ")?.trim()))
}

/// The revision of `reference` in the file that holds many.
fn packed(git: &Path, reference: &str) -> Option<String> {
    let text = read_watched(&git.join("packed-refs"))?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(_, name)| *name == reference).map(|(revision, _)| revision.to_owned())
}

/// The text of a file; the program is built again when it changes.
fn read_watched(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    println!("cargo::rerun-if-changed={}", file.display());
    Some(text.trim().to_owned())
}

fn is_revision(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Name and version of the compiler.
fn compiler() -> Option<String> {
    let printed = Command::new(std::env::var_os("RUSTC")?).arg("--version").output().ok()?;
    Some(String::from_utf8(printed.stdout).ok()?.trim().to_owned())
}
