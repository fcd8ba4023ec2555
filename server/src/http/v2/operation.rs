//! One v2 operation: its place in the document and the endpoint that serves it.
//!
//! The endpoint keeps the contract's order (v2 contract, 1.3): body, security
//! header, content type, JSON, schema, authentication, handler. Handlers see a
//! valid body and an authenticated context; no rule of the product lives here.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonschema::Validator;
use poem::endpoint::BoxEndpoint;
use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, PRAGMA, USER_AGENT};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::errors::{Negotiation, respond};
pub use super::reply::Reply;
use super::reply::{Answer, encode};
use super::security::{authenticate, caller, check_security, context, portal_user, show_budget};
use crate::app::App;
use crate::error::{Code, Error, Fault, Result};
use crate::http::funnel::{self, Call, Finished, header};
use crate::http::openapi::{self, Access, Described, Schema};
use crate::http::request_log::Caller;
use crate::http::schema;
use crate::op::{Door, IdempotencyKey, OpCtx, Principal};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Makes the endpoint of an operation.
type Mount = Box<dyn Fn(&Arc<App>, Traits) -> BoxEndpoint<'static, Response>>;

/// An operation of the table in [`super::operations`].
pub struct Operation {
    pub described: Described,
    no_store: bool,
    mount: Mount,
}

/// What the endpoint needs to know of its operation.
#[derive(Clone)]
struct Traits {
    checker: Arc<Checker>,
    access: Access,
    has_data: bool,
    optional_body: bool,
    idempotent: bool,
    no_store: bool,
}

