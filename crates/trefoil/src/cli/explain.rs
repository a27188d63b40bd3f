//! `trefoil explain`: how a query would be answered, on one screen.

use super::args::ExplainOptions;
use super::bar::{bytes_text, share_bar};
use super::client::Client;
use super::paint::Paint;
use anyhow::Result;
use serde_json::Value;
use std::fmt::Write as _;

/// Width of bars.
const BAR: usize = 24;
/// Stages longer than this do not widen their column.
const STAGE_WIDTH_MAX: usize = 40;

/// Runs `trefoil explain`.
pub async fn run(options: ExplainOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let mut params = vec![
        ("query", options.query.clone()),
        ("start", start.to_string()),
        ("end", end.to_string()),
        ("limit", options.limit.to_string()),
        ("direction", if options.forward { "forward" } else { "backward" }.to_owned()),
        ("run", options.run.to_string()),
    ];
    params.extend(options.step.clone().map(|step| ("step", step)));
    let answer = client.get("/loki/api/v1/explain", &params).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&answer["data"])?);
        return Ok(());
    }
    print!("{}", Screen { paint: Paint::stdout() }.draw(&answer["data"]));
    Ok(())
}

/// What is printed.
struct Screen {
    paint: Paint,
}

impl Screen {
    fn draw(&self, data: &Value) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}", self.paint.bold(text(&data["query"])));
        let root = items(&data["root"]);
        // A tree of one leaf says nothing.
        if root.len() > 1 {
            let _ = writeln!(out);
            root.iter().for_each(|line| {
                let _ = writeln!(out, "  {}", text(line));
            });
        }
        for (at, leaf) in items(&data["leaves"]).iter().enumerate() {
            let _ = writeln!(out);
            self.leaf(leaf, at + 1, &mut out);
        }
        let _ = writeln!(out);
        match &data["actual"] {
            Value::Null => {
                let what = "nothing of this was read; --run answers the query and shows what that took";
                let _ = writeln!(out, "{}", self.paint.dim(what));
            }
            actual => self.actual(actual, &mut out),
        }
        out
    }

    fn row(&self, name: &str, what: &str, out: &mut String) {
        let _ = writeln!(out, "  {} {what}", self.paint.dim(&format!("{name:<10}")));
    }

    fn leaf(&self, leaf: &Value, number: usize, out: &mut String) {
        let heading = format!("leaf {number}");
        let _ = writeln!(out, "{}  {}", self.paint.bold(&heading), text(&leaf["text"]));
        let (start, end) = (leaf["startNs"].as_i64().unwrap_or(0), leaf["endNs"].as_i64().unwrap_or(0));
        let length = base::unit::Period(end.saturating_sub(start) / 1_000_000_000 * 1_000_000_000);
        let time = format!("{} to {} ({length})", seconds(start), seconds(end));
        self.row("time", &time, out);
        self.row("selector", text(&leaf["selector"]), out);
        self.stages(items(&leaf["stages"]), out);
        self.row("reads", text(&leaf["reads"]), out);
        self.estimate(&leaf["estimate"], out);
    }

    fn stages(&self, stages: &[Value], out: &mut String) {
        let width = |stage: &Value| text(&stage["text"]).chars().count().min(STAGE_WIDTH_MAX);
        let width = stages.iter().map(width).max().unwrap_or(0);
        for (at, stage) in stages.iter().enumerate() {
            let done_by = text(&stage["doneBy"]);
            let padded = format!("{done_by:<6}");
            let painted = match done_by {
                "store" => self.paint.good(&padded),
                "both" => self.paint.warn(&padded),
                _ => self.paint.bad(&padded),
            };
            let (stage, why) = (text(&stage["text"]), self.paint.dim(text(&stage["why"])));
            let name = if at == 0 { "stages" } else { "" };
            self.row(name, &format!("{stage:<width$}  {painted} {why}"), out);
        }
    }

    fn estimate(&self, estimate: &Value, out: &mut String) {
        let count = |name: &str| number(&estimate[name]);
        self.row("streams", &grouped(count("streams")), out);
        let (heads, rows) = (&estimate["heads"], &estimate["rows"]);
        let rows_text = |rows: &Value| {
            format!("{}, {}", counted(number(&rows["rows"]), "row"), bytes_text(number(&rows["bytes"])))
        };
        self.row("in memory", &rows_text(heads), out);
        let blocks = format!("{} of {} in the range", count("blocks"), count("blocksInRange"));
        self.row("in blocks", &format!("{blocks}, {}", counted(count("pages"), "page")), out);
        if count("pages") == 0 {
            return;
        }
        let skipped = count("pagesSkipped");
        let left = count("pages").saturating_sub(skipped);
        let filters = match (estimate["usesFilters"].as_bool(), skipped) {
            (Some(true), _) => {
                let bar = self.paint.good(&share_bar(skipped, count("pages"), BAR));
                format!("{} skipped, {left} left  {bar}", counted(skipped, "page"))
            }
            _ => {
                "not asked: nothing is searched for that has four letters in a row or is a long id, no metadata by its value"
                    .to_owned()
            }
        };
        self.row("filters", &filters, out);
        if count("pagesCounted") > 0 {
            let pages = counted(count("pagesCounted"), "page");
            self.row("counts", &format!("{pages} answered by their counts, no row of them is read"), out);
        }
        self.row("to search", &rows_text(rows), out);
        self.sections(items(&estimate["sections"]), out);
    }

    fn sections(&self, sections: &[Value], out: &mut String) {
        let most = sections.iter().map(|section| number(&section["storedBytes"])).max().unwrap_or(0);
        let mut sum = 0;
        for (at, section) in sections.iter().enumerate() {
            let (stored, raw) = (number(&section["storedBytes"]), number(&section["rawBytes"]));
            sum += stored;
            let kind = text(&section["kind"]);
            // What is not compressed has no ratio.
            let raw = if raw > stored { format!("of {}", bytes_text(raw)) } else { String::new() };
            let bar = self.paint.good(&share_bar(stored, most, BAR));
            let name = if at == 0 { "to fetch" } else { "" };
            self.row(name, &format!("{kind:<10} {:>9} {raw:<13} {bar}", bytes_text(stored)), out);
        }
        self.row(
            "",
            &format!(
                "{:<10} {:>9} {}",
                "all",
                bytes_text(sum),
                self.paint.dim("when no cache has any of it")
            ),
            out,
        );
    }

    fn actual(&self, actual: &Value, out: &mut String) {
        let scan = &actual["scan"];
        let count = |name: &str| number(&scan[name]);
        let seconds = |value: &Value| value.as_f64().unwrap_or(0.0);
        let scanned = count("scanNs") as f64 / 1e9;
        let _ = writeln!(
            out,
            "{}  {:.3} s: {:.3} s of threads in the store, {:.3} s in the engine",
            self.paint.bold("actual"),
            seconds(&actual["execSeconds"]),
            scanned,
            seconds(&actual["computeSeconds"]),
        );
        let answer = format!(
            "{} lines or points in {} streams or series",
            grouped(number(&actual["entriesReturned"])),
            grouped(number(&actual["seriesReturned"]))
        );
        self.row("answer", &answer, out);
        let by_counts = match count("pagesCounted") {
            0 => String::new(),
            pages => format!(", {} answered by their counts", grouped(pages)),
        };
        let pages = format!(
            "{} of {} read, {} skipped by filters{by_counts}",
            grouped(count("pagesRead")),
            grouped(count("pagesConsidered")),
            grouped(count("pagesSkipped"))
        );
        self.row("pages", &pages, out);
        let looked = format!(
            "{} looked at in blocks, {} in memory, {} passed the store, {} the pipeline",
            grouped(count("blockRows")),
            grouped(count("headRows")),
            grouped(count("rowsPassed")),
            grouped(number(&actual["linesPassed"]))
        );
        self.row("rows", &looked, out);
        let fetched = format!(
            "{} in {} to the bucket; of one block at most {} one after the other",
            bytes_text(count("fetchedBytes")),
            counted(count("bucketRequests"), "request"),
            count("bucketRounds")
        );
        self.row("fetched", &fetched, out);
        self.row("memory", &format!("{} at most", bytes_text(number(&actual["peakMemoryBytes"]))), out);
        for warning in items(&actual["warnings"]) {
            self.row("warning", &self.paint.warn(text(warning)), out);
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A time without parts of seconds.
pub fn seconds(ts_ns: i64) -> String {
    let text = model::time::rfc3339(ts_ns);
    format!("{}Z", text.get(..19).unwrap_or(&text))
}

/// A number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (start, rest) = digits.split_at_checked(first).unwrap_or((&digits, ""));
    let thousands = rest.as_bytes().chunks(3).map(|three| String::from_utf8_lossy(three).into_owned());
    let parts = Some(start.to_owned()).filter(|start| !start.is_empty()).into_iter().chain(thousands);
    parts.collect::<Vec<_>>().join(" ")
}

/// So many of a thing.
pub fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}
