//! Trefoil's own log: logfmt on standard error, its level changed while running, and a copy of each
//! line for the demo to store.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{EnvFilter, Registry, reload};

/// Changes the level while running.
#[derive(Clone)]
pub struct LevelHandle {
    filter: reload::Handle<EnvFilter, Registry>,
    level: Arc<parking_lot::Mutex<String>>,
}

/// Lines kept for the copy when its reader is slow; what comes beyond is left out of the copy.
const COPY_LINES: usize = 1024;
const LEVELS: &[&str] = &["debug", "info", "warn", "error"];

impl LevelHandle {
    /// The level now.
    pub fn get(&self) -> String {
        self.level.lock().clone()
    }

    /// Sets the level.
    ///
    /// # Errors
    /// The words to say when there is no such level.
    pub fn set(&self, level: &str) -> Result<(), String> {
        if !LEVELS.contains(&level) {
            return Err(format!("unrecognized log level \"{level}\""));
        }
        self.filter.reload(directives(level)).map_err(|e| e.to_string())?;
        level.clone_into(&mut self.level.lock());
        Ok(())
    }
}

/// Our own crates at `level`, libraries at warnings.
fn directives(level: &str) -> EnvFilter {
    let ours = [
        "trefoil", "api", "store", "wal", "bucket", "query", "agent", "base", "model", "wire", "page",
        "index",
    ];
    let list: Vec<String> = ours.iter().map(|name| format!("{name}={level}")).collect();
    EnvFilter::new(format!("warn,{}", list.join(",")))
}

/// Receives the copy of the log: the time of each line (Unix nanoseconds) and its text.
pub type Copied = mpsc::Receiver<(i64, Vec<u8>)>;

/// Starts logging at `level`. With `copy`, gives a receiver of every line with its time.
pub fn start(level: &str, copy: bool) -> (LevelHandle, Option<Copied>) {
    let (filter, handle) = reload::Layer::new(directives(level));
    let (sender, receiver) = mpsc::channel(COPY_LINES);
    let writer = Logfmt { copy: copy.then_some(sender), clears: std::io::stderr().is_terminal() };
    let subscriber = Registry::default().with(filter).with(writer);
    // A second start, as tests may make, keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let level = Arc::new(parking_lot::Mutex::new(level.to_owned()));
    (LevelHandle { filter: handle, level }, copy.then_some(receiver))
}

struct Logfmt {
    copy: Option<mpsc::Sender<(i64, Vec<u8>)>>,
    /// Whether a progress bar may stand where the line is written.
    clears: bool,
}

impl<S: Subscriber> Layer<S> for Logfmt {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let now_ns = base::Clock::System.now_ns();
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let mut line =
            Fields(format!("ts={} level={level} caller={}", model::time::rfc3339(now_ns), metadata.target()));
        event.record(&mut line);
        eprintln!("{}{}", if self.clears { crate::cli::bar::CLEAR } else { "" }, line.0);
        if let Some(copy) = &self.copy {
            // Logging never waits: when the store is behind, the copy loses lines, not the log.
            let _ = copy.try_send((now_ns, line.0.into_bytes()));
        }
    }
}

/// Fields as logfmt.
struct Fields(String);

impl Fields {
    fn put(&mut self, name: &str, value: &str) {
        let name = if name == "message" { "msg" } else { name };
        let plain = !value.is_empty() && !value.contains([' ', '=', '"', '\n', '\t', '\\']);
        let _ = if plain {
            write!(self.0, " {name}={value}")
        } else {
            write!(self.0, " {name}={}", model::labels::GoQuoted(value))
        };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field.name(), &format!("{value:?}"));
    }
}
