//! The command line: what a person types and what it means.

pub mod args;
pub mod bar;
pub mod canary;
pub mod client;
pub mod go_flags;
pub mod paint;
pub mod push;
pub mod query;
pub mod show;
pub mod tail;

use anyhow::Result;
use args::{Args, Command};

/// Runs what was typed.
pub async fn run(args: Args) -> Result<()> {
    match args.command.unwrap_or(Command::Run(args.run)) {
        Command::Run(options) => crate::roles::run(options, false).await,
        Command::Demo(options) => crate::roles::run(options, true).await,
        Command::Query(options) => query::lines(options).await,
        Command::Instant(options) => query::instant(options).await,
        Command::Labels(options) => show::labels(options).await,
        Command::Series(options) => show::series(options).await,
        Command::Stats(options) => show::stats(options).await,
        Command::Volume(options) => show::volume(options).await,
        Command::Tail(options) => tail::follow(options).await,
        Command::Push(options) => push::files(options).await,
        Command::Canary(options) => canary::run(options).await,
        Command::Config(options) => crate::config::print(&options),
        Command::Check(options) => crate::config::check(&options),
    }
}
