//! LogQL: its tree, its parser, its printer.

pub mod ast;
