use super::*;

#[test]
fn names_in_paths_may_hold_any_text() {
    for (path, name) in [
        ("job", "job"),
        ("U__http_2e_status", "http.status"),
        ("U__a__b", "a_b"),
        ("U__gro_DF_e", "große"),
        ("U__broken_zz_", "U__broken_zz_"),
        ("U__cut_2e", "U__cut_2e"),
    ] {
        assert_eq!(unescaped(path), name, "{path}");
    }
}

#[test]
fn a_cut_is_told() {
    let all: BTreeSet<u8> = (0..5).collect();
    let (first, remarks) = cut(all.clone(), Some(2));
    assert_eq!((first, remarks.warnings.len()), (vec![0, 1], 1));
    let (whole, remarks) = cut(all, Some(5));
    assert_eq!((whole.len(), remarks.warnings.len()), (5, 0));
}
