//! The endpoint of a v2 operation.
//!
//! It keeps the contract's order (docs/contract/v2.md#request-order): body,
//! security header, content type, JSON, schema, authentication, handler.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, PRAGMA, USER_AGENT};
use poem::{Endpoint, Request, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::errors::{Negotiation, fault, invalid, respond};
use super::operation::{Handler, Operation, ParsedInput};
use super::reply::EncodedReply;
use super::security::{authenticate, caller, check_security, context, portal_user};
use crate::app::App;
use crate::http::body::{MAX_BULK_VALUES, MAX_VALUES, excess};
use crate::http::compression::compressed;
use crate::http::headers::{JsonTypes, show_budget};
use crate::http::openapi::{self, Access};
use crate::http::request_lifecycle::{self, RequestStart, ResponseSummary, header};
use crate::http::request_log::Caller;
use crate::http::validation::{Faults, RequestSchema, json_schema};
use base::access::{Claimant, Door, IdempotencyKey, OpCtx, Principal};
use base::error::{Error, Result};
use base::json_object;
use domain::root_keys::Budget;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The endpoint of an operation.
pub(super) struct OperationEndpoint {
    app: Arc<App>,
    /// The one that its requests come in by.
    door: Door,
    path: &'static str,
    traits: Traits,
    handler: Arc<dyn Handler>,
}

/// What the endpoint needs to know of its operation.
struct Traits {
    request: RequestSchema,
    access: Access,
    has_data: bool,
    optional_body: bool,
    idempotent: bool,
    no_store: bool,
    /// Takes many rows at once.
    bulk: bool,
}

type Authenticated = Result<(OpCtx, Option<Budget>)>;

impl Endpoint for OperationEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let call = RequestStart::of(&self.app, &request);
        let body = request.take_body();
        let headers = request.headers();
        let body = match request_lifecycle::read_body(headers, body, self.app.config.max_body_bytes).await {
            Ok(body) => body,
            Err(error) => return Ok(self.refuse(&call, headers, &[], &error, Negotiation::Json, None)),
        };
        if let Err(error) = self.check_head(headers, &body) {
            return Ok(self.refuse(&call, headers, &body, &error, Negotiation::Json, None));
        }
        // Many rows are not even looked at before it is known who sends them.
        let is_bulk = self.traits.bulk && excess(&body, MAX_VALUES).is_some();
        let early = if is_bulk { Some(self.authenticate(&call, headers).await) } else { None };
        let early = match early {
            Some(Err(refused)) => return Ok(self.carry_out(&call, headers, &body, Err(refused)).await),
            Some(Ok(known)) => Some(known),
            None => None,
        };
        let input = match self.decode(&body, if is_bulk { MAX_BULK_VALUES } else { MAX_VALUES }) {
            Ok(input) => input,
            Err(error) => return Ok(self.refuse(&call, headers, &body, &error, Negotiation::Json, None)),
        };
        let authenticated = match early {
            Some(known) => Ok(known),
            None => self.authenticate(&call, headers).await,
        };
        let authenticated = authenticated.map(|(cx, budget)| (cx, budget, input));
        Ok(self.carry_out(&call, headers, &body, authenticated).await)
    }
}

impl OperationEndpoint {
    /// The operation has a body.
    pub fn new(app: Arc<App>, door: Door, operation: Operation, document: &'static Value) -> Self {
        let Operation { spec, no_store, bulk, handler, .. } = operation;
        let schema = spec.request.expect("mounted operations have a body");
        let request = RequestSchema::new(move || {
            json_schema(&openapi::reference(schema), &document["components"]["schemas"])
        });
        let traits = Traits {
            request,
            access: spec.access,
            has_data: spec.response.is_some(),
            optional_body: spec.optional_body,
            idempotent: spec.idempotent,
            no_store,
            bulk,
        };
        Self { app, door, path: spec.path, traits, handler }
    }

    async fn authenticate(&self, call: &RequestStart, headers: &HeaderMap) -> Authenticated {
        match self.traits.access {
            Access::RootKey => authenticate(&self.app, self.door, call, headers).await,
            Access::PortalSession => portal_user(&self.app, self.door, call, headers).await,
            Access::Public => Ok((context(self.door, call, headers, Principal::Anonymous, "".into()), None)),
        }
    }

    /// Runs the handler for who may, and answers.
    async fn carry_out(
        &self,
        call: &RequestStart,
        headers: &HeaderMap,
        body: &[u8],
        authenticated: Result<(OpCtx, Option<Budget>, ParsedInput)>,
    ) -> Response {
        let known = match &authenticated {
            Ok((cx, _, _)) if !self.handler.is_hot() => Some(caller_of(cx)),
            _ => None,
        };
        let (outcome, budget) = match authenticated {
            Ok((cx, budget, input)) if self.traits.idempotent && headers.contains_key(IDEMPOTENCY_KEY) => {
                (self.run_once(cx, headers, body, input).await, budget)
            }
            Ok((cx, budget, input)) => (self.run(cx, input).await, budget),
            Err(refused) => (Err(refused), None),
        };
        let mut response = match outcome {
            Ok(answer) if answer.is_compressible => {
                let response = self.succeed(call, headers, body, answer, known);
                // In a box, as every request would move its state.
                Box::pin(compressed(headers, response)).await
            }
            Ok(answer) => self.succeed(call, headers, body, answer, known),
            Err(error) => self.refuse(call, headers, body, &error, Negotiation::ByAccept, known),
        };
        if let Some(budget) = budget {
            show_budget(response.headers_mut(), budget);
        }
        response
    }

