//! The MCP door: what root keys may do, as tools for assistants
//! (docs/mcp.md).
//!
//! The protocol, in all its revisions, is the business of `rmcp`; this room tells it
//! which tools there are and carries their calls out. Tools are the operations that
//! another door offers, called as that door would call them, and a few searches.
//! Sessions are kept of nobody: each request shows its root key, and is answered
//! with one JSON document. Deliberately absent: streams from the server, and tools
//! for end users of portals.

mod call;
mod catalogue;
mod credentials;
mod jsonrpc;
mod own_tools;
mod prompts;
mod resources;
mod selection;
mod server;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use poem::http::header::USER_AGENT;
use poem::http::{self, HeaderMap, Method, StatusCode, Uri};
use poem::{Body, Endpoint, Request, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use self::call::McpCall;
use self::catalogue::Catalogue;
use self::jsonrpc::Refusal;
use self::selection::Selection;
use self::server::McpServer;
use crate::app::App;
use crate::http::body::{MAX_VALUES, excess};
use crate::http::compression::compressed;
use crate::http::offered::Offer;
use crate::http::request_lifecycle::{RequestStart, ResponseSummary, header, read_body};
use crate::http::request_log::Caller;
use base::access::Door;
use base::config::Config;
use base::error::{Error, clip};
use base::json_object;
use domain::root_keys::Authenticated;

/// The addresses of this door. Those below the first are the product's.
pub const PATHS: [&str; 6] =
    ["/mcp", "/mcp/", "/mcp/v1", "/mcp/v2", selection::RATELIMITS, "/mcp/ratelimits/"];

/// Longest name that an error repeats, in bytes.
const MAX_QUOTED_BYTES: usize = 100;

/// The door at one of its addresses or at all of them.
pub struct McpEndpoint {
    app: Arc<App>,
    catalogue: Arc<Catalogue>,
    protocol: StreamableHttpService<McpServer, NeverSessionManager>,
}

impl McpEndpoint {
    pub fn new(app: &Arc<App>, offer: Offer) -> Self {
        let catalogue = Arc::new(Catalogue::new(offer));
        let server = McpServer { app: app.clone(), catalogue: catalogue.clone() };
        let protocol = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            protocol_config(&app.config),
        );
        Self { app: app.clone(), catalogue, protocol }
    }

    /// What a message is about, and the message.
    async fn read(&self, head: &Head<'_>, body: Body) -> Result<(Selection, Bytes), Refusal> {
        let selection = Selection::parse(head.uri, &self.catalogue.toolsets())?;
        Ok((selection, read_message(&self.app, head, body).await?))
    }

    fn refuse(&self, start: &RequestStart, head: &Head<'_>, caller: Caller, refusal: &Refusal) -> Response {
        let failure = self.catalogue.failure(&self.app, &refusal.error, &start.request_id);
        let response = refusal.response(&self.app, head.uri.path(), &failure);
        let finished = head.summary(response.status(), Some(&refusal.error));
        start.finish(&self.app, &finished, || caller);
        response
    }
}

impl Endpoint for McpEndpoint {
    type Output = Response;

    /// Finds out who calls and what for, and has the protocol answer. What is
    /// refused before the protocol hears of it is refused here.
    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let start = RequestStart::of(&self.app, &request);
        let (body, peer) = (request.take_body(), request.remote_addr().clone());
        let head = Head { method: request.method(), uri: request.uri(), headers: request.headers() };
        let authenticated = match credentials::authenticate(&self.app, &start, head.headers).await {
            Ok(authenticated) => authenticated,
            Err(error) => return Ok(self.refuse(&start, &head, Caller::default(), &error.into())),
        };
        let caller = caller_of(&authenticated);
        let (selection, body) = match self.read(&head, body).await {
            Ok(read) => read,
            Err(refusal) => return Ok(self.refuse(&start, &head, caller, &refusal)),
        };
        let call = Arc::new(McpCall::new(start, authenticated, selection, head.headers, peer));
        let response = self.protocol.handle(head.to_protocol(body, call.clone())).await;
        let response = jsonrpc::in_protocol(into_poem(response)).await;
        // Calls of tools have written themselves down.
        if !call.is_recorded() {
            call.start.finish(&self.app, &head.summary(response.status(), None), || caller);
        }
        Ok(if call.is_public() { compressed(head.headers, response).await } else { response })
    }
}

