//! Series out of scrapes in the text format.

use crate::Series;
use std::collections::BTreeMap;
use std::path::Path;

/// The series of the scrapes in `directory`, by name and labels.
pub fn read(directory: &Path) -> Result<Vec<Series>, Box<dyn std::error::Error>> {
    let mut scrapes: Vec<(i64, std::path::PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        if let Some(ms) = name.filter(|_| path.extension().is_some_and(|extension| extension == "txt")) {
            scrapes.push((ms, path));
        }
    }
    scrapes.sort_unstable();
    let mut series: BTreeMap<String, Series> = BTreeMap::new();
    for (ms, path) in scrapes {
        for line in std::fs::read_to_string(path)?.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            series.entry(name.to_owned()).or_default().push((ms * 1_000_000, value.parse()?));
        }
    }
    Ok(series.into_values().collect())
}
