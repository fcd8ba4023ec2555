//! One v2 operation: its place in the document and the endpoint that serves it.
//!
//! The endpoint keeps the contract's order (v2 contract, 1.3): body, security
//! header, content type, JSON, schema, authentication, handler. Handlers see a
//! valid body and an authenticated context; no rule of the product lives here.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use poem::endpoint::BoxEndpoint;
use poem::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::{Negotiation, respond};
use crate::app::App;
use crate::error::{Code, Error, Fault, Result};
use crate::http::funnel::{self, Call, header};
use crate::http::openapi::{self, Described, Schema};
use crate::http::schema;
use crate::op::{Door, OpCtx};
use crate::root_keys::Budget;
use crate::store::Paged;

/// What a handler answers with.
pub struct Reply<T> {
    data: T,
    pagination: Option<Pagination>,
}

#[derive(Serialize)]
struct Pagination {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(rename = "hasMore")]
    has_more: bool,
}

impl<T> From<T> for Reply<T> {
    fn from(data: T) -> Self {
        Self { data, pagination: None }
    }
}

impl<T> Reply<Vec<T>> {
    pub fn page(page: Paged<T>) -> Self {
        let has_more = page.next.is_some();
        Self { data: page.items, pagination: Some(Pagination { cursor: page.next, has_more }) }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    meta: EnvelopeMeta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<&'a Pagination>,
}

#[derive(Serialize)]
struct EnvelopeMeta<'a> {
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

/// Makes the endpoint of an operation.
type Mount = Box<dyn Fn(&Arc<App>, Arc<Checker>, bool) -> BoxEndpoint<'static, Response>>;

/// An operation of the table in [`super::operations`].
pub struct Operation {
    pub described: Described,
    mount: Mount,
}

impl Operation {
    pub fn mount(&self, app: &Arc<App>, document: &'static Value) -> BoxEndpoint<'static, Response> {
        let schema = self.described.request.expect("mounted operations have a body");
        let checker = Arc::new(Checker { schema, document, compiled: OnceLock::new() });
        (self.mount)(app, checker, self.described.response.is_some())
    }

    /// Answers with the envelope alone (v2 contract, 1.4: deleteIdentity).
    pub fn without_data(mut self) -> Self {
        self.described.response = None;
        self
    }

    pub fn paged(mut self) -> Self {
        self.described.paged = true;
        self
    }
}

/// Validates bodies of one operation; compiled when first needed.
struct Checker {
    schema: Schema,
    document: &'static Value,
    compiled: OnceLock<Validator>,
}

impl Checker {
    fn validator(&self) -> &Validator {
        self.compiled.get_or_init(|| {
            let components = &self.document["components"]["schemas"];
            schema::validator(&schema::json_schema(&openapi::reference(self.schema), components))
        })
    }

    fn explain(&self, path: &str, body: &Value) -> Option<Error> {
        let faults = schema::faults(self.validator(), body);
        let detail = format!("POST request body for '{path}' failed to validate schema");
        (!faults.is_empty()).then(|| Error::invalid(detail).with_faults(faults))
    }
}

/// How an operation reads its body and runs.
#[derive(Clone, Copy)]
enum Mode<I> {
    /// Schema first. Runs in a task of its own, which a disconnect cannot cut.
    Checked,
    /// Strict parse and bounds first, the schema only to explain a failure.
    /// Runs on the connection's task; what must not be cut detaches itself.
    Hot { in_bounds: fn(&I) -> bool },
}

/// An operation whose body is checked against its schema.
pub fn checked<I, D, T, H, Fut>(path: &'static str, summary: &'static str, handler: H) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation::<I, D, T, H, Fut>(path, summary, Mode::Checked, handler)
}

/// An operation of the hot path.
pub fn hot<I, D, T, H, Fut>(
    path: &'static str,
    summary: &'static str,
    in_bounds: fn(&I) -> bool,
    handler: H,
) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation::<I, D, T, H, Fut>(path, summary, Mode::Hot { in_bounds }, handler)
}

fn operation<I, D, T, H, Fut>(
    path: &'static str,
    summary: &'static str,
    mode: Mode<I>,
    handler: H,
) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    let described = Described {
        path,
        method: "post",
        summary,
        public: false,
        request: Some(Schema { reference: I::schema_ref, register: I::register }),
        response: Some(Schema { reference: D::schema_ref, register: D::register }),
        paged: false,
    };
    let mount = move |app: &Arc<App>, checker: Arc<Checker>, has_data: bool| {
        let mode = match mode {
            Mode::Checked => Mode::Checked,
            Mode::Hot { in_bounds } => Mode::Hot { in_bounds },
        };
        Served { app: app.clone(), path, checker, mode, has_data, handler, input: PhantomData }.boxed()
    };
    Operation { described, mount: Box::new(mount) }
}

struct Served<I, H> {
    app: Arc<App>,
    path: &'static str,
    checker: Arc<Checker>,
    mode: Mode<I>,
    has_data: bool,
    handler: H,
    input: PhantomData<fn() -> I>,
}

impl<I, T, H, Fut> Endpoint for Served<I, H>
where
    I: DeserializeOwned + Send + Sync + 'static,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let call = Call::start(&self.app, &request);
        let body = request.take_body();
        let headers = request.headers();
        let input = match funnel::read_body(body, self.app.config.max_body_bytes).await {
            Ok(bytes) => self.read_input(headers, &bytes),
            Err(error) => Err(error),
        };
        let input = match input {
            Ok(input) => input,
            Err(error) => return Ok(self.refuse(&call, headers, &error, Negotiation::Json)),
        };
        let (outcome, budget) = match authenticate(&self.app, &call, headers).await {
            Ok((cx, budget)) => (self.run(cx, input).await, budget),
            Err(refused) => (Err(refused.error), refused.budget),
        };
        let mut response = match outcome {
            Ok(reply) => {
                call.log(self.path, 200, None);
                succeed(&call, &reply, self.has_data)
            }
            Err(error) => self.refuse(&call, headers, &error, Negotiation::ByAccept),
        };
        if let Some(budget) = budget {
            show_budget(response.headers_mut(), budget);
        }
        Ok(response)
    }
}

