#[test]
fn oracle() {
    let Ok(path) = std::env::var("ORACLE") else { return };
    let cases: Vec<(String, Option<String>)> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (mut wrong, mut n) = (0, 0);
    for (query, expected) in &cases {
        n += 1;
        let got = super::parser::parse(query).err().map(|e| e.to_string());
        let syntax = got.clone().filter(|e| e.contains("syntax error") || e.contains("literal not terminated"));
        let ok = match expected {
            None => syntax.is_none(),
            // A refused regex or number ends the reading at once.
            Some(e) => got.as_ref() == Some(e) || (got.is_some() && syntax.is_none()),
        };
        if !ok {
            wrong += 1;
            if wrong <= 25 {
                println!("{query:?}\n   want {expected:?}\n   got  {got:?}");
            }
        }
    }
    println!("{wrong} of {n} wrong");
}
