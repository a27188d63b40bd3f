//! The server over real sockets: tails, compression, bounds, stopping.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

use api::context::{Context, Settings};
use api::server::{Server, ServerConfig};
use base::unit::Period;
use base::{Clock, Pool};
use futures_util::StreamExt as _;
use model::twin::Twin;
use model::{
    Append as _, BatchBuilder, BoxFuture, Labels, RowRef, RunStream, Select, Selection, Signal, StreamFacts,
    StreamQuery, Tenant,
};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const START_NS: i64 = 1_741_640_400_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;

struct Running {
    twin: Twin,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    async fn start(settings: Settings, config: ServerConfig) -> Self {
        Self::start_with(config, |context| context.settings = Arc::new(settings)).await
    }

    async fn start_with(config: ServerConfig, change: impl FnOnce(&mut Context)) -> Self {
        let twin = Twin::new();
        let mut context = Context::over(Arc::new(twin.clone()), Pool::new(1).unwrap());
        context.clock = Clock::manual(START_NS + 60 * SECOND_NS);
        change(&mut context);
        let config = ServerConfig {
            http_listen_address: "127.0.0.1".to_owned(),
            http_listen_port: 0,
            otlp_grpc_listen_address: String::new(),
            otlp_http_listen_address: String::new(),
            ..config
        };
        let server = Server::bind(context, config).await.unwrap();
        let address = server.addresses()[0].1;
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { twin, address, stop, ended }
    }

    async fn push(&self, app: &str, second: i64, text: &str) {
        let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
        let labels = Labels::from_pairs([("app", app)]);
        let metadata = Labels::from_pairs([("m", "1")]);
        let ts_ns = START_NS + second * SECOND_NS;
        let line = RowRef { ts_ns, body: text.as_bytes(), metadata: metadata.as_ref() };
        batch.add_rows(labels.as_ref(), [line]);
        self.twin.append(batch.build()).await.unwrap();
    }

    async fn tail(&self, path_and_params: &str) -> Tail {
        let url = format!("ws://{}{path_and_params}", self.address);
        Tail(connect_async(url).await.unwrap().0)
    }

    /// Sends `request` as it is, and gives everything until the other side closes.
    async fn raw(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }
}

/// A store that never answers about streams, or panics.
struct Broken {
    panics: bool,
    given_up: Arc<Notify>,
}

impl Select for Broken {
    fn select(&self, _: Selection) -> RunStream {
        Box::pin(futures_util::stream::pending())
    }

    fn streams(&self, _: StreamQuery) -> BoxFuture<'_, base::Result<Vec<StreamFacts>>> {
        struct Notice(Arc<Notify>);
        impl Drop for Notice {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        assert!(!self.panics, "broken store");
        let notice = Notice(self.given_up.clone());
        Box::pin(async move {
            let _notice = notice;
            std::future::pending().await
        })
    }
}

