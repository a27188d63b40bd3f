use super::super::token::cut;
use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

/// A line like those before it, or not.
fn any_line() -> impl Strategy<Value = String> {
    let number = "[0-9]{1,4}";
    prop_oneof![
        (number, "[a-c]{0,2}").prop_map(|(n, w)| format!("GET /a?id={n} took {n}ms {w}")),
        (number, "[a-c0-9\\\\ ]{0,4}")
            .prop_map(|(n, v)| format!("{{\"id\":{n},\"v\":\"{v}\",\"w\":\"{v}\"}}")),
        (number, "[.:-]{0,2}").prop_map(|(n, d)| format!("at 10:{n}{d} -- x{d}{n}")),
        (number, "[\":=]{0,3}").prop_map(|(n, q)| format!("open {q}a{n}\" b=\" c={n}")),
        "[a0\"=:. \\\\-]{0,14}",
        "10[.]0[.][0-9]{1,3}[.][0-9]{1,9}-web-[a0-9]{0,4}-[0-9]{0,10}",
    ]
}

proptest! {
    /// Whatever came before, a text is cut as it is alone, and has the template of those with the same literals.
    #[test]
    fn texts_are_cut_as_if_alone(
        mut lines in prop::collection::vec(any_line(), 1..40),
        many in 0..3usize,
        how in prop_oneof![Just(Cut::Words), Just(Cut::Digits), Just(Cut::Parts)],
    ) {
        lines.push("x1 ".repeat(many * 100));
        let text = lines.concat();
        let all = text.as_bytes();
        let hash = foldhash::fast::RandomState::default();
        let mut trie = Trie::default();
        let mut literals_of: HashMap<u32, Vec<Vec<u8>>> = HashMap::new();
        let mut start = 0;
        for line in lines.iter().chain(&lines) {
            let at = start % text.len().max(1);
            let row = Span::new(at..at + line.len());
            start += line.len();
            let mut expected = Vec::new();
            cut(all, row, how, &mut expected);
            let (mut walk, mut found) = (Walk::new(all, row, how), Vec::new());
            let last = loop {
                let step = trie.step(all, &mut walk, &hash);
                match step.value {
                    Some(value) => found.push(value),
                    None => break step.taken.edge,
                }
            };
            prop_assert_eq!(&found, &expected, "{:?} of {:?}", line, lines);
            let mut literals: Vec<Vec<u8>> =
                trie.path(last).map(|edge| edge.literal.of(all).to_vec()).collect();
            literals.reverse();
            let mut own = Vec::new();
            let mut end = row.start;
            for value in &expected {
                own.push(Span { start: end, len: value.start - end }.of(all).to_vec());
                end = value.start + value.len;
            }
            own.push(all[end as usize..row.range().end].to_vec());
            prop_assert_eq!(&literals, &own);
            prop_assert_eq!(literals_of.entry(last).or_insert(own), &literals);
        }
    }
}

#[test]
fn equal_is_what_slices_say() {
    for len in 0..40 {
        let one: Vec<u8> = (0..len).collect();
        assert!(same(&one, &one.clone()));
        for changed in 0..usize::from(len) {
            let mut two = one.clone();
            two[changed] ^= 128;
            assert!(!same(&one, &two));
        }
        assert!(!same(&one, &[one.as_slice(), &[0]].concat()));
        for shared in 0..=usize::from(len) {
            let mut two = one.clone();
            two.iter_mut().skip(shared).for_each(|byte| *byte ^= 1);
            assert_eq!((common(&one, &two), common(&one, &one[..shared])), (shared, shared));
            assert_eq!(common(&one, &[one.as_slice(), &two].concat()), one.len());
        }
    }
}