    /// What is wrong with a request before its body is looked at.
    fn check_head(&self, headers: &HeaderMap, body: &[u8]) -> Result<()> {
        check_security(self.traits.access, headers)?;
        let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
        if JsonTypes::Plain.contain(content_type) || body.is_empty() && self.traits.optional_body {
            return Ok(());
        }
        Err(invalid(
            "The request body must be JSON",
            fault(
                "requestBody",
                "The content type must be application/json",
                Some("Set 'Content-Type: application/json'"),
            ),
        ))
    }

    fn decode(&self, body: &[u8], max_values: usize) -> Result<ParsedInput> {
        if body.is_empty() && self.traits.optional_body {
            return self.decode_checked(b"{}", max_values);
        }
        match self.handler.read_hot(body) {
            Some(input) => Ok(input),
            None => self.decode_checked(body, max_values),
        }
    }

    fn decode_checked(&self, body: &[u8], max_values: usize) -> Result<ParsedInput> {
        if let Some(excess) = excess(body, max_values) {
            let fault = fault("requestBody", &excess.to_string(), None);
            return Err(invalid("The request body is too large", fault));
        }
        let value = json_object::parse(body).map_err(|error| match error.is_data() {
            true => undecoded(&error),
            false => invalid(
                "The request body is not valid JSON",
                fault(
                    "requestBody",
                    &format!("invalid JSON: {error}"),
                    Some("Send one well-formed JSON document"),
                ),
            ),
        })?;
        self.check_schema(&value, max_values)?;
        // Metadata would be in memory twice.
        drop(value);
        // What JSON Schema cannot see: integers past 64 bits.
        self.handler.read(body).map_err(|error| undecoded(&error))
    }

    fn check_schema(&self, body: &Value, max_values: usize) -> Result<()> {
        let validator = self.traits.request.validator();
        let faults = match max_values {
            MAX_VALUES => Faults::of(validator, body),
            _ => Faults::first(validator, body),
        };
        if faults.listed.is_empty() {
            return Ok(());
        }
        let (path, missing) = (self.path, faults.missing());
        let detail = format!("POST request body for '{path}' failed to validate schema{missing}");
        Err(Error::invalid(detail).with_faults(faults.listed))
    }

    /// Runs the handler; answers what to send.
    async fn run(&self, cx: OpCtx, input: ParsedInput) -> Result<EncodedReply> {
        let (app, has_data) = (self.app.clone(), self.traits.has_data);
        if self.handler.is_hot() {
            return input(app, cx, has_data).await;
        }
        let carried_out = async move {
            if cx.idempotency.is_none() {
                return input(app, cx, has_data).await;
            }
            let answer = input(app.clone(), cx.clone(), has_data);
            let body = app.idempotency.once(&cx, async { answer.await.map(|answer| answer.body) }).await?;
            // Of an answer that is given again nobody knows what is in it.
            Ok(EncodedReply { body, outcome: None, is_compressible: false })
        };
        tokio::spawn(carried_out).await.map_err(Error::internal)?
    }

    /// As [`OperationEndpoint::run`], for a request that may have been carried out before.
    async fn run_once(
        &self,
        mut cx: OpCtx,
        headers: &HeaderMap,
        body: &[u8],
        input: ParsedInput,
    ) -> Result<EncodedReply> {
        cx.idempotency = Some(Arc::new(idempotency_key(&cx, headers, self.path, body)?));
        self.run(cx, input).await
    }

    fn succeed(
        &self,
        call: &RequestStart,
        headers: &HeaderMap,
        request_body: &[u8],
        answer: EncodedReply,
        known: Option<Caller>,
    ) -> Response {
        let EncodedReply { body, outcome, .. } = answer;
        let finished =
            ResponseSummary { outcome, response_body: &body, ..self.finished(headers, request_body) };
        call.finish(&self.app, &finished, || known.unwrap_or_else(|| caller(&self.app, call, headers)));
        let response = Response::builder().content_type("application/json");
        if self.traits.no_store {
            return response.header(CACHE_CONTROL, "no-store").header(PRAGMA, "no-cache").body(body);
        }
        response.body(body)
    }

    fn refuse(
        &self,
        call: &RequestStart,
        headers: &HeaderMap,
        request_body: &[u8],
        error: &Error,
        negotiation: Negotiation,
        known: Option<Caller>,
    ) -> Response {
        let base_url = request_lifecycle::base_url(&self.app, headers);
        let (response, body) = respond(error, &call.request_id, headers, &base_url, negotiation);
        let finished = ResponseSummary {
            status: response.status().as_u16(),
            error: Some(error),
            response_body: &body,
            ..self.finished(headers, request_body)
        };
        call.finish(&self.app, &finished, || known.unwrap_or_else(|| caller(&self.app, call, headers)));
        response
    }

    /// What the log hears of every request of this operation.
    fn finished<'a>(&'a self, headers: &'a HeaderMap, request_body: &'a [u8]) -> ResponseSummary<'a> {
        ResponseSummary {
            user_agent: header(headers, &USER_AGENT),
            sampled: self.handler.is_hot(),
            hide_bodies: self.traits.no_store,
            request_schema: Some(&self.traits.request),
            request_body,
            ..ResponseSummary::of(self.door, "POST", self.path)
        }
    }
}

fn undecoded(error: &serde_json::Error) -> Error {
    invalid("The request body could not be decoded", fault("requestBody", &error.to_string(), None))
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
    let claimant = cx.principal.root_key().map(|root_key| Claimant::RootKey(root_key.id.clone()));
    let claimant = claimant.ok_or_else(|| Error::internal("only root keys call idempotent operations"))?;
    let mut request = Sha256::new_with_prefix(path);
    request.update(b"\n");
    request.update(body);
    Ok(IdempotencyKey {
        claimant,
        key_hash: STANDARD.encode(Sha256::digest(key)),
        request_hash: STANDARD.encode(request.finalize()),
    })
}
