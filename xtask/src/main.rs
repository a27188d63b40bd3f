//! Chores of the project: `cargo x tidy | ci | bench | …`. `cargo x` alone lists them.

mod bench;
mod canary;
mod ci;
mod conformance;
mod crash;
mod signals;
mod source;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo x tidy             check layers, cycles, names, sizes, format pages
cargo x ci               everything that continuous integration checks, in its order
cargo x conformance [..] compare with the recorded answers of the real Loki, where they are present
cargo x crash [ROUNDS]   kill the release binary again and again; what was acknowledged must be there once
cargo x canary [MINUTES] write and read while the debug binary flushes, merges blocks and is killed, all very often
cargo x signals          how many lines of each crate are about one signal, and how many about all
cargo x bench [WHAT…]    ratios against yardsticks measured in the same run
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match command {
        "tidy" => tidy::run(),
        "ci" => ci::run(),
        "conformance" => conformance::run(rest),
        "crash" => crash::run(rest),
        "canary" => canary::run(rest),
        "signals" => signals::run(),
        "bench" => bench::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
