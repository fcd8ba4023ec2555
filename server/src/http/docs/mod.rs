//! The user documentation, served by the binary itself: the pages of `docs/` and
//! one for each operation, as HTML and as Markdown, a search over them, and
//! `llms.txt` for machines.
//!
//! The links in error bodies lead here, so an installation without a way to the
//! internet explains its own errors. The one script adds buttons for copying. There
//! is nothing of a workspace in a page, so nothing here needs a credential.

mod addresses;
mod assets;
mod book;
mod excerpt;
mod markdown;
mod page;
mod reference;
mod search;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use poem::endpoint::make;
use poem::http::{HeaderMap, StatusCode, Uri, header};
use poem::{Endpoint, Request, Response, Route};

use self::book::BOOK;
pub use self::book::Page;
pub use self::search::{Hit, search};
use super::compression::{self, Document, compressed};
use super::methods::get;
use super::request_lifecycle;
use crate::app::App;
use base::error::{Code, Error, Result};

/// Where the documentation is mounted.
const ROOT: &str = "/docs";

const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Pages hold text, and a stylesheet, a script and images of this server; the form
/// is that of the search.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page may change with the next version of the binary: ask, it costs a 304.
const REVALIDATE: &str = "no-cache";
/// The name of a stylesheet changes with its content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Sections on a page of results.
const RESULTS: usize = 20;

/// A page in its two forms.
struct Forms {
    html: Document,
    markdown: Document,
}

/// The pages of the book, in its order.
static FORMS: LazyLock<Vec<Forms>> = LazyLock::new(|| {
    let forms = |page: &'static Page| Forms {
        html: Document::new(|| page::html(&BOOK, page).into()),
        markdown: Document::new(|| Bytes::from_static(page.markdown.as_bytes())),
    };
    BOOK.pages.iter().map(forms).collect()
});

fn forms(page: &Page) -> &'static Forms {
    &FORMS[BOOK.place(page)]
}

/// Every page, in the order of the book.
pub fn pages() -> &'static [Page] {
    &BOOK.pages
}

/// The page that is written in this file below `docs/`.
pub fn page_of_file(file: &str) -> Option<&'static Page> {
    BOOK.page_of_file(file)
}

/// The page that an address of a hit leads to.
pub fn page_at(url: &str) -> Option<&'static Page> {
    let path = url.split('#').next()?.strip_prefix(ROOT)?;
    BOOK.page(path.trim_start_matches('/'))
}

/// Adds the documentation to the routes of pages.
pub fn mount(routes: Route, app: &Arc<App>) -> Route {
    let llms = |full| get(Llms { app: app.clone(), full });
    routes
        .at("/favicon.ico", get(make(assets::icon)))
        .at("/llms.txt", llms(false))
        .at("/llms-full.txt", llms(true))
        .at("/docs", get(make(serve)))
        .at("/docs/llms.txt", llms(false))
        .at("/docs/llms-full.txt", llms(true))
        .at("/docs/search", get(make(results)))
        .at("/docs/*path", get(make(serve)))
}

/// Answers `/docs` and everything below it but the search.
async fn serve(request: Request) -> Response {
    let path: String = request.path_params().unwrap_or_default();
    if let Some(asset) = assets::serve(&request).await {
        return asset;
    }
    // The path of `/docs/` is as empty as that of `/docs`.
    let other =
        if request.uri().path() == "/docs/" { Some(ROOT.to_owned()) } else { addresses::moved(&path) };
    if let Some(other) = other {
        return moved(&other, request.uri());
    }
    let headers = request.headers();
    let shown = |kind| with_policy(kind).header(header::CACHE_CONTROL, REVALIDATE);
    if let Some(page) = BOOK.page(&path) {
        return forms(page).html.answer(headers, shown(HTML)).await;
    }
    if let Some(page) = BOOK.page_of_file(&path) {
        return forms(page).markdown.answer(headers, shown(MARKDOWN)).await;
    }
    match book::attachment(&path) {
        Some((kind, body)) => found(headers, kind, body).await,
        None => compressed(headers, not_found(&path)).await,
    }
}

fn not_found(path: &str) -> Response {
    let (kind, body) = match path.strip_suffix(".md") {
        Some(_) => (MARKDOWN, page::NOT_FOUND_AS_MARKDOWN.to_owned()),
        None => (HTML, page::not_found(&BOOK, path)),
    };
    with_policy(kind).status(StatusCode::NOT_FOUND).body(body)
}

/// Answers `/docs/search`: a form, and what was found for `q`.
async fn results(request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "q");
    let asked = asked.map(|(_, text)| text.trim().to_owned()).unwrap_or_default();
    let text = asked.clone();
    let searching = move || search(&text, RESULTS);
    let found_hits = match tokio::task::spawn_blocking(searching).await {
        Ok(found_hits) => found_hits,
        Err(cause) => Err(Error::internal(cause)),
    };
    let status = match &found_hits {
        Ok(_) => return found(request.headers(), HTML, results_page(&asked, &found_hits)).await,
        Err(error) if error.code() == Code::InvalidInput => StatusCode::BAD_REQUEST,
        Err(error) => {
            tracing::error!(cause = %error.cause_chain(), "the documentation could not be searched");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    with_policy(HTML).status(status).body(results_page(&asked, &found_hits))
}

fn results_page(asked: &str, hits: &Result<Vec<Hit>>) -> Bytes {
    page::results(&BOOK, asked, hits.as_deref().map_err(|error| error.detail())).into()
}

/// The list of pages that language models look for.
struct Llms {
    app: Arc<App>,
    /// With the text of every page, or their addresses alone.
    full: bool,
}

impl Endpoint for Llms {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let base = request_lifecycle::base_url(&self.app, request.headers());
        let text = if self.full { BOOK.full_text(&base) } else { BOOK.index(&base) };
        Ok(found(request.headers(), TEXT, text.into()).await)
    }
}

/// The body, or 304 if the client has it.
async fn found(headers: &HeaderMap, kind: &str, body: Bytes) -> Response {
    let fingerprint = compression::fingerprint(&body);
    let response = with_policy(kind).header(header::CACHE_CONTROL, REVALIDATE);
    let tag = compression::tag(&fingerprint, compression::chosen(headers, body.len()));
    if compression::is_known(headers, &tag) {
        let response = response.header(header::ETAG, tag).header(header::VARY, "accept-encoding");
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    compressed(headers, response.header(header::ETAG, compression::tag(&fingerprint, None)).body(body)).await
}

fn with_policy(kind: &str) -> poem::ResponseBuilder {
    Response::builder()
        .content_type(kind)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// A redirect for good, with the query of the address that was asked for.
fn moved(to: &str, from: &Uri) -> Response {
    let (path, anchor) = to.find('#').map_or((to, ""), |at| to.split_at(at));
    let query = from.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{path}{query}{anchor}");
    Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(header::LOCATION, location).finish()
}
