//! Runs `tests/scripts/logql/parse/*.test`: what queries are read as, and why others are refused.
//!
//! A script is a list of blocks; lines between them that begin with `#` are comments. The body of
//! `parse` is a query (its lines are indented by two spaces) and is answered by `prints` with the
//! canonical text or by `fails` with the words of the refusal. `pretty` is answered with the text
//! over several lines. `BLESS=1` writes the answers as they are now.

use query::logql;
use std::path::{Path, PathBuf};

fn scripts() -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/logql/parse");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        scripts.push(entry?.path());
    }
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    scripts.sort();
    Ok(scripts)
}

/// `script` with the answers that are given now.
fn replayed(script: &str) -> String {
    let mut out = String::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        let answer: fn(&logql::ast::Expr) -> String = match line {
            "parse" => logql::print,
            "pretty" => logql::pretty,
            _ => continue,
        };
        let mut query = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            query.push(&line[2..]);
            out += line;
            out.push('\n');
        }
        if lines.next_if(|line| matches!(*line, "prints" | "fails")).is_some() {
            while lines.next_if(|line| line.starts_with("  ")).is_some() {}
        }
        let (kind, text) = match logql::parse(&query.join("\n")) {
            Ok(expr) => ("prints", answer(&expr)),
            Err(refusal) => ("fails", refusal.to_string()),
        };
        out += kind;
        out.push('\n');
        for line in text.lines() {
            out += &format!("  {line}\n");
        }
    }
    out
}

#[test]
fn queries_are_read_as_the_scripts_say() {
    let scripts = scripts().unwrap();
    assert!(scripts.len() > 5, "no scripts found");
    let mut differences = Vec::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).unwrap();
        let replayed = replayed(&script);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, replayed).unwrap();
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (at, (wanted, given)) in script.lines().zip(replayed.lines()).enumerate() {
            if wanted != given {
                differences.push(format!("{name}:{}\n  wanted {wanted}\n  given  {given}", at + 1));
                break;
            }
        }
        if script.lines().count() != replayed.lines().count() {
            differences.push(format!("{name}: another number of lines"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
