//! What a proxy is told: a status that says whether the request may pass, and
//! headers that say of whom it is.
//!
//! Each header of a request that passes is there, empty where there is nothing to
//! say: a proxy that copies them lays them over whatever the client sent under the
//! same names. Bodies are empty, but for a proxy that asks wrongly.

use std::borrow::Cow;

use base::error::{Code, Error};
use base::ids::RequestId;
use domain::root_keys::Budget;
use domain::verification::{CheckedLimit, KeySnapshot, Outcome, Verification};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use super::credential::NoKey;
use crate::http::headers::{show_budget, show_remedy};
use crate::http::plain;

static CODE: HeaderName = HeaderName::from_static("x-unkey-code");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-unkey-request-id");
static KEY_ID: HeaderName = HeaderName::from_static("x-unkey-key-id");
static KEY_NAME: HeaderName = HeaderName::from_static("x-unkey-key-name");
static API_ID: HeaderName = HeaderName::from_static("x-unkey-api-id");
static IDENTITY_ID: HeaderName = HeaderName::from_static("x-unkey-identity-id");
static EXTERNAL_ID: HeaderName = HeaderName::from_static("x-unkey-external-id");
static CREDITS: HeaderName = HeaderName::from_static("x-unkey-credits");
static LIMIT: HeaderName = HeaderName::from_static("x-unkey-limit");

/// What may not stand in a header as it is, and what says so.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"').add(b',');

/// Why a limit is none for a key.
const UNCOUNTABLE: &str = "A `limit` cannot be counted: it is stored neither with the key nor with its identity, or \
                           there is no room for another.\n";

/// The answer about a key that was looked at.
pub fn verified(verification: &Verification, now_ms: i64) -> Response {
    let outcome = verification.outcome;
    let mut response = answer(status(outcome), outcome.as_str());
    let headers = response.headers_mut();
    match (&verification.key, outcome) {
        (Some(key), Outcome::Valid) => show_key(headers, key, verification.credits),
        (_, Outcome::NotFound | Outcome::Disabled | Outcome::Expired) => challenge(headers),
        _ => {}
    }
    if let Some(limit) = decisive(&verification.limits) {
        show_limit(headers, limit, now_ms, outcome);
    }
    response
}

/// The answer where there was no key to look at.
pub fn without_key(fault: NoKey) -> Response {
    let mut response = answer(StatusCode::UNAUTHORIZED, fault.code());
    challenge(response.headers_mut());
    response
}

/// The answer where it could not be decided. Nothing passes.
pub fn undecided(error: &Error) -> Response {
    let status = match error.code() {
        Code::UnknownKeysRateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::RouteNotFound => StatusCode::NOT_FOUND,
        Code::InvalidInput | Code::QuerySyntax | Code::PreconditionFailed => StatusCode::BAD_REQUEST,
        Code::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = match error.code() {
        Code::InvalidInput | Code::RouteNotFound => plain(status, format!("{}\n", error.detail())),
        // The texts of these two repeat what is demanded, and name the key.
        Code::QuerySyntax => plain(status, "`permissions` cannot be read: it is no query of permissions.\n"),
        Code::PreconditionFailed => plain(status, UNCOUNTABLE),
        _ => Response::builder().status(status).finish(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    show_remedy(response.headers_mut(), error);
    response
}

/// Says under which number the request is found in logs.
pub fn with_request_id(mut response: Response, id: &RequestId) -> Response {
    response.headers_mut().insert(&REQUEST_ID, value(id.as_str()));
    response
}

/// Whoever needs another key is told 401, whoever needs more rights 403, whoever
/// need only wait 429.
fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Valid => StatusCode::OK,
        Outcome::NotFound | Outcome::Disabled | Outcome::Expired => StatusCode::UNAUTHORIZED,
        Outcome::Forbidden | Outcome::InsufficientPermissions | Outcome::UsageExceeded => {
            StatusCode::FORBIDDEN
        }
        Outcome::RateLimited => StatusCode::TOO_MANY_REQUESTS,
    }
}

fn answer(status: StatusCode, code: &'static str) -> Response {
    let mut response = Response::builder().status(status).finish();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(&CODE, HeaderValue::from_static(code));
    response
}

/// What HTTP asks of every 401.
fn challenge(headers: &mut HeaderMap) {
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
}

fn show_key(headers: &mut HeaderMap, key: &KeySnapshot, credits: Option<i64>) {
    let identity = key.identity.as_ref();
    for (name, text) in [
        (&KEY_ID, Some(key.facts.key.as_str())),
        (&KEY_NAME, key.name.as_deref()),
        (&API_ID, Some(key.facts.api.as_str())),
        (&IDENTITY_ID, identity.map(|identity| identity.id.as_str())),
        (&EXTERNAL_ID, identity.map(|identity| identity.external_id.as_str())),
    ] {
        headers.insert(name, value(text.unwrap_or_default()));
    }
    headers.insert(&CREDITS, credits.map_or(HeaderValue::from_static(""), HeaderValue::from));
}

/// The limit that was exceeded, else the one with the least left.
fn decisive(limits: &[CheckedLimit]) -> Option<&CheckedLimit> {
    limits.iter().find(|limit| limit.exceeded).or_else(|| limits.iter().min_by_key(|limit| limit.remaining))
}

fn show_limit(headers: &mut HeaderMap, limit: &CheckedLimit, now_ms: i64, outcome: Outcome) {
    // Rounded up, or a client would come back too early.
    let reset_s = (limit.reset_ms - now_ms).max(1).unsigned_abs().div_ceil(1000);
    headers.insert(&LIMIT, value(&limit.name));
    show_budget(headers, Budget { limit: limit.limit, remaining: limit.remaining, reset_s });
    if outcome == Outcome::RateLimited {
        headers.insert(RETRY_AFTER, HeaderValue::from(reset_s));
    }
}

/// A text in the form of a header: what cannot stand there is written `%XX`, byte by byte.
fn value(text: &str) -> HeaderValue {
    let encoded: Cow<'_, str> = utf8_percent_encode(text, ENCODED).into();
    HeaderValue::from_str(&encoded).expect("only visible characters are left")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC*|[\\x00-\\x20%\"]*") {
            let sent = value(&text);
            let read = percent_encoding::percent_decode(sent.as_bytes()).decode_utf8().unwrap();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn common_names_stand_as_they_are() {
        for text in ["ann@example.com", "org:12/eu-1", "user_1.2+x", ""] {
            assert_eq!(value(text), text);
        }
        assert_eq!(value("Zoë, Co"), "Zo%C3%AB%2C%20Co");
    }
}
