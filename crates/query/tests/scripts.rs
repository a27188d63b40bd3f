//! Runs the scripts in `tests/scripts/logql/eval`: lines are loaded, queries asked, answers
//! compared. Every query is asked again with the same lines cut into other runs and given in other
//! orders; the answer must be the same.
//!
//! How scripts are written is said in `tests/scripts/logql/README.md`. With `BLESS=1` in the
//! environment the answers in the scripts are replaced by those given.

#[path = "scripts/render.rs"]
mod render;
#[path = "scripts/script.rs"]
mod script;

use base::Pool;
use model::twin::Twin;
use model::{Append, Limits};
use query::engine::Engine;
use script::{Ask, Block};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a query is asked with the lines placed at random.
const PLACEMENTS: u64 = 6;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/logql/eval");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of scripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    scripts.sort();
    scripts
}

/// The answer to `ask` over `twin`, as scripts write it.
fn answer(runtime: &tokio::runtime::Runtime, pool: &Pool, twin: Twin, ask: &Ask, limits: &Limits) -> String {
    let engine = Engine::new(Arc::new(twin), pool.clone());
    let answered = match ask {
        Ask::Range(query) => runtime.block_on(engine.range(query.clone(), limits)),
        Ask::Instant(query) => runtime.block_on(engine.instant(query.clone(), limits)),
    };
    match answered {
        Ok(answered) => render::answer(&answered.answer),
        Err(error) => render::error(&error),
    }
}

fn run(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a readable script");
    let blocks = script::parse(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let pool = Pool::new(2).expect("threads");
    let (mut twin, mut limits) = (Twin::new(), Limits::default());
    let mut failures = Vec::new();
    let mut blessed = String::new();
    for block in &blocks {
        match block {
            Block::Text(text) => blessed.push_str(text),
            Block::Clear(text) => {
                (twin, limits) = (Twin::new(), Limits::default());
                blessed.push_str(text);
            }
            Block::Limits(text, map) => {
                limits = limits.overlaid(map.clone()).expect("known limits");
                blessed.push_str(text);
            }
            Block::Load(text, batches) => {
                for batch in batches {
                    runtime.block_on(twin.append(batch.clone())).expect("the twin takes all");
                }
                blessed.push_str(text);
            }
            Block::Ask { text, line, ask, expected } => {
                let given = answer(&runtime, &pool, twin.clone(), ask, &limits);
                if given != *expected {
                    failures.push(format!(
                        "{}:{line}: expected\n{expected}given\n{given}",
                        path.file_name().unwrap_or_default().display()
                    ));
                }
                for seed in 0..PLACEMENTS {
                    let again = answer(&runtime, &pool, twin.scattered(seed), ask, &limits);
                    assert_eq!(
                        given,
                        again,
                        "{}:{line}: placement {seed} changes the answer",
                        path.display()
                    );
                }
                blessed.push_str(text);
                blessed.push_str(&given);
            }
        }
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, blessed).expect("a writable script");
    }
    failures
}

#[test]
fn scripts_answer_as_written() {
    let paths = scripts();
    assert!(!paths.is_empty(), "no scripts");
    let failures: Vec<String> = paths.iter().flat_map(|path| run(path)).collect();
    assert!(failures.is_empty(), "{} of the answers differ\n\n{}", failures.len(), failures.join("\n"));
}
