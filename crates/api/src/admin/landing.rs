//! The page at `/`: what this is, where things are, and a box to ask in.

use axum::response::Html;

/// The page; one file without anything from elsewhere.
const PAGE: &str = include_str!("landing/page.html");

/// `/`
pub async fn page() -> Html<&'static str> {
    Html(PAGE)
}
