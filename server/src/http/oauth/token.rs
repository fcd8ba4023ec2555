//! Exchanging a code for a root key (RFC 6749 4.1.3, RFC 7636, RFC 8707).

use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::CONTENT_TYPE;
use poem::{Endpoint, Request, Response};
use serde_json::json;

use super::answer;
use crate::app::App;
use crate::http::request_lifecycle::{header, read_body};
use domain::oauth::{self, Failure, Reason, Refused, Token};

const MAX_BYTES: usize = 16 << 10;

/// `POST /oauth/token`.
pub struct Exchange(pub Arc<App>);

impl Endpoint for Exchange {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match exchange(&self.0, request).await {
            Ok(token) => given(&token),
            Err(failure) => answer::failed(&failure),
        })
    }
}

async fn exchange(app: &Arc<App>, mut request: Request) -> Result<Token, Failure> {
    let cx = super::stranger(app, &request);
    let kind = header(request.headers(), &CONTENT_TYPE).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| kind.trim() != "application/x-www-form-urlencoded") {
        let detail = "The body is application/x-www-form-urlencoded.";
        return Err(Refused::new(Reason::InvalidRequest, detail).into());
    }
    let body = request.take_body();
    let command = read(&read_body(request.headers(), body, MAX_BYTES).await?)?;
    let app = app.clone();
    super::undisturbed(async move { app.oauth.exchange(&cx, &command).await }).await
}

/// Parameters that are not known are left alone, those that are come once.
fn read(body: &[u8]) -> Result<oauth::Exchange, Refused> {
    let mut command = oauth::Exchange::default();
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "grant_type" => &mut command.grant_type,
            "code" => &mut command.code,
            "client_id" => &mut command.client_id,
            "redirect_uri" => &mut command.redirect_uri,
            "code_verifier" => &mut command.code_verifier,
            "resource" => &mut command.resource,
            _ => continue,
        };
        if !field.is_empty() {
            let detail = "A parameter is there more than once.";
            return Err(Refused::new(Reason::InvalidRequest, detail));
        }
        if value.contains('\0') {
            return Err(Refused::new(Reason::InvalidRequest, "A parameter has the character U+0000."));
        }
        *field = value.into_owned();
    }
    Ok(command)
}

fn given(token: &Token) -> Response {
    let mut body = json!({ "access_token": token.root_key.reveal(), "token_type": "Bearer" });
    if let Some(seconds) = token.expires_in_s {
        body["expires_in"] = seconds.into();
    }
    answer::json(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_once() {
        let read_command = read(b"grant_type=authorization_code&code=a%20b&other=1&other=2&scope=x").unwrap();
        assert_eq!(
            (read_command.grant_type.as_str(), read_command.code.as_str()),
            ("authorization_code", "a b")
        );
        assert_eq!(read_command.resource, "");
        assert_eq!(read(b"code=a&client_id=b&code=a").unwrap_err().reason, Reason::InvalidRequest);
    }
}
