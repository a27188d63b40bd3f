//! Who owns the data.

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A tenant id: at most 150 bytes of letters, digits and `!-_.*'()`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Tenant(Arc<str>);

/// The tenant of every request when multi-tenancy is off.
pub const SINGLE_TENANT: &str = "fake";

/// The most bytes in a tenant id.
const TENANT_BYTES_MAX: usize = 150;

impl Tenant {
    /// Checks and keeps `id`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for an empty or too long id, a character outside the set, `.` and `..`.
    pub fn new(id: &str) -> Result<Self> {
        if id.is_empty() {
            return Err(Error::invalid("no org id"));
        }
        if id.len() > TENANT_BYTES_MAX {
            return Err(Error::invalid(format!("tenant ID is too long: max {TENANT_BYTES_MAX} characters")));
        }
        if let Some(wrong) = id.chars().find(|c| !c.is_ascii_alphanumeric() && !"!-_.*'()".contains(*c)) {
            return Err(Error::invalid(format!("tenant ID '{id}' contains unsupported character '{wrong}'")));
        }
        if id == "." || id == ".." {
            return Err(Error::invalid("tenant ID is '.' or '..'"));
        }
        Ok(Self(id.into()))
    }

    /// The tenant of every request when multi-tenancy is off.
    pub fn single() -> Self {
        Self(SINGLE_TENANT.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Tenant {
    type Error = Error;

    fn try_from(id: String) -> Result<Self> {
        Self::new(&id)
    }
}
