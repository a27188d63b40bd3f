//! From the configuration to a store of the `object_store` crate.

use crate::config::{AzureConfig, BucketConfig, GcsConfig, HttpConfig, S3Config};
use base::{Error, Result};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{Certificate, ClientOptions, ObjectStore, RetryConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// An opened store.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// What it is called in messages; also part of the keys of the disk cache.
    pub address: String,
    /// Where its objects are when they are files of this machine.
    pub directory: Option<PathBuf>,
    /// Whether reading costs a journey, so that ranges are joined and cached.
    pub far: bool,
}

/// Opens the store that `config` names. Nothing is sent yet.
///
/// # Errors
/// [`base::Kind::Invalid`] for a configuration that cannot work, [`base::Kind::Unavailable`] when
/// the directory cannot be made.
pub fn open(config: &BucketConfig) -> Result<Cloud> {
    match config.object_store.as_str() {
        "filesystem" => directory(&config.filesystem.directory),
        "s3" | "aws" => s3(&config.aws),
        "azure" => azure(&config.azure),
        "gcs" => gcs(&config.gcs),
        "memory" => Ok(memory()),
        other => Err(Error::invalid(format!(
            "object_store is {other:?}; known are filesystem, s3, aws, azure, gcs and memory"
        ))),
    }
}

/// A store that forgets. It counts as far away, so that tests go the way that S3 goes.
pub fn memory() -> Cloud {
    let store = Arc::new(InMemory::new());
    Cloud { store, address: "memory".to_owned(), directory: None, far: true }
}

fn directory(path: &str) -> Result<Cloud> {
    let failed = |what: &str| Error::unavailable(format!("cannot {what} bucket directory {path}"));
    std::fs::create_dir_all(path).map_err(|e| failed("create").because(e))?;
    let store = LocalFileSystem::new_with_prefix(path).map_err(|e| failed("open").because(e))?;
    // Without it an answered put may be gone after a power loss, and the log is already truncated.
    let store = Arc::new(store.with_fsync(true));
    Ok(Cloud { store, address: format!("directory {path}"), directory: Some(path.into()), far: false })
}

/// Connecting is bounded here, everything else by `attempt`, which knows how much a request moves.
/// It also does all retrying, in one place for all stores: here is none.
fn client(http: &HttpConfig, allow_http: bool) -> Result<(ClientOptions, RetryConfig)> {
    let mut options = ClientOptions::new()
        .with_allow_http(allow_http)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout_disabled();
    if http.insecure_skip_verify {
        options = options.with_allow_invalid_certificates(true);
    }
    if !http.ca_file.is_empty() {
        let failed = || Error::invalid(format!("cannot use ca_file {:?}", http.ca_file));
        let pem = std::fs::read(&http.ca_file).map_err(|e| failed().because(e))?;
        for certificate in Certificate::from_pem_bundle(&pem).map_err(|e| failed().because(e))? {
            options = options.with_root_certificate(certificate);
        }
    }
    Ok((options, RetryConfig { max_retries: 0, ..RetryConfig::default() }))
}

fn s3(config: &S3Config) -> Result<Cloud> {
    if config.bucketnames.contains(',') {
        return Err(Error::invalid(format!(
            "aws.bucketnames is {:?}: several buckets are not supported, name one",
            config.bucketnames
        )));
    }
    // The library reads these, too, but not what follows from them for HTTP and the host name.
    let from_env = |name: &str| std::env::var(name).unwrap_or_default();
    let [specific, general, old] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].map(from_env);
    let text = first_set([&config.endpoint, &specific, &general, &old]).unwrap_or_default();
    let endpoint = Endpoint::of(&text, config);
    let (options, retry) = client(&config.http_config, endpoint.plain)?;
    let mut builder = AmazonS3Builder::from_env().with_client_options(options).with_retry(retry);
    if let Some(url) = &endpoint.url {
        builder = builder.with_endpoint(url);
    }
    builder = builder.with_virtual_hosted_style_request(endpoint.virtual_hosted);
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if let Some(bucket) = set(&config.bucketnames) {
        builder = builder.with_bucket_name(bucket);
    }
    if let Some(region) = set(&config.region) {
        builder = builder.with_region(region);
    }
    if let Some(id) = set(&config.access_key_id) {
        builder = builder.with_access_key_id(id);
    }
    if let Some(secret) = set(config.secret_access_key.reveal()) {
        builder = builder.with_secret_access_key(secret);
    }
    if let Some(token) = set(config.session_token.reveal()) {
        builder = builder.with_token(token);
    }
    let store = builder.build().map_err(|e| Error::invalid("aws storage configuration").because(e))?;
    let at = endpoint.url.map_or_else(String::new, |url| format!(" at {url}"));
    Ok(Cloud {
        store: Arc::new(store),
        address: format!("s3 bucket {}{at}", config.bucketnames),
        directory: None,
        far: true,
    })
}

/// Where S3 is, and how the bucket is addressed there.
#[derive(Debug, PartialEq)]
struct Endpoint {
    /// None for Amazon's own.
    url: Option<String>,
    virtual_hosted: bool,
    /// HTTP without TLS.
    plain: bool,
}

