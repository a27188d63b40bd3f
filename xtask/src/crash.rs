//! `cargo x crash [ROUNDS]`: the long form of the crash tests, on the release binary.

use crate::source;
use std::process::Command;

const ROUNDS: &str = "200";

/// Kills the server so often, plain, with a bad bucket, and on a disk that gets full.
pub fn run(args: &[String]) -> Result<(), String> {
    let rounds = args.first().map_or(ROUNDS, String::as_str);
    step(Command::new("cargo").args(["build", "--release", "-p", "trefoil"]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| source::root().join("target"), Into::into);
    step(
        Command::new("cargo")
            .args(["test", "-p", "trefoil", "--test", "crash", "--", "--nocapture", "--test-threads", "1"])
            .env("TREFOIL_CRASH_ROUNDS", rounds)
            .env("TREFOIL_BINARY", target.join("release/trefoil")),
    )
}

fn step(command: &mut Command) -> Result<(), String> {
    match command.current_dir(source::root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} cannot be run: {error}")),
    }
}
