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

/// The same rows without their metadata, which is told by sets.
fn apart(lines: &RowColumns) -> (RowColumns, MetadataSets) {
    let (mut bytes, mut ends, mut of_rows) = (Vec::new(), Vec::new(), Vec::new());
    let mut known: Vec<&[u8]> = vec![b""];
    for row in lines.rows() {
        let set = row.metadata.bytes();
        let number = known.iter().position(|other| *other == set).unwrap_or_else(|| {
            known.push(set);
            bytes.extend_from_slice(set);
            ends.push(bytes.len() as u32);
            known.len() - 1
        });
        of_rows.push(number as u16);
    }
    let plain = RowColumns { metadata: Bytes::new(), metadata_ends: Vec::new(), ..lines.clone() };
    (plain, MetadataSets::new(bytes.into(), ends, of_rows.into_iter()))
}

/// The same rows, which share what they say.
fn shared(lines: &RowColumns) -> RowColumns {
    let mut contents: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut out = RowColumns { ts_ns: lines.ts_ns.clone(), ..RowColumns::default() };
    for row in lines.rows() {
        let says = (row.body.to_vec(), row.metadata.bytes().to_vec());
        let at = contents.iter().position(|known| *known == says).unwrap_or_else(|| {
            contents.push(says);
            contents.len() - 1
        });
        out.contents.push(at as u32);
    }
    let joined = |texts: Vec<&[u8]>| -> (Bytes, Vec<u32>) {
        let end = |end: &mut u32, text: &&[u8]| {
            *end += text.len() as u32;
            Some(*end)
        };
        (texts.concat().into(), texts.iter().scan(0, end).collect())
    };
    (out.bodies, out.ends) = joined(contents.iter().map(|says| says.0.as_slice()).collect());
    (out.metadata, out.metadata_ends) = joined(contents.iter().map(|says| says.1.as_slice()).collect());
    out
}

proptest! {
    #[test]
    fn what_rows_share_is_kept(raw in rows(), other in rows(), at in 0usize..50, counted: bool) {
        let lines = columns(&raw);
        let at = at.min(lines.len());
        let mut digest = shared(&lines);
        prop_assert_eq!(listed(&digest), listed(&lines));
        if counted {
            digest.counts = (1..).take(digest.len()).collect();
        }
        let (front, back) = (slice(&digest, &(0..at)), slice(&digest, &(at..lines.len())));
        let own = columns(&other);
        let together = concat(&[&own, &front, &own, &back]);
        let expected = [listed(&own), listed(&lines)[..at].to_vec(), listed(&own), listed(&lines)[at..].to_vec()];
        prop_assert_eq!(listed(&together), expected.concat());
        let counts = (0..together.len()).map(|row| together.count(row)).sum::<u32>();
        let of_digest: u32 = (0..digest.len()).map(|row| digest.count(row)).sum();
        prop_assert_eq!(counts, of_digest + 2 * own.len() as u32);
    }

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
        let picked = pick(&lines, None, None, &question, &stats);
        let (times, bytes) = (&lines.ts_ns, lines.rows().map(|row| row.body.len() as u64 + row.metadata.pair_bytes()));
        if let (Some(min_ns), Some(max_ns)) = (times.iter().min(), times.iter().max()) {
            let facts =
                RunFacts { min_ns: *min_ns, max_ns: *max_ns, rows: lines.len() as u64, bytes: bytes.sum() };
            let again = ScanStats::default();
            prop_assert_eq!(&pick(&lines, None, Some(&facts), &question, &again), &picked);
            let counted = |stats: &ScanStats| {
                [&stats.head_bytes, &stats.head_rows, &stats.metadata_bytes, &stats.rows_passed]
                    .map(|count| count.load(Ordering::Relaxed))
            };
            prop_assert_eq!(counted(&again), counted(&stats));
            let (plain, sets) = apart(&lines);
            for known in [None, Some(&facts)] {
                let again = ScanStats::default();
                let picked_apart = pick(&plain, Some(&sets), known, &question, &again);
                prop_assert_eq!(listed(&picked_apart), listed(&picked));
                prop_assert_eq!(counted(&again), counted(&stats));
            }
        }
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
