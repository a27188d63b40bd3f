//! What continuous integration runs, step by step; stops at the first step that fails.

use std::process::Command;
use std::time::Instant;

/// One step: what it is for people, and its command.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["cargo", "fmt", "--all", "--check"]),
    ("lints", &["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("tests", &["cargo", "test", "--workspace"]),
];

pub fn run() -> Result<(), String> {
    for (name, command) in STEPS {
        let started = Instant::now();
        eprintln!("== {name}: {}", command.join(" "));
        let (program, args) = command.split_first().ok_or("a step without a command")?;
        let status = Command::new(program).args(args).current_dir(crate::source::root()).status();
        match status {
            Ok(status) if status.success() => {
                eprintln!("== {name}: done in {:.0}s", started.elapsed().as_secs_f64());
            }
            Ok(status) => return Err(format!("{name} failed: {status}")),
            Err(error) => return Err(format!("{name} cannot be run: {error}")),
        }
    }
    Ok(())
}
