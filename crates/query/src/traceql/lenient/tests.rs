use super::equalities;

fn found(text: &str) -> Vec<String> {
    equalities(text).iter().map(|(field, literal)| format!("{field} = {literal}")).collect()
}

#[test]
fn equalities_joined_by_and() {
    assert_eq!(found(r#"{ .a = "x" && resource.b = -5 && status = error }"#), {
        [r#".a = "x""#, "resource.b = -5", "status = error"]
    });
    assert_eq!(found("{ span:duration = 5s } | count() > 2"), ["duration = 5s"]);
    assert_eq!(found("{}"), [""; 0]);
    assert_eq!(found(""), [""; 0]);
}

#[test]
fn the_unfinished_is_left_out() {
    for end in
        ["", " &&", " && .b", " && .b =", " && .b = \"un", " && .", " && span.\"q", " && = 5", " && (.b = 1"]
    {
        assert_eq!(found(&format!("{{ .a = 1{end}")), [".a = 1"], "{end}");
        assert_eq!(found(&format!("{{ .a = 1{end} }}")), [".a = 1"], "{end}");
    }
    assert_eq!(found(".a = 1"), [""; 0]);
}

#[test]
fn other_conditions_are_left_out() {
    assert_eq!(
        found(r#"{ .a != 1 && .b > 2 && .c =~ "x" && .d = .e && .f = 1 + 1 && !.g = 2 && .h = 3 }"#),
        { [".h = 3"] }
    );
    assert_eq!(found("{ (.a = 1 && .b = 2) && .c = 3 }"), [".c = 3"]);
}

#[test]
fn alternatives_say_nothing() {
    assert_eq!(found("{ .a = 1 || .b = 2 }"), [""; 0]);
    assert_eq!(found("{ .a = 1 && (.b = 2 || .c = 3) }"), [""; 0]);
    assert_eq!(found("{ .a = 1 } && { .b = 2 }"), [""; 0]);
    assert_eq!(found("{ .a = 1 } >>"), [""; 0]);
    assert_eq!(found("({ .a = 1 }"), [""; 0]);
}
