//! The endpoint of a v1 operation.
//!
//! It keeps the contract's order (docs/contract/v1.md#request-order): input,
//! the few rules that come before it is asked who calls, root key, handler.

use std::sync::Arc;

use bytes::Bytes;
use poem::http::Method;
use poem::http::header::{CONTENT_TYPE, HeaderMap, USER_AGENT};
use poem::http::uri::PathAndQuery;
use poem::{Body, Endpoint, Request, Response};
use serde_json::Value;

use super::faults::{self, Checker};
use super::operation::{Access, Handler, Operation, OperationSpec, ParsedInput};
use super::reply::{Reply, ResponseContext, wants_pretty};
use super::security::{anonymous, authenticate, caller};
use super::{errors, input};
use crate::app::App;
use crate::http::compression::compressed;
use crate::http::headers::show_budget;
use crate::http::request_lifecycle::{self, RequestStart, ResponseSummary, header};
use crate::http::request_log::Caller;
use base::access::{Door, OpCtx};
use base::config::V1;
use base::error::{Error, Result};
use domain::root_keys::Budget;

/// The parameter of a path, for the operation to read.
#[derive(Clone)]
pub(super) struct PathParameter {
    pub name: &'static str,
    pub value: String,
}

/// The endpoint of an operation.
pub(super) struct OperationEndpoint {
    app: Arc<App>,
    spec: OperationSpec,
    checker: Checker,
    handler: Arc<dyn Handler>,
}

impl Endpoint for OperationEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let call = RequestStart::of(&self.app, &request);
        let body = request.take_body();
        let pretty = wants_pretty(request.uri().query());
        let mut budget = None;
        let (sent, outcome) = match self.body(request.headers(), body).await {
            Ok(sent) => (sent.clone(), self.serve(&call, &request, &sent, pretty, &mut budget).await),
            Err(error) => (Bytes::new(), Err(error)),
        };
        let context = ResponseContext { request_id: &call.request_id, watch: call.watch, pretty };
        let headers = request.headers();
        let mut finished = ResponseSummary {
            user_agent: header(headers, &USER_AGENT),
            sampled: self.handler.is_sampled(),
            request_schema: Some(&self.checker.request),
            request_body: &sent,
            ..ResponseSummary::of(Door::V1, self.spec.method.as_str(), self.spec.path)
        };
        let mut response = match &outcome {
            Ok(reply) => {
                let status = reply.status.unwrap_or(self.spec.status);
                finished.status = status.as_u16();
                finished.outcome = reply.outcome;
                finished.response_body = &reply.data;
                let response = context.respond(status, reply.data.clone(), reply.limited_by.as_deref());
                call.finish(&self.app, &finished, || match &reply.workspace {
                    Some(workspace) => Caller { workspace: workspace.to_string(), root_key: None },
                    None => caller(&self.app, &call, headers),
                });
                // In a box, as every request would move its state.
                if reply.is_compressible { Box::pin(compressed(headers, response)).await } else { response }
            }
            Err(error) => {
                let base_url = request_lifecycle::base_url(&self.app, headers);
                let (response, body) = errors::respond(error, &context, &base_url);
                finished.status = response.status().as_u16();
                finished.error = Some(error);
                finished.target = request.uri().path_and_query().map(PathAndQuery::as_str);
                finished.response_body = &body;
                call.finish(&self.app, &finished, || caller(&self.app, &call, headers));
                response
            }
        };
        if let Some(budget) = budget {
            show_budget(response.headers_mut(), budget);
        }
        Ok(response)
    }
}

impl OperationEndpoint {
    pub fn new(app: Arc<App>, operation: Operation) -> Self {
        let Operation { spec, handler } = operation;
        let checker = Checker::new(spec.request);
        Self { app, spec, checker, handler }
    }

    fn is_in_query(&self) -> bool {
        matches!(self.spec.method, Method::GET | Method::DELETE)
    }

    /// What was sent, of methods that send something.
    async fn body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes> {
        if self.is_in_query() {
            return Ok(Bytes::new());
        }
        request_lifecycle::read_body(headers, body, self.app.config.max_body_bytes).await
    }

    /// What to answer, its data in JSON. `budget` becomes what is left of that of the
    /// caller, whatever the answer.
    async fn serve(
        &self,
        call: &RequestStart,
        request: &Request,
        sent: &[u8],
        pretty: bool,
        budget: &mut Option<Budget>,
    ) -> Result<Reply<Bytes>> {
        let input = self.read(request, sent)?;
        input.check()?;
        let (cx, left) = self.caller(call, request.headers()).await?;
        *budget = left;
        let reply = input.run(self.app.clone(), cx, pretty);
        match self.handler.is_hot() {
            true => reply.await,
            false => tokio::spawn(reply).await.map_err(Error::internal)?,
        }
    }

    fn read(&self, request: &Request, sent: &[u8]) -> Result<Box<dyn ParsedInput>> {
        let headers = request.headers();
        let in_query = self.is_in_query();
        let mut value = if in_query {
            let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
            if pairs.iter().any(|(_, value)| value.contains('\0')) {
                return Err(Error::invalid(": a parameter has the character U+0000"));
            }
            self.checker.object().map_or(Value::Null, |schema| input::query(schema, &pairs))
        } else {
            let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
            if let Some(input) = self.handler.read_hot(content_type, sent) {
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
        self.handler.read(value).map_err(|error| Error::invalid(format!(": {error}")))
    }

    async fn caller(&self, call: &RequestStart, headers: &HeaderMap) -> Result<(OpCtx, Option<Budget>)> {
        let needs_root_key = match self.spec.access {
            Access::RootKey => true,
            Access::Public => false,
            Access::Key => self.app.config.v1 == V1::VerifyNeedsRootKey,
        };
        if !needs_root_key {
            return Ok((anonymous(call, headers), None));
        }
        authenticate(&self.app, call, headers).await
    }
}