struct Tail(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Tail {
    /// The next frame with lines.
    async fn frame(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Code and reason of the close frame.
    async fn end(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(Some(frame)) = self.0.next().await.unwrap().unwrap() {
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }
}

async fn plain() -> Running {
    Running::start(Settings::default(), ServerConfig::default()).await
}

/// `{app="a"} |= "x"`
const QUERY: &str = "query=%7Bapp%3D%22a%22%7D%20%7C%3D%20%22x%22";

#[tokio::test]
async fn a_tail_gives_the_past_and_then_what_is_pushed() {
    let running = plain().await;
    running.push("a", 1, "x1").await;
    running.push("a", 2, "x2").await;
    running.push("a", 3, "y").await;
    let mut tail = running.tail(&format!("/loki/api/v1/tail?limit=1&{QUERY}")).await;
    let line = |second: i64, text: &str| {
        let ts_ns = (START_NS + second * SECOND_NS).to_string();
        json!({"stream": {"app": "a", "m": "1"}, "values": [[ts_ns, text]]})
    };
    assert_eq!(tail.frame().await, json!({"streams": [line(2, "x2")]}));
    running.push("b", 4, "x").await;
    running.push("a", 5, "y").await;
    running.push("a", 6, "x6").await;
    assert_eq!(tail.frame().await, json!({"streams": [line(6, "x6")]}));
    tail.0.close(None).await.unwrap();
}

#[tokio::test]
async fn a_tail_can_wait_and_has_an_old_shape() {
    let running = plain().await;
    let mut tail = running.tail(&format!("/api/prom/tail?delay_for=1&{QUERY}")).await;
    // the first ping says that the tail listens
    assert!(matches!(tail.0.next().await.unwrap().unwrap(), Message::Ping(_)));
    running.push("a", 1, "x1").await;
    let pushed = tokio::time::Instant::now();
    let entry = json!({"ts": "2025-03-10T21:00:01Z", "line": "x1"});
    assert_eq!(
        tail.frame().await,
        json!({"streams": [{"labels": "{app=\"a\", m=\"1\"}", "entries": [entry]}]})
    );
    assert!(pushed.elapsed() > Duration::from_millis(900), "{:?}", pushed.elapsed());
}

#[tokio::test]
async fn tails_end_with_a_reason() {
    let settings = Settings { tail_max_duration: Period(SECOND_NS / 10), ..Settings::default() };
    let running = Running::start(settings, ServerConfig::default()).await;
    let mut tail = running.tail(&format!("/loki/api/v1/tail?{QUERY}")).await;
    assert_eq!(tail.end().await, (1011, "reached tail max duration limit".to_owned()));
    let mut metric = running.tail("/loki/api/v1/tail?query=vector(1)").await;
    assert_eq!(metric.end().await, (1011, "only log selector is supported".to_owned()));
}

#[tokio::test]
async fn tails_of_a_tenant_are_limited() {
    let running = plain().await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut tail = running.tail(&format!("/loki/api/v1/tail?{QUERY}")).await;
        assert!(matches!(tail.0.next().await.unwrap().unwrap(), Message::Ping(_)));
        open.push(tail);
    }
    let mut refused = running.tail(&format!("/loki/api/v1/tail?{QUERY}")).await;
    let reason = "max concurrent tail requests limit exceeded, count > limit (11 > 10)".to_owned();
    assert_eq!(refused.end().await, (1011, reason));
}

#[tokio::test]
async fn stopping_ends_tails_and_waits_for_nothing_else() {
    let running = plain().await;
    let mut tail = running.tail(&format!("/loki/api/v1/tail?{QUERY}")).await;
    assert!(matches!(tail.0.next().await.unwrap().unwrap(), Message::Ping(_)));
    let idle = TcpStream::connect(running.address).await.unwrap();
    running.stop.send(()).unwrap();
    assert_eq!(tail.end().await, (1011, "the server is stopping".to_owned()));
    tokio::time::timeout(Duration::from_secs(10), running.ended).await.unwrap().unwrap();
    drop(idle);
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_take_it() {
    let running = plain().await;
    for second in 0..100 {
        running.push("a", second, "x marks the spot, again and again").await;
    }
    let path = format!("/loki/api/v1/query_range?start=1741640400&{QUERY}");
    let ask = |more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    let plain = running.raw(&ask("")).await;
    let packed = running.raw(&ask("Accept-Encoding: gzip\r\n")).await;
    assert!(packed.len() < plain.len() / 3, "{} {}", packed.len(), plain.len());
    assert!(String::from_utf8_lossy(&packed).contains("content-encoding: gzip"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let config = ServerConfig { http_listen_conn_limit: 1, ..ServerConfig::default() };
    let running = Running::start(Settings::default(), config).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let second = running.raw("GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    tokio::pin!(second);
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut second).await.is_err());
    drop(first);
    assert!(second.await.starts_with(b"HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn http2_without_tls_is_spoken() {
    let running = plain().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // preface and an empty SETTINGS frame; the server answers with its own SETTINGS (type 4)
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "{frame:?}");
}

#[tokio::test]
async fn a_question_ends_when_its_asker_goes_away() {
    let given_up = Arc::new(Notify::new());
    let store = Arc::new(Broken { panics: false, given_up: given_up.clone() });
    let running = Running::start_with(ServerConfig::default(), |context| context.logs.select = store).await;
    let mut asker = TcpStream::connect(running.address).await.unwrap();
    asker.write_all(b"GET /loki/api/v1/labels HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), given_up.notified()).await.is_err());
    drop(asker);
    tokio::time::timeout(Duration::from_secs(10), given_up.notified()).await.unwrap();
    let metrics = running.raw("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let counted = r#"_count{method="GET",route="loki_api_v1_labels",status_code="499",ws="false"} 1"#;
    assert!(String::from_utf8_lossy(&metrics).contains(counted));
}

#[tokio::test]
async fn a_panic_answers_500_and_is_counted() {
    let store = Arc::new(Broken { panics: true, given_up: Arc::default() });
    let running = Running::start_with(ServerConfig::default(), |context| context.logs.select = store).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = running.raw(&get("/loki/api/v1/labels")).await;
    assert!(answer.starts_with(b"HTTP/1.1 500 "), "{}", String::from_utf8_lossy(&answer));
    let metrics = running.raw(&get("/metrics")).await;
    assert!(String::from_utf8_lossy(&metrics).contains("\nloki_panic_total 1\n"));
}

#[tokio::test]
async fn otlp_has_ports_of_its_own() {
    let any = || "127.0.0.1:0".to_owned();
    let config = ServerConfig {
        http_listen_address: "127.0.0.1".to_owned(),
        http_listen_port: 0,
        otlp_grpc_listen_address: any(),
        otlp_http_listen_address: any(),
        ..ServerConfig::default()
    };
    let context = Context::over(Arc::new(Twin::new()), Pool::new(1).unwrap());
    let server = Server::bind(context, config).await.unwrap();
    let addresses = server.addresses();
    assert_eq!(
        addresses.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["http", "otlp-grpc", "otlp-http"]
    );
    tokio::spawn(server.run(std::future::pending()));
    let status = |at: usize, path: &'static str| {
        let address = addresses[at].1;
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer.split(' ').nth(1).unwrap().to_owned()
        }
    };
    assert_eq!(status(0, "/ready").await, "200");
    assert_eq!(status(0, "/otlp/v1/logs").await, "405");
    assert_eq!(status(2, "/v1/logs").await, "405");
    assert_eq!(status(2, "/ready").await, "404");
}
