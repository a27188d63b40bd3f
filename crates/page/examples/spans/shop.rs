//! Requests of a web shop, with services, scopes and attributes as OpenTelemetry's demo has them.

use crate::chance::Chance;
use crate::trace::{Member, Said, Traces, add, begin, int, text};
use model::attribute::Value;

/// Spans of a request: depth, service, scope, kind, name.
type Step = (usize, &'static str, &'static str, u8, &'static str);

const FRONT: [Step; 5] = [
    (0, "load-generator", "urllib3", 3, "GET"),
    (1, "frontend-proxy", "envoy", 2, "ingress"),
    (2, "frontend-proxy", "envoy", 3, "router frontend egress"),
    (3, "frontend", "instrumentation-http", 2, "GET"),
    (4, "frontend", "next.js", 1, "executing api route (pages) /api/products/[productId]"),
];
const PRODUCT: [Step; 3] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.ProductCatalogService/GetProduct"),
    (6, "product-catalog", "otelgrpc", 2, "oteldemo.ProductCatalogService/GetProduct"),
    (6, "frontend", "instrumentation-net", 1, "tcp.connect"),
];
const CURRENCY: [Step; 2] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.CurrencyService/Convert"),
    (6, "currency", "currency", 2, "Currency/Convert"),
];
const RECOMMEND: [Step; 6] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.RecommendationService/ListRecommendations"),
    (6, "recommendation", "grpc", 2, "/oteldemo.RecommendationService/ListRecommendations"),
    (7, "recommendation", "recommendation", 1, "get_product_list"),
    (8, "recommendation", "grpc", 3, "/oteldemo.ProductCatalogService/ListProducts"),
    (9, "product-catalog", "otelgrpc", 2, "oteldemo.ProductCatalogService/ListProducts"),
    (8, "recommendation", "flagd", 3, "/flagd.evaluation.v1.Service/ResolveBoolean"),
];
const ADS: [Step; 4] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.AdService/GetAds"),
    (6, "ad", "grpc-1.6", 2, "oteldemo.AdService/GetAds"),
    (7, "ad", "ad", 1, "getAdsByCategory"),
    (7, "ad", "grpc-1.6", 3, "flagd.evaluation.v1.Service/EventStream"),
];
const CART: [Step; 5] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.CartService/GetCart"),
    (6, "cart", "AspNetCore", 2, "POST /oteldemo.CartService/GetCart"),
    (7, "cart", "StackExchangeRedis", 3, "HGET"),
    (7, "cart", "StackExchangeRedis", 3, "EXPIRE"),
    (7, "cart", "cart", 1, "getCart"),
];
const CHECKOUT: [Step; 17] = [
    (5, "frontend", "instrumentation-grpc", 3, "grpc.oteldemo.CheckoutService/PlaceOrder"),
    (6, "checkout", "otelgrpc", 2, "oteldemo.CheckoutService/PlaceOrder"),
    (7, "checkout", "checkout", 1, "prepareOrderItemsAndShippingQuoteFromCart"),
    (8, "checkout", "otelgrpc", 3, "oteldemo.CartService/GetCart"),
    (9, "cart", "AspNetCore", 2, "POST /oteldemo.CartService/GetCart"),
    (10, "cart", "StackExchangeRedis", 3, "HGET"),
    (8, "checkout", "otelgrpc", 3, "oteldemo.ProductCatalogService/GetProduct"),
    (9, "product-catalog", "otelgrpc", 2, "oteldemo.ProductCatalogService/GetProduct"),
    (8, "checkout", "otelhttp", 3, "HTTP POST"),
    (9, "shipping", "actix", 2, "POST /get-quote"),
    (10, "shipping", "reqwest", 3, "POST /getquote"),
    (11, "quote", "slim", 2, "POST /getquote"),
    (12, "quote", "manual", 1, "calculate-quote"),
    (7, "checkout", "otelgrpc", 3, "oteldemo.PaymentService/Charge"),
    (8, "payment", "instrumentation-grpc", 2, "grpc.oteldemo.PaymentService/Charge"),
    (9, "payment", "payment", 1, "charge"),
    (7, "checkout", "checkout", 4, "publish orders"),
];