/// Who is written down as the caller.
fn caller_of(authenticated: &Authenticated) -> Caller {
    Caller {
        workspace: authenticated.workspace.to_string(),
        root_key: Some(authenticated.principal.id.to_string()),
    }
}

/// A request without its body.
struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl Head<'_> {
    /// What the log hears of a request that is no call of a tool. Those that list
    /// what there is come with every conversation: a part of them is enough.
    fn summary<'a>(&'a self, status: StatusCode, error: Option<&'a Error>) -> ResponseSummary<'a> {
        ResponseSummary {
            status: status.as_u16(),
            error,
            user_agent: header(self.headers, &USER_AGENT),
            sampled: true,
            hide_bodies: true,
            ..ResponseSummary::of(Door::Mcp, self.method.as_str(), PATHS[0])
        }
    }

    /// The request as the protocol takes it: who calls comes along in its extensions.
    fn to_protocol(&self, body: Bytes, call: Arc<McpCall>) -> http::Request<Full<Bytes>> {
        let mut message = http::Request::new(Full::new(body));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = self.uri.clone();
        *message.headers_mut() = self.headers.clone();
        message.extensions_mut().insert(call);
        message
    }
}

/// The body of a message: within the bounds of every body, and JSON that says
/// nothing twice. Of what is not posted there is none.
async fn read_message(app: &App, head: &Head<'_>, body: Body) -> Result<Bytes, Refusal> {
    if head.method != Method::POST {
        return Ok(Bytes::new());
    }
    let body = read_body(head.headers, body, app.config.max_body_bytes).await?;
    if let Some(excess) = excess(&body, MAX_VALUES) {
        return Err(Error::invalid(format!("{excess}.")).into());
    }
    json_object::parse(&body).map_err(|error| Refusal::parse(&error))?;
    Ok(body)
}

type ProtocolResponse = http::Response<http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>>;

fn into_poem(response: ProtocolResponse) -> Response {
    let (head, body) = response.into_parts();
    let body = body.map_err(|never| -> std::io::Error { match never {} });
    Response::from(http::Response::from_parts(head, body))
}

/// A name of the caller's as errors repeat it: no caller makes an answer long.
fn quoted(name: &str) -> &str {
    clip(name, MAX_QUOTED_BYTES)
}

/// How the protocol is spoken: without sessions, in JSON, to pages of this server's
/// own origin alone, and under its own names.
fn protocol_config(config: &Config) -> StreamableHttpServerConfig {
    let bytes = if config.max_body_bytes == 0 { usize::MAX } else { config.max_body_bytes };
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(bytes)
        .with_allowed_hosts(hosts(config))
        .with_allowed_origins(origins(config))
        .enforce_origin_validation()
}

/// The names under which clients may call: loopback, the address that is listened
/// on, and that of the public URL.
fn hosts(config: &Config) -> Vec<String> {
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
    if !config.listen.ip().is_unspecified() {
        hosts.push(config.listen.ip().to_string());
    }
    hosts.extend(public_uri(config).as_ref().and_then(Uri::host).map(str::to_owned));
    hosts
}

fn origins(config: &Config) -> Vec<String> {
    let Some(uri) = public_uri(config) else {
        let scheme = config.scheme();
        return ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{scheme}://{host}:*")).to_vec();
    };
    let (scheme, host) = (uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default());
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    vec![format!("{scheme}://{host}:{port}")]
}

fn public_uri(config: &Config) -> Option<Uri> {
    config.public_url.as_ref()?.parse().ok()
}
