//! What is known of templates and columns without their streams, and its bytes.

use super::hex::{self, Case};
use super::ids::Coding;
use super::integer::{DIGITS_MAX, Layout};
use super::streams::{Class, SLACK_BYTES, Stream};
use super::token::Span;
use super::{COLUMNS_MAX, DEPTH_MAX, ROWS_MAX, TEMPLATES_MAX, TEXT_BYTES_MAX};
use base::{Error, Result};
use model::varint;

/// Texts as templates and columns of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Number of texts.
    pub rows: u32,
    /// Bytes of all texts.
    pub text_len: u32,
    /// How the template of each text is stored.
    pub coding: Coding,
    /// Where.
    pub ids: Stream,
    /// The templates.
    pub templates: Templates,
    /// The columns.
    pub columns: Vec<Column>,
}

/// Templates: literals, between them slots for values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// Of each template its literals, one more than slots, as they lie among all literals of the page.
    literals: Vec<Span>,
    /// Of each template the columns that its slots take their values from.
    slots: Vec<u32>,
    /// Where the slots of each template end.
    slot_ends: Vec<u32>,
}

/// Values of slots, in the order of texts and of slots in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Number of values.
    pub values: u32,
    /// How they are stored.
    pub encoding: Encoding,
}

/// How the values of a column are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// All the same.
    Constant(Vec<u8>),
    /// Decimal numbers.
    Integer {
        /// What the planes hold.
        layout: Layout,
        /// Byte planes.
        planes: Stream,
    },
    /// Hexadecimal digits, the same number in each value.
    Hex {
        /// That number.
        digits: u32,
        /// Their letters.
        case: Case,
        /// Two digits a byte.
        packed: Stream,
    },
    /// Few distinct values.
    Dictionary {
        /// How many.
        distinct: u32,
        /// How the number of each row's value is stored.
        coding: Coding,
        /// Where.
        ids: Stream,
        /// Length of each distinct value, varints.
        lengths: Stream,
        /// The distinct values, in the order of first use.
        words: Stream,
    },
    /// As they are, with their lengths as varints.
    Raw {
        /// Lengths.
        lengths: Stream,
        /// The values.
        words: Stream,
    },
    /// As they are, all of one length.
    Fixed {
        /// That length.
        len: u32,
        /// The values.
        words: Stream,
    },
    /// As templates and columns.
    Table(Box<Table>),
}

impl Templates {
    /// Number of templates.
    pub fn len(&self) -> usize {
        self.slot_ends.len()
    }

    /// Appends a template.
    pub fn push(&mut self, literals: impl IntoIterator<Item = Span>, slots: impl IntoIterator<Item = u32>) {
        self.literals.extend(literals);
        self.slots.extend(slots);
        self.slot_ends.push(self.slots.len() as u32);
    }

    fn start(&self, template: usize) -> usize {
        template.checked_sub(1).and_then(|before| self.slot_ends.get(before)).map_or(0, |end| *end as usize)
    }

    /// Columns of the slots of `template`.
    pub fn slots(&self, template: usize) -> &[u32] {
        let end = self.slot_ends.get(template).map_or(0, |end| *end as usize);
        self.slots.get(self.start(template)..end).unwrap_or(&[])
    }

    /// Literals of `template`: before, between and behind its slots.
    pub fn literals(&self, template: usize) -> &[Span] {
        let start = self.start(template) + template;
        self.literals.get(start..=start + self.slots(template).len()).unwrap_or(&[])
    }

    /// Literals of all templates.
    pub fn literals_of_all(&self) -> impl Iterator<Item = &Span> {
        self.literals.iter()
    }

    /// Replaces columns of slots.
    pub fn renumber(&mut self, new: &[u32]) {
        for slot in &mut self.slots {
            *slot = new.get(*slot as usize).copied().unwrap_or(*slot);
        }
    }

