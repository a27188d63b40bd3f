//! What every handler needs.

use base::{Clock, Pool, meter::Registry};
use model::{Append, Follow, LimitsOf, Operate, Select};
use std::sync::Arc;

/// The doors and tools behind the handlers; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Where pushes go.
    pub append: Arc<dyn Append>,
    /// Where answers come from.
    pub select: Arc<dyn Select>,
    /// Where tails listen.
    pub follow: Arc<dyn Follow>,
    /// What operators reach.
    pub operate: Arc<dyn Operate>,
    /// Limits of each tenant as they are now.
    pub limits: LimitsOf,
    /// Time of day.
    pub clock: Clock,
    /// Own metrics.
    pub registry: Registry,
    /// Compute threads.
    pub pool: Pool,
    /// The rest of the configuration that handlers look at.
    pub settings: Arc<Settings>,
}

base::settings! {
    /// What handlers look at.
    pub struct Settings {
        /// Ask for `X-Scope-OrgID` on every request.
        auth_enabled: bool = false,
        /// Let `a|b` in `X-Scope-OrgID` read several tenants at once.
        multi_tenant_queries_enabled: bool = false,
        /// Largest body of a push as sent, in bytes.
        max_recv_msg_size: base::unit::ByteSize = base::unit::ByteSize(100 << 20),
        /// Largest body of a push after decompression, in bytes.
        max_decompressed_size: base::unit::ByteSize = base::unit::ByteSize(5000 << 20),
        /// Longest life of a tail.
        tail_max_duration: base::unit::Period = base::unit::Period::seconds(3600),
        /// Align the start and end of metric range queries to their step.
        align_queries_with_step: bool = true,
    }
}
