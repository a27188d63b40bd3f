//! The products' doors: HTTP and gRPC server, tenant, admission, push, ask, tail, admin pages.

pub mod context;
pub mod error;
pub mod params;
pub mod tenant;

pub use context::Context;
