//! The first screen: how far the start is, then what runs, where, and what to try.

use super::stores::Progress;
use crate::cli::bar::{Bar, bytes_text};
use crate::cli::paint::Paint;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::Phase;

/// What the first screen says.
pub struct Greeting {
    url: String,
    /// Doors besides HTTP.
    doors: Vec<(&'static str, SocketAddr)>,
    data: PathBuf,
    /// Files of the demo.
    followed: Option<Vec<PathBuf>>,
}

/// Files named in the greeting; of more only the number is told.
const FILES_NAMED: usize = 8;

impl Greeting {
    /// For `server` with its data in `data`.
    pub fn new(server: &api::Server, data: &Path) -> Self {
        let addresses = server.addresses();
        Self {
            url: local_url(&addresses),
            doors: addresses.iter().filter(|(name, _)| *name != "http").copied().collect(),
            data: std::fs::canonicalize(data).unwrap_or_else(|_| data.to_owned()),
            followed: None,
        }
    }

    /// The address a person on this machine uses.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says that the demo follows `files`.
    pub fn follows(&mut self, files: Vec<PathBuf>) {
        self.followed = Some(files);
    }

    /// Draws how far the logs are replayed, and greets when all stores serve. Why one does not serve is in
    /// the log.
    pub async fn show(self, mut progress: Progress) {
        let mut bar = None;
        loop {
            match progress.now() {
                Phase::Opening => {}
                Phase::Replaying { done_bytes, total_bytes } => bar
                    .get_or_insert_with(|| Bar::new("replaying the log", total_bytes, false))
                    .set(done_bytes, &format!("of {}", bytes_text(total_bytes))),
                Phase::Ready => break,
                Phase::Failed(_) | Phase::Draining | Phase::Closed => return,
            }
            if !progress.changed().await {
                return;
            }
        }
        drop(bar);
        self.print();
    }

    fn print(&self) {
        let paint = Paint::stdout();
        println!("{} {}", paint.bold("Trefoil"), env!("CARGO_PKG_VERSION"));
        println!("  listening   {}  (Loki's API, and a page to search in)", paint.good(&self.url));
        for (name, address) in &self.doors {
            println!("  {name:<11} {address}");
        }
        println!("  data        {}", self.data.display());
        let program = program();
        let selector = match &self.followed {
            Some(files) => {
                print_followed(files);
                if files.is_empty() { "{job=\"trefoil\"}" } else { "{job=\"varlogs\"}" }
            }
            None => {
                println!("\nLoad a file, or point an agent here:");
                println!("  {}", paint.bold(&format!("{program} push FILE --label app=shop{}", self.addr())));
                "{app=\"shop\"}"
            }
        };
        let curl =
            format!("curl -G {}/loki/api/v1/query_range --data-urlencode 'query={selector}'", self.url);
        println!("\nTry in another terminal");
        println!("  {}", paint.bold(&curl));
        println!("  {}", paint.bold(&format!("{program} query '{selector}'{}", self.addr())));
        println!("  {}\n", paint.bold(&format!("{program} tail '{selector}'{}", self.addr())));
    }

    /// The option that names this server, where it is not the one that is asked without.
    fn addr(&self) -> String {
        if self.url == DEFAULT_URL { String::new() } else { format!(" --addr {}", self.url) }
    }
}

const DEFAULT_URL: &str = "http://127.0.0.1:3100";

fn local_url(addresses: &[(&'static str, SocketAddr)]) -> String {
    let http = addresses.iter().find(|(name, _)| *name == "http").map(|(_, address)| *address);
    match http {
        Some(address) if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        Some(address) => format!("http://{address}"),
        None => DEFAULT_URL.to_owned(),
    }
}

fn print_followed(files: &[PathBuf]) {
    println!("  follows     {} files and its own log", files.len());
    for file in files.iter().take(FILES_NAMED) {
        println!("              {}", file.display());
    }
    if files.len() > FILES_NAMED {
        println!("              … and {} more", files.len() - FILES_NAMED);
    }
}

/// How a person calls this program here: by its name where the shell finds it, else by its place.
fn program() -> String {
    const NAME: &str = "trefoil";
    let Ok(own) = std::env::current_exe() else { return NAME.to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(NAME)).find(|file| file.is_file());
    if found.and_then(|file| std::fs::canonicalize(file).ok()).is_some_and(|file| file == own) {
        return NAME.to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    own.strip_prefix(here).unwrap_or(&own).display().to_string()
}
