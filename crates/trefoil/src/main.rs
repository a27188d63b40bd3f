//! Trefoil: logs in one program that speaks Loki's wire. This crate wires the others together:
//! command line, configuration, one small file per role.

mod cli;
mod config;
mod own_log;
mod roles;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut typed = std::env::args();
    let program = typed.next().unwrap_or_else(|| "trefoil".to_owned());
    let args = cli::args::Args::parse_from(std::iter::once(program).chain(cli::go_flags::rewrite(typed.collect())));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("trefoil: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(cli::run(args));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", cli::paint::Paint::stderr().bad("trefoil:"));
            ExitCode::FAILURE
        }
    }
}
