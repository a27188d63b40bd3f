//! Follows files by polling, which works on every file system, through rotation and truncation.

use crate::positions::{Position, Positions};
use crate::source::Chunk;
use base::Clock;
use model::{Labels, LabelsBuilder};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Which files are followed.
#[derive(Clone, Debug)]
pub struct TailConfig {
    /// Files and directories; of a directory every file below it that looks like a log.
    pub paths: Vec<PathBuf>,
    /// Labels of all streams; `filename` is added.
    pub labels: Labels,
    /// Where positions are kept.
    pub positions_file: PathBuf,
    /// Time between looks.
    pub poll: Duration,
}

/// Bytes read from one file at a look; more comes at the next.
const READ_BYTES: usize = 256 << 10;
/// A line without end is given up to this length, then cut there.
const LINE_BYTES_MAX: usize = 192 << 10;
/// Directories are searched again every so many looks.
const LOOKS_PER_SEARCH: u32 = 20;
/// Directories deeper than this, and files beyond this number, are left out.
const DEPTH_MAX: usize = 4;
const FILES_MAX: usize = 500;
/// Files that stand among logs and are none; empty ones cannot be told by their content.
const NO_LOGS: &[&str] = &["README", "btmp", "wtmp", "faillog", "lastlog"];
/// Bytes at a file's start that are looked at to tell text from other things.
const SNIFF_BYTES: usize = 512;

/// A file that is followed.
#[derive(Debug)]
struct Followed {
    file: File,
    device: u64,
    inode: u64,
    offset: u64,
    labels: Labels,
}

/// What became of a look at one file.
struct Read1 {
    lines: Vec<Vec<u8>>,
    end: u64,
}

/// Follows the files of a [`TailConfig`].
#[derive(Debug)]
pub struct Tail {
    config: TailConfig,
    clock: Clock,
    positions: Positions,
    files: BTreeMap<PathBuf, Followed>,
    last_ns: i64,
}

impl Tail {
    /// Remembers positions of earlier runs.
    pub fn new(config: TailConfig, clock: Clock) -> Self {
        let positions = Positions::load(&config.positions_file);
        Self { config, clock, positions, files: BTreeMap::new(), last_ns: 0 }
    }

