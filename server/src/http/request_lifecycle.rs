//! What every API request passes through, whatever its version: a request id, a
//! bounded body, the caller's address, one log line, an entry of the request log.
//!
//! Envelopes, error names and credentials differ by version and live there.

use std::io;

use base::ids::RequestId;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use poem::http::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue};
use poem::{Body, Request};

use super::client_address;
use crate::app::App;
use crate::http::request_log::{self, Caller};
use crate::http::server::BodyFault;
use crate::http::validation::RequestSchema;
use base::access::Door;
use base::address::ClientAddress;
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};

/// One request being served.
pub struct RequestStart {
    pub request_id: RequestId,
    pub now_ms: i64,
    pub watch: Stopwatch,
    pub address: ClientAddress,
}

/// What a door knows of a request that is answered.
#[derive(Clone, Copy)]
pub struct ResponseSummary<'a> {
    pub door: Door,
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub error: Option<&'a Error>,
    /// Of a verification, or of a rate-limit decision.
    pub outcome: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    /// Its own event tells the story: the log needs a part of the successes only.
    pub sampled: bool,
    /// Its bodies are secrets as a whole.
    pub hide_bodies: bool,
    /// What the operation understands of a body: the rest of it is not logged.
    pub request_schema: Option<&'a RequestSchema>,
    /// Path and query as they came, if the answer may repeat parts of them.
    pub target: Option<&'a str>,
    pub request_body: &'a [u8],
    pub response_body: &'a [u8],
}

impl<'a> ResponseSummary<'a> {
    /// A request that was answered 200, of which nothing else is known.
    pub fn of(door: Door, method: &'a str, path: &'a str) -> Self {
        Self {
            door,
            method,
            path,
            status: 200,
            error: None,
            outcome: None,
            user_agent: None,
            sampled: false,
            hide_bodies: false,
            request_schema: None,
            target: None,
            request_body: &[],
            response_body: &[],
        }
    }
}

impl RequestStart {
    pub fn of(app: &App, request: &Request) -> Self {
        let now_ms = app.clock.now_ms();
        Self {
            request_id: app.entropy.id(RequestId::PREFIX, now_ms),
            now_ms,
            watch: Stopwatch::start(),
            address: client_address::of_request(request, &app.config),
        }
    }

    /// Counts and logs a finished request, once. Failures of the server carry
    /// their cause. `caller` is asked only for a request that is remembered.
    pub fn finish(&self, app: &App, finished: &ResponseSummary<'_>, caller: impl FnOnce() -> Caller) {
        let elapsed_us = self.watch.elapsed_us();
        let ResponseSummary { door, path, status, error, .. } = *finished;
        app.requests.count(door, status, elapsed_us);
        match error {
            Some(error) if status >= 500 => tracing::error!(
                request_id = %self.request_id, path, status, elapsed_us,
                code = error.code().as_str(), detail = error.detail(), cause = %error.cause_chain(), "request failed"
            ),
            Some(error) => tracing::debug!(
                request_id = %self.request_id, path, status, elapsed_us, code = error.code().as_str(), "request refused"
            ),
            None => {
                tracing::debug!(request_id = %self.request_id, path, status, elapsed_us, "request served")
            }
        }
        if app.request_log.wants(status, finished.outcome, finished.sampled) {
            request_log::write(&app.request_log, self, finished, &caller(), elapsed_us);
        }
    }
}

/// Fails if the body of a request is in a content coding: a few bytes of one can stand for
/// more than anybody may send.
pub fn check_coding(headers: &HeaderMap) -> Result<()> {
    let mut lines = headers.get_all(CONTENT_ENCODING).iter();
    let is_plain = |line: &HeaderValue| {
        let codings = line.to_str().unwrap_or("?").split(',').map(str::trim);
        codings.filter(|coding| !coding.is_empty()).all(|coding| coding.eq_ignore_ascii_case("identity"))
    };
    if lines.all(is_plain) {
        return Ok(());
    }
    let detail = "The request body is in a content encoding, which is not supported here. Send it as it is.";
    Err(Error::new(Code::UnsupportedCoding, detail))
}

/// The whole body, as it was written, at most `max_bytes` of it (0 = no cap). How long it may take
/// is decided where it comes from (`server`).
pub async fn read_body(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Bytes> {
    check_coding(headers)?;
    let limit = if max_bytes == 0 { usize::MAX } else { max_bytes };
    let mut body: BoxBody<Bytes, io::Error> = body.into();
    // Said beforehand, it need not be sent.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let mut whole = Whole::Nothing;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(unreadable)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        whole.add(data);
    }
    Ok(whole.into_bytes())
}

/// What has come of a body. One that comes in one piece is not copied.
enum Whole {
    Nothing,
    Piece(Bytes),
    Joined(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Whole::Nothing => 0,
            Whole::Piece(piece) => piece.len(),
            Whole::Joined(joined) => joined.len(),
        }
    }

    fn add(&mut self, data: Bytes) {
        *self = match std::mem::replace(self, Whole::Nothing) {
            Whole::Nothing => Whole::Piece(data),
            Whole::Piece(piece) => {
                let mut joined = BytesMut::with_capacity(2 * (piece.len() + data.len()));
                joined.extend_from_slice(&piece);
                joined.extend_from_slice(&data);
                Whole::Joined(joined)
            }
            Whole::Joined(mut joined) => {
                joined.extend_from_slice(&data);
                Whole::Joined(joined)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Whole::Nothing => Bytes::new(),
            Whole::Piece(piece) => piece,
            Whole::Joined(joined) => joined.freeze(),
        }
    }
}

fn too_large(limit: usize) -> Error {
    Error::new(Code::BodyTooLarge, format!("The request body exceeds the limit of {limit} bytes."))
}

/// Why a body could not be read to its end.
pub fn unreadable(cause: io::Error) -> Error {
    let error = match BodyFault::of(&cause) {
        Some(BodyFault::TooSlow) => {
            Error::new(Code::RequestTimeout, "The request body took too long to arrive.")
        }
        Some(BodyFault::NoRoom) => {
            Error::new(Code::ServiceUnavailable, "Too many large bodies arrive at once. Send it again.")
        }
        None => Error::new(Code::BodyUnreadable, "The request body could not be read."),
    };
    error.because(cause)
}

/// The value of a header as text; absent and unreadable look the same.
pub fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Where links in answers point: the configured public URL, else the host the
/// client used if it is a plain host name, else a path alone.
pub fn base_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.config.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let is_plain = |host: &&str| {
        !host.is_empty()
            && host.len() <= 255
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'))
    };
    header(headers, &HOST)
        .filter(is_plain)
        .map(|host| format!("{}://{host}", app.config.scheme()))
        .unwrap_or_default()
}
