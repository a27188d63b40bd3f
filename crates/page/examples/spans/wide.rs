//! Twenty services that call each other.

use crate::chance::Chance;
use crate::trace::{Member, Said, Traces, add, begin, int, text};
use model::attribute::Value;

const SERVICES: usize = 20;
const ROUTES: [&str; 6] =
    ["/users/{id}", "/orders", "/orders/{id}", "/items/{id}/stock", "/search", "/health"];
const METHODS: [&str; 3] = ["GET", "POST", "PUT"];

/// `count` traces of 10 to 40 spans.
pub fn traces(count: usize) -> Traces {
    let mut chance = Chance::new();
    (0..count).map(|number| trace(&mut chance, number)).collect()
}

fn trace(chance: &mut Chance, number: usize) -> Vec<Member> {
    let (mut trace, start_ns) = begin(chance, number);
    let spans = 10 + chance.below(31);
    let root = serve(&mut trace, chance, None, 0, start_ns, 80_000.0);
    // Spans that may still call others, with their service.
    let mut open = vec![(root, 0)];
    while trace.len() < spans {
        let (parent, service) = open[chance.below(open.len())];
        let span = &trace[parent].span;
        let start_ns = span.start_ns + (chance.next() * 0.6 * span.duration_ns as f64) as i64;
        let share_us = span.duration_ns as f64 / 4000.0;
        if chance.below(3) == 0 {
            query(&mut trace, chance, parent, service, start_ns, share_us);
        } else {
            let called = (service * 3 + 1 + chance.below(3)) % SERVICES;
            let client = call(&mut trace, chance, parent, (service, called), start_ns, share_us);
            let server = serve(&mut trace, chance, Some(client), called, start_ns + 400_000, share_us * 0.8);
            open.push((server, called));
        }
    }
    trace
}

fn name_of(service: usize) -> String {
    format!("service-{service:02}")
}

fn http(chance: &mut Chance, service: usize) -> (String, Vec<(String, Value)>) {
    let (method, route) = (METHODS[chance.below(6) / 4], ROUTES[(service + chance.below(3)) % ROUTES.len()]);
    let path = route.replace("{id}", &chance.below(100_000).to_string());
    let status = if chance.below(40) == 0 { 503 } else { 200 };
    let attributes = vec![
        text("http.request.method", method),
        text("http.route", route),
        text("url.path", path),
        text("url.scheme", "http"),
        text("server.address", name_of(service)),
        int("server.port", 8080),
        int("http.response.status_code", status),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        text("network.protocol.version", "1.1"),
    ];
    (format!("{method} {route}"), attributes)
}

fn serve(
    trace: &mut Vec<Member>,
    chance: &mut Chance,
    parent: Option<usize>,
    service: usize,
    start_ns: i64,
    mean_us: f64,
) -> usize {
    let (name, mut attributes) = http(chance, service);
    attributes.push(text("client.address", format!("10.1.{}.{}", service, chance.below(250))));
    attributes.push(int("client.port", 30_000 + chance.below(30_000)));
    let duration_ns = chance.duration_ns(mean_us);
    let service = name_of(service);
    let said =
        Said { service: &service, scope: "http", name: &name, kind: 2, start_ns, duration_ns, attributes };
    add(trace, chance, parent, said)
}

fn call(
    trace: &mut Vec<Member>,
    chance: &mut Chance,
    parent: usize,
    (service, called): (usize, usize),
    start_ns: i64,
    mean_us: f64,
) -> usize {
    let (name, attributes) = http(chance, called);
    let duration_ns = chance.duration_ns(mean_us);
    let service = name_of(service);
    let said =
        Said { service: &service, scope: "http", name: &name, kind: 3, start_ns, duration_ns, attributes };
    add(trace, chance, Some(parent), said)
}

fn query(
    trace: &mut Vec<Member>,
    chance: &mut Chance,
    parent: usize,
    service: usize,
    start_ns: i64,
    mean_us: f64,
) {
    let table = ["users", "orders", "items"][chance.below(3)];
    let attributes = vec![
        text("db.system", "postgresql"),
        text("db.namespace", name_of(service)),
        text("db.query.text", format!("SELECT * FROM {table} WHERE id = $1")),
        text("db.operation.name", "SELECT"),
    ];
    let name = format!("SELECT {table}");
    let duration_ns = chance.duration_ns(mean_us);
    let service = name_of(service);
    let said =
        Said { service: &service, scope: "http", name: &name, kind: 3, start_ns, duration_ns, attributes };
    add(trace, chance, Some(parent), said);
}
