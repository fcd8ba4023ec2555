//! Pages that show a secret: a new one, once, and a kept one to those who may.
//!
//! Each answers the POST that asked for it, so no address leads to a secret.

use serde_json::json;
use web::components::ShownOnce;
use web::pages::key_secret::{KeySecretView, secret as secret_page, verify_call};
use web::paths::{self, Href};
use web::texts::{common, keys as text};

use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_label;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use base::secret::PlainKey;
use domain::apis::Api;
use domain::keys::{Decrypt, GetKey};

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
        api: api_ref(request, api).await?,
        key_id: id.to_owned(),
        title: title.to_owned(),
        shown: ShownOnce {
            secret: secret.reveal().to_owned(),
            what: common::KEY.to_owned(),
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
    Reply::redirect(to).warning(text::MADE_ALREADY)
}

/// `POST /keys/:id/reveal`: the kept secret of a recoverable key.
pub async fn reveal(request: MemberRequest) -> Result<Reply> {
    let command = GetKey { key_id: request.id().into(), decrypt: Decrypt::Demand };
    let details = request.app.keys.get(&request.cx, command).await?;
    let key = &details.key;
    let Some(secret) = &details.plaintext else {
        return Ok(Reply::redirect(paths::key(key.id.as_str())).warning(text::SECRET_IS_NOT_KEPT));
    };
    let title = text::secret_of(&key_label(key));
    let view = view(&request, &key.api, &title, key.id.as_str(), secret).await?;
    Ok(Reply::page(secret_page(&request.shell, &KeySecretView { kept: true, ..view })))
}
