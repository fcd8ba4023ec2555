//! What handlers answer with, and the envelope it is sent in
//! (docs/contract/v2.md#success-envelope).

use base::ids::RequestId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::compression::LEAST_BYTES;
use crate::http::contract::revealed::noticing_secrets;
use base::store::Paged;

/// What a handler answers with.
pub struct Reply<T> {
    data: T,
    pagination: Option<Pagination>,
    /// Members of the envelope beside `data`.
    beside: Option<Map<String, Value>>,
    outcome: Option<&'static str>,
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
        Self { data, pagination: None, beside: None, outcome: None }
    }
}

impl<T> Reply<T> {
    /// What the request log calls it.
    pub fn outcome(mut self, outcome: &'static str) -> Self {
        self.outcome = Some(outcome);
        self
    }

    pub fn beside(mut self, members: Map<String, Value>) -> Self {
        self.beside = Some(members);
        self
    }
}

impl<T> Reply<Vec<T>> {
    pub fn page(page: Paged<T>) -> Self {
        let has_more = page.next.is_some();
        let pagination = Some(Pagination { cursor: page.next, has_more });
        Self { data: page.items, pagination, beside: None, outcome: None }
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

/// An envelope with members beside `data`.
#[derive(Serialize)]
struct Beside<'a, T> {
    #[serde(flatten)]
    envelope: Envelope<'a, T>,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct EnvelopeMeta<'a> {
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

/// A success, ready to send.
pub(super) struct EncodedReply {
    pub body: Vec<u8>,
    pub outcome: Option<&'static str>,
    /// Whether it may be compressed, and is long enough: it has no secret in it.
    pub is_compressible: bool,
}

pub(super) fn encode<T: Serialize>(request_id: &RequestId, reply: &Reply<T>, has_data: bool) -> EncodedReply {
    let envelope = Envelope {
        meta: EnvelopeMeta { request_id: request_id.as_str() },
        data: has_data.then_some(&reply.data),
        pagination: reply.pagination.as_ref(),
    };
    let mut body = Vec::with_capacity(512);
    let (written, has_secret) = noticing_secrets(|| match &reply.beside {
        None => serde_json::to_writer(&mut body, &envelope),
        Some(members) => serde_json::to_writer(&mut body, &Beside { envelope, members }),
    });
    written.expect("replies are plain data");
    let is_compressible = !has_secret && body.len() >= LEAST_BYTES;
    EncodedReply { body, outcome: reply.outcome, is_compressible }
}
