use super::*;

#[test]
fn a_log_keeps_its_name_and_a_new_one_gets_another() {
    let dir = tempfile::tempdir().unwrap();
    let first = of_log(dir.path(), true).unwrap();
    assert_eq!(of_log(dir.path(), false).unwrap(), first);
    assert_ne!(of_log(dir.path(), true).unwrap(), first);
}

#[test]
fn a_missing_or_damaged_name_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let first = of_log(dir.path(), false).unwrap();
    fs::write(dir.path().join(FILE), "no name").unwrap();
    let second = of_log(dir.path(), false).unwrap();
    assert_ne!(first, second);
    assert_eq!(of_log(dir.path(), false).unwrap(), second);
}
