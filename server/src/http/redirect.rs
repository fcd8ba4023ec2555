//! The way from plain HTTP to HTTPS.
//!
//! It leads to the address that the server is known by, never to what a request names
//! as its host. 308 keeps a POST a POST. Absent on purpose: any answer but this, so that
//! no secret is ever taken, or given, in plain text.

use poem::endpoint::make_sync;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::plain;

/// Longer targets lead to the front page: the head of an answer has its bound, too.
const MAX_TARGET_BYTES: usize = 8 << 10;

/// Sends every request to the same path of `origin`, and ends the connection.
pub fn to(origin: String) -> impl Endpoint<Output = Response> + 'static {
    make_sync(move |request: Request| {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let target = if target.starts_with('/') && target.len() <= MAX_TARGET_BYTES { target } else { "/" };
        let mut response = plain(StatusCode::PERMANENT_REDIRECT, "This server speaks HTTPS.\n");
        if let Ok(location) = HeaderValue::from_str(&format!("{origin}{target}")) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    })
}
