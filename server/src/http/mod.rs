//! The outer layer: routes, and the server that answers them.
//!
//! The only room that knows HTTP. Each version of the API is a thin door to the
//! same services; doors never import one another.

mod body;
mod dashboard;
mod docs;
mod funnel;
mod health;
mod leaks;
pub mod metrics;
#[cfg(test)]
mod near;
mod openapi;
mod redact;
pub mod request_log;
mod schema;
pub mod v1;
pub mod v2;
mod validation;

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{StatusCode, header};
use poem::listener::TcpAcceptor;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server, get, post};
use serde_json::Value;

use crate::app::App;
use crate::error::{Error, Result};

/// How long requests in flight may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// The route table.
pub fn routes(app: &Arc<App>) -> BoxEndpoint<'static, Response> {
    let pages = Route::new()
        .at("/livez", get(make_sync(|_| health::live())))
        .at("/readyz", get(health::Ready(app.clone())))
        .at("/leaks", post(leaks::Report(app.clone())))
        .at("/openapi/v2.json", get(document(&v2::DOCUMENT)))
        .at("/docs/api/v2", get(reference(&v2::DOCUMENT)))
        .at("/docs", get(make_sync(docs::serve)))
        .at("/docs/*path", get(make_sync(docs::serve)))
        .at("/llms.txt", get(docs::Llms { app: app.clone(), full: false }))
        .at("/llms-full.txt", get(docs::Llms { app: app.clone(), full: true }))
        .at("/openapi/v1.json", get(document(&v1::DOCUMENT)))
        .at("/openapi.json", get(document(&v1::DOCUMENT)))
        .at("/docs/api/v1", get(reference(&v1::DOCUMENT)));
    let pages =
        dashboard::mount(pages, app).with(CatchPanic::new().with_handler(health::panicked)).map_to_response();
    Doors { v1: v1::endpoint(app), v2: v2::endpoint(app), pages }.boxed()
}

/// Tells the APIs, which are measured, from everything else.
struct Doors<V1, V2, Pages> {
    v1: V1,
    v2: V2,
    pages: Pages,
}

impl<V1, V2, Pages> Endpoint for Doors<V1, V2, Pages>
where
    V1: Endpoint<Output = Response>,
    V2: Endpoint<Output = Response>,
    Pages: Endpoint<Output = Response>,
{
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        if path.starts_with("/v2/") {
            self.v2.call(request).await
        } else if path.starts_with("/v1/") {
            self.v1.call(request).await
        } else {
            Ok(self.pages.get_response(request).await)
        }
    }
}

/// Serves until `shutdown` resolves, then lets requests in flight finish.
/// `listener` must be non-blocking.
pub async fn serve<S>(app: &Arc<App>, listener: std::net::TcpListener, shutdown: S) -> Result<()>
where
    S: Future<Output = ()>,
{
    let acceptor = TcpAcceptor::from_std(listener).map_err(Error::internal)?;
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(routes(app), shutdown, Some(DRAIN))
        .await
        .map_err(Error::internal)
}

/// Serves metrics until `shutdown` resolves.
pub async fn serve_metrics<S>(app: &Arc<App>, listener: std::net::TcpListener, shutdown: S) -> Result<()>
where
    S: Future<Output = ()>,
{
    let acceptor = TcpAcceptor::from_std(listener).map_err(Error::internal)?;
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(metrics::routes(app), shutdown, None)
        .await
        .map_err(Error::internal)
}

fn document(document: &'static Value) -> impl Endpoint<Output = Response> + 'static {
    let body = bytes::Bytes::from(document.to_string());
    make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .body(body.clone())
    })
}

/// The reference page has its own policy: it runs its own inline script.
fn reference(document: &'static Value) -> impl Endpoint<Output = Response> + 'static {
    make_sync(move |_| {
        let page = openapi::reference_page(document);
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, REFERENCE_POLICY)
            .body(page)
    })
}

const REFERENCE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
    style-src 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// What a panic said; the log gets it, no client does.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// A plain text answer outside any API.
fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    text.into().with_status(status).into_response()
}
