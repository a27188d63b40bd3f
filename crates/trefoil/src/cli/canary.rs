//! `trefoil canary`: writes lines that tell their own order, reads them back, and says what is
//! missing, doubled or out of place. It ends with a failure when anything was.

use super::args::CanaryOptions;
use super::client::Client;
use super::paint::Paint;
use super::query::{Line, read_lines};
use anyhow::{Context, Result, bail};
use base::unit::{Period, SECOND_NS};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// A written line is looked for when it is so old: pushes are acknowledged by then.
const SETTLE: Duration = Duration::from_secs(2);
/// Lines asked for at once; fewer than any server's limit.
const PAGE: usize = 1000;

/// What was found wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Lines read back.
    pub read: u64,
    /// Acknowledged lines that did not come back.
    pub missing: u64,
    /// Lines that came back more than once.
    pub doubled: u64,
    /// Lines that came back after a younger one.
    pub out_of_order: u64,
}

impl Findings {
    fn clean(&self) -> bool {
        self.missing + self.doubled + self.out_of_order == 0
    }
}

/// Runs `trefoil canary`.
pub async fn run(options: CanaryOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let length: Period = options.length.parse().with_context(|| format!("--for {:?}", options.length))?;
    let interval: Period =
        options.interval.parse().with_context(|| format!("--interval {:?}", options.interval))?;
    let name = format!("{}-{}", std::process::id(), base::Clock::System.now_ns() / SECOND_NS);
    let labels = model::Labels::from_pairs([("job", "trefoil-canary"), ("name", name.as_str())]);
    let started = Instant::now();
    let (mut written, mut lost_pushes) = (BTreeMap::new(), 0u64);
    let mut last_look = Instant::now();
    while started.elapsed() < length.duration() {
        let ts_ns = base::Clock::System.now_ns();
        let number = written.len() as u64;
        let text = format!("{number} {ts_ns} {}", "p".repeat(options.size));
        match push(&client, &labels, ts_ns, &text).await {
            true => {
                written.insert(ts_ns, text);
            }
            false => lost_pushes += 1,
        }
        if last_look.elapsed() > Duration::from_secs(10) {
            last_look = Instant::now();
            let findings = look(&client, &labels, &written).await?;
            report(&findings, written.len(), lost_pushes);
        }
        tokio::time::sleep(interval.duration()).await;
    }
    tokio::time::sleep(SETTLE).await;
    let findings = look(&client, &labels, &written).await?;
    report(&findings, written.len(), lost_pushes);
    if !findings.clean() {
        bail!("the server did not keep its promise: {findings:?}");
    }
    Ok(())
}

/// Pushes one line until it is acknowledged, for a while.
async fn push(client: &Client, labels: &model::Labels, ts_ns: i64, text: &str) -> bool {
    let line = model::RowRef { ts_ns, body: text.as_bytes(), metadata: model::LabelsRef::EMPTY };
    let body = wire::loki::encode::push_body(&[(labels.as_ref(), vec![line])]);
    for _ in 0..60 {
        if let Ok((200..300, _)) = client.push(body.clone()).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    false
}

/// Reads back everything old enough and compares.
async fn look(client: &Client, labels: &model::Labels, written: &BTreeMap<i64, String>) -> Result<Findings> {
    let until_ns = base::Clock::System.now_ns() - SETTLE.as_nanos() as i64;
    let expected: BTreeMap<&i64, &String> = written.range(..until_ns).collect();
    let mut found: Vec<Line> = Vec::new();
    let Some((first, _)) = written.first_key_value() else { return Ok(Findings::default()) };
    let mut start_ns = *first;
    loop {
        let params = [
            ("query", labels.to_string()),
            ("start", start_ns.to_string()),
            ("end", until_ns.to_string()),
            ("limit", PAGE.to_string()),
            ("direction", "forward".to_owned()),
        ];
        // The server may be away for a moment, as when it is restarted on purpose.
        let answer = match client.get("/loki/api/v1/query_range", &params).await {
            Ok(answer) => answer,
            Err(_) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let page = read_lines(&answer["data"])?;
        let full = page.len() >= PAGE;
        start_ns = page.last().map_or(until_ns, |line| line.ts_ns + 1);
        found.extend(page);
        if !full {
            return Ok(compare(&expected, &found));
        }
    }
}

/// Lines found against lines expected.
pub fn compare(expected: &BTreeMap<&i64, &String>, found: &[Line]) -> Findings {
    let mut times: BTreeMap<i64, u64> = BTreeMap::new();
    for line in found {
        *times.entry(line.ts_ns).or_default() += 1;
    }
    let there: HashSet<(i64, &str)> = found.iter().map(|line| (line.ts_ns, line.text.as_str())).collect();
    let missing = expected.iter().filter(|(ts, text)| !there.contains(&(***ts, text.as_str()))).count();
    Findings {
        read: found.len() as u64,
        missing: missing as u64,
        doubled: times.values().filter(|times| **times > 1).count() as u64,
        out_of_order: found.windows(2).filter(|pair| pair[0].ts_ns > pair[1].ts_ns).count() as u64,
    }
}

fn report(findings: &Findings, written: usize, lost_pushes: u64) {
    let text = format!(
        "{written} written, {} read, {} missing, {} doubled, {} out of order, {lost_pushes} pushes given up",
        findings.read, findings.missing, findings.doubled, findings.out_of_order
    );
    let paint = Paint::stdout();
    println!("{}", if findings.clean() { paint.good(&text) } else { paint.bad(&text) });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ts_ns: i64, text: &str) -> Line {
        Line { ts_ns, labels: String::new(), text: text.to_owned() }
    }

    #[test]
    fn everything_wrong_is_counted() {
        let written = BTreeMap::from([(1, "a".to_owned()), (2, "b".to_owned()), (3, "c".to_owned())]);
        let expected: BTreeMap<&i64, &String> = written.iter().collect();
        let good = [line(1, "a"), line(2, "b"), line(3, "c")];
        assert_eq!(compare(&expected, &good), Findings { read: 3, ..Findings::default() });
        let bad = [line(2, "b"), line(1, "other"), line(1, "a"), line(2, "b")];
        assert_eq!(compare(&expected, &bad), Findings { read: 4, missing: 1, doubled: 2, out_of_order: 1 });
    }
}
