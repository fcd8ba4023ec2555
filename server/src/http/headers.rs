//! What headers of a request say, read in one way for every door, and those of
//! answers that every door has.

use poem::http::header::{ACCEPT_ENCODING, COOKIE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use base::error::{Code, Error};
use domain::root_keys::Budget;

/// The cookie of an end user's session: of the portal's pages and of its API.
pub const PORTAL_SESSION: &str = "portal_session";

/// The value of the first cookie of this name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Says what is left of the requests that a caller may make
/// (docs/contract/v2.md#request-budget).
pub fn show_budget(headers: &mut HeaderMap, budget: Budget) {
    let Budget { limit, remaining, reset_s } = budget;
    for (name, value) in [(&LIMIT, limit), (&REMAINING, remaining), (&RESET, reset_s)] {
        headers.insert(name, HeaderValue::from(value));
    }
}

/// Says when another try may succeed, of what there is nothing left, and in which form
/// a body is taken, where an error knows.
pub fn show_remedy(headers: &mut HeaderMap, error: &Error) {
    if error.code() == Code::UnsupportedCoding {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    let Some(wait_s) = error.wait_s() else { return };
    headers.insert(RETRY_AFTER, HeaderValue::from(wait_s));
    if let Some(limit) = error.budget() {
        show_budget(headers, Budget { limit, remaining: 0, reset_s: wait_s });
    }
}

/// Which types of content a contract takes for JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonTypes {
    /// `application/json` alone.
    Plain,
    /// `application/<x>+json` as well.
    Suffixed,
}

impl JsonTypes {
    /// Whether the type of content, whatever its parameters, is one of these.
    pub fn contain(self, content_type: &str) -> bool {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/json") {
            return true;
        }
        self == JsonTypes::Suffixed && {
            let media = media.to_ascii_lowercase();
            media.starts_with("application/") && media.ends_with("+json")
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn media_types_of_json() {
        for text in ["application/json", "application/json; charset=utf-8", " Application/JSON "] {
            assert!(JsonTypes::Plain.contain(text) && JsonTypes::Suffixed.contain(text), "{text}");
        }
        let suffixed = "Application/Vnd.x+JSON; v=1";
        assert!(JsonTypes::Suffixed.contain(suffixed) && !JsonTypes::Plain.contain(suffixed));
        for text in ["", "text/json", "application/x-www-form-urlencoded", "text/plain+json"] {
            assert!(!JsonTypes::Plain.contain(text) && !JsonTypes::Suffixed.contain(text), "{text}");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("xa=0;a=1=2 ; b="));
        headers.append(COOKIE, HeaderValue::from_static("a=3; c"));
        assert_eq!(cookie(&headers, "a"), Some("1=2"));
        assert_eq!(cookie(&headers, "b"), Some(""));
        assert_eq!(cookie(&headers, "c"), None);
    }
}
