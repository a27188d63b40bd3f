//! One generated line: its words are few, its ids and numbers are not.

use std::fmt::Write;

/// xorshift64*
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

const PATHS: &[&str] =
    &["/api/orders", "/api/users/login", "/static/app.js", "/api/cart", "/health", "/api/search"];
const LEVELS: &[&str] = &["info", "info", "info", "info", "debug", "warn", "error"];
const MESSAGES: &[&str] =
    &["order stored", "user logged in", "cache miss", "connection refused", "retrying call", "job done"];
const CLASSES: &[&str] = &["com.shop.orders.OrderService", "com.shop.pay.PayClient", "org.web.Dispatcher"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)",
    "curl/8.5.0",
    "kube-probe/1.30",
];
const CONTROLLERS: &[&str] = &["replica_set.go", "deployment_controller.go", "kubelet.go", "reconciler.go"];
const SPACES: &[&str] = &["shop", "pay", "monitoring", "kube-system"];

/// A line of `kind`.
pub fn generate(kind: &str, dice: &mut Dice) -> String {
    let mut text = String::with_capacity(320);
    // Writing to a string cannot fail.
    let _ = match kind {
        "nginx" => nginx(&mut text, dice),
        "json" => json(&mut text, dice),
        "logfmt" => logfmt(&mut text, dice),
        "java" => java(&mut text, dice),
        _ => k8s(&mut text, dice),
    };
    text
}

fn status(dice: &mut Dice) -> u16 {
    [200, 200, 200, 204, 304, 404, 500, 502][dice.below(8) as usize]
}

/// Skewed to the short side.
fn ms(dice: &mut Dice) -> u64 {
    let most = dice.below(2000) + 1;
    dice.below(most)
}

fn nginx(text: &mut String, dice: &mut Dice) -> std::fmt::Result {
    let (a, b, c, ms) = (dice.below(4), dice.below(250), dice.below(250), ms(dice));
    write!(text, "10.{a}.{b}.{c} - - [21/Nov/2026:10:{:02}:{:02} +0000] ", dice.below(60), dice.below(60))?;
    write!(text, "\"GET {}?id={} HTTP/1.1\" ", dice.of(PATHS), dice.below(100_000))?;
    write!(text, "{} {} \"-\" \"{}\" ", status(dice), dice.below(50_000), dice.of(AGENTS))?;
    write!(text, "{}.{:03}", ms / 1000, ms % 1000)
}

fn json(text: &mut String, dice: &mut Dice) -> std::fmt::Result {
    write!(text, "{{\"level\":\"{}\",\"msg\":\"{}\",", dice.of(LEVELS), dice.of(MESSAGES))?;
    write!(text, "\"trace_id\":\"{:016x}\",\"span_id\":\"{:012x}\",", dice.next(), dice.next() >> 16)?;
    write!(text, "\"status\":{},\"latency_ms\":{},", status(dice), ms(dice))?;
    write!(text, "\"http\":{{\"path\":\"{}\",\"bytes\":{}}}}}", dice.of(PATHS), dice.below(90_000))
}

fn logfmt(text: &mut String, dice: &mut Dice) -> std::fmt::Result {
    write!(text, "level={} msg=\"{}\" path={} ", dice.of(LEVELS), dice.of(MESSAGES), dice.of(PATHS))?;
    write!(text, "status={} duration={}ms ", status(dice), ms(dice))?;
    write!(text, "request_id={:016x} shard={}", dice.next(), dice.below(64))
}

fn java(text: &mut String, dice: &mut Dice) -> std::fmt::Result {
    let (class, message) = (dice.of(CLASSES), dice.of(MESSAGES));
    write!(text, "2026-11-21 10:{:02}:{:02},{:03} ", dice.below(60), dice.below(60), dice.below(1000))?;
    let failed = dice.below(4) == 0;
    let level = if failed { "ERROR" } else { dice.of(&["INFO", "INFO", "WARN", "DEBUG"]) };
    write!(
        text,
        "{level} [worker-{}] {class} - {message} for order {}",
        dice.below(16),
        dice.below(1 << 20)
    )?;
    for _ in 0..if failed { 2 + dice.below(6) } else { 0 } {
        let part = dice.of(&["Service", "Client", "Proxy"]);
        write!(text, "\n\tat {class}.call({part}.java:{})", dice.below(900))?;
    }
    Ok(())
}

fn k8s(text: &mut String, dice: &mut Dice) -> std::fmt::Result {
    let level = dice.of(&["I", "I", "I", "W", "E"]);
    write!(
        text,
        "{level}1121 10:{:02}:{:02}.{:06}       1 ",
        dice.below(60),
        dice.below(60),
        dice.below(1_000_000)
    )?;
    write!(text, "{}:{}] \"{}\" ", dice.of(CONTROLLERS), 100 + dice.below(40) * 7, dice.of(MESSAGES))?;
    write!(
        text,
        "pod=\"{}/web-{:05x}-{:05x}\" ",
        dice.of(SPACES),
        dice.below(300) * 2741,
        dice.below(900) * 611
    )?;
    write!(text, "node=\"ip-10-0-{}-{}\" took=\"{}ms\"", dice.below(4), dice.below(60), ms(dice))
}