    /// Moves the literals from `text` to `literals`.
    pub fn move_literals(&mut self, text: &[u8], literals: &mut Vec<u8>) {
        for literal in &mut self.literals {
            let start = literals.len();
            literals.extend_from_slice(literal.of(text));
            *literal = Span::new(start..literals.len());
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, self.len() as u64);
        for template in 0..self.len() {
            varint::put(out, self.slots(template).len() as u64);
            self.slots(template).iter().for_each(|slot| varint::put(out, u64::from(*slot)));
            self.literals(template).iter().for_each(|literal| varint::put(out, u64::from(literal.len)));
        }
    }
}

impl Table {
    /// Appends what [`Tree::take`] takes, without literals and streams.
    pub fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, u64::from(self.rows));
        varint::put(out, u64::from(self.text_len));
        out.push(self.coding.byte());
        self.templates.put(out);
        varint::put(out, self.columns.len() as u64);
        for column in &self.columns {
            varint::put(out, u64::from(column.values));
            column.encoding.put(out);
        }
    }
}

impl Encoding {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Constant(value) => {
                out.push(0);
                varint::put_bytes(out, value);
            }
            Self::Integer { layout, .. } => {
                out.extend_from_slice(&[1, u8::from(layout.delta), layout.width, layout.digits]);
                varint::put(out, layout.base);
            }
            Self::Hex { digits, case, .. } => {
                out.extend_from_slice(&[2, u8::from(*case == Case::Upper)]);
                varint::put(out, u64::from(*digits));
            }
            Self::Dictionary { distinct, coding, .. } => {
                out.extend_from_slice(&[3, coding.byte()]);
                varint::put(out, u64::from(*distinct));
            }
            Self::Raw { .. } => out.push(4),
            Self::Fixed { len, .. } => {
                out.push(5);
                varint::put(out, u64::from(*len));
            }
            Self::Table(table) => {
                out.push(6);
                table.put(out);
            }
        }
    }
}

/// The table of a page's texts, and all literals.
#[derive(Debug)]
pub struct Tree {
    /// The table.
    pub table: Table,
    /// Literals of all templates, with zeros behind them.
    pub literals: Vec<u8>,
}

impl Tree {
    /// Reads a table, and the literals behind it, for streams of these classes and lengths.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn take(mut input: &[u8], heads: &[(Class, usize)]) -> Result<Self> {
        let mut reader = TreeReader { heads, next: 0, literals_len: 0, left: 0 };
        let table = reader.table(&mut input, 0, TEXT_BYTES_MAX as u32);
        let whole = |_: &Table| reader.next == heads.len() && reader.literals_len as usize == input.len();
        let table = table.filter(whole).ok_or_else(|| Error::corrupt("column page: wrong templates"))?;
        let mut literals = input.to_vec();
        literals.resize(literals.len() + SLACK_BYTES, 0);
        Ok(Self { table, literals })
    }
}

struct TreeReader<'a> {
    heads: &'a [(Class, usize)],
    next: usize,
    literals_len: u32,
    /// Bytes and values that columns may still turn into. A page has no more than its text has bytes, for
    /// each depth and purpose: what claims more is refused before it takes memory.
    left: u64,
}

fn take_u32(input: &mut &[u8]) -> Option<u32> {
    varint::take(input).and_then(|value| u32::try_from(value).ok())
}

fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = input.split_first()?;
    *input = rest;
    Some(*byte)
}

