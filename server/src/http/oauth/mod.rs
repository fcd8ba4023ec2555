//! What programs call to get a root key by OAuth 2.1: who this authorization server
//! is, registering, and exchanging a code.
//!
//! The page on which a person decides is one of the dashboard's. Not operations of
//! an API: they have no root key, no envelope and no place in an OpenAPI document.
//! All of it is off where MCP is, which is what it is for.

mod answer;
mod metadata;
mod preflight;
mod register;
mod token;

pub use preflight::Preflight;

use std::future::Future;
use std::sync::Arc;

use base::ids::WorkspaceId;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response, Route};

use super::methods::{Methods, get, post};
use super::{client_address, plain, request_lifecycle};
use crate::app::App;
use base::access::{Door, OpCtx, Principal};
use base::error::Error;
use domain::oauth::Failure;

/// Adds the addresses to a route table.
pub fn mount(route: Route, app: &Arc<App>) -> Route {
    let open = |methods| Open { app: app.clone(), methods };
    let resource = || open(get(metadata::ProtectedResource(app.clone())));
    route
        .at("/.well-known/oauth-authorization-server", open(get(metadata::Server(app.clone()))))
        .at("/.well-known/oauth-protected-resource", resource())
        .at("/.well-known/oauth-protected-resource/*path", resource())
        .at("/oauth/register", open(post(register::Register(app.clone()))))
        .at("/oauth/token", open(post(token::Exchange(app.clone()))))
}

/// An address that scripts of any page may call, without credentials of a browser:
/// clients run in browsers, too. There is none of it where MCP is off.
struct Open {
    app: Arc<App>,
    methods: Methods,
}

impl Endpoint for Open {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if !self.app.config.mcp {
            return Ok(plain(StatusCode::NOT_FOUND, "MCP is switched off on this server.\n"));
        }
        let mut response = match *request.method() {
            Method::OPTIONS => preflight(),
            _ => self.methods.get_response(request).await,
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Ok(response)
    }
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, mcp-protocol-version")
        .header(header::ACCESS_CONTROL_MAX_AGE, "86400")
        .finish()
}

/// Whoever calls, of whom nothing is known but from where.
fn stranger(app: &App, request: &Request) -> OpCtx {
    let user_agent = request_lifecycle::header(request.headers(), &header::USER_AGENT);
    app.cx(WorkspaceId::from(""), Principal::Anonymous, Door::Mcp)
        .from_client(client_address::of_request(request, &app.config), user_agent)
}

/// In a task of its own, which a disconnect cannot cut.
async fn undisturbed<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    tokio::spawn(work).await.map_err(Error::internal)?
}
