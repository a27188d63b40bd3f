use super::*;
use bytes::Bytes;
use model::go_regex::GoRegex;
use model::{
    Labels, LineFilter, MatchOp, Matcher, Needle, Predicate, Projection, RowColumns, RowRef, ScanStats,
    Signal, Stream, Tenant, TimeRange,
};
use page::Question;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

type Streams = Vec<(Arc<Stream>, RowColumns)>;

fn tenant() -> Tenant {
    Tenant::new("t1").unwrap()
}

fn stream(pairs: &[(&str, &str)]) -> Arc<Stream> {
    Arc::new(Stream::new(Labels::from_pairs(pairs.iter().copied())))
}

/// `count` lines of about `bytes` each, a second apart.
fn rows(count: i64, bytes: usize, seed: i64) -> RowColumns {
    let texts: Vec<String> = (0..count)
        .map(|n| {
            let id = xxhash_rust::xxh3::xxh3_128(&(n * 1000 + seed).to_le_bytes());
            format!("level=info id={id:032x} n={n} {}", "x".repeat(bytes.saturating_sub(56)))
        })
        .collect();
    let lines = texts.iter().zip(0..).map(|(text, n)| RowRef {
        ts_ns: 1_700_000_000_000_000_000 + seed + n * 1_000_000_000,
        body: text.as_bytes(),
        metadata: model::LabelsRef::EMPTY,
    });
    RowColumns::from_rows(lines)
}

fn built(streams: Streams) -> (BlockMeta, Bytes) {
    build(tenant(), Signal::Line, streams, 5..=9).unwrap()
}

fn slice(object: &Bytes, range: &Range<u64>) -> Bytes {
    object.slice(range.start as usize..range.end as usize)
}

fn opened(meta: &BlockMeta, object: &Bytes) -> Block {
    Block::open(meta.clone(), &slice(object, &meta.tail_range())).unwrap()
}

/// Labels and rows that `question` gives, and how many pages filters dropped.
fn asked(
    block: &Block,
    object: &Bytes,
    matchers: &[Matcher],
    question: &Question,
) -> (BTreeMap<Labels, RowColumns>, u64) {
    let ordinals = block.matching(matchers, question.range).unwrap();
    let mut plan = block.plan(&ordinals, question);
    let mut dropped = 0;
    if plan.asks_filters {
        let range = block.search_range_of(&plan);
        let search = block.check_search(range.clone(), slice(object, &range)).unwrap();
        dropped = block.prune(&mut plan, &ordinals, &search, question).unwrap();
    }
    let mut found: BTreeMap<Labels, Vec<RowColumns>> = BTreeMap::new();
    for page in &plan.pages {
        let parts: Vec<Bytes> = page.parts.iter().map(|part| slice(object, part)).collect();
        for (ordinal, rows) in block.scan_page(page, &parts, question, &ScanStats::default()).unwrap() {
            found.entry(block.stream(ordinal).unwrap().labels.clone()).or_default().push(rows);
        }
    }
    let joined = found.into_iter().map(|(labels, runs)| {
        let joined = RowColumns::from_rows(runs.iter().flat_map(|rows| rows.rows()));
        (labels, joined)
    });
    (joined.collect(), dropped)
}

fn needle(text: &str) -> Predicate {
    Predicate::Line(LineFilter { negated: false, any: vec![Needle::text(text.as_bytes())] })
}

/// A large stream over several pages between small ones that share pages, one with a huge row.
fn mixed() -> Streams {
    let mut streams: Streams = (0..20)
        .map(|n| (stream(&[("app", "small"), ("pod", &format!("p{n:02}"))]), rows(30, 100, n)))
        .collect();
    streams.push((stream(&[("app", "large")]), rows(30_000, 200, 50)));
    streams.push((stream(&[("app", "huge")]), rows(2, 3 << 20, 60)));
    streams
}

#[test]
fn rows_come_back_whatever_their_sizes() {
    let (meta, object) = built(mixed());
    let block = opened(&meta, &object);
    assert_eq!((meta.rows, meta.streams), (30_602, 22));
    assert_eq!((meta.received_min_ns, meta.received_max_ns), (5, 9));
    assert_eq!(
        block.page_count(),
        5,
        "two huge rows, three of the large stream; the small ones fit in its last"
    );
    let (found, _) = asked(&block, &object, &[], &Question::all());
    for (stream, rows) in mixed() {
        assert_eq!(&found[&stream.labels], &rows, "{}", stream.labels);
    }
}

