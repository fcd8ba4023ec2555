//! The outer layer: routes, and the server that answers them.
//!
//! The only room that knows HTTP. Each version of the API is a thin door to the
//! same services; doors never import one another.

mod body;
mod client_address;
mod client_names;
mod compression;
mod contract;
mod dashboard;
mod docs;
mod forward_auth;
mod headers;
mod health;
mod leaks;
mod mcp;
mod methods;
mod metrics;
mod misplaced_members;
#[cfg(test)]
mod near_schema;
mod oauth;
mod offered;
mod openapi;
mod page_headers;
mod redact;
mod redirect;
mod request_lifecycle;
mod request_log;
mod schema;
mod server;
mod static_files;
pub mod v1;
pub mod v2;
mod validation;

use std::any::Any;
use std::future::Future;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use poem::endpoint::{BoxEndpoint, make, make_sync};
use poem::http::{HeaderValue, Method, StatusCode, Uri, header};
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route};
use serde_json::Value;

use self::compression::Document;
use self::methods::{get, post};
use self::server::{Bounds, Server};
use crate::app::App;
use crate::telemetry::ConnectionCounts;
use base::access::Door;
use base::error::{Code, Error, Result};

/// Connections of the listener for metrics: a scraper or two, and a person who looks.
const METRICS_CONNECTIONS: (usize, usize) = (64, 64);
/// Of the listener for redirects, in all and from one address: each is over after an answer.
const REDIRECT_CONNECTIONS: (usize, usize) = (48, 8);

/// The route table.
pub fn routes(app: &Arc<App>) -> BoxEndpoint<'static, Response> {
    let nowhere = || NoOperation(app.clone());
    let pages = Route::new()
        .at("/livez", get(make_sync(|_| health::live())))
        .at("/readyz", get(health::Ready(app.clone())))
        .at("/leaks", post(leaks::Report(app.clone())))
        .at("/openapi/v2.json", get(document(&V2_DOCUMENT)))
        .at("/openapi/v1.json", get(document(&V1_DOCUMENT)))
        .at("/openapi.json", get(document(&V1_DOCUMENT)))
        .at("/schema/unkey.json", get(document(&CONFIGURATION_SCHEMA)))
        // Not `/*path`: that would take `/` itself.
        .at("/:first", dashboard::unknown_page(app).otherwise(nowhere()))
        .at("/:first/*rest", dashboard::unknown_page(app).otherwise(nowhere()));
    let pages = docs::mount(pages, app);
    let pages = mcp_routes(pages, app);
    let pages = oauth::mount(pages, app);
    let pages =
        dashboard::mount(pages, app).with(CatchPanic::new().with_handler(health::panicked)).map_to_response();
    let pages = page_headers::Protected::new(oauth::Preflight::new(app, pages), &app.config);
    Doors {
        v1: v1::endpoint(app),
        v2: v2::endpoint(app),
        forward_auth: forward_auth::endpoint(app),
        nowhere: nowhere(),
        pages,
    }
    .boxed()
}

/// The door that shows the operations of v2 to assistants, unless it is switched off.
fn mcp_routes(pages: Route, app: &Arc<App>) -> Route {
    let door: Arc<BoxEndpoint<'static, Response>> = Arc::new(if app.config.mcp {
        mcp::McpEndpoint::new(app, v2::offer(app, Door::Mcp)).boxed()
    } else {
        make_sync(|_| plain(StatusCode::NOT_FOUND, "MCP is switched off on this server.\n")).boxed()
    });
    mcp::PATHS.into_iter().fold(pages, |pages, path| pages.at(path, door.clone()))
}

/// Tells the APIs, which are measured, from everything else.
struct Doors<V1, V2, ForwardAuth, Pages> {
    v1: V1,
    v2: V2,
    forward_auth: ForwardAuth,
    nowhere: NoOperation,
    pages: Pages,
}

/// Whether a path is below that of an API, or is its own.
fn is_below(path: &str, api: &str) -> bool {
    path.strip_prefix(api).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The address that a client means whose base URL ends in a slash: `//v2/x` is `/v2/x`.
/// What no API is below is left alone.
fn without_doubled_slash(uri: &Uri) -> Option<Uri> {
    let target = uri.path_and_query()?.as_str();
    if !target.starts_with("//") {
        return None;
    }
    let meant: Uri = format!("/{}", target.trim_start_matches('/')).parse().ok()?;
    (is_below(meant.path(), "/v2") || is_below(meant.path(), "/v1")).then_some(meant)
}

/// Answers that there is no operation, in the envelope of the newest API: whoever sends
/// what no page takes is a program with a wrong address.
struct NoOperation(Arc<App>);

impl Endpoint for NoOperation {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let detail = format!("There is no operation at {} {}.", request.method(), request.uri().path());
        Ok(v2::refuse(&self.0, &request, &Error::new(Code::RouteNotFound, detail)))
    }
}

