//! The real binary, killed at random moments under load, with a bucket that fails and hangs, and
//! with a full disk: what was acknowledged is there, exactly once. Each signal runs through the same tests.
//!
//! `TREFOIL_CRASH_ROUNDS` sets how often it is killed (a few times if not set);
//! `cargo x crash` runs the long form on the release binary.

// A test ends at the first thing that fails, in whichever function.
#![allow(clippy::unwrap_used)]

mod ledger;
mod lines;
mod load;
#[path = "../support/process.rs"]
mod process;
mod rows;
mod samples;
mod server;
mod spans;

use ledger::Ledger;
use load::Load;
use rows::Traffic;
use server::{Disk, Server};
use std::sync::Arc;
use std::time::Duration;

fn rounds(default: u32) -> u32 {
    std::env::var("TREFOIL_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A number that differs from round to round and run to run, printed so that a failure can be told.
fn seed() -> u64 {
    let seed = std::env::var("TREFOIL_CRASH_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| base::Clock::System.now_ns() as u64);
    eprintln!("seed {seed}");
    seed
}

/// A small generator: xorshift64*.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit.max(1)
    }
}

async fn kill_again_and_again(traffic: impl Traffic, mut server: Server, rounds: u32, kill_after_ms: u64) {
    let mut dice = Dice(seed() | 1);
    let (ledger, begin_ns) = (Arc::new(Ledger::default()), rows::begin_ns());
    let load = Load::start(traffic, server.url(), ledger.clone(), begin_ns, 4);
    for round in 1..=rounds {
        server.start().await;
        tokio::time::sleep(Duration::from_millis(50 + dice.below(kill_after_ms))).await;
        if dice.below(3) == 0 {
            server.flush_without_waiting();
            tokio::time::sleep(Duration::from_millis(dice.below(100))).await;
        }
        server.kill();
        if round % 20 == 0 {
            eprintln!("killed {round} of {rounds} times, {} rows acknowledged", ledger.acknowledged());
        }
    }
    server.start().await;
    load.until_acknowledged(1).await;
    load.stop().await;
    ledger.verify(traffic, &server, begin_ns).await;
    server.flush().await;
    ledger.verify(traffic, &server, begin_ns).await;
    eprintln!("{} rows acknowledged, each there once; killed {rounds} times", ledger.acknowledged());
}

async fn fill_the_disk(traffic: impl Traffic) {
    let Some(disk) = server::Tmpfs::mount(24) else {
        eprintln!("skipped: a small tmpfs cannot be mounted here (needs root on Linux)");
        return;
    };
    let mut server = Server::new("", Disk::At(disk.path().to_owned()));
    server.start().await;
    let (ledger, begin_ns) = (Arc::new(Ledger::default()), rows::begin_ns());
    let load = Load::start(traffic, server.url(), ledger.clone(), begin_ns, 2);
    let ballast = disk.path().join("ballast");
    load.until_acknowledged(500).await;
    disk.fill(&ballast);
    let refusal = load.until_refused().await;
    assert!(
        refusal.contains("space") || refusal.contains("disk"),
        "the refusal must say what is wrong: {refusal:?}"
    );
    std::fs::remove_file(&ballast).unwrap();
    let before = ledger.acknowledged();
    load.until_acknowledged(before + 500).await;
    server.kill();
    server.start().await;
    load.stop().await;
    ledger.verify(traffic, &server, begin_ns).await;
}

const FAULTS: &str = "  bucket_faults: {fail_percent: 20, hang_percent: 3, hang: 500ms}\n";

/// The tests of each signal.
macro_rules! crash_tests {
    ($($signal:ident: $traffic:expr),+ $(,)?) => {$(
        mod $signal {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn killed_under_load_nothing_is_lost_or_doubled() {
                kill_again_and_again($traffic, Server::new("", Disk::Plain), rounds(4), 900).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn a_bucket_that_fails_and_hangs_loses_nothing() {
                let server = Server::new(FAULTS, Disk::Plain);
                kill_again_and_again($traffic, server, rounds(3).min(40), 2500).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn a_full_disk_refuses_clearly_and_recovers() {
                fill_the_disk($traffic).await;
            }
        }
    )+};
}

crash_tests! {
    logs: lines::Lines,
    metrics: samples::Samples,
    traces: spans::Spans,
}
