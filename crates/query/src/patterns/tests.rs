use super::*;
use model::MatchOp;

fn miner(lines: &[(&str, &str, i64, &str)]) -> Miner {
    let mut miner = Miner::default();
    for (app, level, seconds, text) in lines {
        let labels = Labels::from_pairs([("app", *app)]);
        miner.observe(&labels, level, seconds * 1_000_000_000, text.as_bytes());
    }
    miner
}

/// Text, level, and seconds with counts.
type Found = (String, String, Vec<(i64, u64)>);

fn found(miner: &Miner, app: &str) -> Vec<Found> {
    let matcher = Matcher::new("app", MatchOp::Equal, app).unwrap();
    let range = TimeRange::new(0, 1_000_000_000_000);
    let seconds =
        |samples: Vec<(i64, u64)>| samples.into_iter().map(|(ns, n)| (ns / 1_000_000_000, n)).collect();
    miner
        .find(&[matcher], range, 60_000_000_000)
        .into_iter()
        .map(|p| (p.text, p.level, seconds(p.samples)))
        .collect()
}

#[test]
fn lines_alike_become_one_pattern_with_counts_by_step() {
    let miner = miner(&[
        ("a", "info", 1, "user alice logged in from 10.0.0.1 after 3 tries"),
        ("a", "info", 30, "user bob logged in from 10.0.0.2 after 1 tries"),
        ("a", "info", 61, "user carol logged in from 10.0.0.3 after 9 tries"),
        ("a", "error", 61, "cannot reach the database"),
        ("b", "info", 61, "something else"),
    ]);
    assert_eq!(
        found(&miner, "a"),
        [
            (
                "user <_> logged in from <_> after <_> tries".to_owned(),
                "info".to_owned(),
                vec![(0, 2), (60, 1)]
            ),
            ("cannot reach the database".to_owned(), "error".to_owned(), vec![(60, 1)]),
        ]
    );
}

#[test]
fn old_counts_are_forgotten() {
    let mut miner = miner(&[("a", "", 0, "old line here"), ("a", "", 20_000, "new line there now")]);
    miner.forget(20_000 * 1_000_000_000);
    let texts: Vec<String> = miner.find(&[], TimeRange::ALL, 0).into_iter().map(|p| p.text).collect();
    assert_eq!(texts, ["new line there now"]);
}

#[test]
fn tokens_put_together_give_the_line() {
    for text in ["a=1, b=\"x y\" [z]", "", "  lead", "é=ü<_>", "{\"k\":[1,2]}"] {
        let joined: String = tokens::split(text).concat();
        assert_eq!(joined, text);
    }
    let long = "w ".repeat(5000);
    assert_eq!(tokens::split(&long).concat(), long);
}

#[test]
fn clusters_and_streams_are_bounded() {
    let mut miner = Miner::default();
    let labels = Labels::from_pairs([("app", "a")]);
    for n in 0..2000u32 {
        let word: String = (0..4).map(|k| char::from(b'a' + (n >> (3 * k) & 7) as u8)).collect();
        let text = format!("{word} {}", "x ".repeat(n as usize % 40));
        miner.observe(&labels, "", 1, text.as_bytes());
    }
    assert!(miner.find(&[], TimeRange::ALL, 0).len() <= ANSWERED_MAX);
}
