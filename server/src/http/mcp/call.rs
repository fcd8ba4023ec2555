//! One message to this door: who sent it, and the operation that it calls.
//!
//! An operation is called by a request of the contract it belongs to, with the root
//! key and the address of the caller, so nothing is checked, counted or written down
//! in another way than there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED, HOST, HeaderMap, HeaderName, USER_AGENT};
use poem::http::uri::Scheme;
use poem::http::{self, HeaderValue, Method};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Request, RequestParts};
use rmcp::model::{CallToolResult, JsonObject};
use serde_json::{Value, json};

use super::catalogue::{BODY, Catalogue, IDEMPOTENCY_KEY, SECRET_LINK};
use super::credentials;
use super::selection::Selection;
use crate::app::App;
use crate::http::offered::OfferedOperation;
use crate::http::request_lifecycle::{RequestStart, header};
use base::access::{Door, OpCtx, Operation as Right, Principal, Target};
use base::error::{Error, Fault, Result};
use base::secret::PlainKey;
use domain::root_keys::Authenticated;
use domain::secret_links::CreateSecretLink;

/// What an operation hears of the client's own headers: who it is, whom a proxy
/// forwarded for, and under which name it knows this server.
static PASSED_ON: [HeaderName; 4] = [HOST, USER_AGENT, FORWARDED, HeaderName::from_static("x-forwarded-for")];

/// A message whose sender is known.
pub struct McpCall {
    pub start: RequestStart,
    pub authenticated: Authenticated,
    pub selection: Selection,
    headers: HeaderMap,
    peer: RemoteAddr,
    is_recorded: AtomicBool,
    is_public: AtomicBool,
}

impl McpCall {
    pub fn new(
        start: RequestStart,
        authenticated: Authenticated,
        selection: Selection,
        sent: &HeaderMap,
        peer: RemoteAddr,
    ) -> Self {
        let mut headers = HeaderMap::new();
        for name in &PASSED_ON {
            for value in sent.get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        let token = credentials::root_key(sent).unwrap_or_default();
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            start,
            authenticated,
            selection,
            headers,
            peer,
            is_recorded: AtomicBool::new(false),
            is_public: AtomicBool::new(false),
        }
    }

    /// The context of what this door does by itself.
    pub fn cx(&self) -> OpCtx {
        let principal = Principal::RootKey(self.authenticated.principal.clone());
        let (workspace, request_id) = (self.authenticated.workspace.clone(), self.start.request_id.clone());
        OpCtx::new(principal, workspace, self.start.now_ms, request_id, Door::Mcp)
            .from_client(self.start.address, self.user_agent())
    }

    pub fn user_agent(&self) -> Option<&str> {
        header(&self.headers, &USER_AGENT)
    }

    pub fn may_make_links(&self) -> bool {
        self.cx().may(Right::SecretLinkCreate, Target::NONE)
    }

    /// Whether the log has heard of it.
    pub fn is_recorded(&self) -> bool {
        self.is_recorded.load(Ordering::Relaxed)
    }

    /// Whoever carries it out tells the log.
    pub fn set_recorded(&self) {
        self.is_recorded.store(true, Ordering::Relaxed);
    }

    /// Whether its answer says only what everybody with this root key may read all the
    /// time: what there is, and the documentation. What a tool answers is never that.
    pub fn is_public(&self) -> bool {
        self.is_public.load(Ordering::Relaxed)
    }

    pub fn set_public(&self) {
        self.is_public.store(true, Ordering::Relaxed);
    }

    /// The request of the contract for this operation.
    fn request(&self, path: &'static str, idempotency_key: Option<HeaderValue>, body: String) -> Request {
        let mut request = http::Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = http::Uri::from_static(path);
        *request.headers_mut() = self.headers.clone();
        if let Some(key) = idempotency_key {
            request.headers_mut().insert("idempotency-key", key);
        }
        let (parts, ()) = request.into_parts();
        let parts = RequestParts::from((parts, LocalAddr::default(), self.peer.clone(), Scheme::HTTP));
        Request::from_parts(parts, Body::from(body))
    }
}

/// The arguments of a tool apart: those of this door, and the body of the operation.
struct Arguments {
    idempotency_key: Option<HeaderValue>,
    as_link: bool,
    /// The name of the key that is made.
    key_name: Option<String>,
    body: Value,
}

