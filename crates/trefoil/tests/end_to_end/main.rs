//! The real binary with real clients and real object stores: what is pushed is found again as it was.

// A test ends at the first thing that fails, in whichever function.
#![allow(clippy::unwrap_used)]

mod clients;
mod command_line;
mod metrics;
mod object_stores;
#[path = "../support/process.rs"]
mod process;
mod server;
mod signals;
