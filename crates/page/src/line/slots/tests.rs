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

/// Of each column the values that the texts `wanted` give, told one text after the other.
fn naive(table: &Table, ids: &[u32], wanted: &[u32], given: impl Fn(usize, usize) -> bool) -> Vec<Vec<u32>> {
    let mut next = vec![0; table.columns.len()];
    let mut chosen = vec![Vec::new(); table.columns.len()];
    for (row, id) in (0u32..).zip(ids) {
        for (slot, column) in table.templates.slots(*id as usize).iter().enumerate() {
            let constant = matches!(table.columns[*column as usize].encoding, Encoding::Constant(_));
            if !constant && wanted.contains(&row) && given(*id as usize, slot) {
                chosen[*column as usize].push(next[*column as usize]);
            }
            next[*column as usize] += 1;
        }
    }
    chosen
}

proptest! {
    #[test]
    fn values_are_those_that_a_walk_over_all_texts_finds(
        templates in prop::collection::vec(prop::collection::vec(0u32..12, 0..5), 1..5),
        ids in prop::collection::vec(0usize..5, 0..200),
        wanted in prop::collection::btree_set(0u32..200, 0..150),
        few in any::<bool>(),
        given in any::<u32>(),
    ) {
        let ids: Vec<u32> = ids.iter().map(|id| (id % templates.len()) as u32).collect();
        let is_kept = |row: &u32| (*row as usize) < ids.len() && (!few || row % 16 == 3);
        let wanted: Vec<u32> = wanted.into_iter().filter(is_kept).collect();
        let table = table(&templates, 12);
        let given = |template: usize, slot: usize| given >> (template * 5 + slot) & 1 == 1;
        let slots = Slots::new(&table, given);
        let expected = naive(&table, &ids, &wanted, given);
        let owned = |values: Vec<Values<'_>>| -> Vec<Vec<u32>> {
            values.into_iter().map(|of| of.unwrap().into_owned()).collect()
        };
        prop_assert_eq!(&slots.chosen_few(&ids, &wanted), &expected);
        prop_assert_eq!(&owned(slots.chosen(&ids, Some(&wanted))), &expected);
        prop_assert_eq!(&owned(slots.values(&ids, Some(&wanted))), &expected);
        let all: Vec<u32> = (0..ids.len() as u32).collect();
        let every = slots.values(&ids, None).into_iter().zip(naive(&table, &ids, &all, given));
        for (values, expected) in every {
            prop_assert!(values.is_none_or(|values| values.as_ref() == expected));
        }
    }
}
