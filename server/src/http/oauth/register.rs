//! Registering a client (RFC 7591).

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::app::App;
use crate::http::request_lifecycle::read_body;
use base::json_object::only_objects;
use domain::oauth::{Client, Failure, Reason, Refused, Registration};

const MAX_BYTES: usize = 16 << 10;

/// What a client sends. Whatever else it says of itself is not kept.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct ClientMetadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

only_objects!(ClientMetadata);

/// `POST /oauth/register`.
pub struct Register(pub Arc<App>);

impl Endpoint for Register {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match register(&self.0, request).await {
            Ok(client) => registered(client),
            Err(failure) => answer::failed(&failure),
        })
    }
}

async fn register(app: &Arc<App>, mut request: Request) -> Result<Client, Failure> {
    let cx = super::stranger(app, &request);
    let body = request.take_body();
    let body = read_body(request.headers(), body, MAX_BYTES).await?;
    let metadata: ClientMetadata = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!("The body is no client metadata in JSON: line {}.", error.line());
        Refused::new(Reason::InvalidClientMetadata, detail)
    })?;
    let command = Registration {
        redirect_uris: metadata.redirect_uris,
        name: metadata.client_name,
        grant_types: metadata.grant_types,
        response_types: metadata.response_types,
    };
    let app = app.clone();
    super::undisturbed(async move { app.oauth.register(&cx, command).await }).await
}

/// What was registered, which may differ from what was asked (RFC 7591 3.2.1).
fn registered(client: Client) -> Response {
    let mut body = json!({
        "client_id": client.id.as_str(),
        "client_id_issued_at": client.created_at / 1000,
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    if !client.name.is_empty() {
        body["client_name"] = client.name.into();
    }
    answer::json(StatusCode::CREATED, &body)
}
