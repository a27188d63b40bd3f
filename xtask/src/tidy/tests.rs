#[test]
fn the_project_keeps_its_rules() {
    let findings = super::findings();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