impl Endpoint {
    /// By the endpoint `text`, and what else `config` says.
    fn of(text: &str, config: &S3Config) -> Self {
        let text = text.trim_end_matches('/');
        let (plain, host) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(host), _) => (true, host),
            (_, Some(host)) => (false, host),
            _ => (config.insecure, text),
        };
        if host.is_empty() {
            return Self { url: None, virtual_hosted: !config.s3forcepathstyle, plain: false };
        }
        let scheme = if plain { "http" } else { "https" };
        let bucket = &config.bucketnames;
        let virtual_hosted = !config.s3forcepathstyle && has_subdomains(host) && !bucket.is_empty();
        let url = match virtual_hosted {
            true if host.starts_with(&format!("{bucket}.")) => format!("{scheme}://{host}"),
            true => format!("{scheme}://{bucket}.{host}"),
            false => format!("{scheme}://{host}"),
        };
        Self { url: Some(url), virtual_hosted, plain }
    }
}

/// Whether a bucket can be put before `host`: not before an IP address or a name without a dot.
fn has_subdomains(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    !address && name.contains('.')
}

fn azure(config: &AzureConfig) -> Result<Cloud> {
    let connection = Connection::parse(config.connection_string.reveal());
    let account = first_set([&config.account_name, &connection.account_name]);
    let endpoint = match (&config.endpoint_suffix, &account) {
        (suffix, Some(account)) if !suffix.is_empty() => {
            Some(format!("https://{account}.{}", suffix.trim_start_matches('.')))
        }
        (_, Some(account)) => connection.endpoint(account),
        (_, None) => None,
    };
    let plain = endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
    let (options, retry) = client(&HttpConfig::default(), plain)?;
    let mut builder = MicrosoftAzureBuilder::from_env().with_client_options(options).with_retry(retry);
    if let Some(account) = &account {
        builder = builder.with_account(account);
    }
    if let Some(key) = first_set([config.account_key.reveal(), &connection.account_key]) {
        builder = builder.with_access_key(key);
    }
    if let Some(url) = &endpoint {
        builder = builder.with_endpoint(url.clone());
    }
    if !config.container_name.is_empty() {
        builder = builder.with_container_name(&config.container_name);
    }
    if let Some(id) = first_set([&config.client_id, &config.user_assigned_id]) {
        builder = builder.with_client_id(id);
    }
    if !config.tenant_id.is_empty() {
        builder = builder.with_tenant_id(&config.tenant_id);
    }
    if !config.client_secret.reveal().is_empty() {
        builder = builder.with_client_secret(config.client_secret.reveal());
    }
    let store = builder.build().map_err(|e| Error::invalid("azure storage configuration").because(e))?;
    let account = endpoint.or(account).unwrap_or_default();
    Ok(Cloud {
        store: Arc::new(store),
        address: format!("azure container {} of {account}", config.container_name),
        directory: None,
        far: true,
    })
}

fn first_set<const N: usize>(texts: [&str; N]) -> Option<String> {
    texts.into_iter().find(|text| !text.is_empty()).map(str::to_owned)
}

/// The parts of an Azure connection string (`AccountName=…;AccountKey=…;BlobEndpoint=…`).
#[derive(Debug, Default, PartialEq)]
struct Connection {
    account_name: String,
    account_key: String,
    blob_endpoint: String,
    endpoint_suffix: String,
    protocol: String,
}

impl Connection {
    fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        for (key, value) in text.split(';').filter_map(|part| part.split_once('=')) {
            let place = match key.trim().to_ascii_lowercase().as_str() {
                "accountname" => &mut parsed.account_name,
                "accountkey" => &mut parsed.account_key,
                "blobendpoint" => &mut parsed.blob_endpoint,
                "endpointsuffix" => &mut parsed.endpoint_suffix,
                "defaultendpointsprotocol" => &mut parsed.protocol,
                _ => continue,
            };
            value.trim().clone_into(place);
        }
        parsed
    }

    fn endpoint(&self, account: &str) -> Option<String> {
        if !self.blob_endpoint.is_empty() {
            return Some(self.blob_endpoint.trim_end_matches('/').to_owned());
        }
        let protocol = if self.protocol.is_empty() { "https" } else { &self.protocol };
        let suffix = &self.endpoint_suffix;
        (!suffix.is_empty()).then(|| format!("{protocol}://{account}.blob.{suffix}"))
    }
}

fn gcs(config: &GcsConfig) -> Result<Cloud> {
    let (options, retry) = client(&HttpConfig::default(), false)?;
    let mut builder = GoogleCloudStorageBuilder::from_env().with_client_options(options).with_retry(retry);
    if !config.bucket_name.is_empty() {
        builder = builder.with_bucket_name(&config.bucket_name);
    }
    if !config.service_account.reveal().is_empty() {
        builder = builder.with_service_account_key(config.service_account.reveal());
    }
    let store = builder.build().map_err(|e| Error::invalid("gcs storage configuration").because(e))?;
    let address = format!("gcs bucket {}", config.bucket_name);
    Ok(Cloud { store: Arc::new(store), address, directory: None, far: true })
}

#[cfg(test)]
mod tests;
