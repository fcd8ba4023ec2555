//! What every API request passes through, whatever its version: a request id, a
//! bounded body, the caller's address, one log line, an entry of the request log.
//!
//! Envelopes, error names and credentials differ by version and live there.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use entity::ids::RequestId;
use ipnet::IpNet;
use poem::http::header::{HOST, HeaderMap, HeaderName};
use poem::{Body, Request};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::{Code, Error, Result};
use crate::http::request_log::Caller;
use crate::http::validation::RequestSchema;
use crate::op::Door;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One request being served.
pub struct Call {
    pub request_id: RequestId,
    pub now_ms: i64,
    pub watch: Stopwatch,
    pub ip: Option<IpAddr>,
}

/// What a door knows of a request that is answered.
#[derive(Clone, Copy)]
pub struct Finished<'a> {
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

impl<'a> Finished<'a> {
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

impl Call {
    pub fn start(app: &App, request: &Request) -> Self {
        let now_ms = app.clock.now_ms();
        Self {
            request_id: app.entropy.id(RequestId::PREFIX, now_ms),
            now_ms,
            watch: Stopwatch::start(),
            ip: client_ip(request, &app.config.trusted_proxies),
        }
    }

    /// Counts and logs a finished request, once. Failures of the server carry
    /// their cause. `caller` is asked only for a request that is remembered.
    pub fn finish(&self, app: &App, finished: &Finished<'_>, caller: impl FnOnce() -> Caller) {
        let elapsed_us = self.watch.elapsed_us();
        let Finished { door, path, status, error, .. } = *finished;
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
        if app.request_log.wants(finished) {
            app.request_log.write(self, finished, &caller(), elapsed_us);
        }
    }
}

/// The whole body, at most `max_bytes` of it (0 = no cap) within ten seconds.
pub async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes> {
    let limit = if max_bytes == 0 { usize::MAX } else { max_bytes };
    match tokio::time::timeout(BODY_TIMEOUT, body.into_bytes_limit(limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(poem::error::ReadBodyError::PayloadTooLarge)) => Err(Error::new(
            Code::BodyTooLarge,
            format!("The request body exceeds the limit of {limit} bytes."),
        )),
        Ok(Err(error)) => {
            Err(Error::new(Code::BodyUnreadable, "The request body could not be read.").because(error))
        }
        Err(_) => Err(Error::new(Code::RequestTimeout, "The request body took too long to arrive.")),
    }
}

/// The socket peer, or what a trusted proxy says it forwarded for: the last
/// address of `X-Forwarded-For` that is not itself a trusted proxy.
pub fn client_ip(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical())?;
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if trusted.is_empty() || !is_trusted(&peer) {
        return Some(peer);
    }
    let forwarded: Vec<IpAddr> = request
        .headers()
        .get_all(&FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical()))
        .collect();
    Some(forwarded.iter().rev().find(|ip| !is_trusted(ip)).or(forwarded.first()).copied().unwrap_or(peer))
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
    header(headers, &HOST).filter(is_plain).map(|host| format!("http://{host}")).unwrap_or_default()
}
