use super::*;
use model::{LineFilter, MatchOp, Matcher, Needle, Predicate, RowRef};
use proptest::prelude::*;

type RawRow = (i64, Vec<u8>, Option<u8>);

/// Few times, short texts of few letters, some metadata: so that everything meets.
fn rows() -> impl Strategy<Value = Vec<RawRow>> {
    let text = prop::collection::vec(prop::sample::select(b"abc".as_slice()), 0..4);
    prop::collection::vec((0i64..20, text, prop::option::of(0u8..3)), 0..40)
}

fn columns(rows: &[RawRow]) -> RowColumns {
    let sets: Vec<model::Labels> = rows
        .iter()
        .map(|(_, _, set)| match set {
            Some(value) => model::Labels::from_pairs([("id", value.to_string().as_str())]),
            None => model::Labels::default(),
        })
        .collect();
    let lines = rows.iter().zip(&sets);
    RowColumns::from_rows(lines.map(|((ts_ns, text, _), set)| RowRef {
        ts_ns: *ts_ns,
        body: text,
        metadata: set.as_ref(),
    }))
}

fn listed(lines: &RowColumns) -> Vec<(i64, Vec<u8>, Vec<u8>)> {
    lines.rows().map(|row| (row.ts_ns, row.body.to_vec(), row.metadata.bytes().to_vec())).collect()
}

proptest! {
    #[test]
    fn picking_tests_each_row(raw in rows(), needle in "[abc]{0,2}", negated: bool, set in 0u8..4) {
        let any = vec![Needle::text(needle.as_bytes())];
        let mut predicates = vec![Predicate::Line(LineFilter { negated, any })];
        if set < 3 {
            let matcher = Matcher::new("id", MatchOp::NotEqual, &set.to_string()).unwrap();
            predicates.push(Predicate::Metadata(matcher));
        }
        let range = TimeRange::new(5, 15);
        let lines = columns(&raw);
        let stats = ScanStats::default();
        let question = Question::new(range, &predicates, Projection { body: false, metadata: false });
        let picked = pick(&lines, &question, &stats);
        let passes = |row: &RowRef<'_>| range.contains(row.ts_ns) && predicates.iter().all(|p| p.matches(row));
        let expected = RowColumns::from_rows(lines.rows().filter(passes));
        prop_assert_eq!(listed(&picked), listed(&expected));
        prop_assert_eq!(stats.rows_passed.into_inner(), expected.len() as u64);
        prop_assert_eq!(stats.head_rows.into_inner(), raw.iter().filter(|row| range.contains(row.0)).count() as u64);
    }

    #[test]
    fn slices_put_together_are_the_whole(raw in rows(), at in 0usize..50, project_text: bool, project_metadata: bool) {
        let mut lines = columns(&raw);
        let whole = listed(&lines);
        let at = at.min(lines.len());
        let (mut front, mut back) = (slice(&lines, &(0..at)), slice(&lines, &(at..lines.len())));
        prop_assert_eq!(listed(&front), &whole[..at]);
        prop_assert_eq!(listed(&back), &whole[at..]);
        let projection = Projection { body: project_text, metadata: project_metadata };
        for columns in [&mut lines, &mut front, &mut back] {
            project(columns, projection);
        }
        let together = concat(&[&front, &back]);
        prop_assert_eq!(&together.ends, &lines.ends);
        prop_assert_eq!(listed(&together), listed(&lines));
        let again = slice(&together, &(at..together.len()));
        prop_assert_eq!((0..again.len()).map(|row| again.body_len(row)).collect::<Vec<_>>(), raw[at..].iter().map(|row| row.1.len()).collect::<Vec<_>>());
    }
}
