//! Compares what the parser accepts, refuses and prints with the answers of the reference, where
//! those are at hand: `TREFOIL_SHARED`, or `shared` beside the repository.

use query::logql;
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;

/// What differs, and why.
const KNOWN: &[(&str, &str)] =
    &[(r#"{app="\xff"}"#, "strings of queries are text here; bytes that are none are replaced")];

fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("TREFOIL_SHARED").map_or_else(beside, PathBuf::from).join("conformance/loki")
}

/// `{"$": n}` stands for the n-th of `strings`.
fn resolve<'a>(value: &'a Value, strings: &'a [Value]) -> Option<&'a str> {
    match value.get("$") {
        Some(at) => strings.get(usize::try_from(at.as_u64()?).ok()?)?.as_str(),
        None => value.as_str(),
    }
}

struct Case {
    query: String,
    path: String,
    status: u64,
    /// The text of the answer, where it is one.
    text: String,
}

fn cases() -> Option<Vec<Case>> {
    let packed = std::fs::File::open(folder().join("golden/visible.json.gz")).ok()?;
    let mut golden = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut golden).ok()?;
    let golden: Value = serde_json::from_str(&String::from_utf8_lossy(&golden)).ok()?;
    let strings = golden["strings"].as_array()?;
    let calls = std::fs::read_to_string(folder().join("visible.jsonl")).ok()?;
    let cases = calls.lines().filter_map(|line| {
        let call: Value = serde_json::from_str(line).ok()?;
        let answer = &golden["answers"][call["id"].as_str()?];
        let data = &answer["data"];
        let text = resolve(data, strings).or_else(|| resolve(&data["data"], strings)).unwrap_or("");
        let refusal: Option<Value> = serde_json::from_str(text).ok();
        let refusal = refusal.as_ref().and_then(|v| v["error"].as_str());
        Some(Case {
            query: call["query"].as_str()?.to_owned(),
            path: call["path"].as_str()?.to_owned(),
            status: answer["status"].as_u64()?,
            text: refusal.unwrap_or(text).to_owned(),
        })
    });
    // The time of the data set stands for a lone `@`; `{}` means everything to volumes; deletes have
    // words of their own.
    let others = |case: &Case| {
        case.query.starts_with('@') || case.path.contains("volume") || case.path.contains("delete")
    };
    Some(cases.filter(|case| !others(case)).collect())
}

/// How `case` differs, if it does.
fn difference(case: &Case) -> Option<String> {
    let parsed = logql::parse(&case.query);
    let formats = case.path.ends_with("format_query");
    // What is wrong inside a stage is said by the pipeline.
    let parse_error = case.text.starts_with("parse error") && !case.text.starts_with("parse error : stage");
    let given = match (&parsed, case.status) {
        (Err(refusal), 400) if parse_error => refusal.to_string(),
        (Ok(expr), 200) if formats => logql::pretty(expr),
        (Ok(_), 400) if !parse_error => return None,
        (Ok(_), 200 | 500) => return None,
        (Ok(expr), _) => format!("accepted as {expr}"),
        (Err(refusal), _) => format!("refused: {refusal}"),
    };
    (given.trim_end() != case.text)
        .then(|| format!("{}\n  wanted {}\n  given  {given}", case.query, case.text))
}

#[test]
fn parses_and_refuses_as_the_reference() {
    let Some(cases) = cases() else {
        println!("skipped: no conformance data at {}", folder().display());
        return;
    };
    let cases: Vec<Case> = cases.into_iter().filter(|case| matches!(case.status, 200 | 400 | 500)).collect();
    assert!(cases.len() > 2000, "only {} cases", cases.len());
    let unknown = |case: &&Case| !KNOWN.iter().any(|(query, _)| *query == case.query);
    let differences: Vec<String> = cases.iter().filter(unknown).filter_map(difference).collect();
    println!("{} cases, {} differences", cases.len(), differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
