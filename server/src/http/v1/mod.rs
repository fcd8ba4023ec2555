//! The v1 door: its table of operations, its document, its envelope.
//!
//! Frozen as the vendor left it, and as thin as v2: bounds, names and texts of
//! the contract (docs/contract/v1.md) live here, rules of the product do not.
//! Nothing is imported from another door.

mod analytics;
mod apis;
mod document;
mod errors;
mod faults;
mod identities;
mod input;
mod keys;
mod keys_permissions;
mod keys_roles;
mod keys_update;
mod legacy;
mod liveness;
mod migrations;
mod named_access;
mod operation;
mod overrides;
mod permissions;
mod ratelimits;
mod reply;
mod routes;
mod security;
mod serve;
mod shared;
mod usage;
mod verify;

use std::any::Any;
use std::sync::{Arc, LazyLock};

use base::ids::RequestId;
use poem::http::header::USER_AGENT;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::Value;

use self::operation::Operation;
use self::reply::ResponseContext;
use self::routes::Routes;
use crate::app::App;
use crate::http::request_lifecycle::{self, RequestStart, ResponseSummary, header};
use crate::http::{panic_text, redact};
use base::access::Door;
use base::clock::Stopwatch;
use base::config::V1;
use base::error::{Code, Error};

/// Every operation.
fn operations() -> Vec<Operation> {
    [
        liveness::operations(),
        keys::operations(),
        keys_update::operations(),
        verify::operations(),
        usage::operations(),
        keys_permissions::operations(),
        keys_roles::operations(),
        apis::operations(),
        ratelimits::operations(),
        overrides::operations(),
        migrations::operations(),
        permissions::operations(),
        identities::operations(),
        analytics::operations(),
        legacy::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Paths of whose successes a part is enough for the log of requests.
pub(super) fn sampled_paths() -> Vec<&'static str> {
    let sampled = operations().into_iter().filter(|operation| operation.handler.is_sampled());
    sampled.map(|operation| operation.spec.path).collect()
}

/// The OpenAPI document of v1. A test compares it with the committed copy.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document::document(&operations()));

/// Serves everything below `/v1/`. Even a panic answers in the envelope.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let routes = match app.config.v1 {
        V1::Off => Routes::none(app),
        V1::On | V1::VerifyNeedsRootKey => Routes::new(app, operations()),
    };
    let panicking = app.clone();
    let panicked = CatchPanic::new().with_handler(move |panic: Box<dyn Any + Send>| {
        let bug = Error::internal(panic_text(&*panic));
        tracing::error!(cause = %bug.cause_chain(), "a request panicked");
        let request_id = panicking.entropy.id(RequestId::PREFIX, panicking.clock.now_ms());
        let context = ResponseContext { request_id: &request_id, watch: Stopwatch::start(), pretty: false };
        errors::respond(&bug, &context, "").0
    });
    routes.with(panicked).map_to_response()
}

/// The answer to a request that no operation takes.
pub fn refuse(app: &App, request: &Request, code: Code, detail: String) -> Response {
    let call = RequestStart::of(app, request);
    let headers = request.headers();
    let error = Error::new(code, detail);
    let pretty = reply::wants_pretty(request.uri().query());
    let context = ResponseContext { request_id: &call.request_id, watch: call.watch, pretty };
    let (response, body) = errors::respond(&error, &context, &request_lifecycle::base_url(app, headers));
    let path = redact::unknown_path(request.uri().path());
    let finished = ResponseSummary {
        status: response.status().as_u16(),
        error: Some(&error),
        user_agent: header(headers, &USER_AGENT),
        // It repeats the path.
        hide_bodies: true,
        response_body: &body,
        ..ResponseSummary::of(Door::V1, request.method().as_str(), &path)
    };
    call.finish(app, &finished, || security::caller(app, &call, headers));
    response
}
