//! Pages that show a secret: a new one, once, and a kept one to those who may.
//!
//! Each answers the POST that asked for it, so no address leads to a secret.

use serde_json::json;
use web::components::ShownOnce;
use web::form::{FormState, NONCE};
use web::pages::key_rotate::{RotateView, rotate as rotate_page};
use web::pages::key_secret::{KeySecretView, secret as secret_page, verify_call};
use web::pages::parts::Named;
use web::paths::{self, Href};

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key_label;
use crate::http::dashboard::reply::Reply;
use base::error::{Code, Result};
use base::grants::{Operation, Target};
use base::secret::PlainKey;
use domain::apis::Api;
use domain::keys::{Decrypt, GetKey, KeyDetails, RerollKey};

/// Shows a secret that was just made.
pub async fn show(
    request: &MemberRequest,
    api: &Api,
    title: &str,
    id: &str,
    secret: &PlainKey,
) -> Result<Reply> {
    let view = view(request, api, title, id, secret).await?;
    Ok(Reply::page(secret_page(&request.shell, &view)))
}

pub async fn view(
    request: &MemberRequest,
    api: &Api,
    title: &str,
    id: &str,
    secret: &PlainKey,
) -> Result<KeySecretView> {
    let body = json!({ "key": secret.reveal() }).to_string();
    Ok(KeySecretView {
        api: request.api_ref(api).await?,
        key_id: id.to_owned(),
        title: title.to_owned(),
        shown: ShownOnce {
            secret: secret.reveal().to_owned(),
            what: "Key".to_owned(),
            snippets: vec![verify_call(&request.shell.frame.origin, &body)],
            link: Some(paths::link_secret(id)),
            nonce: request.nonce(),
            made_link: None,
        },
        kept: false,
    })
}

/// The form was sent once more. Its secret was in the first answer alone.
pub fn made_already(to: Href) -> Reply {
    Reply::redirect(to).warning(
        "This form was sent before, and its key was made then: it is the newest one. A secret is shown once. If you \
         did not copy it, rotate that key.",
    )
}

/// `GET /keys/:id/rotate`.
pub async fn rotate_form(request: MemberRequest) -> Result<Reply> {
    let details = request.key().await?;
    let api = &details.key.api;
    request.cx.require(Operation::KeyReroll, Target::key(&api.id, &api.keyspace_id, &details.key.id))?;
    let form = FormState::new(vec![("grace_ms".to_owned(), "86400000".to_owned())]);
    let nonce = request.nonce();
    Ok(Reply::page(rotate_html(&request, &details, nonce, form).await?))
}

async fn rotate_html(
    request: &MemberRequest,
    details: &KeyDetails,
    nonce: String,
    form: FormState,
) -> Result<String> {
    let key = &details.key;
    let expired = key.expires_at.is_some_and(|expires_at| expires_at < request.now_ms());
    let view = RotateView {
        api: Some(request.api_ref(&key.api).await?),
        key: Named::new(key.id.as_str(), &key_label(key)),
        nonce,
        form,
        refused: expired.then(|| {
            "It expired, and so would the key that takes its place. Set a later expiry first.".to_owned()
        }),
    };
    Ok(rotate_page(&request.shell, &view))
}

/// `POST /keys/:id/rotate`.
pub async fn rotate(request: MemberRequest) -> Result<Reply> {
    let details = request.key().await?;
    let nonce = request.form().text(NONCE).to_owned();
    let grace_ms = match request.form().number("grace_ms") {
        Ok(Some(grace_ms)) => grace_ms,
        _ => {
            let problem = "Say how long the old secret goes on working.".to_owned();
            let form = request.form_with(vec![("grace_ms".to_owned(), problem)]);
            return Ok(Reply::form_again(rotate_html(&request, &details, nonce, form).await?));
        }
    };
    let key = &details.key;
    let command = RerollKey { key_id: key.id.clone(), overlap_ms: Some(grace_ms) };
    match request.app.keys.reroll(&request.cx, command).await {
        Ok(made) => show(&request, &key.api, "Key rotated", made.id.as_str(), &made.plaintext).await,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            Ok(made_already(paths::api_keys(key.api.id.as_str())))
        }
        Err(error) => {
            let form = request.refused_at("grace_ms", error)?;
            Ok(Reply::form_again(rotate_html(&request, &details, nonce, form).await?))
        }
    }
}

/// `POST /keys/:id/reveal`: the kept secret of a recoverable key.
pub async fn reveal(request: MemberRequest) -> Result<Reply> {
    let command = GetKey { key_id: request.id().into(), decrypt: Decrypt::Demand };
    let details = request.app.keys.get(&request.cx, command).await?;
    let key = &details.key;
    let Some(secret) = &details.plaintext else {
        let text = "The secret of this key is not kept, or cannot be read: see the log of the server.";
        return Ok(Reply::redirect(paths::key(key.id.as_str())).warning(text));
    };
    let title = format!("Secret of {}", key_label(key));
    let view = view(&request, &key.api, &title, key.id.as_str(), secret).await?;
    Ok(Reply::page(secret_page(&request.shell, &KeySecretView { kept: true, ..view })))
}
