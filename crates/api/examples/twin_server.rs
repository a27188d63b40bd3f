//! The HTTP doors over the naive store in memory, for conformance runs and for trying clients:
//!
//! ```text
//! cargo run -p api --example twin_server -- 127.0.0.1:3100 [overrides.yaml]
//! ```
//!
//! Multi-tenancy is on, limits are those of the conformance reference; the second argument is a file
//! with `overrides: {tenant: {limit: value}}`.

use api::context::{Context, Settings};
use api::server::{Server, ServerConfig};
use base::unit::{ByteSize, Period};
use base::{Error, Pool, Result};
use model::twin::Twin;
use model::{Limits, LimitsOf, Tenant};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3100".to_owned());
    let (host, port) = address.rsplit_once(':').ok_or_else(|| Error::invalid("address without a port"))?;
    let port = port.parse().map_err(|_| Error::invalid(format!("no port: {port:?}")))?;
    let config = ServerConfig {
        http_listen_address: host.to_owned(),
        http_listen_port: port,
        otlp_grpc_listen_address: String::new(),
        otlp_http_listen_address: String::new(),
        ..ServerConfig::default()
    };
    let overrides = arguments.next();
    let server = Server::bind(context(overrides.as_deref().map(Path::new))?, config).await?;
    eprintln!("{:?}", server.addresses());
    server.run(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
    Ok(())
}

/// An empty store with the settings of the reference and the overrides in the file at `overrides`.
pub fn context(overrides: Option<&Path>) -> Result<Context> {
    let mut context = Context::over(Arc::new(Twin::new()), Pool::new(0)?).with_patterns();
    context.limits = limits(overrides)?;
    context.settings =
        Arc::new(Settings { auth_enabled: true, multi_tenant_queries_enabled: true, ..Settings::default() });
    Ok(context)
}

fn limits(path: Option<&Path>) -> Result<LimitsOf> {
    let reference = Limits {
        reject_old_samples: false,
        ingestion_rate_mb: 200.0,
        ingestion_burst_size_mb: 400.0,
        per_stream_rate_limit: ByteSize(200 << 20),
        per_stream_rate_limit_burst: ByteSize(400 << 20),
        query_timeout: Period::seconds(120),
        shard_aggregations: vec!["approx_topk".to_owned()],
        ..Limits::default()
    };
    let mut tenants = HashMap::new();
    if let Some(path) = path {
        let unreadable =
            |e: &dyn std::fmt::Display| Error::invalid(format!("cannot read {}: {e}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(&e))?;
        let yaml: serde_json::Value = serde_saphyr::from_str(&text).map_err(|e| unreadable(&e))?;
        for (tenant, overrides) in yaml["overrides"].as_object().into_iter().flatten() {
            let overrides = overrides.as_object().cloned().unwrap_or_default();
            tenants.insert(Tenant::new(tenant)?, Arc::new(reference.overlaid(overrides)?));
        }
    }
    let reference = Arc::new(reference);
    Ok(Arc::new(move |tenant| tenants.get(tenant).unwrap_or(&reference).clone()))
}
