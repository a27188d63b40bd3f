use super::*;

fn replaced(dst: &str, replacement: &str, src: &str, regex: &str) -> String {
    let labels = Labels::from_pairs([("pod", "fleet-10"), ("zone", "b")]);
    let series = StepSeries::new(labels, vec![(0, 1.0)]);
    Relabel::new(dst, replacement, src, regex).unwrap().apply(vec![series]).unwrap()[0].labels.to_string()
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

#[test]
fn calls_in_each_other_do_not_multiply_without_end() {
    let tenfold = Relabel::new("pod", &"$0".repeat(10), "pod", ".*").unwrap();
    let labels = Labels::from_pairs([("pod", "0123456789")]);
    let mut series = vec![StepSeries::new(labels, vec![(0, 1.0)])];
    for _ in 0..3 {
        series = tenfold.apply(series).unwrap();
    }
    assert_eq!(series[0].labels.get("pod").map(str::len), Some(10_000));
    let refused = tenfold.apply(series).unwrap_err();
    assert_eq!(refused.kind(), base::Kind::Limit);
    assert_eq!(refused.what(), "label_replace may make 100020 bytes of a value of label 'pod', limit 65536");
}
