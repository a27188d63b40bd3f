//! The products' doors: HTTP and gRPC server, tenant, admission, push, ask, tail, admin pages.

mod admin;
mod ask;
pub mod context;
pub mod error;
pub mod params;
pub mod patterns;
mod router;
pub mod server;
pub mod tenant;

pub use context::Context;
pub use server::{Server, ServerConfig, serve};
