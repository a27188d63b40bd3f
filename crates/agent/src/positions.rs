//! How far each file was read and delivered, kept in one small JSON file.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How far one file came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Device and inode: a rotated file keeps them under its new name.
    pub device: u64,
    /// See `device`.
    pub inode: u64,
    /// Bytes delivered.
    pub offset: u64,
}

/// All positions, and where they are kept.
#[derive(Debug)]
pub struct Positions {
    file: PathBuf,
    known: BTreeMap<PathBuf, Position>,
    changed: bool,
}

impl Positions {
    /// Reads `file`; a missing or damaged one means that nothing was read yet.
    pub fn load(file: &Path) -> Self {
        let known = match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(file = %file.display(), %error, "positions are damaged; files are read from their start");
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        Self { file: file.to_owned(), known, changed: false }
    }

    /// How far `path` came.
    pub fn get(&self, path: &Path) -> Option<Position> {
        self.known.get(path).copied()
    }

    /// Sets how far `path` came.
    pub fn set(&mut self, path: &Path, position: Position) {
        if self.known.get(path) != Some(&position) {
            self.known.insert(path.to_owned(), position);
            self.changed = true;
        }
    }

    /// Writes the file anew when something changed: to a second file first, then renamed, so that
    /// a crash leaves the old or the new one.
    pub fn save(&mut self) -> std::io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(&self.known)?;
        let beside = self.file.with_extension("new");
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.file)?;
        self.changed = false;
        Ok(())
    }
}
