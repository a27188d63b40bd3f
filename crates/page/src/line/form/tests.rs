use super::super::token::{Cut, cut};
use super::super::trie::Walk;
use super::*;
use proptest::prelude::*;

fn any_line() -> impl Strategy<Value = String> {
    let number = "[0-9]{1,20}";
    prop_oneof![
        8 => (number, "[a-f0-9]{1,18}").prop_map(|(n, id)| format!("GET /a?id={n} took {n}ms as 1{id}")),
        1 => (number, "[a-z]{0,2}").prop_map(|(n, w)| format!("GET /a?id={n} took {w}{n}ms as 1")),
        1 => (number, "[ -~]{0,20}").prop_map(|(n, w)| format!("GET /a?id={n} took {n}ms as {w}")),
        2 => (number, "[a-z0-9\\\\ \"]{0,60}").prop_map(|(n, v)| format!("{{\"id\":{n},\"v\":\"{v}\",\"w\":\"x y\"}}")),
    ]
}

proptest! {
    /// What has a template is cut as it is alone.
    #[test]
    fn texts_are_cut_as_if_alone(
        lines in prop::collection::vec(any_line(), ROWS),
        how in prop_oneof![Just(Cut::Words), Just(Cut::Digits), Just(Cut::Parts)],
        shared in 0..4usize,
    ) {
        let text = lines.concat();
        let all = text.as_bytes();
        let mut start = 0;
        let rows: Vec<Span> = lines
            .iter()
            .map(|line| {
                start += line.len();
                // Texts may go on where others start.
                Span::new(start - line.len()..(start + shared).min(all.len()))
            })
            .collect();
        let rows: [Span; ROWS] = rows.try_into().unwrap();
        let hash = foldhash::fast::RandomState::default();
        let mut trie = Trie::default();
        let mut walk = Walk::new(all, rows[0], how);
        let last = loop {
            let step = trie.step(all, &mut walk, &hash);
            match step.value {
                None => break step.taken.edge,
                Some(_) => trie.set(step.taken.edge, 7, 0),
            }
        };
        trie.set(last, 3, 0);
        let Some(form) = Form::new(all, &trie, last) else { return Ok(()) };
        let mut found = Found::default();
        form.cut(all, &rows, &mut found);
        prop_assert_eq!(form.template, 3);
        let mut first = Vec::new();
        cut(all, rows[0], how, &mut first);
        prop_assert_eq!(form.is_plain, first.len() <= 1);
        for (at, row) in rows.iter().enumerate() {
            let mut values = Vec::new();
            cut(all, *row, how, &mut values);
            if found.has(at) {
                let found: Vec<_> = form.values(&found, at).collect();
                prop_assert_eq!(found, values.into_iter().map(|value| (7, value)).collect::<Vec<_>>());
            } else {
                prop_assert_ne!(row.of(all), rows[0].of(all));
            }
        }
        prop_assert_eq!(found.count(), (0..ROWS).filter(|at| found.has(*at)).count());
    }
}
