//! Templates and columns for people: what they look like and what they take.

use super::rebuild::Reader;
use super::streams::Stream;
use super::tree::{Column, Encoding, Table};
use base::Result;
use std::cmp::Reverse;

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFacts {
    /// Its literals with the names of encodings in angle brackets where values were; cut when it is long.
    pub text: String,
    /// Texts that have it.
    pub rows: u32,
}

/// A column of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFacts {
    /// How deep its table lies: 0 for values of the texts, more for values of the column above.
    pub depth: u32,
    /// The end of the literal in front of its values.
    pub name: String,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// Number of values.
    pub values: u32,
    /// Distinct values, where that is known.
    pub distinct: Option<u32>,
    /// Bytes of the values.
    pub raw_bytes: u64,
    /// Bytes as stored, about: streams that share a section share its bytes by their lengths.
    pub stored_bytes: u64,
}

/// The most templates that are told.
const TEMPLATES_MAX: usize = 1000;
/// The most bytes of a literal that are told, and of a value that is constant.
const LITERAL_BYTES_MAX: usize = 200;
/// The most bytes of a template's text.
const TEXT_BYTES_MAX: usize = 1000;
/// The most bytes of a column's name.
const NAME_BYTES_MAX: usize = 24;

impl Reader<'_> {
    /// The templates of the texts, the most frequent first, and the columns: those with most stored bytes
    /// first, and those of a table behind the column that is one.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn describe(&self) -> Result<(Vec<TemplateFacts>, Vec<ColumnFacts>)> {
        let table = &self.tree().table;
        let ids = self.streams.get(table.ids)?.bytes;
        let mut counts = vec![0u32; table.templates.len()];
        for id in table.coding.decode(ids, table.rows as usize, table.templates.len())? {
            counts.iter_mut().skip(id as usize).take(1).for_each(|count| *count += 1);
        }
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|at| Reverse(counts.get(*at)));
        let told = order.into_iter().take(TEMPLATES_MAX);
        let template = |at: usize| TemplateFacts { text: self.template_text(at), rows: counts[at] };
        let templates = told.map(template).collect();
        let mut columns = Vec::new();
        self.columns(table, 0, &mut columns)?;
        Ok((templates, columns))
    }

    fn template_text(&self, template: usize) -> String {
        let table = &self.tree().table;
        let mut text = String::new();
        let slots = table.templates.slots(template).iter().map(Some).chain([None]);
        for (literal, slot) in table.templates.literals(template).iter().zip(slots) {
            text.push_str(&cut(literal.of(&self.tree().literals)));
            match slot.and_then(|slot| table.columns.get(*slot as usize)) {
                Some(Column { encoding: Encoding::Constant(value), .. }) => text.push_str(&cut(value)),
                Some(column) => text.extend(["<", word(&column.encoding), ">"]),
                None => {}
            }
            if text.len() > TEXT_BYTES_MAX {
                text.push('…');
                break;
            }
        }
        text
    }

    /// Tells the columns of `table`. Gives the bytes stored for the whole of it.
    fn columns(&self, table: &Table, depth: u32, out: &mut Vec<ColumnFacts>) -> Result<u64> {
        let names = names(table, &self.tree().literals);
        let mut told = Vec::with_capacity(table.columns.len());
        for (column, name) in table.columns.iter().zip(names) {
            let mut nested = Vec::new();
            let stored_bytes = match &column.encoding {
                Encoding::Table(table) => self.columns(table, depth + 1, &mut nested)?,
                other => streams(other).into_iter().flatten().map(|s| self.streams.stored_bytes(s)).sum(),
            };
            let facts = ColumnFacts {
                depth,
                name,
                encoding: word(&column.encoding),
                values: column.values,
                distinct: match &column.encoding {
                    Encoding::Constant(_) => Some(1),
                    Encoding::Dictionary { distinct, .. } => Some(*distinct),
                    _ => None,
                },
                raw_bytes: self.value_bytes(column)?,
                stored_bytes,
            };
            told.push((facts, nested));
        }
        told.sort_by_key(|(facts, _)| Reverse(facts.stored_bytes));
        let mut stored_bytes = self.streams.stored_bytes(table.ids);
        for (facts, nested) in told {
            stored_bytes += facts.stored_bytes;
            out.push(facts);
            out.extend(nested);
        }
        Ok(stored_bytes)
    }
}

/// What is in front of each column's values, in the first template that has one.
fn names(table: &Table, literals: &[u8]) -> Vec<String> {
    let mut names: Vec<Option<String>> = vec![None; table.columns.len()];
    for template in 0..table.templates.len() {
        let slots = table.templates.slots(template).iter();
        for (slot, literal) in slots.zip(table.templates.literals(template)) {
            if let Some(name @ None) = names.get_mut(*slot as usize) {
                let literal = literal.of(literals);
                let end = literal.get(literal.len().saturating_sub(NAME_BYTES_MAX)..).unwrap_or(literal);
                *name = Some(String::from_utf8_lossy(end).into_owned());
            }
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

fn streams(encoding: &Encoding) -> [Option<Stream>; 3] {
    match encoding {
        Encoding::Constant(_) | Encoding::Table(_) => [None; 3],
        Encoding::Integer { planes: stream, .. }
        | Encoding::Hex { packed: stream, .. }
        | Encoding::Fixed { words: stream, .. } => [Some(*stream), None, None],
        Encoding::Dictionary { ids, lengths, words, .. } => [Some(*ids), Some(*lengths), Some(*words)],
        Encoding::Raw { lengths, words } => [Some(*lengths), Some(*words), None],
    }
}

fn word(encoding: &Encoding) -> &'static str {
    match encoding {
        Encoding::Constant(_) => "constant",
        Encoding::Integer { layout, .. } if layout.delta => "delta",
        Encoding::Integer { .. } => "integer",
        Encoding::Hex { .. } => "hex",
        Encoding::Dictionary { .. } => "dictionary",
        Encoding::Raw { .. } => "raw",
        Encoding::Fixed { .. } => "fixed",
        Encoding::Table(_) => "table",
    }
}

fn cut(bytes: &[u8]) -> String {
    match bytes.get(..LITERAL_BYTES_MAX) {
        Some(start) if start.len() < bytes.len() => format!("{}…", String::from_utf8_lossy(start)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
