use super::super::args::Args;
use super::*;
use clap::Parser;

fn options(extra: &[&str]) -> QueryOptions {
    let args = ["trefoil", "query", "{a=\"b\"}"].iter().chain(extra);
    match Args::parse_from(args).command {
        Some(super::super::args::Command::Query(options)) => options,
        other => panic!("{other:?}"),
    }
}

/// What a server would answer: the first `limit` of `lines` in the range and direction.
fn answer(lines: &[Line], pager: &Pager) -> Vec<Line> {
    let mut found: Vec<Line> =
        lines.iter().filter(|l| pager.start <= l.ts_ns && l.ts_ns < pager.end).cloned().collect();
    found.sort_by_key(|l| if pager.forward { l.ts_ns } else { -l.ts_ns });
    found.truncate(pager.asked());
    found
}

fn line(ts_ns: i64, n: usize) -> Line {
    Line { ts_ns, labels: "{a=\"b\"}".to_owned(), text: n.to_string() }
}

#[test]
fn paging_gives_every_line_once_even_with_equal_times() {
    // 25 lines on 5 instants: more lines share a time than a batch of 3 holds.
    let lines: Vec<Line> = (0..25).map(|n| line(100 + n as i64 / 5, n)).collect();
    for direction in [&["--forward"][..], &[]] {
        let extra: Vec<&str> = direction.iter().copied().chain(["--limit", "0", "--batch", "3"]).collect();
        let options = options(&extra);
        let mut pager = Pager::new(&options, 0, 1000);
        let mut got = Vec::new();
        for _ in 0..200 {
            let batch = answer(&lines, &pager);
            got.extend(pager.take(batch));
            if pager.finished {
                break;
            }
        }
        assert!(pager.finished, "paging must end");
        let distinct: HashSet<&Line> = got.iter().collect();
        assert_eq!((got.len(), distinct.len()), (25, 25), "{direction:?}");
    }
}

#[test]
fn the_limit_counts_over_batches() {
    let lines: Vec<Line> = (0..25).map(|n| line(n as i64, n)).collect();
    let mut pager = Pager::new(&options(&["--limit", "7", "--batch", "3"]), 0, 1000);
    let mut got = Vec::new();
    while !pager.finished {
        let batch = answer(&lines, &pager);
        got.extend(pager.take(batch));
    }
    let expected: Vec<Line> = (18..25).rev().map(|n| line(n as i64, n)).collect();
    assert_eq!(got, expected);
}
