//! The v2 door: its table of operations, its document, its envelope.
//!
//! A thin door: bounds, names and masking of the contract (docs/contract/v2.md)
//! live here, rules of the product do not. Nothing is imported from another
//! door.

mod analytics;
mod apis;
mod configuration;
mod errors;
mod explain;
mod identities;
mod keys;
mod keys_access;
mod keys_migrate;
mod keys_reroll;
mod offer;
mod operation;
mod overrides;
mod permissions;
mod portal;
mod portal_sessions;
mod portals;
mod ratelimit;
mod reply;
mod roles;
mod root_keys;
mod security;
mod serve;
mod shared;
mod verify;
mod webhook_deliveries;
mod webhooks;
mod workspace;

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use base::ids::RequestId;
use poem::endpoint::BoxEndpoint;
use poem::http::header::{ALLOW, USER_AGENT};
use poem::http::{HeaderMap, HeaderValue, Method};
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::{Value, json};

use self::errors::{Negotiation, respond};
pub use self::offer::offer;
use self::operation::Operation;
use self::security::caller;
use self::serve::OperationEndpoint;
use crate::app::App;
use crate::http::openapi::{self, Access, OperationSpec, Version};
use crate::http::request_lifecycle::{RequestStart, ResponseSummary, header};
use crate::http::{panic_text, redact, request_lifecycle};
use base::access::Door;
use base::error::{Code, Error};

const LIVENESS: &str = "/v2/liveness";

/// Every operation with a body.
fn operations() -> Vec<Operation> {
    [
        apis::operations(),
        identities::operations(),
        keys::operations(),
        keys_access::operations(),
        keys_reroll::operations(),
        keys_migrate::operations(),
        verify::operations(),
        explain::operations(),
        permissions::operations(),
        roles::operations(),
        ratelimit::operations(),
        overrides::operations(),
        analytics::operations(),
        portal::operations(),
        portals::operations(),
        portal_sessions::operations(),
        root_keys::operations(),
        webhooks::operations(),
        webhook_deliveries::operations(),
        workspace::operations(),
        configuration::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Paths of whose successes a part is enough for the log of requests.
pub(super) fn sampled_paths() -> Vec<&'static str> {
    let sampled = operations().into_iter().filter(|operation| operation.handler.is_hot());
    sampled.map(|operation| operation.spec.path).collect()
}

const VERSION: Version = Version {
    title: "unkey API",
    version: "2.0.0",
    description: "Issue and verify API keys, limit rates, manage identities, roles and permissions.",
    // These ignore members they do not know (docs/contract/v2.md#open-bodies).
    open: &[
        "AnalyticsQueryBody",
        "CreateIdentityBody",
        "RatelimitRequest",
        "RerollKeyBody",
        "VerifyLimitBody",
    ],
};

/// The OpenAPI document of v2. A test compares it with the committed copy.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut specs: Vec<OperationSpec> = operations().into_iter().map(|operation| operation.spec).collect();
    specs.push(OperationSpec {
        path: LIVENESS,
        method: "get",
        summary: "Whether the server answers",
        access: Access::Public,
        request: None,
        response: None,
        paged: false,
        optional_body: false,
        idempotent: false,
        beside_data: None,
    });
    let mut document = openapi::document(&VERSION, &specs);
    let liveness =
        &mut document["paths"][LIVENESS]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    liveness["properties"]["data"] = json!({ "type": "object", "required": ["message"], "properties": { "message": { "type": "string" } } });
    document
});

/// Serves everything below `/v2/`. Even a panic answers in the envelope.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    endpoint_of(app, Door::V2)
}

/// The same for requests that come in by `door`, which is what the log and the audit
/// log say of them.
fn endpoint_of(app: &Arc<App>, door: Door) -> impl Endpoint<Output = Response> + 'static {
    let document: &'static Value = &DOCUMENT;
    let mount = |operation: Operation| {
        let path = operation.spec.path;
        (path, OperationEndpoint::new(app.clone(), door, operation, document).boxed())
    };
    let routes = Routes { app: app.clone(), posts: operations().into_iter().map(mount).collect() };
    let panicking = app.clone();
    let panicked = CatchPanic::new().with_handler(move |panic: Box<dyn Any + Send>| {
        let bug = Error::internal(panic_text(&*panic));
        tracing::error!(cause = %bug.cause_chain(), "a request panicked");
        let request_id: RequestId = panicking.entropy.id(RequestId::PREFIX, panicking.clock.now_ms());
        let headers = HeaderMap::new();
        let base_url = request_lifecycle::base_url(&panicking, &headers);
        respond(&bug, &request_id, &headers, &base_url, Negotiation::ByAccept).0
    });
    routes.with(panicked).map_to_response()
}

/// Operations by their whole path: there are no parameters in v2 paths.
struct Routes {
    app: Arc<App>,
    posts: HashMap<&'static str, BoxEndpoint<'static, Response>>,
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (method, path) = (request.method(), request.uri().path());
        match self.posts.get(path) {
            Some(operation) if method == Method::POST => operation.call(request).await,
            // Of a HEAD the server leaves the body out.
            None if path == LIVENESS && matches!(*method, Method::GET | Method::HEAD) => {
                Ok(liveness(&self.app))
            }
            found => {
                // docs/decisions.md#unknown-paths-answer-in-the-envelope
                let allowed = match found {
                    Some(_) => "POST",
                    None if path == LIVENESS => "GET, HEAD",
                    None => {
                        let detail = format!("There is no operation at {method} {path}.");
                        return Ok(refuse(&self.app, &request, &Error::new(Code::RouteNotFound, detail)));
                    }
                };
                let detail = format!("This operation does not answer to {method}.");
                let error = Error::new(Code::MethodNotAllowed, detail);
                let mut response = refuse(&self.app, &request, &error);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
                Ok(response)
            }
        }
    }
}

fn liveness(app: &App) -> Response {
    let request_id: RequestId = app.entropy.id(RequestId::PREFIX, app.clock.now_ms());
    let body = json!({ "meta": { "requestId": request_id.as_str() }, "data": { "message": "The server is alive." } });
    Response::builder().content_type("application/json").body(body.to_string())
}

/// Refuses a request that no operation takes.
pub fn refuse(app: &App, request: &Request, error: &Error) -> Response {
    let call = RequestStart::of(app, request);
    let headers = request.headers();
    let base_url = request_lifecycle::base_url(app, headers);
    let (response, body) = respond(error, &call.request_id, headers, &base_url, Negotiation::ByAccept);
    let path = redact::unknown_path(request.uri().path());
    let finished = ResponseSummary {
        status: response.status().as_u16(),
        error: Some(error),
        user_agent: header(headers, &USER_AGENT),
        // It repeats the path.
        hide_bodies: true,
        response_body: &body,
        ..ResponseSummary::of(Door::V2, request.method().as_str(), &path)
    };
    call.finish(app, &finished, || caller(app, &call, headers));
    response
}