#[test]
fn the_same_rows_give_the_same_object() {
    let (meta, object) = built(mixed());
    let mut other = mixed();
    other.reverse();
    assert_eq!(built(other), (meta.clone(), object));
    assert!(meta.name.starts_with("t1/logs/2023-11-14/") && meta.name.ends_with(".block"), "{}", meta.name);
}

#[test]
fn a_stream_may_come_in_pieces() {
    let whole = rows(1000, 100, 0);
    let mut builder = Builder::new(tenant(), Signal::Line, 0..=0);
    let stream = stream(&[("app", "a")]);
    for piece in [0..400, 400..401, 401..1000] {
        let piece = RowColumns::from_rows(whole.rows().skip(piece.start).take(piece.len()));
        builder.push(&stream, piece).unwrap();
    }
    let (meta, object) = builder.finish().unwrap();
    let (found, _) = asked(&opened(&meta, &object), &object, &[], &Question::all());
    assert_eq!(&found[&stream.labels], &whole);
    assert_eq!(meta.streams, 1);
}

#[test]
fn what_is_out_of_order_is_refused() {
    let refused = |streams: &[(&str, RowColumns)]| {
        let mut builder = Builder::new(tenant(), Signal::Line, 0..=0);
        let pushed =
            streams.iter().try_for_each(|(app, rows)| builder.push(&stream(&[("app", app)]), rows.clone()));
        pushed.and_then(|()| builder.finish().map(|_| ())).unwrap_err().kind()
    };
    let (a, b) = (rows(2, 60, 0), rows(2, 60, 1));
    assert_eq!(refused(&[("b", a.clone()), ("a", b.clone())]), base::Kind::Bug);
    assert_eq!(refused(&[("a", rows(2, 60, 9)), ("a", a.clone())]), base::Kind::Bug);
    assert_eq!(refused(&[]), base::Kind::Bug);
    let mut backwards = a.clone();
    backwards.ts_ns.reverse();
    assert_eq!(refused(&[("a", backwards)]), base::Kind::Bug);
}

#[test]
fn filters_drop_pages_without_the_id() {
    let (meta, object) = built(mixed());
    let block = opened(&meta, &object);
    let id = "id=00000000000000000000000000000000";
    let question = Question::new(TimeRange::ALL, &[needle(id)], Projection::ALL);
    let (found, dropped) = asked(&block, &object, &[], &question);
    assert!(found.is_empty());
    assert_eq!(dropped, block.page_count() as u64);
    let first = rows(30, 100, 7).row(3).body.to_vec();
    let cut = std::str::from_utf8(&first[15..35]).unwrap().to_owned();
    let (found, dropped) =
        asked(&block, &object, &[], &Question::new(TimeRange::ALL, &[needle(&cut)], Projection::ALL));
    assert_eq!(found.values().map(RowColumns::len).sum::<usize>(), 1);
    assert!(dropped + 2 >= block.page_count() as u64, "one page has it, at most one more is opened in vain");
}

#[test]
fn little_is_read_for_little() {
    let (meta, object) = built(mixed());
    let block = opened(&meta, &object);
    let large = [Matcher::new("app", MatchOp::Equal, "large").unwrap()];
    let from_ns = meta.min_ns + 29_000 * 1_000_000_000;
    let range = TimeRange::new(from_ns, i64::MAX);
    let question = Question::new(range, &[], Projection { body: false, metadata: false });
    let plan = block.plan(&block.matching(&large, range).unwrap(), &question);
    assert_eq!((plan.pages.len(), plan.asks_filters), (1, false));
    assert!(plan.pages[0].fetch_bytes() < meta.size_bytes / 20);
    let facts = block.facts(block.matching(&large, range).unwrap()[0], TimeRange::ALL).unwrap();
    assert_eq!(facts.runs.iter().map(|run| run.rows).sum::<u64>(), 30_000);
    assert_eq!(facts.stream, stream(&[("app", "large")]));
    let early = TimeRange::new(0, 1);
    assert!(block.matching(&[], early).unwrap().is_empty());
}