impl<I, H> Served<I, H>
where
    I: DeserializeOwned,
{
    fn read_input(&self, headers: &HeaderMap, body: &[u8]) -> Result<I> {
        if !headers.contains_key(AUTHORIZATION) {
            return Err(invalid(
                "Authorization header for 'bearer' scheme",
                fault(
                    "security",
                    "The Authorization header is missing",
                    Some("Send 'Authorization: Bearer <root key>'"),
                ),
            ));
        }
        if !is_json(headers) {
            return Err(invalid(
                "The request body must be JSON",
                fault(
                    "requestBody",
                    "The content type must be application/json",
                    Some("Set 'Content-Type: application/json'"),
                ),
            ));
        }
        if let Mode::Hot { in_bounds } = &self.mode
            && let Ok(input) = serde_json::from_slice::<I>(body)
            && in_bounds(&input)
        {
            return Ok(input);
        }
        self.read_checked(body)
    }

    fn read_checked(&self, body: &[u8]) -> Result<I> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            let fix = Some("Send one well-formed JSON document");
            invalid(
                "The request body is not valid JSON",
                fault("requestBody", &format!("invalid JSON: {error}"), fix),
            )
        })?;
        if let Some(error) = self.checker.explain(self.path, &value) {
            return Err(error);
        }
        // What JSON Schema cannot see: integers past 64 bits, duplicate members.
        serde_json::from_slice(body).map_err(|error| {
            invalid("The request body could not be decoded", fault("requestBody", &error.to_string(), None))
        })
    }

    async fn run<T, Fut>(&self, cx: OpCtx, input: I) -> Result<Reply<T>>
    where
        T: Send + 'static,
        H: Fn(Arc<App>, OpCtx, I) -> Fut,
        Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
    {
        let work = (self.handler)(self.app.clone(), cx, input);
        match self.mode {
            Mode::Hot { .. } => work.await,
            Mode::Checked => tokio::spawn(work).await.map_err(Error::internal)?,
        }
    }

    fn refuse(&self, call: &Call, headers: &HeaderMap, error: &Error, negotiation: Negotiation) -> Response {
        let response =
            respond(error, &call.request_id, headers, &funnel::base_url(&self.app, headers), negotiation);
        call.log(self.path, response.status().as_u16(), Some(error));
        response
    }
}

fn succeed<T: Serialize>(call: &Call, reply: &Reply<T>, has_data: bool) -> Response {
    let envelope = Envelope {
        meta: EnvelopeMeta { request_id: call.request_id.as_str() },
        data: has_data.then_some(&reply.data),
        pagination: reply.pagination.as_ref(),
    };
    let mut body = Vec::with_capacity(512);
    serde_json::to_writer(&mut body, &envelope).expect("replies are plain data");
    Response::builder().content_type("application/json").body(body)
}

/// A caller turned away before the handler, perhaps with a budget to show.
struct Refused {
    error: Error,
    budget: Option<Budget>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, budget: None }
    }
}

/// The root key behind the bearer token (v2 contract, 1.2), one request of its
/// budget charged.
async fn authenticate(
    app: &Arc<App>,
    call: &Call,
    headers: &HeaderMap,
) -> Result<(OpCtx, Option<Budget>), Refused> {
    let token = bearer(headers)?;
    let authenticated = match app.root_keys.authenticate_cached(token, call.ip, call.now_ms) {
        Some(outcome) => outcome?,
        None => app.root_keys.authenticate(token, call.ip, call.now_ms).await?,
    };
    let budget = if authenticated.is_limited() {
        match app.root_keys.charge(&authenticated, call.now_ms).await {
            (budget, None) => budget,
            (budget, Some(error)) => return Err(Refused { error, budget }),
        }
    } else {
        None
    };
    let cx = OpCtx {
        principal: crate::op::Principal::RootKey(authenticated.principal),
        workspace: authenticated.workspace,
        now_ms: call.now_ms,
        request_id: call.request_id.clone(),
        door: Door::V2,
        ip: call.ip,
        user_agent: header(headers, &USER_AGENT).map(ToOwned::to_owned),
    };
    Ok((cx, budget))
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let value = header(headers, &AUTHORIZATION).unwrap_or_default().trim();
    let malformed = |detail| Error::new(Code::AuthMalformed, detail);
    let token = value
        .strip_prefix("Bearer ")
        .ok_or_else(|| malformed("The Authorization header must have the form 'Bearer <root key>'."))?
        .trim();
    if token.is_empty() { Err(malformed("The bearer token is empty.")) } else { Ok(token) }
}

/// v2 contract, 1.8.
fn show_budget(headers: &mut HeaderMap, budget: Budget) {
    let mut set = |name: &'static str, value: u64| headers.insert(name, HeaderValue::from(value));
    set("ratelimit-limit", budget.limit);
    set("ratelimit-remaining", budget.remaining);
    set("ratelimit-reset", budget.reset_s);
    if budget.exceeded {
        set("retry-after", budget.reset_s);
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

fn invalid(detail: &str, fault: Fault) -> Error {
    Error::invalid(detail).with_faults(vec![fault])
}

fn fault(location: &str, message: &str, fix: Option<&str>) -> Fault {
    Fault { location: location.to_owned(), message: message.to_owned(), fix: fix.map(ToOwned::to_owned) }
}