    /// The files that would be followed now.
    pub fn find(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for path in &self.config.paths {
            search(path, 0, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    /// Follows until the outbox is gone.
    pub async fn run(mut self, outbox: mpsc::Sender<Chunk>) {
        for look in 0u32.. {
            if look.is_multiple_of(LOOKS_PER_SEARCH) {
                self.open_found();
            }
            let busy = self.look(&outbox).await;
            if outbox.is_closed() {
                return;
            }
            if let Err(error) = self.positions.save() {
                tracing::warn!(%error, file = %self.config.positions_file.display(), "positions cannot be kept");
            }
            if !busy {
                tokio::time::sleep(self.config.poll).await;
            }
        }
    }

    fn open_found(&mut self) {
        for path in self.find() {
            if !self.files.contains_key(&path) {
                match self.open(&path) {
                    Ok(followed) => {
                        self.files.insert(path, followed);
                    }
                    Err(error) => tracing::debug!(file = %path.display(), %error, "cannot be followed"),
                }
            }
        }
    }

    fn open(&self, path: &Path) -> std::io::Result<Followed> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let known = self.positions.get(path).filter(|known| is_same(&metadata, known.device, known.inode));
        let offset = known.map_or(0, |known| known.offset);
        let mut labels = LabelsBuilder::from(self.config.labels.as_ref());
        labels.set("filename", &path.to_string_lossy());
        Ok(Followed { file, device: metadata.dev(), inode: metadata.ino(), offset, labels: labels.build() })
    }

    /// Reads what is new of every file, waits for its delivery; whether there is more to read.
    async fn look(&mut self, outbox: &mpsc::Sender<Chunk>) -> bool {
        let mut waiting = Vec::new();
        let mut busy = false;
        let paths: Vec<PathBuf> = self.files.keys().cloned().collect();
        for path in paths {
            let Some(read) = self.read(&path) else { continue };
            if read.lines.is_empty() {
                continue;
            }
            busy = true;
            let Some(followed) = self.files.get(&path) else { continue };
            let labels = followed.labels.clone();
            let position = Position { device: followed.device, inode: followed.inode, offset: read.end };
            let lines = read.lines.into_iter().map(|text| (self.next_ns(), text)).collect();
            let (done, delivered) = oneshot::channel();
            if outbox.send(Chunk { labels, lines, done: Some(done) }).await.is_err() {
                return false;
            }
            waiting.push((path, position, delivered));
        }
        for (path, position, delivered) in waiting {
            if delivered.await.is_ok() {
                self.positions.set(&path, position);
                if let Some(followed) = self.files.get_mut(&path) {
                    followed.offset = position.offset;
                }
            }
        }
        busy
    }

    /// New lines of one file; handles rotation and truncation.
    fn read(&mut self, path: &Path) -> Option<Read1> {
        let followed = self.files.get_mut(path)?;
        let read = match read_lines(followed) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "cannot be read any more");
                self.files.remove(path);
                return None;
            }
        };
        if read.lines.is_empty() {
            // The old file is read to its end before a new one under its name is begun.
            match std::fs::metadata(path) {
                Ok(metadata) if is_same(&metadata, followed.device, followed.inode) => {
                    if metadata.len() < followed.offset {
                        tracing::info!(file = %path.display(), "file was cut; reading from its start");
                        followed.offset = 0;
                    }
                }
                _ => {
                    self.files.remove(path);
                    return None;
                }
            }
        }
        Some(read)
    }

    /// Every line has its own nanosecond, so that order is kept and equal lines stay two.
    fn next_ns(&mut self) -> i64 {
        self.last_ns = self.clock.now_ns().max(self.last_ns + 1);
        self.last_ns
    }
}

fn is_same(metadata: &Metadata, device: u64, inode: u64) -> bool {
    metadata.dev() == device && metadata.ino() == inode
}

fn read_lines(followed: &mut Followed) -> std::io::Result<Read1> {
    followed.file.seek(SeekFrom::Start(followed.offset))?;
    let mut bytes = Vec::new();
    followed.file.by_ref().take(READ_BYTES as u64).read_to_end(&mut bytes)?;
    let mut lines = Vec::new();
    let mut begin = 0;
    while let Some(length) = bytes[begin..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[begin..begin + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        lines.extend(line.chunks(LINE_BYTES_MAX).map(<[u8]>::to_vec));
        begin += length + 1;
    }
    if begin == 0 && bytes.len() == READ_BYTES {
        // One line fills the whole read: give it in pieces rather than never.
        lines.push(bytes[..LINE_BYTES_MAX].to_vec());
        begin = LINE_BYTES_MAX;
    }
    Ok(Read1 { lines, end: followed.offset + begin as u64 })
}

/// Adds `path`, or the logs below it.
fn search(path: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if found.len() >= FILES_MAX {
        return;
    }
    if metadata.is_file() && (depth == 0 || looks_like_log(path)) {
        found.push(path.to_owned());
    } else if metadata.is_dir() && depth < DEPTH_MAX {
        let mut inside: Vec<PathBuf> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inside.sort();
        for entry in inside {
            search(&entry, depth + 1, found);
        }
    }
}

/// Whether a file below a directory is text and no rotated or compressed remainder.
fn looks_like_log(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let old = name.rsplit('.').next().is_some_and(|end| {
        end.bytes().all(|b| b.is_ascii_digit()) || ["gz", "xz", "zst", "bz2", "old", "journal"].contains(&end)
    });
    let known_other = NO_LOGS.contains(&name);
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start));
    !old && !known_other && read.is_ok() && !start.contains(&0)
}

#[cfg(test)]
mod tests;
