//! One v1 operation: its place in the document, and its handler without its types.
//!
//! What is around handlers is in [`super::serve`].

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use poem::http::{Method, StatusCode};
use serde_json::Value;

use super::input;
pub use super::input::Input;
pub use super::reply::Reply;
use crate::app::App;
use crate::http::openapi::{Output, Schema};
use base::access::OpCtx;
use base::error::Result;

/// An operation of the table in [`super::operations`].
pub struct Operation {
    pub spec: OperationSpec,
    pub(super) handler: Arc<dyn Handler>,
}

/// What the document and the endpoint need to know of an operation.
#[derive(Clone)]
pub struct OperationSpec {
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
    /// None, unless the server is set up to ask for a root key
    /// (docs/decisions.md#v1-verifies-without-a-root-key).
    Key,
}

impl Operation {
    pub fn access(mut self, access: Access) -> Self {
        self.spec.access = access;
        self
    }

    pub fn status(mut self, status: StatusCode) -> Self {
        self.spec.status = status;
        self
    }

    pub fn also(mut self, status: StatusCode) -> Self {
        self.spec.also = Some(status);
        self
    }

    pub fn deprecated(mut self) -> Self {
        self.spec.deprecated = true;
        self
    }
}

/// What an operation makes of its input, whatever its types are: all that is
/// around handlers is compiled once, not once for each of them.
pub(super) trait Handler: Send + Sync {
    /// Whether it runs on the connection's task, not in one of its own, which a
    /// disconnect cannot cut.
    fn is_hot(&self) -> bool;

    fn is_sampled(&self) -> bool;

    /// As [`input::hot`].
    fn read_hot(&self, content_type: &str, body: &[u8]) -> Option<Box<dyn ParsedInput>>;

    fn read(&self, input: Value) -> serde_json::Result<Box<dyn ParsedInput>>;
}

/// An input that was read, and what is to be done with it.
pub(super) trait ParsedInput: Send + Sync {
    fn check(&self) -> Result<()>;

    /// Runs the handler; its answer in JSON, indented if `pretty`.
    fn run(
        self: Box<Self>,
        app: Arc<App>,
        cx: OpCtx,
        pretty: bool,
    ) -> BoxFuture<'static, Result<Reply<Bytes>>>;
}

struct TypedHandler<I, H> {
    handler: H,
    input: PhantomData<fn() -> I>,
}

impl<I, T, H, Fut> Handler for TypedHandler<I, H>
where
    I: Input,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    fn is_hot(&self) -> bool {
        I::IS_HOT
    }

    fn is_sampled(&self) -> bool {
        I::IS_SAMPLED
    }

    fn read_hot(&self, content_type: &str, body: &[u8]) -> Option<Box<dyn ParsedInput>> {
        let input: I = input::hot(content_type, body)?;
        Some(Box::new(TypedInput { handler: self.handler, input }))
    }

    fn read(&self, input: Value) -> serde_json::Result<Box<dyn ParsedInput>> {
        let input: I = serde_json::from_value(input)?;
        Ok(Box::new(TypedInput { handler: self.handler, input }))
    }
}

struct TypedInput<I, H> {
    handler: H,
    input: I,
}

impl<I, T, H, Fut> ParsedInput for TypedInput<I, H>
where
    I: Input,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    fn check(&self) -> Result<()> {
        self.input.check()
    }

    fn run(
        self: Box<Self>,
        app: Arc<App>,
        cx: OpCtx,
        pretty: bool,
    ) -> BoxFuture<'static, Result<Reply<Bytes>>> {
        let reply = (self.handler)(app, cx, self.input);
        Box::pin(async move { reply.await.map(|reply| reply.encoded(pretty)) })
    }
}

/// An operation that reads, its input in the query.
pub fn get<I, T, H, Fut>(path: &'static str, summary: &'static str, handler: H) -> Operation
where
    I: Input,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation(Method::GET, path, summary, handler)
}

/// An operation that changes something, its input in the body.
pub fn post<I, T, H, Fut>(path: &'static str, summary: &'static str, handler: H) -> Operation
where
    I: Input,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation(Method::POST, path, summary, handler)
}

/// As [`get`] and [`post`], for the methods of older routes.
pub fn operation<I, T, H, Fut>(
    method: Method,
    path: &'static str,
    summary: &'static str,
    handler: H,
) -> Operation
where
    I: Input,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    let spec = OperationSpec {
        method,
        path,
        summary,
        access: Access::RootKey,
        request: Schema::of::<I>(),
        response: T::SCHEMA,
        status: StatusCode::OK,
        also: None,
        deprecated: false,
    };
    Operation { spec, handler: Arc::new(TypedHandler { handler, input: PhantomData }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::super::faults::Checker;
    use super::super::{input, operations};
    use crate::http::near_schema::near;

    /// What the hot path reads at once its schema accepts; what its schema accepts
    /// is read in the end, and at once unless it holds integers as floats.
    #[test]
    fn hot_inputs_are_those_their_schema_accepts() {
        const JSON: &str = "application/json";
        let hot: Vec<_> = operations().into_iter().filter(|operation| operation.handler.is_hot()).collect();
        assert_eq!(hot.len(), 2);
        for operation in hot {
            let checker = Checker::new(operation.spec.request);
            TestRunner::new(Config { failure_persistence: None, ..Config::default() })
                .run(&near(checker.request.schema()), |body| {
                    let text = body.to_string();
                    let value = input::body(JSON, text.as_bytes()).unwrap();
                    let keeps = checker.fault(&value).is_none() && operation.handler.read(value).is_ok();
                    let is_read = operation.handler.read_hot(JSON, text.as_bytes()).is_some();
                    prop_assert!(keeps || !is_read, "{text} is read against its schema");
                    prop_assert!(is_read || !keeps || text.contains("5.0"), "{text} is not read");
                    Ok(())
                })
                .unwrap();
        }
    }
}
