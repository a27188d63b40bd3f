use super::*;
use crate::line::ids::Coding;
use crate::line::streams::Stream;
use crate::line::token::Span;
use crate::line::tree::Templates;
use proptest::prelude::*;

/// A table whose templates have slots of these columns; one column in three is constant.
fn table(templates: &[Vec<u32>], columns: u32) -> Table {
    let mut of_table = Templates::default();
    for slots in templates {
        of_table.push(vec![Span::new(0..0); slots.len() + 1], slots.iter().copied());
    }
    let column = |at: u32| {
        let encoding = match at % 3 {
            2 => Encoding::Constant(Vec::new()),
            _ => Encoding::Fixed { len: 1, words: Stream(0) },
        };
        Column { values: 1000, encoding }
    };
    let columns = (0..columns).map(column).collect();
    Table { rows: 0, text_len: 0, coding: Coding::Zero, ids: Stream(0), templates: of_table, columns }
}

proptest! {
    #[test]
    fn few_texts_give_what_a_walk_over_all_finds(
        templates in prop::collection::vec(prop::collection::vec(0u32..6, 0..5), 1..5),
        ids in prop::collection::vec(0usize..5, 0..200),
        wanted in prop::collection::btree_set(0u32..210, 0..12),
        given in any::<u32>(),
    ) {
        let ids: Vec<u32> = ids.iter().map(|id| (id % templates.len()) as u32).collect();
        let wanted: Vec<u32> = wanted.into_iter().filter(|row| (*row as usize) < ids.len()).collect();
        let table = table(&templates, 6);
        let slots = Slots::new(&table, |template, slot| given >> (template * 5 + slot) & 1 == 1);
        let expected = slots.chosen(&ids, Some(&wanted));
        prop_assert_eq!(&slots.chosen_few(&ids, &wanted), &expected);
        let values = slots.values(&ids, Some(&wanted));
        let values: Vec<Vec<u32>> = values.into_iter().map(|of| of.unwrap().into_owned()).collect();
        prop_assert_eq!(&values, &expected);
    }
}
