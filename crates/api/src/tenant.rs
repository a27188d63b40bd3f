//! Whose data a request is about: `X-Scope-OrgID`.

use crate::context::Context;
use crate::error::{HttpError, HttpResult};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use model::Tenant;

/// The header that names the tenant, or several joined by `|`.
pub const HEADER: &str = "X-Scope-OrgID";

/// The tenants of a request: sorted, without repeats, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenants(Vec<Tenant>);

impl Tenants {
    /// One tenant.
    pub fn single(tenant: Tenant) -> Self {
        Self(vec![tenant])
    }

    /// All of them.
    pub fn all(&self) -> &[Tenant] {
        &self.0
    }

    /// The only one.
    ///
    /// # Errors
    /// 400 when the request names several, which only reads may.
    pub fn one(&self) -> HttpResult<&Tenant> {
        match self.0.as_slice() {
            [tenant] => Ok(tenant),
            _ => Err(HttpError::bad_request("multiple org IDs present")),
        }
    }

    /// The tenants of a request with these `headers`, by the settings of `context`.
    ///
    /// # Errors
    /// As [`Tenants::read`].
    pub fn of(headers: &HeaderMap, context: &Context) -> HttpResult<Self> {
        if !context.settings.auth_enabled {
            return Ok(Self::single(Tenant::single()));
        }
        let header = headers.get(HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Self::read(header.as_deref(), context.settings.multi_tenant_queries_enabled)
    }

    /// Reads the header's value, `None` when it is absent.
    ///
    /// # Errors
    /// 401 without a tenant; 400 for a name that is no tenant id, among them `a|b` when requests may
    /// not name several tenants.
    pub fn read(header: Option<&str>, multi_tenant: bool) -> HttpResult<Self> {
        let ids = header.unwrap_or("");
        if ids.is_empty() {
            return Err(HttpError::new(StatusCode::UNAUTHORIZED, "no org id"));
        }
        if !multi_tenant {
            return Ok(Self::single(Tenant::new(ids)?));
        }
        let mut tenants = ids.split('|').map(Tenant::new).collect::<base::Result<Vec<_>>>()?;
        tenants.sort();
        tenants.dedup();
        Ok(Self(tenants))
    }
}

impl std::fmt::Display for Tenants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, tenant) in self.0.iter().enumerate() {
            write!(f, "{}{tenant}", if at > 0 { "|" } else { "" })?;
        }
        Ok(())
    }
}

impl FromRequestParts<Context> for Tenants {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, HttpError> {
        Self::of(&parts.headers, context)
    }
}

#[cfg(test)]
mod tests;
