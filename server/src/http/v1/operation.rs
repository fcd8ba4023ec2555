//! One v1 operation: its place in the document and the endpoint that serves it.
//!
//! The endpoint keeps the contract's order (v1 contract, section 2): input, the
//! few rules that come before it is asked who calls, root key, handler.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use entity::ids::WorkspaceId;
use poem::endpoint::BoxEndpoint;
use poem::http::header::{CONTENT_TYPE, HeaderMap, USER_AGENT};
use poem::http::{Method, StatusCode};
use poem::{Body, Endpoint, EndpointExt, Request, Response};
use poem_openapi::types::Type;
use serde::Serialize;
use serde_json::Value;

pub use super::input::Input;
pub use super::reply::Reply;

use super::faults::{self, Checker};
use super::reply::{Answered, wants_pretty};
use super::routes::PathParameter;
use super::security::{anonymous, authenticate, caller};
use super::{errors, input};
use crate::app::App;
use crate::config::V1;
use crate::error::{Code, Error, Result};
use crate::http::funnel::{self, Call, Finished, header};
use crate::http::openapi::Schema;
use crate::http::request_log::Caller;
use crate::keys::KeyName;
use crate::op::{Door, OpCtx};

/// Makes the endpoint of an operation.
type Mount = Box<dyn Fn(&Arc<App>, &Described) -> BoxEndpoint<'static, Response>>;

/// An operation of the table in [`super::operations`].
pub struct Operation {
    pub described: Described,
    mount: Mount,
}

/// What the document and the endpoint need to know of an operation.
#[derive(Clone)]
pub struct Described {
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub access: Access,
    pub request: Schema,
    pub response: Schema,
    pub status: StatusCode,
    /// A status that answers with the same body and still is no success.
    pub also: Option<StatusCode>,
    pub deprecated: bool,
}

/// Which credentials an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    RootKey,
    /// None, whatever is sent.
    Public,
    /// None, unless the server is set up to ask for a root key (D29).
    Key,
}

impl Operation {
    pub fn mount(&self, app: &Arc<App>) -> BoxEndpoint<'static, Response> {
        (self.mount)(app, &self.described)
    }

    pub fn access(mut self, access: Access) -> Self {
        self.described.access = access;
        self
    }

    pub fn status(mut self, status: StatusCode) -> Self {
        self.described.status = status;
        self
    }

    pub fn also(mut self, status: StatusCode) -> Self {
        self.described.also = Some(status);
        self
    }

    pub fn deprecated(mut self) -> Self {
        self.described.deprecated = true;
        self
    }
}

/// An operation that reads, its input in the query.
pub fn get<I, D, T, H, Fut>(path: &'static str, summary: &'static str, handler: H) -> Operation
where
    I: Input,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation::<I, D, T, H, Fut>(Method::GET, path, summary, handler)
}

/// An operation that changes something, its input in the body.
pub fn post<I, D, T, H, Fut>(path: &'static str, summary: &'static str, handler: H) -> Operation
where
    I: Input,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation::<I, D, T, H, Fut>(Method::POST, path, summary, handler)
}

/// As [`get`] and [`post`], for the methods of older routes.
pub fn operation<I, D, T, H, Fut>(
    method: Method,
    path: &'static str,
    summary: &'static str,
    handler: H,
) -> Operation
where
    I: Input,
    D: Type,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    let described = Described {
        method,
        path,
        summary,
        access: Access::RootKey,
        request: Schema { reference: I::schema_ref, register: I::register },
        response: Schema { reference: D::schema_ref, register: D::register },
        status: StatusCode::OK,
        also: None,
        deprecated: false,
    };
    let mount = move |app: &Arc<App>, described: &Described| {
        let checker = Checker::new(described.request);
        Served { app: app.clone(), described: described.clone(), checker, handler, input: PhantomData }
            .boxed()
    };
    Operation { described, mount: Box::new(mount) }
}

struct Served<I, H> {
    app: Arc<App>,
    described: Described,
    checker: Checker,
    handler: H,
    input: PhantomData<fn() -> I>,
}

/// A success on its way out.
struct Success {
    status: StatusCode,
    body: Bytes,
    limited_by: Option<String>,
    outcome: Option<&'static str>,
    workspace: Option<WorkspaceId>,
}

