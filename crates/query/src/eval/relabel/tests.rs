use super::*;
use model::Labels;

fn replaced(dst: &str, replacement: &str, src: &str, regex: &str) -> String {
    let labels = Labels::from_pairs([("pod", "fleet-10"), ("zone", "b")]);
    let series = StepSeries { labels, points: vec![(0, 1.0)] };
    Relabel::new(dst, replacement, src, regex).unwrap().apply(vec![series])[0].labels.to_string()
}

#[test]
fn groups_by_number_and_name_fill_the_label() {
    assert_eq!(replaced("dst", "${1}0", "pod", "fleet-(.*)"), r#"{dst="100", pod="fleet-10", zone="b"}"#);
    assert_eq!(
        replaced("dst", "${n}", "pod", "(?P<w>[a-z]+)-(?P<n>.*)"),
        r#"{dst="10", pod="fleet-10", zone="b"}"#
    );
    assert_eq!(replaced("pod", "$0!", "pod", ".*"), r#"{pod="fleet-10!", zone="b"}"#);
}

#[test]
fn no_match_changes_nothing_and_an_empty_value_removes() {
    assert_eq!(replaced("dst", "x", "pod", "fleet"), r#"{pod="fleet-10", zone="b"}"#);
    assert_eq!(replaced("pod", "$3", "pod", "(.*)-(.*)"), r#"{zone="b"}"#);
    assert_eq!(replaced("dst", "static", "nosuch", ""), r#"{dst="static", pod="fleet-10", zone="b"}"#);
}

#[test]
fn a_bad_regex_is_refused() {
    assert!(
        Relabel::new("a", "", "b", "(").unwrap_err().what().starts_with("invalid regex in label_replace")
    );
}
