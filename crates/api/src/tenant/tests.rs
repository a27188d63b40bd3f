use super::*;

fn refused(header: Option<&str>, multi_tenant: bool) -> (u16, String) {
    let error = Tenants::read(header, multi_tenant).unwrap_err();
    (error.status().as_u16(), error.text().to_owned())
}

#[test]
fn one_tenant_is_needed() {
    assert_eq!(refused(None, true), (401, "no org id".to_owned()));
    assert_eq!(refused(Some(""), false), (401, "no org id".to_owned()));
    assert_eq!(
        refused(Some("a/b"), true),
        (400, "tenant ID 'a/b' contains unsupported character '/'".to_owned())
    );
}

#[test]
fn several_tenants_only_where_allowed() {
    assert_eq!(
        refused(Some("a|b"), false),
        (400, "tenant ID 'a|b' contains unsupported character '|'".to_owned())
    );
    let tenants = Tenants::read(Some("b|a|b"), true).unwrap();
    assert_eq!(tenants.to_string(), "a|b");
    assert_eq!(tenants.one().unwrap_err().text(), "multiple org IDs present");
    assert_eq!(Tenants::read(Some("a"), true).unwrap().one().unwrap().as_str(), "a");
}
