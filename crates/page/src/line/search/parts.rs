//! Texts that have a literal or a value of which something holds.

use super::align::Condition;
use super::value::hits_where;
use super::{Hits, InTable, Search, Stop, TemplateHits, WORK_PER_BYTE};
use crate::bits::Bits;
use crate::line::rebuild::{Reader, spans};
use crate::line::streams::StreamBytes;
use crate::line::tree::{Column, Encoding};
use base::Result;
use memchr::memmem::Finder;

/// The most values of a column without a dictionary that are looked at.
const VALUES_MAX: usize = 2048;

/// What is asked of a literal or a value.
pub type Holds<'h> = &'h dyn Fn(&[u8]) -> bool;

impl Reader<'_> {
    /// Texts of which a literal or a value is known for which `holds` is true. There can be more: numbers, ids and
    /// columns of many distinct values are not looked at.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn find_parts(&self, holds: Holds<'_>) -> Result<Bits> {
        let table = &self.tree().table;
        let nothing = Finder::new(b"");
        let search = Search::new(self, &nothing, u64::from(table.text_len) * WORK_PER_BYTE);
        let hits = InTable::new(&search, table).and_then(|table| table.parts(holds));
        let mut found = Bits::new(table.rows as usize);
        match hits {
            Ok(Hits::All) => found.set_range(0..table.rows as usize),
            Ok(Hits::Some(bits)) => found.join(&bits),
            Ok(Hits::None) | Err(Stop::TooCostly) => {}
            Err(Stop::Failed(e)) => return Err(e),
        }
        Ok(found)
    }
}

impl InTable<'_, '_, '_> {
    fn parts(&self, holds: Holds<'_>) -> Result<Hits, Stop> {
        let columns = self.table.columns.iter().map(|column| self.column_parts(column, holds));
        let columns = columns.collect::<Result<Vec<Hits>, Stop>>()?;
        let of_template = |template: usize| {
            let steps = self.programs.steps(template as u32).iter();
            let all = steps.clone().any(|step| holds(step.literal.of(self.programs.literals())));
            let hits = |column: u32| columns.get(column as usize).filter(|hits| !hits.is_none());
            let any = steps.enumerate().filter_map(|(step, of)| {
                let hits = hits(of.column)?.clone();
                Some(vec![Condition { step, hits }])
            });
            TemplateHits { all, any: any.collect() }
        };
        let hits: Vec<TemplateHits> = (0..self.table.templates.len()).map(of_template).collect();
        if hits.iter().all(TemplateHits::is_none) { Ok(Hits::None) } else { self.rows(&hits) }
    }

    fn column_parts(&self, column: &Column, holds: Holds<'_>) -> Result<Hits, Stop> {
        let (search, count) = (self.search, column.values as usize);
        match &column.encoding {
            Encoding::Dictionary { distinct, coding, ids, lengths, words } => {
                let words = search.reader.streams.get(*words)?;
                let lengths = search.reader.streams.get(*lengths)?.bytes;
                let Hits::Some(bits) = search.word_parts(&words, lengths, *distinct as usize, holds)? else {
                    return Ok(Hits::None);
                };
                search.numbered(count, (*coding, *ids), *distinct as usize, &bits)
            }
            Encoding::Raw { lengths, words } if count <= VALUES_MAX => {
                let words = search.reader.streams.get(*words)?;
                search.word_parts(&words, search.reader.streams.get(*lengths)?.bytes, count, holds)
            }
            Encoding::Table(table) => InTable::new(search, table)?.parts(holds),
            // What is constant is part of the literals.
            _ => Ok(Hits::None),
        }
    }
}

impl Search<'_, '_> {
    fn word_parts(
        &self,
        words: &StreamBytes<'_>,
        lengths: &[u8],
        count: usize,
        holds: Holds<'_>,
    ) -> Result<Hits, Stop> {
        self.charge(words.bytes.len() + lengths.len())?;
        let spans = spans(lengths, words, count)?;
        Ok(hits_where(count, |at| spans.get(at).is_some_and(|span| holds(span.of(words.section)))))
    }
}
