//! Listens, accepts, serves: HTTP/1 and HTTP/2 without TLS on every address, with bounds on what
//! one connection and all of them may take, until it is told to stop.

mod compress;
mod observe;
mod stall;

use crate::context::Context;
use crate::stopping::{Stop, Stopping};
use axum::Router;
use base::unit::Period;
use base::{Error, Result};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Request head that is read at most; Go's limit for all headers.
const HEAD_BYTES_MAX: usize = 1 << 20;

/// Requests at once on one HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 250;

/// How often a silent HTTP/2 connection is asked whether it lives.
const HTTP2_PING: Duration = Duration::from_secs(60);

/// Pause after the system refused a connection, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

base::settings! {
    /// Where and how requests come in; keys as in Loki's `server` section.
    pub struct ServerConfig {
        /// Address of the HTTP port.
        http_listen_address: String = "0.0.0.0".to_owned(),
        /// The HTTP port; 0 takes a free one.
        http_listen_port: u16 = 3100,
        /// Put before every path.
        http_path_prefix: String = String::new(),
        /// Longest silence in the middle of a request's body.
        http_server_read_timeout: Period = Period::seconds(30),
        /// Longest time in which a client takes nothing of an answer.
        http_server_write_timeout: Period = Period::seconds(30),
        /// Longest time between two requests on a connection, and for a request's head.
        http_server_idle_timeout: Period = Period::seconds(120),
        /// Most connections at once; further ones wait.
        http_listen_conn_limit: usize = 16_384,
        /// How long running requests may take to end when the process stops.
        graceful_shutdown_timeout: Period = Period::seconds(30),
        /// Address and port of OTLP over gRPC; empty turns it off.
        otlp_grpc_listen_address: String = "0.0.0.0:4317".to_owned(),
        /// Address and port of OTLP over HTTP; empty turns it off.
        otlp_http_listen_address: String = "0.0.0.0:4318".to_owned(),
    }
}

/// One address with what is served on it.
struct Door {
    name: &'static str,
    listener: TcpListener,
    router: Router,
}

/// Listening sockets, not served yet.
pub struct Server {
    doors: Vec<Door>,
    config: ServerConfig,
    stop: Stop,
}

/// Serves until `shutdown` returns.
///
/// # Errors
/// [`base::Kind::Unavailable`] when an address cannot be had.
pub async fn serve(context: Context, config: ServerConfig, shutdown: impl Future<Output = ()>) -> Result<()> {
    Server::bind(context, config).await?.run(shutdown).await;
    Ok(())
}

impl Server {
    /// Takes the addresses.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when one cannot be had.
    pub async fn bind(context: Context, config: ServerConfig) -> Result<Self> {
        let (stop, stopping) = Stop::new();
        let finish = |router| with_layers(router, &context, &config, &stopping);
        let http = format!("{}:{}", config.http_listen_address, config.http_listen_port);
        let mut doors = vec![Door {
            name: "http",
            listener: listen(&http).await?,
            router: http_service(&context, &config, &stopping),
        }];
        for (name, address, router) in [
            ("otlp-grpc", &config.otlp_grpc_listen_address, crate::router::otlp_grpc(&context)),
            ("otlp-http", &config.otlp_http_listen_address, crate::router::otlp_http(&context)),
        ] {
            if !address.is_empty() {
                doors.push(Door { name, listener: listen(address).await?, router: finish(router) });
            }
        }
        Ok(Self { doors, config, stop })
    }

    /// Each door's name (`http`, `otlp-grpc`, `otlp-http`) with its address.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let address = |door: &Door| Some((door.name, door.listener.local_addr().ok()?));
        self.doors.iter().filter_map(address).collect()
    }

    /// Serves until `shutdown` returns, then lets running requests end.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(self.config.http_listen_conn_limit.max(1)));
        let timeouts = Timeouts::of(&self.config);
        let accepting = self.doors.iter().map(|door| accept(door, connections.clone(), timeouts, &graceful));
        tokio::select! {
            () = shutdown => {}
            _ = futures_util::future::join_all(accepting) => {}
        }
        drop(self.doors);
        self.stop.say();
        let patience = self.config.graceful_shutdown_timeout.duration();
        if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
            tracing::warn!(?patience, "requests still ran when the server stopped");
        }
    }
}

async fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|e| Error::unavailable(format!("cannot listen on {address}")).because(e))
}

/// Everything that the HTTP port serves, as a service without a socket.
pub fn http_service(context: &Context, config: &ServerConfig, stopping: &Stopping) -> Router {
    with_layers(crate::router::http(context, &config.http_path_prefix), context, config, stopping)
}

/// What surrounds every handler, from the inside out.
fn with_layers(router: Router, context: &Context, config: &ServerConfig, stopping: &Stopping) -> Router {
    let body_timeout = config.http_server_read_timeout.duration();
    router
        .layer(axum::middleware::from_fn_with_state(context.clone(), compress::compress))
        .layer(axum::middleware::from_fn_with_state(context.clone(), observe::observe))
        .layer(axum::middleware::map_request(move |request| stall::guard_body(request, body_timeout)))
        .layer(axum::Extension(stopping.clone()))
}

#[derive(Clone, Copy)]
struct Timeouts {
    idle: Duration,
    write: Duration,
}

impl Timeouts {
    fn of(config: &ServerConfig) -> Self {
        Self {
            idle: config.http_server_idle_timeout.duration(),
            write: config.http_server_write_timeout.duration(),
        }
    }
}

/// Accepts for ever.
async fn accept(door: &Door, connections: Arc<Semaphore>, timeouts: Timeouts, graceful: &GracefulShutdown) {
    // the semaphore is never closed
    while let Ok(place) = connections.clone().acquire_owned().await {
        match door.listener.accept().await {
            Ok((stream, _)) => {
                let connection = connection(stream, door.router.clone(), timeouts, graceful.watcher());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(door = door.name, %error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, timeouts: Timeouts, watcher: Watcher) {
    // without it small answers wait for the client's delayed acknowledgement
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.idle)
        .max_buf_size(HEAD_BYTES_MAX)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(HTTP2_PING);
    let io = TokioIo::new(stall::WriteGuard::new(stream, timeouts.write));
    let served = builder.serve_connection_with_upgrades(io, TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(served.into_owned()).await {
        tracing::debug!(%error, "connection ended");
    }
}
