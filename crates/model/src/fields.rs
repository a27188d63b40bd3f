//! Fields of structured lines, as a question may want them instead of whole lines.

use std::sync::Arc;

/// Fields that are all that a question reads of bodies.
///
/// A body may then be given with fields left out: as a text of the same format that has the fields of these
/// names as they are, in the same order, and where parsers meet the same errors. Whole bodies always fit;
/// who answers leaves out what costs it little to tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fields {
    /// How they are read.
    pub format: Format,
    /// What they are called as labels. Fields of one name are wanted all.
    pub names: Vec<String>,
}

/// A format of lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// An object; a name is the path to a value of any kind, its keys joined as by [`append_key`].
    Json,
    /// `key=value` pairs; wrong ones are passed over.
    Logfmt,
    /// What lies between texts: each capture ends where the text behind it first comes, or at the end of the line where it
    /// does not come; then it is the last. A line without the text in front of the first capture has no fields.
    Pattern(Arc<[PatternPiece]>),
    /// What an expression captures, which is these pieces one after the other. A line that it does not match has no fields.
    Regexp(Arc<[RegexpPiece]>),
}

/// A piece of an expression. Runs take all they can, and give nothing back where the pieces behind them match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegexpPiece {
    /// These ASCII bytes; never none.
    Text(Box<[u8]>),
    /// One byte of these.
    One(Bytes),
    /// As many bytes of these as there are.
    Run {
        /// Which bytes: all or none of those that are not ASCII.
        bytes: Bytes,
        /// Whether there has to be one.
        at_least_one: bool,
        /// What the groups are called that it is part of.
        names: Box<[String]>,
    },
    /// The end of the line.
    End,
}

/// A set of bytes, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes([u64; 4]);

impl Bytes {
    /// Whether it has `byte`.
    pub fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|bits| bits >> (byte & 63) & 1 == 1)
    }

    fn add(&mut self, byte: u8) {
        if let Some(bits) = self.0.get_mut(usize::from(byte >> 6)) {
            *bits |= 1 << (byte & 63);
        }
    }

    /// Those for which `has` is true.
    pub fn of_those(has: impl Fn(u8) -> bool) -> Self {
        let mut bytes = Self::default();
        (0..=u8::MAX).filter(|byte| has(*byte)).for_each(|byte| bytes.add(byte));
        bytes
    }
}

impl FromIterator<u8> for Bytes {
    fn from_iter<I: IntoIterator<Item = u8>>(all: I) -> Self {
        let mut bytes = Self::default();
        all.into_iter().for_each(|byte| bytes.add(byte));
        bytes
    }
}

/// A piece of a pattern. No two captures stand side by side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternPiece {
    /// These bytes; never none, and ASCII: where they are does not depend on what is no UTF-8.
    Text(Box<[u8]>),
    /// A field, or nothing that anybody asks for.
    Capture(Option<Box<str>>),
}

impl Fields {
    /// Whether a field with this label name is wanted.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|wanted| wanted == name)
    }
}

/// Whether `c` may stand in a label name.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Appends the next key of a path to a label name.
pub fn append_key(name: &mut String, key: &str) {
    if !name.is_empty() {
        name.push('_');
    }
    append_label_name(name, key);
}

/// Appends the key `field` to a label name: what may not stand in one becomes `_`, and at its front a
/// digit gets a `_`.
pub fn append_label_name(name: &mut String, field: &str) {
    let field = field.trim();
    if name.is_empty() && field.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(field.chars().map(|c| if is_word(c) { c } else { '_' }));
}
