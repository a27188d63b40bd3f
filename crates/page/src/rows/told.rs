//! What columns tell about the rows of a page before times, lengths and metadata are decoded.

use super::bodies::{self, Found};
use super::open::Wanted;
use crate::bits::Bits;
use crate::condition::{Condition, TextCondition};
use crate::line;
use crate::question::Question;
use base::Result;

/// With fewer rows wanted than one in this many, their texts are read instead of searching columns.
pub const FEW_ROWS: usize = 16;

/// What columns tell about each condition on texts, as far as they were asked.
#[derive(Default)]
pub struct Told {
    found: Vec<Option<Found>>,
    /// Whether no wanted row can pass.
    pub none_passes: bool,
}

impl Told {
    /// Asks the columns of `lines` when all conditions are on texts and the runs `wanted` are not few of the rows.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn ask(lines: &line::Reader<'_>, wanted: &Wanted<'_>, question: &Question) -> Result<Self> {
        let mut told = Self::default();
        let on_texts = question.conditions().iter().map(|condition| match condition {
            Condition::Text(text) => Some(text),
            _ => None,
        });
        let Some(texts) = on_texts.collect::<Option<Vec<&TextCondition>>>() else { return Ok(told) };
        let rows = wanted.rows();
        let mut passing = Bits::new(rows);
        wanted.runs().for_each(|(_, rows, _)| passing.set_range(rows));
        if texts.is_empty() || passing.count() * FEW_ROWS < rows {
            return Ok(told);
        }
        for text in texts {
            let found = bodies::find(lines, rows, text)?;
            if let Some(found) = &found {
                found.keep(text.negated, &mut passing);
            }
            told.found.push(found);
            if passing.is_empty() {
                told.none_passes = true;
                break;
            }
        }
        Ok(told)
    }

    /// What was found about each condition on texts, in their order.
    pub fn into_found(self) -> impl Iterator<Item = Option<Found>> {
        self.found.into_iter()
    }
}
