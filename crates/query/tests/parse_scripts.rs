//! Runs `tests/scripts/{logql,promql,traceql}/parse/*.test`: what queries are read as, and why others are refused.
//!
//! A script is a list of blocks; lines between them that begin with `#` are comments. The body of
//! `parse` is a query (its lines are indented by two spaces) and is answered by `prints` with the
//! canonical text or by `fails` with the words of the refusal. `pretty` is answered with the text
//! over several lines. `BLESS=1` writes the answers as they are now.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

use query::{logql, promql, traceql};
use std::path::{Path, PathBuf};

/// What a block asks of its query, or nothing when the line begins no block.
type Question = fn(&str) -> Option<Answer>;
/// The text that a query is answered with.
type Answer = fn(&str) -> base::Result<String>;

fn ask_logql(block: &str) -> Option<Answer> {
    match block {
        "parse" => Some(|query| Ok(logql::print(&logql::parse(query)?))),
        "pretty" => Some(|query| Ok(logql::pretty(&logql::parse(query)?))),
        _ => None,
    }
}

fn ask_promql(block: &str) -> Option<Answer> {
    match block {
        "parse" => Some(|query| Ok(promql::print(&promql::parse(query)?))),
        "pretty" => Some(|query| Ok(promql::pretty(&promql::parse(query)?))),
        _ => None,
    }
}

fn ask_traceql(block: &str) -> Option<Answer> {
    match block {
        "parse" => Some(|query| Ok(traceql::print(&traceql::parse(query)?))),
        _ => None,
    }
}

fn scripts(language: &str) -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/scripts/{language}/parse"));
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        scripts.push(entry?.path());
    }
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    scripts.sort();
    Ok(scripts)
}

/// `script` with the answers that are given now.
fn replayed(script: &str, question: Question) -> String {
    let mut out = String::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        let Some(answer) = question(line) else { continue };
        let mut query = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            query.push(&line[2..]);
            out += line;
            out.push('\n');
        }
        if lines.next_if(|line| matches!(*line, "prints" | "fails")).is_some() {
            while lines.next_if(|line| line.starts_with("  ")).is_some() {}
        }
        let (kind, text) = match answer(&query.join("\n")) {
            Ok(text) => ("prints", text),
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
fn logql_is_read_as_the_scripts_say() {
    check("logql", ask_logql);
}

#[test]
fn promql_is_read_as_the_scripts_say() {
    check("promql", ask_promql);
}

#[test]
fn traceql_is_read_as_the_scripts_say() {
    check("traceql", ask_traceql);
}

fn check(language: &str, question: Question) {
    let scripts = scripts(language).unwrap();
    assert!(scripts.len() > 5, "no scripts found");
    let mut differences = Vec::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).unwrap();
        let replayed = replayed(&script, question);
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
