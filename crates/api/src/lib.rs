//! The products' doors: HTTP and gRPC server, tenant, admission, push, ask, tail, admin pages.

mod admin;
pub mod admit;
mod ask;
pub mod context;
pub mod error;
pub mod otlp_grpc;
pub mod params;
pub mod patterns;
pub mod push;
mod router;
pub mod server;
pub mod stopping;
pub mod tenant;

pub use context::Context;
pub use server::{Server, ServerConfig, serve};
