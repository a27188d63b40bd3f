//! A progress bar on standard error, drawn only where a person looks.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The bar is redrawn at most this often.
const REDRAW: Duration = Duration::from_millis(100);
const WIDTH: usize = 28;
/// Empties the terminal's line.
pub const CLEAR: &str = "\r\x1b[2K";

/// Progress of something with a known total, in any unit.
#[derive(Debug)]
pub struct Bar {
    what: String,
    total: u64,
    done: u64,
    started: Instant,
    drawn: Option<Instant>,
    on: bool,
}

impl Bar {
    /// A bar called `what` that ends at `total`; `quiet` never draws.
    pub fn new(what: &str, total: u64, quiet: bool) -> Self {
        let on = !quiet && std::io::stderr().is_terminal();
        Self { what: what.to_owned(), total, done: 0, started: Instant::now(), drawn: None, on }
    }

    /// Moves to `done`, with a short `note` behind the bar.
    pub fn set(&mut self, done: u64, note: &str) {
        self.done = done;
        if self.on && self.drawn.is_none_or(|at| at.elapsed() >= REDRAW) {
            self.drawn = Some(Instant::now());
            eprint!("{CLEAR}{}", self.line(note));
            let _ = std::io::stderr().flush();
        }
    }

    /// Removes the bar.
    pub fn clear(&mut self) {
        if self.on && self.drawn.take().is_some() {
            eprint!("{CLEAR}");
        }
    }

    fn line(&self, note: &str) -> String {
        let share = if self.total == 0 { 1.0 } else { (self.done as f64 / self.total as f64).min(1.0) };
        let full = (share * WIDTH as f64) as usize;
        let left = match share {
            s if s > 0.02 => {
                let spent = self.started.elapsed().as_secs_f64();
                format!("{:.0}s left", spent / s - spent)
            }
            _ => String::new(),
        };
        let (done, open) = ("█".repeat(full), "░".repeat(WIDTH - full));
        format!("{} {done}{open} {:>3.0}% {note} {left}", self.what, share * 100.0)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `part` of `whole` as a bar of at most `width` characters; what is not nothing can be seen.
pub fn share_bar(part: u64, whole: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.min(whole) as f64 / whole.max(1) as f64 * width as f64 * 8.0).round() as usize;
    let eighths = if part > 0 { eighths.max(1) } else { 0 };
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// `bytes` for people: `12.3 MB`.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