impl<V1, V2, ForwardAuth, Pages> Endpoint for Doors<V1, V2, ForwardAuth, Pages>
where
    V1: Endpoint<Output = Response>,
    V2: Endpoint<Output = Response>,
    ForwardAuth: Endpoint<Output = Response>,
    Pages: Endpoint<Output = Response>,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if let Some(meant) = without_doubled_slash(request.uri()) {
            *request.uri_mut() = meant;
        }
        let path = request.uri().path();
        if is_below(path, "/v2") {
            self.v2.call(request).await
        } else if is_below(path, "/v1") {
            self.v1.call(request).await
        } else if is_below(path, forward_auth::PATH) {
            self.forward_auth.call(request).await
        } else if path == "/" && !matches!(*request.method(), Method::GET | Method::HEAD) {
            self.nowhere.call(request).await
        } else {
            Ok(self.pages.get_response(request).await)
        }
    }
}

/// Serves until `shutdown` resolves, then lets requests in flight finish, for the
/// time that the settings say. `listener` must be non-blocking.
pub async fn serve<S>(app: &Arc<App>, listener: TcpListener, shutdown: S) -> Result<()>
where
    S: Future<Output = ()>,
{
    let config = &app.config;
    let bounds = Bounds {
        total: config.network.max_connections,
        per_address: config.network.max_connections_per_address,
        exempt: config.trusted_proxies.clone(),
    };
    let server = Server {
        listener,
        tls: app.tls.get().map(|tls| tls.config()),
        endpoint: routes(app),
        unavailable: Unavailable(app.clone()).boxed(),
        bounds,
        network: config.network,
        max_body_bytes: config.max_body_bytes,
        goes_to_disk: dashboard::goes_to_disk,
        counts: app.connections.clone(),
    };
    server.run(shutdown).await
}

/// Sends plain HTTP on to HTTPS until `shutdown` resolves.
pub async fn serve_redirects<S>(app: &Arc<App>, listener: TcpListener, shutdown: S) -> Result<()>
where
    S: Future<Output = ()>,
{
    let redirect = || redirect::to(app.origin()).boxed();
    beside(app, listener, [redirect(), redirect()], REDIRECT_CONNECTIONS).run(shutdown).await
}

/// Serves metrics until `shutdown` resolves.
pub async fn serve_metrics<S>(app: &Arc<App>, listener: TcpListener, shutdown: S) -> Result<()>
where
    S: Future<Output = ()>,
{
    let endpoints = [metrics::routes(app), make_sync(|_| unavailable()).boxed()];
    beside(app, listener, endpoints, METRICS_CONNECTIONS).run(shutdown).await
}

/// A small server of plain HTTP: what answers on it, and what answers when it is full.
fn beside(
    app: &App,
    listener: TcpListener,
    [endpoint, unavailable]: [BoxEndpoint<'static, Response>; 2],
    (total, per_address): (usize, usize),
) -> Server {
    Server {
        listener,
        tls: None,
        endpoint,
        unavailable,
        bounds: Bounds { total, per_address, exempt: Vec::new() },
        network: app.config.network,
        max_body_bytes: app.config.max_body_bytes,
        goes_to_disk: |_| false,
        counts: Arc::new(ConnectionCounts::default()),
    }
}

const UNAVAILABLE: &str = "The server stops or has too many connections. Nothing was done: send it again.";

/// Answers requests that are not carried out, each in the words of its door.
struct Unavailable(Arc<App>);

impl Endpoint for Unavailable {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let error = Error::new(Code::ServiceUnavailable, UNAVAILABLE);
        let meant = without_doubled_slash(request.uri());
        let path = meant.as_ref().unwrap_or(request.uri()).path();
        Ok(if is_below(path, "/v2") {
            v2::refuse(&self.0, &request, &error)
        } else if is_below(path, "/v1") {
            v1::refuse(&self.0, &request, Code::ServiceUnavailable, UNAVAILABLE.to_owned())
        } else if request_lifecycle::header(request.headers(), &header::ACCEPT).is_some_and(is_of_page) {
            dashboard::unavailable(&self.0, &request, &error)
        } else {
            unavailable()
        })
    }
}

/// Whether an `Accept` is that of a browser which goes to a page.
fn is_of_page(accept: &str) -> bool {
    accept.contains("text/html")
}

fn unavailable() -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, format!("{UNAVAILABLE}\n"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The documents of the APIs, of which each server that is started says the same.
static V1_DOCUMENT: LazyLock<Document> = LazyLock::new(|| as_document(&v1::DOCUMENT));
static V2_DOCUMENT: LazyLock<Document> = LazyLock::new(|| as_document(&v2::DOCUMENT));

/// The schema of the file that `unkey apply` takes.
static CONFIGURATION_SCHEMA: LazyLock<Document> =
    LazyLock::new(|| as_document(&domain::configuration::Document::schema()));

fn as_document(json: &Value) -> Document {
    let body = bytes::Bytes::from(json.to_string());
    Document::new(move || body.clone())
}

fn document(document: &'static LazyLock<Document>) -> impl Endpoint<Output = Response> + 'static {
    make(move |request| async move {
        let response = Response::builder()
            .content_type("application/json")
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        document.answer(request.headers(), response).await
    })
}

/// What a panic said; the log gets it, no client does.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// A plain text answer outside any API.
fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    text.into().with_status(status).into_response()
}
