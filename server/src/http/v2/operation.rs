//! One v2 operation: its place in the document, and its handler without its types.
//!
//! Handlers see a valid body and an authenticated context; no rule of the product
//! lives here. What is around them is in [`super::serve`].

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use poem_openapi::types::Type;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use super::reply::Reply;
use super::reply::{EncodedReply, encode};
use crate::app::App;
use crate::http::body::MAX_HOT_BYTES;
use crate::http::offered::Effect;
use crate::http::openapi::{Access, OperationSpec, Output, Schema};
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use base::json_object::may_have_nul;

/// An operation of the table in [`super::operations`].
pub struct Operation {
    pub spec: OperationSpec,
    pub(super) effect: Effect,
    /// Of operations for root keys.
    pub(super) needs: Option<Right>,
    pub(super) makes_key: bool,
    pub(super) no_store: bool,
    pub(super) bulk: bool,
    pub(super) handler: Arc<dyn Handler>,
}

impl Operation {
    /// Answers with the envelope alone (docs/contract/v2.md#success-envelope).
    pub fn without_data(mut self) -> Self {
        self.spec.response = None;
        self
    }

    /// Asks for other credentials than a root key.
    pub fn access(mut self, access: Access) -> Self {
        self.spec.access = access;
        self
    }

    /// The right without which a root key gets nothing of it.
    pub fn needs(mut self, right: Right) -> Self {
        self.needs = Some(right);
        self
    }

    /// `data.key` of its answer is the secret of a key that was just made.
    pub fn makes_key(mut self) -> Self {
        self.makes_key = true;
        self
    }

    /// Answers with members beside `data`.
    pub fn beside_data(mut self, schemas: fn() -> Value) -> Self {
        self.spec.beside_data = Some(schemas);
        self
    }

    /// Its answer carries a secret that no cache may keep
    /// (docs/contract/v2.md#answers-with-secrets).
    pub fn no_store(mut self) -> Self {
        self.no_store = true;
        self
    }

    /// It takes many rows at once, from callers that are known.
    pub fn bulk(mut self) -> Self {
        self.bulk = true;
        self
    }

    /// An `Idempotency-Key` makes it happen once.
    pub fn idempotent(mut self) -> Self {
        self.spec.idempotent = true;
        self
    }

    /// A request without a body is one with `{}`.
    pub fn optional_body(mut self) -> Self {
        self.spec.optional_body = true;
        self
    }

    pub fn paged(mut self) -> Self {
        self.spec.paged = true;
        self
    }
}

/// A body that was read: runs the handler, and encodes its answer with data if
/// the flag says so.
pub(super) type ParsedInput =
    Box<dyn FnOnce(Arc<App>, OpCtx, bool) -> BoxFuture<'static, Result<EncodedReply>> + Send>;

/// What an operation makes of a body, whatever its types are: all that is around
/// handlers is compiled once, not once for each of them.
pub(super) trait Handler: Send + Sync {
    fn is_hot(&self) -> bool;

    /// A body of the hot path that keeps its bounds; anything else takes the long
    /// way, which explains what is wrong.
    fn read_hot(&self, body: &[u8]) -> Option<ParsedInput>;

    fn read(&self, body: &[u8]) -> serde_json::Result<ParsedInput>;
}

struct TypedHandler<I, H> {
    is_hot: bool,
    handler: H,
    input: PhantomData<fn() -> I>,
}

impl<I, T, H, Fut> Handler for TypedHandler<I, H>
where
    I: DeserializeOwned + Send + 'static,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    fn is_hot(&self) -> bool {
        self.is_hot
    }

    fn read_hot(&self, body: &[u8]) -> Option<ParsedInput> {
        if !self.is_hot || body.len() > MAX_HOT_BYTES || may_have_nul(body) {
            return None;
        }
        self.read(body).ok()
    }

    fn read(&self, body: &[u8]) -> serde_json::Result<ParsedInput> {
        serde_json::from_slice(body).map(|input| parsed(self.handler, input))
    }
}

fn parsed<I, T, H, Fut>(handler: H, input: I) -> ParsedInput
where
    I: Send + 'static,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    Box::new(move |app, cx, has_data| {
        let request_id = cx.request_id.clone();
        let reply = handler(app, cx, input);
        Box::pin(async move { Ok(encode(&request_id, &reply.await?, has_data)) })
    })
}

/// An operation whose body is checked against its schema. Runs in a task of its
/// own, which a disconnect cannot cut.
pub fn checked<I, T, H, Fut>(
    path: &'static str,
    summary: &'static str,
    effect: Effect,
    handler: H,
) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation(path, summary, effect, false, handler)
}

/// An operation of the hot path: its body is read strictly, by types that keep their
/// bounds, and its schema only explains a failure. Runs on the connection's task; what must not be cut
/// detaches itself.
pub fn hot<I, T, H, Fut>(path: &'static str, summary: &'static str, effect: Effect, handler: H) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    operation(path, summary, effect, true, handler)
}

fn operation<I, T, H, Fut>(
    path: &'static str,
    summary: &'static str,
    effect: Effect,
    is_hot: bool,
    handler: H,
) -> Operation
where
    I: Type + DeserializeOwned + Send + Sync + 'static,
    T: Output,
    H: Fn(Arc<App>, OpCtx, I) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<T>>> + Send + 'static,
{
    let spec = OperationSpec {
        path,
        method: "post",
        summary,
        access: Access::RootKey,
        request: Some(Schema::of::<I>()),
        response: Some(T::SCHEMA),
        paged: false,
        optional_body: false,
        idempotent: false,
        beside_data: None,
    };
    Operation {
        spec,
        effect,
        needs: None,
        makes_key: false,
        no_store: false,
        bulk: false,
        handler: Arc::new(TypedHandler { is_hot, handler, input: PhantomData }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::super::{DOCUMENT, operations};
    use crate::http::near_schema::near;
    use crate::http::openapi;
    use crate::http::validation::{Faults, RequestSchema, json_schema};

    /// A body of the hot path is read at once exactly when its schema has no fault
    /// and it decodes.
    #[test]
    fn hot_bodies_are_those_their_schema_accepts() {
        let hot = operations().into_iter().filter(|operation| operation.handler.is_hot());
        let hot: Vec<_> = hot.collect();
        assert_eq!(hot.len(), 3);
        for operation in hot {
            let schema = operation.spec.request.expect("hot operations have a body");
            let request = RequestSchema::new(move || {
                json_schema(&openapi::reference(schema), &DOCUMENT["components"]["schemas"])
            });
            let mut accepted = 0;
            TestRunner::new(Config { failure_persistence: None, ..Config::default() })
                .run(&near(request.schema()), |body| {
                    let bytes = body.to_string().into_bytes();
                    let keeps = Faults::of(request.validator(), &body).listed.is_empty();
                    let is_read = operation.handler.read_hot(&bytes).is_some();
                    prop_assert_eq!(is_read, keeps && operation.handler.read(&bytes).is_ok(), "{}", body);
                    Ok(())
                })
                .unwrap();
            // Values near the schema are not all wrong.
            let mut runner = TestRunner::default();
            for _ in 0..1000 {
                let body = near(request.schema()).new_tree(&mut runner).unwrap().current().to_string();
                accepted += usize::from(operation.handler.read_hot(body.as_bytes()).is_some());
            }
            assert!(accepted > 10, "{}: {accepted} of 1000", operation.spec.path);
        }
    }
}
