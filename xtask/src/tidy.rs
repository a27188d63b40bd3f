//! The project's rules that no compiler knows. Each check gives its findings as lines of text.

mod cycles;
mod layers;
mod names;
mod pages;
mod sizes;

use crate::source;

/// Runs all checks.
pub fn run() -> Result<(), String> {
    let findings = findings();
    if findings.is_empty() {
        println!("tidy: all is well");
        return Ok(());
    }
    Err(format!("{}\ntidy: {} finding(s)", findings.join("\n"), findings.len()))
}

fn findings() -> Vec<String> {
    let sources = source::all();
    let mut findings = layers::check(&source::root());
    findings.extend(cycles::check(&sources));
    findings.extend(names::check(&sources));
    findings.extend(pages::check(&source::root(), &sources));
    findings.extend(sizes::check(&source::root(), &sources));
    findings
}

#[cfg(test)]
mod tests;
