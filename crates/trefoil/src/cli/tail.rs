//! `trefoil tail`: lines as they come, over the server's websocket.

use super::args::TailOptions;
use super::client::Client;
use super::paint::Paint;
use super::query::{Printer, read_lines};
use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

/// Runs `trefoil tail` until the server or Ctrl-C ends it.
pub async fn follow(options: TailOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let params = [
        ("query", options.query.clone()),
        ("limit", options.limit.to_string()),
        ("delay_for", options.delay_for.to_string()),
    ];
    let target = client.websocket("/loki/api/v1/tail", &params)?;
    let mut request = target.url.as_str().into_client_request()?;
    for (name, value) in &target.headers {
        request.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    let (mut socket, _) =
        tokio_tungstenite::connect_async(request).await.map_err(refusal).context("cannot tail")?;
    let mut printer = Printer::new(options.output, !options.no_labels);
    while let Some(message) = socket.next().await {
        match message? {
            Message::Text(text) => show(&text, &mut printer)?,
            Message::Close(Some(frame)) if !frame.reason.is_empty() => {
                bail!("the server ended the tail: {}", frame.reason)
            }
            Message::Close(_) => break,
            _ => {}
        }
    }
    Ok(())
}

fn show(text: &str, printer: &mut Printer) -> Result<()> {
    let frame: Value = serde_json::from_str(text).context("a frame of the tail is no JSON")?;
    for line in read_lines(&json!({ "result": frame["streams"] }))? {
        printer.print(&line)?;
    }
    let dropped = frame["dropped_entries"].as_array().map_or(0, Vec::len);
    if dropped > 0 {
        eprintln!("{}", Paint::stderr().warn(&format!("{dropped} lines dropped: this terminal is too slow")));
    }
    Ok(())
}

/// The server's own words where it refused the websocket.
fn refusal(error: tokio_tungstenite::tungstenite::Error) -> anyhow::Error {
    match error {
        tokio_tungstenite::tungstenite::Error::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            anyhow::anyhow!("{} ({})", String::from_utf8_lossy(body).trim(), response.status())
        }
        other => other.into(),
    }
}
