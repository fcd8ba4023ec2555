//! The v2 door: its table of operations, its document, its envelope.
//!
//! A thin door: bounds, names and masking of the v2 contract live here, rules
//! of the product do not. Nothing is imported from another door.

mod apis;
mod errors;
mod identities;
mod keys;
mod operation;
mod permissions;
mod ratelimit;
mod shared;
mod verify;

use std::any::Any;
use std::sync::{Arc, LazyLock};

use entity::ids::RequestId;
use poem::http::HeaderMap;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, Request, Response, Route, RouteMethod, endpoint::make_sync};
use serde_json::{Value, json};

use self::errors::{Negotiation, respond};
use self::operation::Operation;
use crate::app::App;
use crate::error::{Code, Error};
use crate::http::openapi::{self, Described, Version};
use crate::http::{funnel, panic_text};

/// Every operation with a body.
fn operations() -> Vec<Operation> {
    [
        apis::operations(),
        identities::operations(),
        keys::operations(),
        verify::operations(),
        permissions::operations(),
        ratelimit::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const VERSION: Version = Version {
    title: "unkey API",
    version: "2.0.0",
    description: "Issue and verify API keys, limit rates, manage identities, roles and permissions.",
    // v2 contract, 1.7: these ignore members they do not know.
    open: &["CreateIdentityBody", "RatelimitRequest", "VerifyLimitBody"],
};

/// The OpenAPI document of v2. A test compares it with the committed copy.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut described: Vec<Described> =
        operations().into_iter().map(|operation| operation.described).collect();
    described.push(Described {
        path: "/v2/liveness",
        method: "get",
        summary: "Whether the server answers",
        public: true,
        request: None,
        response: None,
        paged: false,
    });
    let mut document = openapi::document(&VERSION, &described);
    let liveness = &mut document["paths"]["/v2/liveness"]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    liveness["properties"]["data"] = json!({ "type": "object", "required": ["message"], "properties": { "message": { "type": "string" } } });
    document
});

/// The routes of v2. Even a panic answers in the envelope.
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let document: &'static Value = &DOCUMENT;
    let mut route = Route::new();
    for operation in operations() {
        let methods = RouteMethod::new().post(operation.mount(app, document));
        route = route.at(operation.described.path, enveloped(app, methods));
    }
    let liveness_app = app.clone();
    let liveness = RouteMethod::new().get(make_sync(move |_| liveness(&liveness_app)));
    let panicking = app.clone();
    let panicked = CatchPanic::new().with_handler(move |panic: Box<dyn Any + Send>| {
        let bug = Error::internal(panic_text(&*panic));
        tracing::error!(cause = %bug.cause_chain(), "a request panicked");
        refuse(&panicking, &HeaderMap::new(), bug)
    });
    route
        .at("/v2/liveness", enveloped(app, liveness))
        .at("/v2/*any", unknown(app))
        .with(panicked)
        .map_to_response()
}

fn liveness(app: &App) -> Response {
    let request_id: RequestId = app.entropy.id(RequestId::PREFIX, app.clock.now_ms());
    let body = json!({ "meta": { "requestId": request_id.as_str() }, "data": { "message": "The server is alive." } });
    Response::builder().content_type("application/json").body(body.to_string())
}

/// Answers a wrong method in the envelope (D18).
fn enveloped(app: &Arc<App>, methods: RouteMethod) -> impl Endpoint<Output = Response> + 'static {
    let app = app.clone();
    methods.map_to_response().around(move |endpoint, request: Request| {
        let app = app.clone();
        async move {
            let (method, headers) = (request.method().clone(), request.headers().clone());
            match endpoint.call(request).await {
                Err(error) if error.is::<poem::error::MethodNotAllowedError>() => {
                    let detail = format!("This operation does not answer to {method}.");
                    Ok(refuse(&app, &headers, Error::new(Code::MethodNotAllowed, detail)))
                }
                other => other,
            }
        }
    })
}

fn unknown(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let app = app.clone();
    make_sync(move |request: Request| {
        let detail = format!("There is no operation at {} {}.", request.method(), request.uri().path());
        refuse(&app, request.headers(), Error::new(Code::RouteNotFound, detail))
    })
}

fn refuse(app: &App, headers: &HeaderMap, error: Error) -> Response {
    let request_id: RequestId = app.entropy.id(RequestId::PREFIX, app.clock.now_ms());
    respond(&error, &request_id, headers, &funnel::base_url(app, headers), Negotiation::ByAccept)
}