impl<I, T, H, Fut> Endpoint for Served<I, H>
where
    I: Input,
    T: Serialize + Send + 'static,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let call = Call::start(&self.app, &request);
        let body = request.take_body();
        let pretty = wants_pretty(request.uri().query());
        let (sent, outcome) = match self.body(body).await {
            Ok(sent) => (sent.clone(), self.serve(&call, &request, &sent, pretty).await),
            Err(error) => (Bytes::new(), Err(error)),
        };
        let answered = Answered { request_id: &call.request_id, watch: call.watch, pretty };
        let headers = request.headers();
        let mut finished = Finished {
            user_agent: header(headers, &USER_AGENT),
            sampled: I::IS_SAMPLED,
            request_body: &sent,
            ..Finished::of(Door::V1, self.described.method.as_str(), self.described.path)
        };
        let response = match &outcome {
            Ok(success) => {
                finished.status = success.status.as_u16();
                finished.outcome = success.outcome;
                finished.response_body = &success.body;
                let response =
                    answered.respond(success.status, success.body.clone(), success.limited_by.as_deref());
                call.finish(&self.app, &finished, || success.caller(&self.app, &call, headers));
                response
            }
            Err(error) => {
                let base_url = funnel::base_url(&self.app, headers);
                let (response, body) = errors::respond(error, &answered, &base_url);
                finished.status = response.status().as_u16();
                finished.error = Some(error);
                finished.response_body = &body;
                call.finish(&self.app, &finished, || caller(&self.app, &call, headers));
                response
            }
        };
        Ok(response)
    }
}

impl Success {
    /// Whose request it was, for the log.
    fn caller(&self, app: &App, call: &Call, headers: &HeaderMap) -> Caller {
        match &self.workspace {
            Some(workspace) => Caller { workspace: workspace.to_string(), root_key: None },
            None => caller(app, call, headers),
        }
    }
}

impl<I: Input, H> Served<I, H> {
    fn is_in_query(&self) -> bool {
        matches!(self.described.method, Method::GET | Method::DELETE)
    }

    /// What was sent, of methods that send something.
    async fn body(&self, body: Body) -> Result<Bytes> {
        if self.is_in_query() {
            return Ok(Bytes::new());
        }
        funnel::read_body(body, self.app.config.max_body_bytes).await
    }

    async fn serve<T, Fut>(
        &self,
        call: &Call,
        request: &Request,
        sent: &[u8],
        pretty: bool,
    ) -> Result<Success>
    where
        T: Serialize + Send + 'static,
        H: Fn(Arc<App>, OpCtx, I) -> Fut,
        Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
    {
        let input = self.read(request, sent)?;
        input.check()?;
        let cx = self.caller(call, request.headers(), &input).await?;
        let work = (self.handler)(self.app.clone(), cx, input);
        let answered = Answered { request_id: &call.request_id, watch: call.watch, pretty };
        let default_status = self.described.status;
        let success = |reply: Reply<T>, answered: &Answered<'_>| Success {
            status: reply.status.unwrap_or(default_status),
            body: answered.encode(&reply.data).into(),
            limited_by: reply.limited_by,
            outcome: reply.outcome,
            workspace: reply.workspace,
        };
        if I::IS_HOT {
            return Ok(success(work.await?, &answered));
        }
        // In a task of its own, which a disconnect cannot cut.
        let reply = tokio::spawn(work).await.map_err(Error::internal)??;
        Ok(success(reply, &answered))
    }

    fn read(&self, request: &Request, sent: &[u8]) -> Result<I> {
        let headers = request.headers();
        let in_query = self.is_in_query();
        let mut value = if in_query {
            let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
            self.checker.object().map_or(Value::Null, |schema| input::query(schema, &pairs))
        } else {
            let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
            if let Some(input) = input::hot(content_type, sent) {
                return Ok(input);
            }
            input::body(content_type, sent)?
        };
        if let (Some(parameter), Value::Object(members)) =
            (request.extensions().get::<PathParameter>(), &mut value)
        {
            members.insert(parameter.name.to_owned(), Value::from(parameter.value.as_str()));
        }
        if let Some(fault) = self.checker.fault(&value) {
            let fault = if in_query { faults::of_query(fault) } else { fault };
            return Err(Error::invalid(fault));
        }
        // What a schema cannot see: integers past 64 bits.
        serde_json::from_value(value).map_err(|error| Error::invalid(format!(": {error}")))
    }

    async fn caller(&self, call: &Call, headers: &HeaderMap, input: &I) -> Result<OpCtx> {
        let needs_root_key = match self.described.access {
            Access::RootKey => true,
            Access::Public => false,
            Access::Key => self.app.config.v1 == V1::VerifyNeedsRootKey,
        };
        if !needs_root_key {
            return Ok(anonymous(call, headers));
        }
        let refused = match authenticate(&self.app, call, headers).await {
            Ok(cx) => return Ok(cx),
            Err(refused) => refused,
        };
        match input.key() {
            Some(name) if !self.app.keys.is_live(name).await? => {
                self.charge_unknown(call).await?;
                Err(Error::new(Code::KeyNotFound, absence(name)))
            }
            _ => Err(refused),
        }
    }

    async fn charge_unknown(&self, call: &Call) -> Result<()> {
        match self.app.config.v1_unknown_keys_per_minute {
            Some(limit) => self.app.verifier.charge_unknown(call.ip, limit, call.now_ms).await,
            None => Ok(()),
        }
    }
}

/// v1 contract, section 7.
fn absence(name: KeyName<'_>) -> String {
    match name {
        KeyName::Id(id) => format!("key {id} not found"),
        KeyName::Secret(_) => "Key not found".to_owned(),
    }
}
