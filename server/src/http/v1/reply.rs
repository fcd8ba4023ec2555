//! What handlers answer with, and the headers every answer carries
//! (docs/contract/v1.md#answers). Bodies are bare: there is no envelope around a
//! success.

use base::ids::{RequestId, WorkspaceId};
use bytes::Bytes;
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, HeaderValue};
use serde::Serialize;

use crate::http::compression::LEAST_BYTES;
use crate::http::contract::revealed::noticing_secrets;
use base::clock::Stopwatch;

const JSON: &str = "application/json; charset=UTF-8";
static REQUEST_ID: HeaderName = HeaderName::from_static("unkey-request-id");
static VERSION: HeaderName = HeaderName::from_static("unkey-version");
static LATENCY: HeaderName = HeaderName::from_static("unkey-latency");
static TRIGGERED: HeaderName = HeaderName::from_static("unkey-ratelimit-triggered");

/// What a handler answers with.
pub struct Reply<T> {
    pub data: T,
    /// Else that of the operation.
    pub status: Option<StatusCode>,
    /// Name of the limit that was exceeded.
    pub limited_by: Option<String>,
    /// Of a verification or a rate-limit decision, for the request log.
    pub outcome: Option<&'static str>,
    /// Of the verified key: at this door the key alone says whose request it is.
    pub workspace: Option<WorkspaceId>,
    /// Of an answer in JSON: whether it may be compressed, and is long enough. It has no
    /// secret in it.
    pub is_compressible: bool,
}

impl<T> From<T> for Reply<T> {
    fn from(data: T) -> Self {
        Self { data, status: None, limited_by: None, outcome: None, workspace: None, is_compressible: false }
    }
}

impl<T> Reply<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { data, status, limited_by, outcome, workspace, is_compressible } = self;
        Reply { data: change(data), status, limited_by, outcome, workspace, is_compressible }
    }
}

impl<T: Serialize> Reply<T> {
    /// Its data as JSON, indented if `pretty`.
    pub fn encoded(self, pretty: bool) -> Reply<Bytes> {
        let (data, has_secret) = noticing_secrets(|| Bytes::from(encode(&self.data, pretty)));
        let is_compressible = !has_secret && data.len() >= LEAST_BYTES;
        Reply { is_compressible, ..self.map(|_| data) }
    }
}

impl Reply<()> {
    /// The same with something to say.
    pub fn with<T>(self, data: T) -> Reply<T> {
        self.map(|()| data)
    }
}

/// A request that is about to be answered.
pub struct ResponseContext<'a> {
    pub request_id: &'a RequestId,
    pub watch: Stopwatch,
    /// The client wants to read it.
    pub pretty: bool,
}

/// JSON, indented if `pretty`.
pub fn encode(data: &impl Serialize, pretty: bool) -> Vec<u8> {
    let mut body = Vec::with_capacity(512);
    if pretty {
        serde_json::to_writer_pretty(&mut body, data)
    } else {
        serde_json::to_writer(&mut body, data)
    }
    .expect("replies are plain data");
    body
}

impl ResponseContext<'_> {
    pub fn respond(&self, status: StatusCode, body: Bytes, limited_by: Option<&str>) -> Response {
        let mut response = Response::builder().status(status).content_type(JSON).body(body);
        let headers = response.headers_mut();
        let latency_ms = f64::from(self.watch.elapsed_us()) / 1000.0;
        let mut set = |name: &HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(&REQUEST_ID, self.request_id.as_str());
        set(&VERSION, env!("CARGO_PKG_VERSION"));
        set(&LATENCY, &format!("service={latency_ms:.3}ms"));
        if let Some(name) = limited_by {
            // Names are the customer's own; one that no header can hold is not sent.
            set(&TRIGGERED, name);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// `?pretty` on any URL, with whatever value.
pub fn wants_pretty(query: Option<&str>) -> bool {
    let is_pretty = |pair: &str| pair.split('=').next() == Some("pretty");
    query.is_some_and(|query| query.split('&').any(is_pretty))
}
