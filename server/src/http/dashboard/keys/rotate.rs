//! Replacing a key by a new one, while the old one goes on for some time.

use web::form::{FormState, NONCE};
use web::pages::key_rotate::{GRACE, LEAKED, RotateView, default_grace, rotate as rotate_page};
use web::pages::parts::Named;
use web::paths;
use web::texts::keys as text;

use super::key_page::key_of_path;
use super::secret_page::{made_already, show};
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_label;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Result};
use domain::keys::{KeyDetails, RerollKey};

/// `GET /keys/:id/rotate`.
pub async fn rotate_form(request: MemberRequest) -> Result<Reply> {
    let details = key_of_path(&request).await?;
    let api = &details.key.api;
    request.cx.require(Operation::KeyReroll, Target::key(&api.id, &api.keyspace_id, &details.key.id))?;
    let grace = default_grace(request.query().ticked(LEAKED));
    let form = FormState::new(vec![("grace_ms".to_owned(), grace.to_owned())]);
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
    let view = RotateView {
        api: Some(api_ref(request, &key.api).await?),
        key: Named::new(key.id.as_str(), &key_label(key)),
        nonce,
        form,
        leaked: request.query().ticked(LEAKED),
        refused: has_expired(request, details).then(|| text::IT_EXPIRED.to_owned()),
    };
    Ok(rotate_page(&request.shell, &view))
}

fn has_expired(request: &MemberRequest, details: &KeyDetails) -> bool {
    details.key.expires_at.is_some_and(|expires_at| expires_at < request.now_ms())
}

/// `POST /keys/:id/rotate`.
pub async fn rotate(request: MemberRequest) -> Result<Reply> {
    let details = key_of_path(&request).await?;
    if has_expired(&request, &details) {
        return again(&request, &details, FormState::default()).await;
    }
    let typed = request.form().text("grace_ms");
    let Some(overlap_ms) = GRACE.iter().find(|(ms, _)| *ms == typed).and_then(|(ms, _)| ms.parse().ok())
    else {
        let problem = text::CHOOSE_THE_GRACE.to_owned();
        return again(&request, &details, request.form_with(vec![("grace_ms".to_owned(), problem)])).await;
    };
    let key = &details.key;
    let command = RerollKey { key_id: key.id.clone(), overlap_ms: Some(overlap_ms) };
    match request.app.keys.reroll(&request.cx, command).await {
        Ok(made) => show(&request, &key.api, text::KEY_ROTATED, made.id.as_str(), &made.plaintext).await,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            Ok(made_already(paths::api_keys(key.api.id.as_str())))
        }
        Err(error) => again(&request, &details, request.refused_at("grace_ms", error)?).await,
    }
}

async fn again(request: &MemberRequest, details: &KeyDetails, form: FormState) -> Result<Reply> {
    let nonce = request.form().text(NONCE).to_owned();
    Ok(Reply::form_again(rotate_html(request, details, nonce, form).await?))
}
