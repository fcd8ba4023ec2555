//! One request and its answer, between hyper and the routes.

use std::sync::Arc;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use poem::http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue};
use poem::http::{Method, StatusCode, Uri, Version, request};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, Request, RequestParts, Response};

use super::Shared;
use super::activity::Exchange;
use super::body::{Arriving, OutgoingBody};
use super::lifecycle::Stage;

/// What may be asked on a connection that is one too many.
const HEALTH: [&str; 2] = ["/livez", "/readyz"];

/// Who is at the other end of a connection.
pub(super) struct Peer {
    pub shared: Arc<Shared>,
    pub local: LocalAddr,
    pub remote: RemoteAddr,
    pub health_only: bool,
}

impl Peer {
    pub async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        exchange: Exchange,
    ) -> hyper::Response<OutgoingBody> {
        let (head, body) = request.into_parts();
        let (version, is_head) = (head.version, head.method == Method::HEAD);
        let refusal = self.refusal(&head);
        let mut response = match refusal {
            None => self.shared.endpoint.get_response(self.request(head, body, &exchange)).await,
            Some(Refusal::Malformed(text)) => plain(StatusCode::BAD_REQUEST, text),
            Some(Refusal::Unavailable) => {
                self.shared.unavailable.get_response(self.request(head, body, &exchange)).await
            }
        };
        let is_http2 = version == Version::HTTP_2;
        if (self.health_only || refusal.is_some()) && !is_http2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let response: Whole = response.into();
        let response = if is_head { without_body(response) } else { response };
        response.map(|body| OutgoingBody::new(body, exchange, is_http2))
    }

    /// Why a request is not carried out.
    fn refusal(&self, head: &request::Parts) -> Option<Refusal> {
        if let Some(text) = host_fault(head) {
            return Some(Refusal::Malformed(text));
        }
        let is_draining = self.shared.lifecycle.stage() > Stage::Serving;
        let is_beyond = self.health_only && !HEALTH.contains(&head.uri.path());
        (is_draining || is_beyond).then_some(Refusal::Unavailable)
    }

    fn request(&self, mut head: request::Parts, body: Incoming, exchange: &Exchange) -> Request {
        if head.version == Version::HTTP_2 {
            speak_as_http1(&mut head);
        }
        let Shared { goes_to_disk, pause, .. } = &*self.shared;
        let is_kept = !goes_to_disk(head.uri.path());
        let body = Arriving::new(body, exchange.activity().clone(), is_kept, *pause);
        let parts =
            RequestParts::from((head, self.local.clone(), self.remote.clone(), self.shared.scheme.clone()));
        Request::from_parts(parts, Body::from(BoxBody::new(body)))
    }
}

/// What is wrong with the host that a request is for: RFC 9112, 3.2 and RFC 9113, 8.3.1.
/// Whoever stands in front of this server may have looked at the other one of two.
fn host_fault(head: &request::Parts) -> Option<&'static str> {
    let authority = match head.version {
        Version::HTTP_11 => None,
        Version::HTTP_2 => head.uri.authority(),
        _ => return None,
    };
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next(), authority) {
        (_, Some(_), _) => Some("There is more than one header Host.\n"),
        (None, None, None) => Some("The header Host is missing.\n"),
        (Some(host), None, Some(authority))
            if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            Some("The header Host differs from :authority.\n")
        }
        _ => None,
    }
}

/// HTTP/2 has the host in the address; everything behind this finds it where HTTP/1.1
/// has it.
fn speak_as_http1(head: &mut request::Parts) {
    if let Some(host) = head.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        head.headers.insert(HOST, host);
    }
    if let Some(target) = head.uri.path_and_query() {
        head.uri = Uri::from(target.clone());
    }
}

#[derive(Clone, Copy)]
enum Refusal {
    Malformed(&'static str),
    /// The server stops, or has too many connections.
    Unavailable,
}

type Whole = hyper::Response<BoxBody<Bytes, std::io::Error>>;

/// The answer to a HEAD: what a GET would say of its body, without it.
fn without_body(response: Whole) -> Whole {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Whole::from_parts(head, Body::empty().into())
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text)
}
