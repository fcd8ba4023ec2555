//! Who calls: a root key as bearer token, or in one of the two headers that the
//! product's set-up of `mcp-remote` names.

use std::sync::Arc;

use poem::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use crate::app::App;
use crate::http::request_lifecycle::{RequestStart, header};
use base::error::{Code, Error, Result};
use domain::root_keys::Authenticated;

static BEARER_AUTH: HeaderName = HeaderName::from_static("mcp-unkey-bearer-auth");
static ROOT_KEY: HeaderName = HeaderName::from_static("mcp-unkey-v2-root-key");

const SCHEME: &str = "Bearer ";

/// The root key that a request shows. `Authorization` goes before the others, whose
/// value may be the bare key.
pub fn root_key(headers: &HeaderMap) -> Result<&str> {
    let malformed = |detail| Error::new(Code::AuthMalformed, detail);
    let token = if headers.contains_key(AUTHORIZATION) {
        let value = header(headers, &AUTHORIZATION).unwrap_or_default().trim();
        value
            .strip_prefix(SCHEME)
            .ok_or_else(|| malformed("The Authorization header must have the form 'Bearer <root key>'."))?
    } else {
        let found = [&BEARER_AUTH, &ROOT_KEY].into_iter().find(|name| headers.contains_key(*name));
        let name = found.ok_or_else(|| {
            Error::new(Code::AuthMissing, "Send a root key as 'Authorization: Bearer <root key>'.")
        })?;
        let value = header(headers, name).unwrap_or_default().trim();
        value.strip_prefix(SCHEME).unwrap_or(value)
    };
    let token = token.trim();
    if token.is_empty() { Err(malformed("The root key is empty.")) } else { Ok(token) }
}

/// The holder of the root key. Charges nothing: what lists and describes is free,
/// calls are charged where they are carried out.
pub async fn authenticate(
    app: &Arc<App>,
    start: &RequestStart,
    headers: &HeaderMap,
) -> Result<Authenticated> {
    let token = root_key(headers)?;
    let address = start.address.known();
    match app.root_keys.authenticate_cached(token, address, start.now_ms) {
        Some(outcome) => outcome,
        None => app.root_keys.authenticate(token, address, start.now_ms).await,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> std::result::Result<String, Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        root_key(&headers).map(str::to_owned).map_err(|error| error.code())
    }

    #[test]
    fn a_root_key_comes_in_one_of_three_headers() {
        let key = Ok("unkey_1".to_owned());
        assert_eq!(read(&[("authorization", "Bearer unkey_1")]), key);
        assert_eq!(read(&[("mcp-unkey-bearer-auth", "unkey_1")]), key);
        assert_eq!(read(&[("mcp-unkey-v2-root-key", "Bearer unkey_1")]), key);
        assert_eq!(read(&[("authorization", "Bearer unkey_1"), ("mcp-unkey-v2-root-key", "unkey_2")]), key);
    }

    #[test]
    fn what_cannot_be_read_is_not_passed_over() {
        assert_eq!(read(&[]), Err(Code::AuthMissing));
        for value in ["Basic dTpw", "Bearer ", "unkey_1", ""] {
            let both = [("authorization", value), ("mcp-unkey-bearer-auth", "unkey_1")];
            assert_eq!(read(&both), Err(Code::AuthMalformed), "{value}");
        }
        assert_eq!(read(&[("mcp-unkey-bearer-auth", " ")]), Err(Code::AuthMalformed));
    }
}
