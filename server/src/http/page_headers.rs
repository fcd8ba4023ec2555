//! What every answer outside the APIs says to browsers.
//!
//! A page that needs a policy of its own sets it; whatever sets none may load
//! nothing and be framed by nobody. Types are never guessed.

use poem::http::{HeaderValue, header};
use poem::{Endpoint, Request, Response};

use base::config::Config;

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A year, of this host alone.
const HTTPS_ONLY: &str = "max-age=31536000";

/// Adds the headers to the answers of an endpoint.
pub struct Protected<E> {
    pages: E,
    https_only: bool,
}

impl<E> Protected<E> {
    /// Browsers are held to HTTPS where the public URL is one, unless the
    /// operator does not want it.
    pub fn new(pages: E, config: &Config) -> Self {
        Self { pages, https_only: config.hsts && config.is_https() }
    }
}

impl<E: Endpoint> Endpoint for Protected<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = self.pages.get_response(request).await;
        let mut set = |name, value| {
            response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
        };
        set(header::CONTENT_SECURITY_POLICY, POLICY);
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::REFERRER_POLICY, "same-origin");
        if self.https_only {
            set(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        Ok(response)
    }
}
