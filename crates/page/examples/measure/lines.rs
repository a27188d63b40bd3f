//! Lines to measure with: those of files, and generated ones.

use model::{LabelsRef, RowColumns, RowRef};

/// A cheap source of chance that gives the same at every run.
pub struct Chance(pub u64);

impl Chance {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// One of `all`, the first ones most often.
    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let least = self.below(all.len() as u64).min(self.below(all.len() as u64));
        all[least as usize]
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }
}

/// A line at a time in milliseconds.
type Line = fn(&mut Chance, u64) -> String;

/// The kinds of lines that can be generated.
pub const GENERATED: [(&str, Line); 4] =
    [("json", json), ("logfmt", logfmt), ("nginx", nginx), ("java", java)];

const PATHS: [&str; 6] = ["/api/items", "/api/orders", "/api/cart", "/login", "/healthz", "/api/users"];
const MESSAGES: [&str; 6] = [
    "request finished",
    "cache miss, asking the database",
    "order placed",
    "retrying after timeout",
    "connection refused",
    "user logged in",
];

fn level(chance: &mut Chance) -> &'static str {
    chance.of(&["info", "debug", "warn", "error"])
}

fn clock(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

fn json(chance: &mut Chance, ms: u64) -> String {
    format!(
        "{{\"time\":\"2026-11-21T{}Z\",\"level\":\"{}\",\"service\":\"checkout\",\"msg\":\"{}\",\"trace_id\":\"{}\",\
         \"http\":{{\"method\":\"{}\",\"path\":\"{}/{}\",\"status\":{},\"duration_ms\":{}}},\"user\":{},\"ok\":{}}}",
        clock(ms),
        level(chance),
        chance.of(&MESSAGES),
        chance.hex(32),
        chance.of(&["GET", "POST", "PUT"]),
        chance.of(&PATHS),
        chance.below(100_000),
        chance.of(&["200", "200", "200", "404", "500", "502"]),
        chance.below(2000),
        chance.below(5000),
        chance.of(&["true", "false"]),
    )
}

fn logfmt(chance: &mut Chance, ms: u64) -> String {
    format!(
        "ts=2026-11-21T{}Z level={} caller=metrics.go:{} org_id=tenant-{} traceID={} latency=fast query=\"{{app=\\\"{}\\\"}}\" \
         duration={}.{}ms status={} throughput={}MB total_bytes={}",
        clock(ms),
        level(chance),
        100 + chance.below(5),
        chance.below(40),
        chance.hex(16),
        chance.of(&["web", "db", "queue", "auth"]),
        chance.below(900),
        chance.below(1_000_000),
        chance.of(&["200", "200", "400", "499", "500"]),
        chance.below(300),
        chance.below(90_000_000),
    )
}

fn nginx(chance: &mut Chance, ms: u64) -> String {
    format!(
        "10.{}.{}.{} - - [21/Nov/2026:{} +0000] \"{} {}/{}?page={} HTTP/1.1\" {} {} \"https://shop.example/{}\" \
         \"Mozilla/5.0 (X11; Linux x86_64) {}\" {:.3}",
        chance.below(4),
        chance.below(256),
        chance.below(256),
        &clock(ms)[..8],
        chance.of(&["GET", "POST"]),
        chance.of(&PATHS),
        chance.below(20_000),
        chance.below(20),
        chance.of(&["200", "200", "200", "304", "404", "502"]),
        chance.below(60_000),
        chance.of(&["", "cart", "search", "item"]),
        chance.of(&["Firefox/131.0", "Chrome/130.0.0.0 Safari/537.36", "curl/8.5.0"]),
        chance.below(3000) as f64 / 1000.0,
    )
}

fn java(chance: &mut Chance, ms: u64) -> String {
    let class = chance.of(&["OrderService", "CartRepository", "PaymentClient", "SessionFilter"]);
    match chance.below(6) {
        0 => format!(
            "\tat com.example.shop.{class}.{}({class}.java:{})",
            chance.of(&["run", "find", "save"]),
            chance.below(400)
        ),
        1 => format!(
            "java.lang.IllegalStateException: order {} is {}",
            chance.below(1_000_000),
            chance.of(&["closed", "unknown"])
        ),
        _ => format!(
            "2026-11-21 {} {:5} {} --- [http-nio-8080-exec-{}] c.example.shop.{class} : {} for user {} in {} ms",
            clock(ms),
            level(chance).to_uppercase(),
            17,
            chance.below(20),
            chance.of(&MESSAGES),
            chance.below(100_000),
            chance.below(4000),
        ),
    }
}

/// Lines that `next` gives, with nanosecond stamps and exponential gaps: nearly the worst case for a
/// column of times. About `bytes` of them.
pub fn columns(bytes: usize, mut next: impl FnMut(&mut Chance, u64) -> Vec<u8>) -> RowColumns {
    let mut chance = Chance(1);
    let mut owned: Vec<(i64, Vec<u8>)> = Vec::new();
    let (mut ts_ns, mut done) = (1_700_000_000_000_000_000i64, 0);
    while done < bytes {
        let gap = -((chance.below(1_000_000) as f64 + 1.0) / 1_000_001.0).ln() * 2e7;
        ts_ns += gap as i64;
        let line = next(&mut chance, (ts_ns / 1_000_000) as u64);
        done += line.len();
        owned.push((ts_ns, line));
    }
    let rows =
        owned.iter().map(|(ts_ns, text)| RowRef { ts_ns: *ts_ns, body: text, metadata: LabelsRef::EMPTY });
    RowColumns::from_rows(rows)
}

/// The lines of `text`, repeated with other digits in them.
pub fn repeated(text: &[u8], bytes: usize) -> RowColumns {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut at = 0;
    columns(bytes, |chance, _| {
        let mut line = lines[at % lines.len()].to_vec();
        for digit in line.iter_mut().filter(|byte| at >= lines.len() && byte.is_ascii_digit()) {
            if chance.below(4) == 0 {
                *digit = b'0' + chance.below(10) as u8;
            }
        }
        at += 1;
        line
    })
}
