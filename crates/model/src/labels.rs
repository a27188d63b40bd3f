//! Label sets. The canonical bytes *are* the identity: equal sets have equal bytes, so hashing,
//! comparing and interning never look inside, and a set costs one allocation.
//!
//! Bytes (`docs/format/batch.md`, "label set"): for each pair, sorted by name, length-prefixed name
//! and length-prefixed value. The empty set has no bytes.

use crate::varint;
use base::{Error, Result};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// An owned label set; cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<[u8]>);

/// A borrowed label set over canonical bytes that were checked once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LabelsRef<'a>(&'a [u8]);

impl Default for Labels {
    fn default() -> Self {
        Self(Arc::from([].as_slice()))
    }
}

impl Labels {
    /// From pairs in any order; of two with one name the last wins; empty values are kept.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// Borrows it.
    pub fn as_ref(&self) -> LabelsRef<'_> {
        LabelsRef(&self.0)
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.as_ref().get(name)
    }

    /// Pairs by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.as_ref().iter()
    }

    /// Canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> LabelsRef<'a> {
    /// The empty set.
    pub const EMPTY: LabelsRef<'static> = LabelsRef(&[]);

    /// Checks that `bytes` are canonical: whole pairs, UTF-8, names strictly ascending.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn check(bytes: &'a [u8]) -> Result<Self> {
        let corrupt = |what: &str| Error::corrupt(format!("label set: {what}"));
        let mut rest = bytes;
        let mut last: Option<&[u8]> = None;
        while !rest.is_empty() {
            let name = varint::take_bytes(&mut rest).ok_or_else(|| corrupt("cut name"))?;
            let value = varint::take_bytes(&mut rest).ok_or_else(|| corrupt("cut value"))?;
            if std::str::from_utf8(name).is_err() || std::str::from_utf8(value).is_err() {
                return Err(corrupt("not UTF-8"));
            }
            if last.is_some_and(|last| last >= name) {
                return Err(corrupt("names not ascending"));
            }
            last = Some(name);
        }
        Ok(Self(bytes))
    }

    /// Wraps bytes that [`LabelsRef::check`] or [`LabelsBuilder`] vouched for before. Wrong bytes
    /// give a wrong or shorter iteration, never a panic.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Pairs by name.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let name = varint::take_bytes(&mut rest)?;
            let value = varint::take_bytes(&mut rest)?;
            Some((std::str::from_utf8(name).ok()?, std::str::from_utf8(value).ok()?))
        })
    }

    /// The value of `name`.
    pub fn get(self, name: &str) -> Option<&'a str> {
        let mut rest = self.0;
        while let (Some(n), Some(v)) = (varint::take_bytes(&mut rest), varint::take_bytes(&mut rest)) {
            if n == name.as_bytes() {
                return std::str::from_utf8(v).ok();
            }
        }
        None
    }

    /// Bytes of names and values: how people count a set.
    pub fn pair_bytes(self) -> u64 {
        let (mut rest, mut sum) = (self.0, 0);
        while let Some(text) = varint::take_bytes(&mut rest) {
            sum += text.len() as u64;
        }
        sum
    }

    /// Canonical bytes.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is no pair.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// An owned copy.
    pub fn to_owned(self) -> Labels {
        Labels(self.0.into())
    }
}

/// Prometheus text: `{a="b", c="d"}`.
impl fmt::Display for LabelsRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={}", GoQuoted(value))?;
        }
        f.write_str("}")
    }
}

/// A string as Go's `%q` prints it.
pub struct GoQuoted<'a>(pub &'a str);

impl fmt::Display for GoQuoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\x07' => f.write_str("\\a")?,
                '\x08' => f.write_str("\\b")?,
                '\x0c' => f.write_str("\\f")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\x0b' => f.write_str("\\v")?,
                c if (c as u32) < 0x20 || c as u32 == 0x7f => write!(f, "\\x{:02x}", c as u32)?,
                c if c.is_control() || (c.is_whitespace() && c != ' ') || c == '\u{feff}' => {
                    if (c as u32) < 0x1_0000 {
                        write!(f, "\\u{:04x}", c as u32)?;
                    } else {
                        write!(f, "\\U{:08x}", c as u32)?;
                    }
                }
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for LabelsRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// By pairs in name order, as Prometheus compares label sets.
impl Ord for LabelsRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for LabelsRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Builds label sets; reusable between sets without new allocations for the list.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// Starts from `labels`.
    pub fn from(labels: LabelsRef<'_>) -> Self {
        Self { pairs: labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }

    /// Sets `name`, replacing an earlier value.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        match self.pairs.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.pairs.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Removes `name`.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.pairs.retain(|(n, _)| n != name);
        self
    }

    /// Keeps the names that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) -> &mut Self {
        self.pairs.retain(|(n, _)| keep(n));
        self
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Forgets all pairs.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The set so far.
    pub fn build(&mut self) -> Labels {
        let mut out = Vec::with_capacity(self.pairs.iter().map(|(n, v)| n.len() + v.len() + 2).sum());
        self.write(&mut out);
        Labels(out.into())
    }

    /// Appends the canonical bytes of the set so far.
    pub fn write(&mut self, out: &mut Vec<u8>) {
        self.pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in &self.pairs {
            varint::put_bytes(out, name.as_bytes());
            varint::put_bytes(out, value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
