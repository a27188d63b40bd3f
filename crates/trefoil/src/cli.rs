//! The command line: what a person types, and the commands that ask a server.

pub mod args;
pub mod bar;
pub mod canary;
pub mod client;
pub mod explain;
pub mod go_flags;
pub mod inspect;
pub mod paint;
pub mod push;
pub mod query;
pub mod show;
pub mod tail;
