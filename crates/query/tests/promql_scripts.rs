//! Runs the scripts in `tests/scripts/promql/eval`: samples are loaded, queries asked, answers compared. The
//! language is that of Prometheus's promqltest (`tests/scripts/promql/README.md`).
//!
//! Every query is asked again with the same samples cut into other runs and given in other orders, and a query
//! at an instant also as the middle of a range; the answers must be the same. With a folder in
//! `TREFOIL_PROMQLTEST` the scripts there are run too, and how many of their queries answer as written is
//! printed for each file; that does not fail the test.

#[path = "promql_scripts/compare.rs"]
mod compare;
#[path = "promql_scripts/script.rs"]
mod script;
#[path = "promql_scripts/values.rs"]
mod values;

use base::{Error, Pool};
use model::twin::Twin;
use model::{Append as _, Limits, Tenant};
use query::engine::Engine;
use query::engine::promql::{LOOKBACK_NS, MetricAnswer, MetricAnswered, MetricQuery, SAMPLES_MAX};
use query::eval::window::Steps;
use script::{Ask, Block};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MINUTE_NS: i64 = 60_000_000_000;

/// How often a query is asked with the samples placed at random.
const PLACEMENTS: u64 = 3;

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of scripts");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut scripts: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "test")).collect();
    scripts.sort();
    scripts
}

struct Runner {
    runtime: tokio::runtime::Runtime,
    pool: Pool,
    twin: Twin,
}

impl Runner {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Self { runtime, pool: Pool::new(2).expect("threads"), twin: Twin::new() }
    }

    fn answer(&self, twin: Twin, query: &str, steps: Steps, instant: bool) -> Result<MetricAnswered, Error> {
        let engine = Engine::new(Arc::new(twin), self.pool.clone());
        let query = MetricQuery {
            tenants: vec![Tenant::single()],
            text: query.to_owned(),
            expr: query::promql::parse(query)?,
            steps,
            instant,
            lookback_ns: LOOKBACK_NS,
            samples_max: SAMPLES_MAX,
        };
        self.runtime.block_on(engine.metrics(query, &Limits::default()))
    }

    /// What is wrong with the answer to `ask`, if anything.
    fn check(&self, ask: &Ask) -> Result<(), String> {
        let given = self.answer(self.twin.clone(), &ask.query, ask.steps, ask.instant);
        compare::check(ask, &given)?;
        let Ok(given) = given else { return Ok(()) };
        for seed in 0..PLACEMENTS {
            let again = self.answer(self.twin.scattered(seed), &ask.query, ask.steps, ask.instant);
            let again = again.map_err(|error| format!("placement {seed} fails: {error}"))?;
            if !compare::same(&given.answer, &again.answer) || given.annotations != again.annotations {
                return Err(format!("placement {seed} changes the answer"));
            }
        }
        self.check_middle(ask, &given)
    }

    /// An instant must be what the middle of a range is.
    fn check_middle(&self, ask: &Ask, given: &MetricAnswered) -> Result<(), String> {
        let MetricAnswer::Vector(series) = &given.answer else { return Ok(()) };
        if ask.ordered || ask.depends_on_range() {
            return Ok(());
        }
        let at_ns = ask.steps.start_ns;
        let steps = Steps { start_ns: at_ns - MINUTE_NS, end_ns: at_ns + MINUTE_NS, step_ns: MINUTE_NS };
        let Ok(range) = self.answer(self.twin.clone(), &ask.query, steps, false) else { return Ok(()) };
        let MetricAnswer::Matrix(matrix) = range.answer else {
            return Err("a range gave no matrix".to_owned());
        };
        let middle = matrix.into_iter().map(|mut one| {
            one.points.retain(|point| point.0 == at_ns);
            one
        });
        let middle = MetricAnswer::Vector(middle.filter(|one| !one.points.is_empty()).collect());
        match compare::same(&MetricAnswer::Vector(series.clone()), &middle) {
            true => Ok(()),
            false => Err(format!("as the middle of a range: {}", compare::show(&middle))),
        }
    }

    /// Runs a script; gives the number of queries, and what is wrong with some of them.
    fn run(&mut self, path: &Path) -> (usize, Vec<String>) {
        let text = std::fs::read_to_string(path).expect("a readable script");
        let name = path.file_name().unwrap_or_default().display().to_string();
        let (mut asked, mut failures) = (0, Vec::new());
        self.twin = Twin::new();
        for block in script::parse(&text) {
            match block {
                Ok(Block::Clear) => self.twin = Twin::new(),
                Ok(Block::Load(batch)) => {
                    self.runtime.block_on(self.twin.append(batch)).expect("the twin takes all");
                }
                Ok(Block::Ask(ask)) => {
                    asked += 1;
                    if let Err(wrong) = self.check(&ask) {
                        failures.push(format!("{name}:{}: {}\n    {wrong}", ask.line, ask.query));
                    }
                }
                Err(wrong) => {
                    asked += 1;
                    failures.push(format!("{name}:{wrong}"));
                }
            }
        }
        (asked, failures)
    }
}

#[test]
fn scripts_answer_as_written() {
    let paths = scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/promql/eval"));
    assert!(!paths.is_empty(), "no scripts");
    let mut runner = Runner::new();
    let failures: Vec<String> = paths.iter().flat_map(|path| runner.run(path).1).collect();
    assert!(failures.is_empty(), "{} of the answers differ\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn prometheus_own_scripts_where_they_are_present() {
    let Some(folder) = std::env::var_os("TREFOIL_PROMQLTEST") else {
        println!("skipped: TREFOIL_PROMQLTEST is not set");
        return;
    };
    let paths = scripts(Path::new(&folder));
    assert!(!paths.is_empty(), "no scripts in TREFOIL_PROMQLTEST");
    let mut runner = Runner::new();
    for path in paths {
        let (asked, failures) = runner.run(&path);
        let name = path.file_name().unwrap_or_default().display();
        println!("{name}: {} of {asked} pass", asked - failures.len());
        failures.iter().for_each(|failure| println!("  {failure}"));
    }
}
