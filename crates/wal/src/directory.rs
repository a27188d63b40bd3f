//! The directory of a log: which segments there are, made and removed so that a crash at any
//! moment leaves either the old or the new state.

use crate::segment::{HEADER_BYTES, Header};
use base::{Error, Result};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Digits of a segment's number in its name.
const DIGITS: usize = 20;

/// How long a lock is waited for, and how often it is tried meanwhile.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Locks `file`. Who held it may be ending: a process that was killed, or a child that inherited the file and is about
/// to run another program.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    for _ in 1..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            locked => return locked,
        }
    }
    file.try_lock()
}

/// The segments of one log.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Size of each segment in bytes, by number.
    sizes: Mutex<BTreeMap<u64, u64>>,
}

impl Directory {
    /// Makes the directory when there is none, locks it for this process until the returned file
    /// is closed, and lists the segments.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`], naming the directory, when it cannot be used or another
    /// process uses it.
    pub fn open(path: &Path) -> Result<(Self, File)> {
        let failed = |what: &str, e: io::Error| {
            Error::unavailable(format!("{what} wal directory {}", path.display())).because(e)
        };
        make_durably(path).map_err(|e| failed("cannot create", e))?;
        let lock = File::create(path.join("LOCK")).map_err(|e| failed("cannot write to", e))?;
        lock_soon(&lock).map_err(|e| match e {
            TryLockError::WouldBlock => {
                Error::unavailable(format!("wal directory {} is in use by another process", path.display()))
            }
            TryLockError::Error(e) => failed("cannot lock", e),
        })?;
        let sizes = list(path).map_err(|e| failed("cannot list", e))?;
        Ok((Self { path: path.to_owned(), sizes: Mutex::new(sizes) }, lock))
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sizes in bytes of the segments, by number.
    pub fn sizes(&self) -> BTreeMap<u64, u64> {
        self.sizes.lock().clone()
    }

    /// Notes that `segment` now has `bytes`.
    pub fn set_size(&self, segment: u64, bytes: u64) {
        self.sizes.lock().insert(segment, bytes);
    }

    /// The newest segment.
    pub fn newest(&self) -> Option<u64> {
        self.sizes.lock().last_key_value().map(|(segment, _)| *segment)
    }

    /// Opens a segment for reading.
    ///
    /// # Errors
    /// What the system answers.
    pub fn read(&self, segment: u64) -> io::Result<File> {
        File::open(self.segment_path(segment, "wal"))
    }

    /// Makes a segment that holds its header, durably, open for appending.
    ///
    /// # Errors
    /// What the system answers; the segment then does not exist.
    pub fn create(&self, header: &Header) -> io::Result<File> {
        let draft = self.segment_path(header.segment, "tmp");
        let made = self.create_as(header, &draft);
        if made.is_err() {
            // What is left is removed at the next opening, too; now it would only hold space.
            let _ = fs::remove_file(&draft);
        }
        made
    }

    fn create_as(&self, header: &Header, draft: &Path) -> io::Result<File> {
        let mut file = OpenOptions::new().append(true).create_new(true).open(draft)?;
        file.write_all(&header.encode())?;
        file.sync_all()?;
        let path = self.segment_path(header.segment, "wal");
        fs::rename(draft, &path)?;
        // Without this the name may be gone after a power loss, and with it all records in it.
        if let Err(e) = sync_directory(&self.path) {
            let _ = fs::remove_file(&path);
            return Err(e);
        }
        self.set_size(header.segment, HEADER_BYTES as u64);
        Ok(file)
    }

    /// Cuts `segment` off at `bytes`, durably.
    ///
    /// # Errors
    /// What the system answers.
    pub fn cut(&self, segment: u64, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.segment_path(segment, "wal"))?;
        file.set_len(bytes)?;
        file.sync_all()?;
        self.set_size(segment, bytes);
        Ok(())
    }

    /// Removes the segments before `segment`, oldest first, and answers how many. The newest of
    /// all is only emptied, so that its number is not given out again after a restart. Needs no free space.
    ///
    /// # Errors
    /// What the system answers; the segments not yet removed stay.
    pub fn remove_before(&self, segment: u64) -> io::Result<usize> {
        let sizes = self.sizes();
        let newest = sizes.last_key_value().map(|(number, _)| *number);
        let mut removed = 0;
        for (number, bytes) in sizes.range(..segment) {
            if Some(*number) != newest {
                fs::remove_file(self.segment_path(*number, "wal"))?;
                self.sizes.lock().remove(number);
                removed += 1;
            } else if *bytes > HEADER_BYTES as u64 {
                self.cut(*number, HEADER_BYTES as u64)?;
                removed += 1;
            }
        }
        if removed > 0 {
            sync_directory(&self.path)?;
        }
        Ok(removed)
    }

    /// Free bytes on the disk, as far as they are for this process.
    pub fn free_bytes(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.path).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn segment_path(&self, segment: u64, extension: &str) -> PathBuf {
        self.path.join(format!("{segment:0DIGITS$}.{extension}"))
    }
}

/// Makes `path` and its parents; those that are new are synced into their parents.
fn make_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_durably(parent)?;
    match fs::create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => sync_directory(parent),
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Lists the segments with their sizes and removes what was being created.
fn list(path: &Path) -> io::Result<BTreeMap<u64, u64>> {
    let mut sizes = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((number, extension)) = name.to_str().and_then(segment_name) else { continue };
        match extension {
            "wal" => drop(sizes.insert(number, entry.metadata()?.len())),
            "tmp" => fs::remove_file(entry.path())?,
            _ => {}
        }
    }
    Ok(sizes)
}

fn segment_name(name: &str) -> Option<(u64, &str)> {
    let (digits, extension) = name.split_once('.')?;
    let numeric = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    Some((numeric.then(|| digits.parse().ok())??, extension))
}
