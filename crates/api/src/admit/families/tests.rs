use super::*;

fn one(name: &str, help: &str) -> FactsByName {
    let family = Family { name: b"", kind: FamilyKind::Gauge, help: help.as_bytes(), unit: b"s" };
    [(name.to_owned(), FamilyFacts::of(&family, 1 << 20))].into_iter().collect()
}

#[test]
fn the_last_word_holds_for_each_tenant() {
    let families = Families::default();
    let [a, b] = ["a", "b"].map(|id| Tenant::new(id).unwrap());
    families.put(&a, one("up", "old"));
    families.put(&a, one("up", "new"));
    families.put(&a, one("down", "other"));
    families.put(&b, one("up", "of b"));
    let shown = |tenant| {
        let all = families.all(tenant);
        all.into_iter().map(|(name, facts)| format!("{name} {}", facts.help)).collect::<Vec<_>>()
    };
    assert_eq!(shown(&a), ["down other", "up new"]);
    assert_eq!(shown(&b), ["up of b"]);
    assert_eq!(families.get(&a, "up").unwrap().unit, "s");
    assert_eq!(families.get(&a, "none"), None);
}

#[test]
fn memory_is_bounded() {
    let families = Families::default();
    let help = "x".repeat(1 << 20);
    for tenant in 0..10 {
        let tenant = Tenant::new(&format!("t{tenant}")).unwrap();
        (0..20).for_each(|at| families.put(&tenant, one(&format!("m{at}"), &help)));
        assert!(families.all(&tenant).len() < 16);
        // What is there can be replaced by what is no larger.
        if let Some((name, _)) = families.all(&tenant).first() {
            families.put(&tenant, one(name, "short"));
            assert_eq!(families.get(&tenant, name).unwrap().help, "short");
        }
    }
    assert!(families.state.lock().bytes <= BYTES_MAX);
    let long = Family { help: "éé".as_bytes(), ..Family::default() };
    assert_eq!(FamilyFacts::of(&long, 3).help, "é");
}
