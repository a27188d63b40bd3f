//! `trefoil query` and `trefoil instant`: ask, page through, print.

use super::args::{ContextOptions, InstantOptions, Output, QueryOptions};
use super::bar::{Bar, bytes_text};
use super::client::{Client, time_of};
use super::paint::Paint;
use super::show::{label_text, points, print_vector};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashSet;
use std::io::Write;

/// One line of an answer.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
pub struct Line {
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
    /// `{a="b"}`
    pub labels: String,
    /// The text.
    pub text: String,
}

/// Runs `trefoil query`.
pub async fn lines(options: QueryOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let mut pager = Pager::new(&options, start, end);
    let mut bar = Bar::new("reading", pager.total(), options.quiet);
    let mut printer = Printer::new(options.output, !options.no_labels);
    loop {
        let answer = client.get("/loki/api/v1/query_range", &pager.params(&options)).await?;
        let data = &answer["data"];
        if data["resultType"] != "streams" {
            bar.clear();
            points(data);
            return print_stats(&options, data);
        }
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            bar.clear();
            eprintln!("{}", Paint::stderr().bad(warning.as_str().unwrap_or("")));
        }
        let lines = read_lines(data)?;
        let fresh = if pager.ends { pager.take_all(lines) } else { pager.take(lines) };
        bar.clear();
        for line in &fresh {
            printer.print(line)?;
        }
        bar.set(pager.progress(), &format!("{} lines", pager.printed));
        if pager.finished {
            bar.clear();
            print_stats(&options, data)?;
            break;
        }
    }
    if !options.quiet {
        let note = match pager.printed {
            0 => format!("no lines match in {}; try a longer --since", span_text(start, end)),
            n if options.limit > 0 && n >= options.limit => {
                format!("{n} lines, the --limit; use --limit 0 for all")
            }
            1 => "1 line".to_owned(),
            n => format!("{n} lines"),
        };
        eprintln!("{}", Paint::stderr().dim(&note));
    }
    Ok(())
}

/// Runs `trefoil context`.
pub async fn context(options: ContextOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let params = [
        ("query", options.query.clone()),
        ("time", time_of(&options.time)?.to_string()),
        ("before", options.before.to_string()),
        ("after", options.after.to_string()),
        ("since", options.since.clone()),
    ];
    let answer = client.get("/loki/api/v1/context", &params).await?;
    let mut lines = read_lines(&answer["data"])?;
    lines.sort_by_key(|line| line.ts_ns);
    let mut printer = Printer::new(options.output, !options.no_labels);
    lines.iter().try_for_each(|line| printer.print(line))
}

/// Runs `trefoil instant`.
pub async fn instant(options: InstantOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let mut params = vec![("query", options.query.clone())];
    if let Some(now) = &options.now {
        params.push(("time", time_of(now)?.to_string()));
    }
    let answer = client.get("/loki/api/v1/query", &params).await?;
    match options.output {
        Output::Jsonl => println!("{}", answer["data"]["result"]),
        _ => print_vector(&answer["data"]),
    }
    Ok(())
}

/// Lines in one answer by the default of `max_entries_limit_per_query`.
const ANSWER_LINES_MAX: usize = 5000;

/// Whether `query` has a stage that looks at the whole answer. What does not parse, the server refuses.
fn orders_all(query: &str) -> bool {
    match query::logql::parse(query) {
        Ok(query::logql::ast::Expr::Log(log)) => log.stages.iter().any(query::logql::ast::Stage::is_ending),
        _ => false,
    }
}

/// Walks through a time range in batches. A batch ends at a nanosecond that may hold more lines
/// than were given, so the next one begins at that very nanosecond and leaves out what was seen.
struct Pager {
    start: i64,
    end: i64,
    first: (i64, i64),
    forward: bool,
    batch: usize,
    left: usize,
    printed: usize,
    finished: bool,
    /// Whether the query orders the whole answer, which then is one page in its order.
    ends: bool,
    seen: HashSet<Line>,
}

impl Pager {
    fn new(options: &QueryOptions, start: i64, end: i64) -> Self {
        let left = if options.limit == 0 { usize::MAX } else { options.limit };
        Self {
            start,
            end,
            first: (start, end),
            forward: options.forward,
            batch: options.batch.max(1),
            left,
            printed: 0,
            finished: false,
            ends: orders_all(&options.query),
            seen: HashSet::new(),
        }
    }

    /// Keeps a whole answer as it is.
    fn take_all(&mut self, lines: Vec<Line>) -> Vec<Line> {
        self.printed = lines.len();
        self.finished = true;
        lines
    }

    fn asked(&self) -> usize {
        if self.ends {
            // What the server allows for one answer, where all are wanted.
            return self.left.min(ANSWER_LINES_MAX);
        }
        self.batch.min(self.left.saturating_add(self.seen.len()))
    }

