//! Files that a killed put leaves in a local directory: `name#123`, never seen as objects.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Removes those under `directory` that were last written at least `age` ago; answers how many. Another process
/// may be putting an object now, so a young one is left alone.
pub fn remove(directory: &Path, age: Duration) -> io::Result<usize> {
    let (mut removed, mut waiting) = (0, vec![directory.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            } else if entry.file_name().to_str().is_some_and(is_leftover) {
                // It may be finished, and so renamed, at this very moment.
                let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
                let old = SystemTime::now().duration_since(written).is_ok_and(|since| since >= age);
                if old && fs::remove_file(entry.path()).is_ok() {
                    removed += 1;
                }
            }
        }
    }
    Ok(removed)
}

fn is_leftover(name: &str) -> bool {
    let digits = name.rsplit_once('#').map(|(_, digits)| digits);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
