//! What was acknowledged, and the check that it is there.

use crate::server::Server;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// Lines of one push with their encoded body.
pub struct Batch {
    pub lines: Vec<String>,
    pub body: String,
}

/// All lines carry times from here on.
const BASE_NS: i64 = 1_000_000_000;
const STREAMS: u64 = 5;

impl Batch {
    /// Lines `number..number + count` of a writer, on several streams, their times jumping back
    /// and forth.
    pub fn make(writer: u64, number: u64, count: u64) -> Self {
        let now_ns = base::Clock::System.now_ns();
        let mut streams: HashMap<u64, Vec<String>> = HashMap::new();
        let mut lines = Vec::new();
        for n in number..number + count {
            let line = format!("line w{writer}-{n} with some words to fill it, level=info");
            let back_ns = (n * 7919 % 101) as i64 * BASE_NS;
            let value = format!("[\"{}\",\"{line}\"]", now_ns - back_ns + n as i64);
            streams.entry(n % STREAMS).or_default().push(value);
            lines.push(line);
        }
        let streams: Vec<String> = streams
            .into_iter()
            .map(|(stream, values)| {
                format!(
                    "{{\"stream\":{{\"app\":\"crash\",\"writer\":\"{writer}\",\"stream\":\"{stream}\"}},\"values\":[{}]}}",
                    values.join(",")
                )
            })
            .collect();
        Self { lines, body: format!("{{\"streams\":[{}]}}", streams.join(",")) }
    }
}

#[derive(Default)]
pub struct Ledger {
    lines: Mutex<HashSet<String>>,
}

impl Ledger {
    pub fn acknowledge(&self, batch: &Batch) {
        self.lines.lock().unwrap().extend(batch.lines.iter().cloned());
    }

    pub fn acknowledged(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Every acknowledged line must be there once; no line may be there twice.
    pub async fn verify(&self, server: &Server) {
        let found = read_all(server).await;
        let lines = self.lines.lock().unwrap();
        let missing: Vec<&String> = lines.iter().filter(|line| !found.contains_key(*line)).collect();
        assert!(
            missing.is_empty(),
            "{} of {} acknowledged lines are lost, as {:?}",
            missing.len(),
            lines.len(),
            missing[0]
        );
        let doubled: Vec<&String> =
            found.iter().filter(|(_, times)| **times > 1).map(|(line, _)| line).collect();
        assert!(doubled.is_empty(), "{} lines are there more than once, as {:?}", doubled.len(), doubled[0]);
    }
}

/// Reads every line of the last hour, writer by writer and stream by stream, in pages.
async fn read_all(server: &Server) -> HashMap<String, u32> {
    let mut found = HashMap::new();
    let now_ns = base::Clock::System.now_ns() + 600 * BASE_NS;
    for writer in 0..4 {
        for stream in 0..STREAMS {
            let query = format!("{{app=\"crash\",writer=\"{writer}\",stream=\"{stream}\"}}");
            let mut start = now_ns - 3 * 3600 * BASE_NS;
            let mut on_edge: HashSet<String> = HashSet::new();
            loop {
                let page = ask(server, &query, start, now_ns).await;
                let full = page.len() >= 5000;
                let last = page.iter().map(|(ts, _)| *ts).max();
                let edge: HashSet<String> =
                    page.iter().filter(|(ts, _)| Some(*ts) == last).map(|(_, line)| line.clone()).collect();
                for (_, line) in page {
                    if !on_edge.contains(&line) {
                        *found.entry(line).or_insert(0) += 1;
                    }
                }
                match last {
                    Some(last) if full => (start, on_edge) = (last, edge),
                    _ => break,
                }
            }
        }
    }
    found
}

async fn ask(server: &Server, query: &str, start: i64, end: i64) -> Vec<(i64, String)> {
    let params = [
        ("query", query.to_owned()),
        ("start", start.to_string()),
        ("end", end.to_string()),
        ("limit", "5000".to_owned()),
        ("direction", "forward".to_owned()),
    ];
    let url = format!("{}/loki/api/v1/query_range", server.url());
    for _ in 0..50 {
        // A bucket that fails at random may fail a query; asking again is what a person does.
        let answer = reqwest::Client::new().get(&url).query(&params).send().await.unwrap();
        if answer.status() != 200 {
            continue;
        }
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let streams = body["data"]["result"].as_array().unwrap().clone();
        let values = streams.iter().flat_map(|stream| stream["values"].as_array().unwrap());
        let mut lines: Vec<(i64, String)> = values
            .map(|value| (value[0].as_str().unwrap().parse().unwrap(), value[1].as_str().unwrap().to_owned()))
            .collect();
        lines.sort();
        return lines;
    }
    panic!("the query was refused 50 times:\n{}", server.log());
}
