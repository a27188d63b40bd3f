use super::*;

#[test]
fn untidy_paths_have_a_tidy_form() {
    for (path, expected) in [
        ("/a/b", "/a/b"),
        ("/label//values", "/label/values"),
        ("//", "/"),
        ("/a/./b/../c/", "/a/c/"),
        ("/../..", "/"),
    ] {
        assert_eq!(tidy(path), expected, "{path}");
    }
}