impl Arguments {
    fn of(operation: &OfferedOperation, mut given: JsonObject) -> Result<Self> {
        let idempotency_key = match operation.idempotent.then(|| given.remove(IDEMPOTENCY_KEY)).flatten() {
            None => None,
            Some(value) => Some(read_header(&value)?),
        };
        let as_link = match operation.makes_key.then(|| given.remove(SECRET_LINK)).flatten() {
            None => false,
            Some(Value::Bool(as_link)) => as_link,
            Some(_) => return Err(at(SECRET_LINK, "type: want boolean")),
        };
        let key_name = given.get("name").and_then(Value::as_str).map(str::to_owned);
        let body = if operation.request["type"] == "object" {
            Value::Object(given)
        } else {
            let body = given.remove(BODY).ok_or_else(|| at(BODY, "required: missing property 'body'"))?;
            if let Some(name) = given.keys().next() {
                return Err(at(name, "additionalProperties: not allowed beside 'body'"));
            }
            body
        };
        Ok(Self { idempotency_key, as_link, key_name, body })
    }
}

fn read_header(value: &Value) -> Result<HeaderValue> {
    let text = value.as_str().ok_or_else(|| at(IDEMPOTENCY_KEY, "type: want string"))?;
    HeaderValue::from_str(text).map_err(|_| at(IDEMPOTENCY_KEY, "one line of printable ASCII is wanted"))
}

fn at(argument: &str, message: &str) -> Error {
    let fault = Fault { location: argument.to_owned(), message: message.to_owned(), fix: None };
    Error::invalid("The arguments of the tool are not valid").with_faults([fault])
}

/// Calls an operation, and answers with its envelope.
pub async fn call_operation(
    app: &Arc<App>,
    catalogue: &Catalogue,
    call: &McpCall,
    operation: &OfferedOperation,
    arguments: JsonObject,
) -> CallToolResult {
    let arguments = match Arguments::of(operation, arguments).and_then(|read| permit(call, read)) {
        Ok(arguments) => arguments,
        Err(error) => return failed(app, catalogue, call, &error),
    };
    // From here on the operation tells the log.
    call.set_recorded();
    let Arguments { idempotency_key, as_link, key_name, body } = arguments;
    let request = call.request(operation.path, idempotency_key, sent_body(&body, as_link));
    let response = catalogue.carry_out(request).await;
    let is_error = !response.status().is_success();
    let body = response.into_body().into_bytes().await.unwrap_or_default();
    let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if is_error {
        return CallToolResult::structured_error(answer);
    }
    if as_link && let Err(error) = put_behind_link(app, call, &mut answer, key_name).await {
        return failed(app, catalogue, call, &error);
    }
    CallToolResult::structured(answer)
}

/// An `Idempotency-Key` stands for the bytes of a body. Where the secret goes behind a
/// link they end otherwise, so that whoever asks again without the link is refused and
/// not shown the first answer.
fn sent_body(body: &Value, as_link: bool) -> String {
    let end = if as_link { "\n" } else { "" };
    format!("{body}{end}")
}

/// Nothing is made whose secret could then not be hidden.
fn permit(call: &McpCall, arguments: Arguments) -> Result<Arguments> {
    if arguments.as_link {
        call.cx().require(Right::SecretLinkCreate, Target::NONE)?;
    }
    Ok(arguments)
}

/// Replaces the secret in an answer by a link that shows it once.
async fn put_behind_link(
    app: &App,
    call: &McpCall,
    answer: &mut Value,
    key_name: Option<String>,
) -> Result<()> {
    let data = answer["data"].as_object_mut().ok_or_else(|| Error::internal("the answer has no data"))?;
    let secret = data.remove("key").and_then(|key| key.as_str().map(str::to_owned));
    let secret = secret.ok_or_else(|| Error::internal("the answer has no key"))?;
    let key_id = data.get("keyId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let command = CreateSecretLink { secret: PlainKey::new(secret), key_id: key_id.clone(), key_name };
    let link = app.secret_links.create(&call.cx(), command).await.map_err(|error| {
        let detail = format!(
            "The key {key_id} was made, but no link to its secret: {} Nobody was shown the secret; reroll or \
             delete the key.",
            error.detail()
        );
        Error::new(error.code(), detail).because(error)
    })?;
    let url = format!("{}{}", app.origin(), web::paths::secret_link(link.token.reveal()));
    data.insert(SECRET_LINK.to_owned(), json!({ "url": url, "expiresAt": link.expires_at }));
    Ok(())
}

/// The result of a tool that fails in the words of the offered contract.
pub fn failed(app: &App, catalogue: &Catalogue, call: &McpCall, error: &Error) -> CallToolResult {
    let (_, body) = catalogue.failure(app, error, &call.start.request_id);
    CallToolResult::structured_error(serde_json::from_slice(&body).unwrap_or_default())
}
