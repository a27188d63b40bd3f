//! Trefoil: logs, metrics and traces in one program. This crate wires the others together:
//! command line, configuration, one small file per role.

mod cli;
mod config;
mod own_log;
mod roles;

use anyhow::Result;
use clap::Parser;
use cli::args::{Args, Command};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut typed = std::env::args();
    let program = typed.next().unwrap_or_else(|| "trefoil".to_owned());
    let args = Args::parse_from(std::iter::once(program).chain(cli::go_flags::rewrite(typed.collect())));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().thread_stack_size(base::pool::STACK_BYTES).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("trefoil: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(dispatch(args));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", cli::paint::Paint::stderr().bad("trefoil:"));
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(args: Args) -> Result<()> {
    match args.command.unwrap_or(Command::Run(args.run)) {
        Command::Run(options) => roles::run(options, false).await,
        Command::Demo(options) => roles::run(options, true).await,
        Command::Query(options) => cli::query::lines(options).await,
        Command::Context(options) => cli::query::context(options).await,
        Command::Instant(options) => cli::query::instant(options).await,
        Command::Explain(options) => cli::explain::run(options).await,
        Command::Inspect(options) => cli::inspect::run(options, config::open_bucket).await,
        Command::Labels(options) => cli::show::labels(options).await,
        Command::Series(options) => cli::show::series(options).await,
        Command::Stats(options) => cli::show::stats(options).await,
        Command::Volume(options) => cli::show::volume(options).await,
        Command::Tail(options) => cli::tail::follow(options).await,
        Command::Push(options) => cli::push::files(options).await,
        Command::Canary(options) => cli::canary::run(options).await,
        Command::Config(options) => config::print(&options),
        Command::Check(options) => config::check(&options),
    }
}
