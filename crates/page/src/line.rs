//! Texts as templates and columns (`docs/format/page.md`, "column page").
//!
//! A text is cut at its values: quoted strings, what follows a `=`, words with digits. What is left is its
//! *template*, of which a page has few. The values go to *columns* by the literal in front of them, so that
//! all values of `"status":` lie side by side, typed: constants, integers, packed hexadecimal digits,
//! dictionaries; values that have a structure of their own are cut into templates and columns again.
//!
//! Nothing in here knows what a line is: texts go in, one after the other in a block of memory, and come
//! out the same.

mod alphabet;
mod class;
mod column;
mod describe;
mod dictionary;
mod encode;
mod fields;
mod fold;
mod form;
mod hex;
mod ids;
mod integer;
mod numbers;
mod rebuild;
mod search;
mod slots;
mod streams;
mod token;
mod tree;
mod trie;

pub use describe::{ColumnFacts, TemplateFacts};
pub use encode::{Encoded, encode};
pub use fields::Contents;
pub use rebuild::Reader;
pub use streams::{ALPHABETS_TAG, is_section, long_position};

/// The most bytes of text that are cut into columns; a page aims at a fraction of it.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// The most texts that are.
const ROWS_MAX: usize = 1 << 16;

/// The most templates of a table, so that a template's number fits in 16 bits.
const TEMPLATES_MAX: usize = 1 << 16;

/// The most columns of a table.
const COLUMNS_MAX: usize = 4096;

/// Tables in columns of tables: the deepest has this depth, that of the texts 0.
const DEPTH_MAX: usize = 3;

#[cfg(test)]
mod tests;
