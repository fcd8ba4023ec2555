//! The user documentation, served by the binary itself: the pages of `docs/` as
//! HTML and as the Markdown they are written in, and `llms.txt` for machines.
//!
//! The links in error bodies lead here, so an installation without a way to the
//! internet explains its own errors. There is no script but that of the reference,
//! no search and nothing of the caller in a page, so nothing here needs a
//! credential.

mod book;
mod markdown;
mod page;
mod reference;

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use poem::http::{HeaderMap, StatusCode, header};
use poem::{Endpoint, Request, Response};
use sha2::{Digest, Sha256};

use self::book::BOOK;
pub use self::book::Page;
pub use self::reference::reference;
use super::request_lifecycle;
use crate::app::App;

/// Where the documentation is mounted.
pub const ROOT: &str = "/docs";

const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Pages hold text, images and one stylesheet, all of this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// A page may change with the next version of the binary: ask, it costs a 304.
const REVALIDATE: &str = "no-cache";
/// The name of the stylesheet changes with its content.
const FOREVER: &str = "public, max-age=31536000, immutable";

static STYLESHEET: &str = include_str!("../../../../static/docs.css");
static STYLESHEET_PATH: LazyLock<String> =
    LazyLock::new(|| format!("{ROOT}/assets/docs-{}.css", fingerprint(STYLESHEET.as_bytes())));

/// Every page, in the order of the book.
pub fn pages() -> &'static [Page] {
    &BOOK.pages
}

/// The page that is written in this file below `docs/`.
pub fn page_of_file(file: &str) -> Option<&'static Page> {
    BOOK.page_of_file(file)
}

/// Answers `/docs` and everything below it.
pub fn serve(request: Request) -> Response {
    let path: String = request.path_params().unwrap_or_default();
    let answer = |kind, cache, body| found(request.headers(), kind, cache, body);
    if request.uri().path() == STYLESHEET_PATH.as_str() {
        return answer("text/css; charset=utf-8", FOREVER, Bytes::from_static(STYLESHEET.as_bytes()));
    }
    if let Some(script) = reference::script(&request) {
        return script;
    }
    // The path of `/docs/` is as empty as that of `/docs`.
    let meant = if request.uri().path() == "/docs/" { Some(String::new()) } else { book::other_name(&path) };
    if let Some(slug) = meant {
        return moved(&book::url(&slug));
    }
    if let Some(page) = BOOK.page(&path) {
        return answer(HTML, REVALIDATE, page::html(&BOOK, page, &STYLESHEET_PATH).into());
    }
    if let Some(page) = BOOK.page_of_file(&path) {
        return answer(MARKDOWN, REVALIDATE, Bytes::from_static(page.markdown.as_bytes()));
    }
    match book::attachment(&path) {
        Some((kind, body)) => answer(kind, REVALIDATE, body),
        None => {
            let body = page::not_found(&BOOK, &STYLESHEET_PATH);
            with_policy(HTML).status(StatusCode::NOT_FOUND).body(body)
        }
    }
}

/// The list of pages that language models look for.
pub struct Llms {
    pub app: Arc<App>,
    /// With the text of every page, or their addresses alone.
    pub full: bool,
}

impl Endpoint for Llms {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let base = request_lifecycle::base_url(&self.app, request.headers());
        let text = if self.full { BOOK.full_text(&base) } else { BOOK.index(&base) };
        Ok(found(request.headers(), TEXT, REVALIDATE, text.into()))
    }
}

/// The body, or 304 if the client has it.
fn found(headers: &HeaderMap, kind: &str, cache: &'static str, body: Bytes) -> Response {
    let tag = format!("\"{}\"", fingerprint(&body));
    let known = request_lifecycle::header(headers, &header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let response = with_policy(kind).header(header::ETAG, tag).header(header::CACHE_CONTROL, cache);
    if known {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.body(body)
}

fn with_policy(kind: &str) -> poem::ResponseBuilder {
    Response::builder()
        .content_type(kind)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

fn moved(to: &str) -> Response {
    Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(header::LOCATION, to).finish()
}

/// Names content: 96 bits are plenty where nobody gains from a collision.
fn fingerprint(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..12])
}
