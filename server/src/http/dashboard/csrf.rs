//! Whether a form was sent by a page of ours: its origin and its token.
//!
//! Two locks, either of which would do (docs/decisions.md#two-locks-on-a-form):
//! the browser says where a request comes from, and the form carries the token
//! of its session.

use poem::http::HeaderMap;
use poem::http::header::{HOST, HeaderName, ORIGIN};
use web::form::CSRF;

use super::cookies::CookieName;
use super::request_input::RequestInput;
use crate::app::App;
use crate::http::request_lifecycle::header;
use domain::session::SignedIn;

static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the browser says that the request comes from a page of this server.
/// Clients that say nothing are left to the token.
pub fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let fetched_here = header(headers, &FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let own = header(headers, &ORIGIN).is_none_or(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        origin == origin_of(&app.origin()) || host.is_some() && host == header(headers, &HOST)
    });
    fetched_here && own
}

/// A public URL may have a path; an origin has none.
fn origin_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find('/').map_or(url.len(), |at| after_scheme + at);
    &url[..end]
}

/// Whether the form was shown in this session, or before there was one.
pub fn has_token(
    app: &App,
    headers: &HeaderMap,
    who: Option<&SignedIn>,
    input: &RequestInput,
    now_ms: i64,
) -> bool {
    let given = input.form.raw(CSRF);
    if who.is_some_and(|who| app.sessions.is_form_token(&who.session, given)) {
        return true;
    }
    let cookie = CookieName::Form.read(&app.config, headers).unwrap_or_default();
    app.sessions.is_anonymous_form_token(cookie, given, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_url_without_its_path() {
        assert_eq!(origin_of("https://example.com/keys/"), "https://example.com");
        assert_eq!(origin_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    }
}
