//! The real binary with real clients and real object stores: what is pushed is found again as it was.

mod clients;
mod command_line;
mod object_stores;
mod server;