/// `count` traces.
pub fn traces(count: usize) -> Traces {
    let mut chance = Chance::new();
    (0..count).map(|number| trace(&mut chance, number)).collect()
}

fn trace(chance: &mut Chance, number: usize) -> Vec<Member> {
    let (mut trace, start_ns) = begin(chance, number);
    let session = format!("{:016x}-{:016x}", chance.bits(), chance.bits());
    // The place of the last span at each depth.
    let mut last: Vec<usize> = Vec::new();
    put(&mut trace, chance, &FRONT, &session, (&mut last, start_ns));
    let followed: &[&[Step]] = match chance.below(6) {
        0 => &[&CART, &PRODUCT, &PRODUCT, &CURRENCY],
        1 => &[&RECOMMEND, &PRODUCT, &PRODUCT, &PRODUCT, &PRODUCT],
        2 => &[&ADS],
        3 => &[&CHECKOUT, &PRODUCT],
        _ => &[&PRODUCT, &CURRENCY],
    };
    for steps in followed {
        put(&mut trace, chance, steps, &session, (&mut last, start_ns));
    }
    trace
}

fn put(
    trace: &mut Vec<Member>,
    chance: &mut Chance,
    steps: &[Step],
    session: &str,
    (last, start_ns): (&mut Vec<usize>, i64),
) {
    for (depth, service, scope, kind, name) in steps {
        last.truncate(*depth);
        let parent = last.last().copied();
        let before = parent.and_then(|at| trace.get(at)).map_or(start_ns, |parent| parent.span.start_ns);
        let start_ns = before + chance.duration_ns(300.0);
        let duration_ns = chance.duration_ns(60_000.0 / (1 + depth * depth) as f64);
        let attributes = attributes(chance, scope, name, session);
        let said = Said { service, scope, name, kind: *kind, start_ns, duration_ns, attributes };
        last.push(add(trace, chance, parent, said));
    }
}

fn attributes(chance: &mut Chance, scope: &str, name: &str, session: &str) -> Vec<(String, Value)> {
    let product = ["OLJCESPC7Z", "66VCHSJNUP", "1YMWWN1N4O", "L9ECAV7KIM", "2ZYFJ3GM2N"][chance.below(5)];
    if scope.contains("grpc") || scope == "flagd" {
        let (service, method) = name.trim_start_matches('/').rsplit_once('/').unwrap_or((name, ""));
        let mut out = vec![
            text("rpc.system", "grpc"),
            text("rpc.service", service),
            text("rpc.method", method),
            int("rpc.grpc.status_code", 0),
            text("net.peer.ip", format!("10.244.0.{}", chance.below(40))),
            int("net.peer.port", 30_000 + chance.below(30_000)),
        ];
        if name.ends_with("GetProduct") {
            out.push(text("app.product.id", product));
            out.push(text("app.product.name", format!("Telescope {product}")));
        }
        return out;
    }
    match scope {
        "urllib3"
        | "envoy"
        | "instrumentation-http"
        | "AspNetCore"
        | "otelhttp"
        | "actix"
        | "reqwest"
        | "slim" => vec![
            text("http.method", "GET"),
            text("http.url", format!("http://frontend-proxy:8080/api/products/{product}")),
            text("http.target", format!("/api/products/{product}")),
            int("http.status_code", 200),
            text("net.peer.name", "frontend-proxy"),
            text("http.user_agent", "python-requests/2.32.3"),
            text("guid:x-request-id", format!("{:016x}", chance.bits())),
            text("session.id", session),
        ],
        "StackExchangeRedis" => vec![
            text("db.system", "redis"),
            text("db.statement", name),
            text("net.peer.name", "valkey-cart"),
            int("net.peer.port", 6379),
            int("db.redis.database_index", 0),
        ],
        "instrumentation-net" => vec![
            text("net.transport", "ip_tcp"),
            text("net.peer.name", "product-catalog"),
            int("net.peer.port", 8080),
            int("net.host.port", 30_000 + chance.below(30_000)),
        ],
        _ => vec![text("session.id", session), int("app.items.count", chance.below(9))],
    }
}
