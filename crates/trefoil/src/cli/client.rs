//! An HTTP client of Loki's API, for any server that speaks it.

use super::args::{Connection, Span};
use anyhow::{Context, Result, bail};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// Talks to one server as one tenant.
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    connection: Connection,
}

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

impl Client {
    /// A client for `connection`.
    pub fn new(connection: &Connection) -> Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(tenant) = &connection.org_id {
            headers.insert("x-scope-orgid", HeaderValue::from_str(tenant).context("--org-id")?);
        }
        for header in &connection.header {
            let (name, value) = header
                .split_once(':')
                .with_context(|| format!("--header {header:?} is not `Name: value`"))?;
            headers.insert(HeaderName::try_from(name.trim())?, HeaderValue::from_str(value.trim())?);
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("trefoil/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .timeout(ANSWER_TIMEOUT)
            .build()
            .context("cannot make an HTTP client (are CA certificates installed?)")?;
        let base_url = connection.addr.trim_end_matches('/').to_owned();
        Ok(Self { http, base_url, connection: connection.clone() })
    }

    fn authorised(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match (&self.connection.bearer_token, &self.connection.username) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some(user)) => request.basic_auth(user, self.connection.password.as_ref()),
            (None, None) => request,
        }
    }

    /// GETs `path` and reads the JSON answer.
    pub async fn get(&self, path: &str, params: &[(&str, String)]) -> Result<serde_json::Value> {
        let url = format!("{}{path}", self.base_url);
        let request = self.authorised(self.http.get(&url)).query(params);
        let response = request.send().await.with_context(|| self.unreachable())?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("{}\n(the server answered {status} to {path})", text.trim());
        }
        serde_json::from_str(&text).with_context(|| format!("the answer to {path} is no JSON"))
    }

    /// POSTs a push body; gives status and text.
    pub async fn push(&self, body: Vec<u8>) -> Result<(u16, String)> {
        let url = format!("{}/loki/api/v1/push", self.base_url);
        let request = self.authorised(self.http.post(&url)).header("content-type", "application/x-protobuf");
        let response = request.body(body).send().await.with_context(|| self.unreachable())?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }

    /// The URL of a websocket below the server, with the request's headers.
    pub fn websocket(&self, path: &str, params: &[(&str, String)]) -> Result<http_request::Request> {
        let http_url =
            self.http.get(format!("{}{path}", self.base_url)).query(params).build()?.url().to_string();
        let url = match http_url.strip_prefix("http") {
            Some(rest) => format!("ws{rest}"),
            None => bail!("{http_url} is no http address"),
        };
        let signed = self.authorised(self.http.get(&http_url)).build()?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in signed.headers() {
            headers.push((name.to_string(), value.to_str()?.to_owned()));
        }
        if let Some(tenant) = &self.connection.org_id {
            headers.push(("x-scope-orgid".to_owned(), tenant.clone()));
        }
        Ok(http_request::Request { url, headers })
    }

    fn unreachable(&self) -> String {
        format!(
            "no answer from {}: is the server running? Start one with `trefoil`, or name another with --addr or LOKI_ADDR",
            self.base_url
        )
    }
}

/// What a websocket needs to begin.
pub mod http_request {
    /// Address and headers.
    #[derive(Debug)]
    pub struct Request {
        /// `ws://…`
        pub url: String,
        /// Headers with authentication and tenant.
        pub headers: Vec<(String, String)>,
    }
}

impl Span {
    /// First and last nanosecond that are meant, `now_ns` being now.
    pub fn resolve(&self, now_ns: i64) -> Result<(i64, i64)> {
        let end = self.to.as_deref().map_or(Ok(now_ns), time_of)?;
        let start = match &self.from {
            Some(text) => time_of(text)?,
            None => {
                let since: base::unit::Period =
                    self.since.parse().with_context(|| format!("--since {:?}", self.since))?;
                end.saturating_sub(since.ns())
            }
        };
        if start >= end {
            bail!("--from lies after --to");
        }
        Ok((start, end))
    }
}

/// A time as people write it: RFC 3339, Unix seconds or Unix nanoseconds.
pub fn time_of(text: &str) -> Result<i64> {
    match text.parse::<i64>() {
        Ok(seconds) if text.len() <= 10 => Ok(seconds * base::unit::SECOND_NS),
        Ok(nanoseconds) => Ok(nanoseconds),
        Err(_) => Ok(model::time::parse_rfc3339(text)?),
    }
}