impl TreeReader<'_> {
    /// The next stream, of this class; it has `len` bytes where that is given.
    fn stream(&mut self, class: Class, len: Option<usize>) -> Option<Stream> {
        let (found, found_len) = self.heads.get(self.next)?;
        self.next += 1;
        let fits = *found == class && len.is_none_or(|len| len == *found_len);
        fits.then_some(Stream(self.next as u32 - 1))
    }

    fn spend(&mut self, amount: u64) -> Option<()> {
        self.left = self.left.checked_sub(amount)?;
        Some(())
    }

    fn table(&mut self, input: &mut &[u8], depth: usize, text_max: u32) -> Option<Table> {
        let rows = take_u32(input)?;
        let text_len = take_u32(input).filter(|len| *len <= text_max)?;
        if depth == 0 {
            if rows as usize > ROWS_MAX {
                return None;
            }
            self.left = 4 * (DEPTH_MAX as u64 + 2) * (u64::from(text_len) + u64::from(rows));
        }
        self.spend(u64::from(text_len) + u64::from(rows))?;
        let coding = Coding::from_byte(take_byte(input)?)?;
        let ids = self.stream(Class::Numbers, None)?;
        let templates = self.templates(input)?;
        let count = take_u32(input).filter(|count| *count as usize <= COLUMNS_MAX + 1)?;
        if templates.slots.iter().any(|slot| *slot >= count) {
            return None;
        }
        let mut columns = Vec::new();
        for _ in 0..count {
            let values = take_u32(input)?;
            self.spend(u64::from(values))?;
            columns.push(Column { values, encoding: self.encoding(input, values, depth, text_len)? });
        }
        Some(Table { rows, text_len, coding, ids, templates, columns })
    }

    fn templates(&mut self, input: &mut &[u8]) -> Option<Templates> {
        let count = take_u32(input).filter(|count| *count as usize <= TEMPLATES_MAX)?;
        let mut templates = Templates::default();
        for _ in 0..count {
            // Each slot and literal takes a byte of what is left.
            let slots = take_u32(input).filter(|slots| *slots as usize <= input.len())?;
            for _ in 0..slots {
                templates.slots.push(take_u32(input)?);
            }
            for _ in 0..=slots {
                let len = take_u32(input)?;
                templates.literals.push(Span { start: self.literals_len, len });
                self.literals_len = self.literals_len.checked_add(len)?;
            }
            templates.slot_ends.push(templates.slots.len() as u32);
        }
        Some(templates)
    }

    fn encoding(&mut self, input: &mut &[u8], values: u32, depth: usize, text_len: u32) -> Option<Encoding> {
        let count = values as usize;
        Some(match take_byte(input)? {
            0 => Encoding::Constant(varint::take_bytes(input)?.to_vec()),
            1 => {
                let (delta, width, digits) = (take_byte(input)?, take_byte(input)?, take_byte(input)?);
                let layout = Layout { base: varint::take(input)?, delta: delta != 0, width, digits };
                if delta > 1 || !(1..=8).contains(&width) || usize::from(digits) > DIGITS_MAX || count == 0 {
                    return None;
                }
                let planes = self.stream(Class::Numbers, Some(layout.planes_len(count)))?;
                Encoding::Integer { layout, planes }
            }
            2 => {
                let case = if take_byte(input)? == 0 { Case::Lower } else { Case::Upper };
                let digits = take_u32(input).filter(|digits| *digits > 0)?;
                self.spend(u64::from(values) * u64::from(digits))?;
                let len = hex::packed_len(digits as usize).checked_mul(count)?;
                Encoding::Hex { digits, case, packed: self.stream(Class::Packed, Some(len))? }
            }
            3 => {
                let coding = Coding::from_byte(take_byte(input)?)?;
                let distinct = take_u32(input).filter(|distinct| *distinct <= values)?;
                let (ids, lengths) = (self.stream(Class::Numbers, None)?, self.stream(Class::Numbers, None)?);
                let words = self.stream(Class::Words, None)?;
                Encoding::Dictionary { distinct, coding, ids, lengths, words }
            }
            4 => Encoding::Raw {
                lengths: self.stream(Class::Numbers, None)?,
                words: self.stream(Class::Words, None)?,
            },
            5 => {
                let len = take_u32(input).filter(|len| *len > 0)?;
                let all = (len as usize).checked_mul(count)?;
                Encoding::Fixed { len, words: self.stream(Class::Words, Some(all))? }
            }
            6 if depth < DEPTH_MAX => {
                let table = self.table(input, depth + 1, text_len)?;
                if table.rows != values {
                    return None;
                }
                Encoding::Table(Box::new(table))
            }
            _ => return None,
        })
    }
}
