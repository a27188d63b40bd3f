//! What a process can be. Each role is one small file that composes the doors.

mod all;
mod demo;
mod greeting;
mod limits;
mod process;
mod stores;

use crate::cli::args::RunOptions;
use anyhow::Result;

/// Runs the server until it is told to stop.
pub async fn run(options: RunOptions, demo: bool) -> Result<()> {
    let loaded = crate::config::load(&options)?;
    if options.print_config {
        eprint!("{}", crate::config::to_yaml(&loaded.config)?);
    }
    if options.verify_config {
        for warning in &loaded.warnings {
            eprintln!("not used: {warning}");
        }
        println!("config is valid");
        return Ok(());
    }
    all::run(loaded, demo).await
}
