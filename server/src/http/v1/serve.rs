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
use super::operation::{Access, Asked, Described, Handled};
use super::reply::{Answered, Reply, wants_pretty};
use super::routes::PathParameter;
use super::security::{anonymous, authenticate, caller};
use super::{errors, input};
use crate::app::App;
use crate::http::request_lifecycle::{self, RequestStart, ResponseSummary, header};
use crate::http::request_log::Caller;
use base::config::V1;
use base::error::{Error, Result};
use base::op::{Door, OpCtx};

/// The endpoint of an operation.
pub(super) struct Served {
    app: Arc<App>,
    described: Described,
    checker: Checker,
    handled: Arc<dyn Handled>,
}

impl Endpoint for Served {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let call = RequestStart::of(&self.app, &request);
        let body = request.take_body();
        let pretty = wants_pretty(request.uri().query());
        let (sent, outcome) = match self.body(body).await {
            Ok(sent) => (sent.clone(), self.serve(&call, &request, &sent, pretty).await),
            Err(error) => (Bytes::new(), Err(error)),
        };
        let answered = Answered { request_id: &call.request_id, watch: call.watch, pretty };
        let headers = request.headers();
        let mut finished = ResponseSummary {
            user_agent: header(headers, &USER_AGENT),
            sampled: self.handled.is_sampled(),
            request_schema: Some(&self.checker.request),
            request_body: &sent,
            ..ResponseSummary::of(Door::V1, self.described.method.as_str(), self.described.path)
        };
        let response = match &outcome {
            Ok(reply) => {
                let status = reply.status.unwrap_or(self.described.status);
                finished.status = status.as_u16();
                finished.outcome = reply.outcome;
                finished.response_body = &reply.data;
                let response = answered.respond(status, reply.data.clone(), reply.limited_by.as_deref());
                call.finish(&self.app, &finished, || match &reply.workspace {
                    Some(workspace) => Caller { workspace: workspace.to_string(), root_key: None },
                    None => caller(&self.app, &call, headers),
                });
                response
            }
            Err(error) => {
                let base_url = request_lifecycle::base_url(&self.app, headers);
                let (response, body) = errors::respond(error, &answered, &base_url);
                finished.status = response.status().as_u16();
                finished.error = Some(error);
                finished.target = request.uri().path_and_query().map(PathAndQuery::as_str);
                finished.response_body = &body;
                call.finish(&self.app, &finished, || caller(&self.app, &call, headers));
                response
            }
        };
        Ok(response)
    }
}

impl Served {
    pub fn new(app: Arc<App>, described: Described, handled: Arc<dyn Handled>) -> Self {
        let checker = Checker::new(described.request);
        Self { app, described, checker, handled }
    }

    fn is_in_query(&self) -> bool {
        matches!(self.described.method, Method::GET | Method::DELETE)
    }

    /// What was sent, of methods that send something.
    async fn body(&self, body: Body) -> Result<Bytes> {
        if self.is_in_query() {
            return Ok(Bytes::new());
        }
        request_lifecycle::read_body(body, self.app.config.max_body_bytes).await
    }

    /// What to answer, its data in JSON.
    async fn serve(
        &self,
        call: &RequestStart,
        request: &Request,
        sent: &[u8],
        pretty: bool,
    ) -> Result<Reply<Bytes>> {
        let asked = self.read(request, sent)?;
        asked.check()?;
        let cx = self.caller(call, request.headers()).await?;
        let work = asked.run(self.app.clone(), cx, pretty);
        match self.handled.is_hot() {
            true => work.await,
            false => tokio::spawn(work).await.map_err(Error::internal)?,
        }
    }

    fn read(&self, request: &Request, sent: &[u8]) -> Result<Box<dyn Asked>> {
        let headers = request.headers();
        let in_query = self.is_in_query();
        let mut value = if in_query {
            let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
            self.checker.object().map_or(Value::Null, |schema| input::query(schema, &pairs))
        } else {
            let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
            if let Some(asked) = self.handled.read_hot(content_type, sent) {
                return Ok(asked);
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
        self.handled.read(value).map_err(|error| Error::invalid(format!(": {error}")))
    }

    async fn caller(&self, call: &RequestStart, headers: &HeaderMap) -> Result<OpCtx> {
        let needs_root_key = match self.described.access {
            Access::RootKey => true,
            Access::Public => false,
            Access::Key => self.app.config.v1 == V1::VerifyNeedsRootKey,
        };
        if !needs_root_key {
            return Ok(anonymous(call, headers));
        }
        authenticate(&self.app, call, headers).await
    }
}