#[test]
fn the_catalogue_can_be_rebuilt_from_the_object() {
    let (meta, object) = built(mixed());
    let footer = object.slice(object.len() - FOOTER_BYTES..);
    assert_eq!(tail_len(&footer).unwrap(), meta.tail_bytes);
    let tail = slice(&object, &meta.tail_range());
    assert_eq!(describe(&meta.name, object.len() as u64, &tail).unwrap(), meta);
    let json = serde_json::to_string(&meta).unwrap();
    assert_eq!(serde_json::from_str::<BlockMeta>(&json).unwrap(), meta);
}

#[test]
fn damage_is_found() {
    let (meta, object) = built(vec![(stream(&[("app", "a")]), rows(10, 100, 0))]);
    let tail_start = meta.tail_range().start as usize;
    for at in 0..object.len() {
        let mut bytes = object.to_vec();
        bytes[at] ^= 0x10;
        let bytes = Bytes::from(bytes);
        let tail = slice(&bytes, &meta.tail_range());
        decode_untrusted(&tail);
        let opened = Block::open(meta.clone(), &tail);
        assert_eq!(opened.is_err(), at >= tail_start, "byte {at}");
        let Ok(block) = opened else { continue };
        let plan = block.plan(&[0], &Question::all());
        let parts: Vec<Bytes> = plan.pages[0].parts.iter().map(|part| slice(&bytes, part)).collect();
        let scanned = block.scan_page(&plan.pages[0], &parts, &Question::all(), &ScanStats::default());
        let in_body = (tail::HEADER.len()..plan.pages[0].parts[0].end as usize).contains(&at);
        assert_eq!(scanned.is_err(), in_body, "byte {at}");
        let search = block.search_range();
        let in_search = (search.start as usize..search.end as usize).contains(&at);
        assert_eq!(
            block.check_search(search.clone(), slice(&bytes, &search)).is_err(),
            in_search,
            "byte {at}"
        );
    }
    let other = BlockMeta { tenant: Tenant::single(), ..meta.clone() };
    assert!(Block::open(other, &slice(&object, &meta.tail_range())).is_err());
    for cut in 0..FOOTER_BYTES + 20 {
        let tail = object.slice(object.len() - cut..);
        assert!(Block::open(meta.clone(), &tail).is_err(), "last {cut} bytes");
    }
}

#[test]
fn other_versions_are_refused_by_name() {
    let (meta, object) = built(vec![(stream(&[("app", "a")]), rows(1, 60, 0))]);
    let mut bytes = object.to_vec();
    let version_at = bytes.len() - 24;
    bytes[version_at] = 2;
    let refused = Block::open(meta.clone(), &bytes[meta.tail_range().start as usize..]).unwrap_err();
    assert!(refused.what().contains("version 2"), "{refused}");
}

/// The file was written by the first version and must be read for ever. Should a new version of a
/// codec write other bytes, keep this file for reading and add one for writing.
#[test]
fn golden_block() {
    let streams = || -> Streams {
        vec![
            (stream(&[("app", "web"), ("pod", "b")]), rows(3, 80, 1)),
            (stream(&[("job", "cron")]), rows(2, 60, 2)),
            (stream(&[("app", "web"), ("pod", "a")]), rows(20, 100, 3)),
        ]
    };
    let (meta, object) = built(streams());
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/block");
    let path = folder.join("golden-v4.block");
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &object).unwrap();
    }
    let golden = Bytes::from(std::fs::read(&path).unwrap());
    assert!(object == golden, "what is written now differs from golden-v4.block");
    assert_eq!(meta.name, "t1/logs/2023-11-14/05bd7a475201172d940fd98acfae1034.block");
    let old = |file: &str, name: &str| {
        let old = Bytes::from(std::fs::read(folder.join(file)).unwrap());
        let last = |bytes: usize| old.slice(old.len() - bytes..);
        let tail = last(tail_len(&last(FOOTER_BYTES)).unwrap() as usize);
        let name = format!("t1/logs/2023-11-14/{name}.block");
        (describe(&name, old.len() as u64, &tail).unwrap(), old)
    };
    // Before pages had filters of words.
    let first = old("golden-v1.block", "5ee4ca4d4b8691f27982a84e72467493");
    // Before times were rises.
    let second = old("golden-v2.block", "d08ac3017c44152065d94f7e4b45901f");
    // Before lengths were planes.
    let third = old("golden-v3.block", "d44430619fb9417ce275138f48e530ce");
    for (meta, golden) in [(meta, golden), first, second, third] {
        let (found, _) = asked(&opened(&meta, &golden), &golden, &[], &Question::all());
        for (stream, rows) in streams() {
            assert_eq!(&found[&stream.labels], &rows);
        }
    }
}

