//! What headers of a request say, read in one way for every door.

use poem::http::header::{COOKIE, HeaderMap};

/// The cookie of an end user's session: of the portal's pages and of its API.
pub const PORTAL_SESSION: &str = "portal_session";

/// The value of the first cookie of this name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
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
