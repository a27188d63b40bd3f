//! Commands that print lists and tables: labels, series, stats, volume, metrics.

use super::args::{LabelsOptions, SelectorOptions, SeriesOptions, VolumeOptions};
use super::bar::bytes_text;
use super::client::Client;
use super::paint::Paint;
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Runs `trefoil labels`.
pub async fn labels(options: LabelsOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let path = match &options.name {
        Some(name) => format!("/loki/api/v1/label/{name}/values"),
        None => "/loki/api/v1/labels".to_owned(),
    };
    let answer = client.get(&path, &[("start", start.to_string()), ("end", end.to_string())]).await?;
    for item in answer["data"].as_array().into_iter().flatten() {
        println!("{}", item.as_str().unwrap_or_default());
    }
    Ok(())
}

/// Runs `trefoil series`.
pub async fn series(options: SeriesOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let params =
        [("match[]", options.selector.clone()), ("start", start.to_string()), ("end", end.to_string())];
    let answer = client.get("/loki/api/v1/series", &params).await?;
    let found: Vec<&Value> = answer["data"].as_array().into_iter().flatten().collect();
    if options.analyze_labels {
        return analyze(&found);
    }
    let mut rows: Vec<String> = found.iter().map(|labels| label_text(labels)).collect();
    rows.sort();
    for row in rows {
        println!("{}", Paint::stdout().stream(&row));
    }
    Ok(())
}

fn analyze(found: &[&Value]) -> Result<()> {
    let mut names: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (name, value) in found.iter().filter_map(|labels| labels.as_object()).flatten() {
        let entry = names.entry(name).or_default();
        entry.0 += 1;
        entry.1.insert(value.as_str().unwrap_or_default());
    }
    println!("{} streams, {} labels", found.len(), names.len());
    let mut rows: Vec<_> = names.into_iter().collect();
    rows.sort_by_key(|(_, (_, values))| std::cmp::Reverse(values.len()));
    let cells = rows.iter().map(|(name, (streams, values))| {
        vec![(*name).to_owned(), values.len().to_string(), streams.to_string()]
    });
    table(&["label", "values", "streams"], cells.collect());
    Ok(())
}

/// Runs `trefoil stats`.
pub async fn stats(options: SelectorOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let params =
        [("query", options.selector.clone()), ("start", start.to_string()), ("end", end.to_string())];
    let answer = client.get("/loki/api/v1/index/stats", &params).await?;
    let count = |name: &str| answer[name].as_u64().unwrap_or(0);
    let rows = vec![
        vec!["streams".to_owned(), count("streams").to_string()],
        vec!["chunks".to_owned(), count("chunks").to_string()],
        vec!["entries".to_owned(), count("entries").to_string()],
        vec!["bytes".to_owned(), format!("{} ({})", count("bytes"), bytes_text(count("bytes")))],
    ];
    table(&["", "count"], rows);
    Ok(())
}

/// Runs `trefoil volume`.
pub async fn volume(options: VolumeOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let (start, end) = options.span.resolve(base::Clock::System.now_ns())?;
    let mut params = vec![
        ("query", options.selector.clone()),
        ("start", start.to_string()),
        ("end", end.to_string()),
        ("limit", options.limit.to_string()),
    ];
    params.extend(options.by.clone().map(|by| ("targetLabels", by)));
    let answer = client.get("/loki/api/v1/index/volume", &params).await?;
    let found = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let size = |row: &Value| row["value"][1].as_str().and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
    let most = found.iter().map(size).max().unwrap_or(0).max(1);
    let rows = found.iter().map(|row| {
        let bar = "█".repeat((size(row) * 30 / most) as usize);
        vec![label_text(&row["metric"]), bytes_text(size(row)), bar]
    });
    table(&["series", "bytes", ""], rows.collect());
    Ok(())
}

/// `{a="b"}` of a JSON object of labels.
pub fn label_text(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    model::Labels::from_pairs(pairs.filter_map(|(n, v)| Some((n.as_str(), v.as_str()?)))).to_string()
}

/// Prints a vector or scalar answer.
pub fn print_vector(data: &Value) {
    if data["resultType"] == "scalar" {
        println!("{}", data["result"][1].as_str().unwrap_or_default());
        return;
    }
    let rows =
        data["result"].as_array().into_iter().flatten().map(|row| {
            vec![label_text(&row["metric"]), row["value"][1].as_str().unwrap_or_default().to_owned()]
        });
    table(&["series", "value"], rows.collect());
}

/// Heights of a plotted point, lowest first.
const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Points of a series that are plotted, the newest.
const SPARKS_MAX: usize = 60;

/// Prints a matrix: one small plot per series, with its range.
pub fn points(data: &Value) {
    if data["resultType"] != "matrix" {
        return print_vector(data);
    }
    let mut rows = Vec::new();
    for series in data["result"].as_array().into_iter().flatten() {
        let values: Vec<f64> = series["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|point| point[1].as_str()?.parse().ok())
            .collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let newest = &values[values.len().saturating_sub(SPARKS_MAX)..];
        let plot: String = newest.iter().map(|value| spark(*value, low, high)).collect();
        let last = values.last().map_or(String::new(), f64::to_string);
        rows.push(vec![label_text(&series["metric"]), plot, low.to_string(), high.to_string(), last]);
    }
    table(&["series", "over time", "min", "max", "last"], rows);
}

fn spark(value: f64, low: f64, high: f64) -> char {
    let share = if high > low { (value - low) / (high - low) } else { 0.5 };
    SPARKS[((share * 7.0).round() as usize).min(7)]
}

/// Prints rows in aligned columns under a heading.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        eprintln!("{}", Paint::stderr().dim("nothing found in this time range; try a longer --since"));
        return;
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: &[String]| -> String {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading: Vec<String> = heading.iter().map(|h| (*h).to_owned()).collect();
    println!("{}", Paint::stdout().bold(&line(&heading)));
    for row in &rows {
        println!("{}", line(row));
    }
}