/// The lines of sixteen systems, each a stream.
#[test]
fn real_lines_come_back_byte_for_byte() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("TREFOIL_SHARED").map_or_else(|| here.join("../../../shared"), Into::into);
    let Ok(files) = std::fs::read_dir(shared.join("data/loghub")) else {
        println!("skipped: no real lines here; TREFOIL_SHARED names the directory that has them");
        return;
    };
    let mut streams: Streams = Vec::new();
    for file in
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "log"))
    {
        let text = std::fs::read(&file).unwrap();
        let lines = text.split(|byte| *byte == b'\n').zip(0i64..).map(|(text, n)| RowRef {
            ts_ns: 1_700_000_000_000_000_000 + n * 37_000_111,
            body: text,
            metadata: model::LabelsRef::EMPTY,
        });
        let lines = RowColumns::from_rows(lines);
        streams.push((stream(&[("app", &file.file_stem().unwrap().to_string_lossy())]), lines));
    }
    let (meta, object) = built(streams.clone());
    println!("{} bytes of text in a block of {}", meta.raw_bytes, meta.size_bytes);
    assert!(meta.size_bytes * 6 < meta.raw_bytes);
    let (found, _) = asked(&opened(&meta, &object), &object, &[], &Question::all());
    for (stream, rows) in &streams {
        assert_eq!(&found[&stream.labels], rows, "{}", stream.labels);
    }
}

fn any_streams() -> impl Strategy<Value = Streams> {
    let row = (0i64..40, "[ab]{0,4}", 0u8..3);
    let rows = prop::collection::vec(row, 1..12).prop_map(|rows| {
        let owned: Vec<(i64, String, Labels)> = rows
            .into_iter()
            .map(|(ts, text, level)| {
                (ts, text, Labels::from_pairs([("level", format!("l{level}").as_str())]))
            })
            .collect();
        let lines = owned.iter().map(|(ts_ns, text, metadata)| RowRef {
            ts_ns: *ts_ns,
            body: text.as_bytes(),
            metadata: metadata.as_ref(),
        });
        page::sort_rows(lines.collect()).0
    });
    let named = prop::collection::btree_map((0u8..4, 0u8..4), rows, 1..8);
    named.prop_map(|streams| {
        let named = streams.into_iter().map(|((app, pod), rows)| {
            (stream(&[("app", &format!("a{app}")), ("pod", &format!("p{pod}"))]), rows)
        });
        named.collect()
    })
}

fn any_predicate() -> impl Strategy<Value = Predicate> {
    prop_oneof![
        ("[ab]{0,2}", any::<bool>()).prop_map(|(text, negated)| Predicate::Line(LineFilter {
            negated,
            any: vec![Needle::text(text.as_bytes())]
        })),
        prop::sample::select(vec!["^a", "b+$", "(?i)AB|bb"]).prop_map(|text| Predicate::Line(LineFilter {
            negated: false,
            any: vec![Needle::Regex(Arc::new(GoRegex::new(text).unwrap()))]
        })),
        (0u8..4).prop_map(|n| Predicate::Metadata(
            Matcher::new("level", MatchOp::Equal, &format!("l{n}")).unwrap()
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn answers_as_naive_filtering(
        streams in any_streams(),
        predicates in prop::collection::vec(any_predicate(), 0..3),
        (start, end) in (0i64..40, 0i64..41),
        app in prop::sample::select(vec!["a0", "a1|a2", ".*", "a[^3]", "none"]),
    ) {
        let range = TimeRange::new(start, end);
        let matchers = [Matcher::new("app", MatchOp::Regex, app).unwrap()];
        let mut expected = BTreeMap::new();
        for (stream, rows) in &streams {
            let passing = rows.rows().filter(|row| range.contains(row.ts_ns) && predicates.iter().all(|p| p.matches(row)));
            let passing = RowColumns::from_rows(passing);
            if matchers[0].matches_labels(stream.labels.as_ref()) && !passing.is_empty() {
                expected.insert(stream.labels.clone(), passing);
            }
        }
        let (meta, object) = built(streams);
        let question = Question::new(range, &predicates, Projection::ALL);
        let (found, _) = asked(&opened(&meta, &object), &object, &matchers, &question);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_refused(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        decode_untrusted(&tail);
        prop_assert!(tail_len(&tail).is_err());
    }
}
