//! `cargo x bench`: runs the benchmark program of the store in release mode.

use std::process::Command;

pub fn run(args: &[String]) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(["run", "--release", "--quiet", "-p", "trefoil", "--example", "bench", "--"]).args(args);
    match command.current_dir(crate::source::root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bench failed: {status}")),
        Err(error) => Err(format!("bench cannot be run: {error}")),
    }
}