    fn params(&self, options: &QueryOptions) -> Vec<(&'static str, String)> {
        let direction = if self.forward { "forward" } else { "backward" };
        let mut params = vec![
            ("query", options.query.clone()),
            ("start", self.start.to_string()),
            ("end", self.end.to_string()),
            ("limit", self.asked().to_string()),
            ("direction", direction.to_owned()),
        ];
        params.extend(options.step.clone().map(|step| ("step", step)));
        params.extend(options.partial.then(|| ("partial", "true".to_owned())));
        params
    }

    /// Keeps what is new of a batch, in order, and moves on.
    fn take(&mut self, mut lines: Vec<Line>) -> Vec<Line> {
        let full = lines.len() >= self.asked();
        lines.sort_by_key(|line| if self.forward { line.ts_ns } else { -line.ts_ns });
        let last = lines.last().map(|line| line.ts_ns);
        let on_edge: HashSet<Line> = lines.iter().filter(|line| Some(line.ts_ns) == last).cloned().collect();
        let stuck = full && lines.iter().all(|line| self.seen.contains(line));
        let mut fresh: Vec<Line> = lines.into_iter().filter(|line| !self.seen.contains(line)).collect();
        fresh.truncate(self.left);
        self.left -= fresh.len();
        self.printed += fresh.len();
        if stuck {
            // More equal times than a batch holds: ask for a larger one instead of turning in place.
            self.batch = self.batch.saturating_mul(2);
        }
        match last {
            Some(ts) if self.forward => self.start = ts,
            Some(ts) => self.end = ts.saturating_add(1),
            None => {}
        }
        self.finished = !full || self.left == 0;
        self.seen = on_edge;
        fresh
    }

    fn total(&self) -> u64 {
        self.first.1.abs_diff(self.first.0) / 1_000_000
    }

    fn progress(&self) -> u64 {
        let gone =
            if self.forward { self.start.abs_diff(self.first.0) } else { self.first.1.abs_diff(self.end) };
        gone / 1_000_000
    }
}

/// Reads `data` of a streams answer.
pub fn read_lines(data: &Value) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for stream in data["result"].as_array().into_iter().flatten() {
        let labels = label_text(&stream["stream"]);
        for value in stream["values"].as_array().into_iter().flatten() {
            let (Some(ts), Some(text)) = (value[0].as_str(), value[1].as_str()) else {
                bail!("the answer holds a line without time or text: {value}");
            };
            let ts_ns = ts.parse().with_context(|| format!("the answer holds the time {ts:?}"))?;
            lines.push(Line { ts_ns, labels: labels.clone(), text: text.to_owned() });
        }
    }
    Ok(lines)
}

/// Prints lines in the asked form, labels aligned in a column.
pub struct Printer {
    output: Output,
    labels: bool,
    width: usize,
    paint: Paint,
}

/// Labels longer than this do not widen the column.
const LABELS_WIDTH_MAX: usize = 60;

impl Printer {
    /// A printer on standard output.
    pub fn new(output: Output, labels: bool) -> Self {
        Self { output, labels, width: 0, paint: Paint::stdout() }
    }

    /// Prints one line.
    pub fn print(&mut self, line: &Line) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let written = match self.output {
            Output::Raw => writeln!(out, "{}", line.text),
            Output::Jsonl => {
                let row = serde_json::json!({
                    "timestamp": model::time::rfc3339(line.ts_ns),
                    "labels": line.labels,
                    "line": line.text,
                });
                writeln!(out, "{row}")
            }
            Output::Default => {
                let time = self.paint.dim(&format!("{:<30}", model::time::rfc3339(line.ts_ns)));
                if self.labels {
                    self.width = self.width.max(line.labels.len().min(LABELS_WIDTH_MAX));
                    let padded = format!("{:<width$}", line.labels, width = self.width);
                    writeln!(out, "{time} {} {}", self.paint.stream(&padded), line.text)
                } else {
                    writeln!(out, "{time} {}", line.text)
                }
            }
        };
        match written {
            // `trefoil query … | head` ends this way, which is no failure.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
            other => Ok(other?),
        }
    }
}

fn print_stats(options: &QueryOptions, data: &Value) -> Result<()> {
    if options.stats {
        let summary = &data["stats"]["summary"];
        let number = |name: &str| summary[name].as_f64().unwrap_or(0.0);
        eprintln!(
            "{} processed in {:.3}s, {} lines looked at, {} after filters",
            bytes_text(number("totalBytesProcessed") as u64),
            number("execTime"),
            number("totalLinesProcessed"),
            number("totalPostFilterLines"),
        );
    }
    Ok(())
}

fn span_text(start: i64, end: i64) -> String {
    base::unit::Period((end - start) / base::unit::SECOND_NS * base::unit::SECOND_NS).to_string()
}

#[cfg(test)]
mod tests;
