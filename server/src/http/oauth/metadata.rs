//! Who this authorization server is (RFC 8414), and whose root keys open what
//! (RFC 9728).

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::http::plain;
use domain::oauth::PROTECTED;

/// Where the documents are about [`PROTECTED`] paths; theirs follows.
const OF_RESOURCES: &str = "/.well-known/oauth-protected-resource";

/// `GET /.well-known/oauth-authorization-server`.
pub struct Server(pub Arc<App>);

impl Endpoint for Server {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let issuer = self.0.origin();
        Ok(document(&json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/oauth/authorize"),
            "token_endpoint": format!("{issuer}/oauth/token"),
            "registration_endpoint": format!("{issuer}/oauth/register"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "service_documentation": format!("{issuer}/docs/ai-tools"),
        })))
    }
}

/// `GET /.well-known/oauth-protected-resource`, followed by the path of one.
pub struct ProtectedResource(pub Arc<App>);

impl Endpoint for ProtectedResource {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let asked = request.uri().path().strip_prefix(OF_RESOURCES).unwrap_or_default();
        let path = if matches!(asked, "" | "/") { PROTECTED[0] } else { asked };
        if !PROTECTED.contains(&path.strip_suffix('/').unwrap_or(path)) {
            return Ok(plain(StatusCode::NOT_FOUND, "Nothing is protected at this address.\n"));
        }
        let issuer = self.0.origin();
        Ok(document(&json!({
            "resource": format!("{issuer}{path}"),
            "resource_name": "unkey",
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "resource_documentation": format!("{issuer}/docs/ai-tools"),
        })))
    }
}

fn document(body: &Value) -> Response {
    Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body.to_string())
}
