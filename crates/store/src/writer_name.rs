//! The name of a write-ahead log, by which the catalogue speaks of its positions.

use base::{Error, Result};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file in the log's directory.
const FILE: &str = "writer";
/// Hex digits of a name.
const DIGITS: usize = 32;

/// The name of the log in `dir`. A log without any segment gets a new one: its positions begin
/// again, and must not be taken for those of a log that was there before.
///
/// # Errors
/// [`base::Kind::Unavailable`] when the directory cannot be read or written.
pub fn of_log(dir: &Path, is_new: bool) -> Result<String> {
    let failed = |e: io::Error| {
        Error::unavailable(format!("cannot keep the name of the log in {}", dir.display())).because(e)
    };
    if !is_new {
        match fs::read_to_string(dir.join(FILE)) {
            Ok(name) if is_name(&name) => return Ok(name),
            // Under a new name all of the log is replayed; rows that are in blocks already collapse.
            Ok(_) => tracing::warn!("the name of the log in {} is damaged, it gets a new one", dir.display()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let name = format!("{:032x}", rand::random::<u128>());
    write(dir, &name).map_err(failed)?;
    Ok(name)
}

fn is_name(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes it so that it is there in whole or not at all.
fn write(dir: &Path, name: &str) -> io::Result<()> {
    let draft = dir.join("writer.draft");
    let mut file = File::create(&draft)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