impl Operation {
    pub fn mount(&self, app: &Arc<App>, document: &'static Value) -> BoxEndpoint<'static, Response> {
        let schema = self.described.request.expect("mounted operations have a body");
        let checker = Arc::new(Checker { schema, document, compiled: OnceLock::new() });
        let Described { access, response, optional_body, idempotent, .. } = self.described;
        let has_data = response.is_some();
        let traits = Traits { checker, access, has_data, optional_body, idempotent, no_store: self.no_store };
        (self.mount)(app, traits)
    }

    /// Answers with the envelope alone (v2 contract, 1.4: deleteIdentity).
    pub fn without_data(mut self) -> Self {
        self.described.response = None;
        self
    }

    /// Asks for other credentials than a root key.
    pub fn access(mut self, access: Access) -> Self {
        self.described.access = access;
        self
    }

    /// Answers with members beside `data`.
    pub fn beside_data(mut self, schemas: fn() -> Value) -> Self {
        self.described.beside_data = Some(schemas);
        self
    }

    /// Its answer carries a secret that no cache may keep (v2 contract, 1.8).
    pub fn no_store(mut self) -> Self {
        self.no_store = true;
        self
    }

    /// An `Idempotency-Key` makes it happen once.
    pub fn idempotent(mut self) -> Self {
        self.described.idempotent = true;
        self
    }

    /// A request without a body is one with `{}`.
    pub fn optional_body(mut self) -> Self {
        self.described.optional_body = true;
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
        access: Access::RootKey,
        request: Some(Schema { reference: I::schema_ref, register: I::register }),
        response: Some(Schema { reference: D::schema_ref, register: D::register }),
        paged: false,
        optional_body: false,
        idempotent: false,
        beside_data: None,
    };
    let mount = move |app: &Arc<App>, traits: Traits| {
        let mode = match mode {
            Mode::Checked => Mode::Checked,
            Mode::Hot { in_bounds } => Mode::Hot { in_bounds },
        };
        Served { app: app.clone(), path, traits, mode, handler, input: PhantomData }.boxed()
    };
    Operation { described, no_store: false, mount: Box::new(mount) }
}

struct Served<I, H> {
    app: Arc<App>,
    path: &'static str,
    traits: Traits,
    mode: Mode<I>,
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
        let body = match funnel::read_body(body, self.app.config.max_body_bytes).await {
            Ok(body) => body,
            Err(error) => return Ok(self.refuse(&call, headers, &[], &error, Negotiation::Json, None)),
        };
        let input = match self.read_input(headers, &body) {
            Ok(input) => input,
            Err(error) => return Ok(self.refuse(&call, headers, &body, &error, Negotiation::Json, None)),
        };
        let authenticated = match self.traits.access {
            Access::RootKey => authenticate(&self.app, &call, headers).await,
            Access::PortalSession => portal_user(&self.app, &call, headers).await,
            Access::Public => Ok((context(&call, headers, Principal::Anonymous, "".into()), None)),
        };
        let known = match (&authenticated, &self.mode) {
            (Ok((cx, _)), Mode::Checked) => Some(caller_of(cx)),
            _ => None,
        };
        let (outcome, budget) = match authenticated {
            Ok((cx, budget)) if self.traits.idempotent && headers.contains_key(IDEMPOTENCY_KEY) => {
                (self.run_once(&call, cx, headers, &body, input).await, budget)
            }
            Ok((cx, budget)) => (self.run(&call, cx, input).await, budget),
            Err(refused) => (Err(refused.error), refused.budget),
        };
        let mut response = match outcome {
            Ok(answer) => self.succeed(&call, headers, &body, answer, known),
            Err(error) => self.refuse(&call, headers, &body, &error, Negotiation::ByAccept, known),
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
        check_security(self.traits.access, headers)?;
        if body.is_empty() && self.traits.optional_body {
            return self.read_checked(b"{}");
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
        if let Some(error) = self.traits.checker.explain(self.path, &value) {
            return Err(error);
        }
        // What JSON Schema cannot see: integers past 64 bits, duplicate members.
        serde_json::from_slice(body).map_err(|error| {
            invalid("The request body could not be decoded", fault("requestBody", &error.to_string(), None))
        })
    }

    /// Runs the handler; answers what to send.
    async fn run<T, Fut>(&self, call: &Call, cx: OpCtx, input: I) -> Result<Answer>
    where
        T: Serialize + Send + 'static,
        H: Fn(Arc<App>, OpCtx, I) -> Fut,
        Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
    {
        let has_data = self.traits.has_data;
        if let Mode::Hot { .. } = self.mode {
            // What a task of its own would need is not copied here.
            let reply = (self.handler)(self.app.clone(), cx, input).await?;
            return Ok(encode(&call.request_id, &reply, has_data));
        }
        let request_id = call.request_id.clone();
        let idempotency = cx.idempotency.clone().map(|key| (key, cx.clone()));
        let app = self.app.clone();
        let work = (self.handler)(self.app.clone(), cx, input);
        let answer = async move {
            let answer = encode(&request_id, &work.await?, has_data);
            if let Some((key, cx)) = idempotency
                && let Err(error) = app.idempotency.save(&cx, &key, &answer.body).await
            {
                tracing::warn!(?error, "an answer cannot be kept for its Idempotency-Key");
            }
            Ok(answer)
        };
        tokio::spawn(answer).await.map_err(Error::internal)?
    }

    /// As [`Served::run`], for a request that may have been carried out before.
    async fn run_once<T, Fut>(
        &self,
        call: &Call,
        mut cx: OpCtx,
        headers: &HeaderMap,
        body: &[u8],
        input: I,
    ) -> Result<Answer>
    where
        T: Serialize + Send + 'static,
        H: Fn(Arc<App>, OpCtx, I) -> Fut,
        Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
    {
        let key = idempotency_key(&cx, headers, self.path, body)?;
        if let Some(body) = self.app.idempotency.answer(&cx, &key).await? {
            return Ok(Answer { body, outcome: None });
        }
        cx.idempotency = Some(Arc::new(key.clone()));
        match self.run(call, cx.clone(), input).await {
            // The same request is being carried out right now: its answer is ours.
            Err(error) if error.code() == Code::IdempotencyConflict => {
                let body = self.app.idempotency.answer(&cx, &key).await?.ok_or(error)?;
                Ok(Answer { body, outcome: None })
            }
            outcome => outcome,
        }
    }

    fn succeed(
        &self,
        call: &Call,
        headers: &HeaderMap,
        request_body: &[u8],
        answer: Answer,
        known: Option<Caller>,
    ) -> Response {
        let Answer { body, outcome } = answer;
        let finished = Finished { outcome, response_body: &body, ..self.finished(headers, request_body) };
        call.finish(&self.app, &finished, || known.unwrap_or_else(|| caller(&self.app, call, headers)));
        let response = Response::builder().content_type("application/json");
        if self.traits.no_store {
            return response.header(CACHE_CONTROL, "no-store").header(PRAGMA, "no-cache").body(body);
        }
        response.body(body)
    }

    fn refuse(
        &self,
        call: &Call,
        headers: &HeaderMap,
        request_body: &[u8],
        error: &Error,
        negotiation: Negotiation,
        known: Option<Caller>,
    ) -> Response {
        let base_url = funnel::base_url(&self.app, headers);
        let (response, body) = respond(error, &call.request_id, headers, &base_url, negotiation);
        let finished = Finished {
            status: response.status().as_u16(),
            error: Some(error),
            response_body: &body,
            ..self.finished(headers, request_body)
        };
        call.finish(&self.app, &finished, || known.unwrap_or_else(|| caller(&self.app, call, headers)));
        response
    }

    /// What the log hears of every request of this operation.
    fn finished<'a>(&'a self, headers: &'a HeaderMap, request_body: &'a [u8]) -> Finished<'a> {
        Finished {
            user_agent: header(headers, &USER_AGENT),
            sampled: matches!(self.mode, Mode::Hot { .. }),
            hide_bodies: self.traits.no_store,
            request_body,
            ..Finished::of(Door::V2, "POST", self.path)
        }
    }
}

fn caller_of(cx: &OpCtx) -> Caller {
    Caller {
        workspace: cx.workspace.to_string(),
        root_key: cx.principal.root_key().map(|key| key.id.to_string()),
    }
}

fn idempotency_key(cx: &OpCtx, headers: &HeaderMap, path: &str, body: &[u8]) -> Result<IdempotencyKey> {
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !(1..=255).contains(&key.len()) {
        return Err(Error::invalid("An Idempotency-Key has 1 to 255 characters."));
    }
    let root_key = cx.principal.root_key().map(|root_key| root_key.id.clone());
    let root_key = root_key.ok_or_else(|| Error::internal("only root keys call idempotent operations"))?;
    let mut request = Sha256::new_with_prefix(path);
    request.update(b"\n");
    request.update(body);
    Ok(IdempotencyKey {
        root_key,
        key_hash: STANDARD.encode(Sha256::digest(key)),
        request_hash: STANDARD.encode(request.finalize()),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

pub(super) fn invalid(detail: &str, fault: Fault) -> Error {
    Error::invalid(detail).with_faults(vec![fault])
}

pub(super) fn fault(location: &str, message: &str, fix: Option<&str>) -> Fault {
    Fault { location: location.to_owned(), message: message.to_owned(), fix: fix.map(ToOwned::to_owned) }
}
