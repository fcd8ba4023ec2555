//! Where secret scanners report root keys they found: a body and headers as
//! those of GitHub's secret scanning partner program.
//!
//! Not an operation of an API: it has no root key, no envelope and no place in
//! an OpenAPI document.

use std::sync::Arc;

use base::ids::WorkspaceId;
use poem::http::{HeaderName, StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde_json::json;

use super::headers::show_remedy;
use super::{client_address, plain, request_lifecycle};
use crate::app::App;
use base::access::{Door, OpCtx, Principal, Task};
use base::error::{Code, Error, Result};
use domain::leaks::Verdict;

const SIGNATURE: HeaderName = HeaderName::from_static("github-public-key-signature");

const MAX_BYTES: usize = 1 << 20;

/// `POST /leaks`.
pub struct Report(pub Arc<App>);

impl Endpoint for Report {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if !self.0.leaks.is_open() {
            return Ok(plain(StatusCode::NOT_FOUND, "No secret scanner is configured.\n"));
        }
        Ok(match receive(&self.0, request).await {
            Ok(verdicts) => labels(verdicts),
            Err(error) => refused(&error),
        })
    }
}

async fn receive(app: &Arc<App>, mut request: Request) -> Result<Vec<Verdict>> {
    let text = |name: &HeaderName| request_lifecycle::header(request.headers(), name).map(ToOwned::to_owned);
    let signature = text(&SIGNATURE).unwrap_or_default();
    let cx = OpCtx {
        address: client_address::of_request(&request, &app.config),
        user_agent: text(&header::USER_AGENT),
        ..app.cx(WorkspaceId::from(""), Principal::Job(Task::SecretScanning), Door::Job)
    };
    let body = request.take_body();
    let body = request_lifecycle::read_body(request.headers(), body, MAX_BYTES).await?;
    let app = app.clone();
    // In a task of its own, which a disconnect cannot cut.
    let work = async move { app.leaks.receive(&cx, &signature, &body).await };
    tokio::spawn(work).await.map_err(Error::internal)?
}

fn labels(verdicts: Vec<Verdict>) -> Response {
    let label = |verdict: Verdict| {
        json!({
            "token_hash": verdict.hash.to_base64(),
            "token_type": verdict.kind,
            "label": if verdict.live { "true_positive" } else { "false_positive" },
        })
    };
    let body: serde_json::Value = verdicts.into_iter().map(label).collect();
    Response::builder().content_type("application/json").body(body.to_string())
}

fn refused(error: &Error) -> Response {
    let status = match error.code() {
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::InvalidInput | Code::BodyUnreadable => StatusCode::BAD_REQUEST,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if status.is_server_error() {
        tracing::error!(cause = %error.cause_chain(), "a report of a secret scanner failed");
    }
    let mut response = plain(status, format!("{}\n", error.detail()));
    show_remedy(response.headers_mut(), error);
    response
}
