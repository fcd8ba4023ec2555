//! Replacing a root key by a new one, while the old one goes on for some time.

use web::form::FormState;
use web::pages::key_rotate::{GRACE, LEAKED, RotateView, default_grace, rotate as page};
use web::texts::{common, root_keys as text};

use super::form::{editable, shown};
use super::named;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use domain::root_keys::{RerollRootKey, RootKey};

/// `GET /root-keys/:id/rotate`.
pub async fn rotate_page(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    let leaks = request.app.leaks.recent(&request.cx).await?;
    let leaked = request.query().ticked(LEAKED) || leaks.iter().any(|leak| leak.key == details.key.id);
    let form = FormState::new(vec![("grace_ms".to_owned(), default_grace(leaked).to_owned())]);
    let view = RotateView { leaked, ..rotate_view(&request, &details.key, form) };
    Ok(Reply::page(page(&request.shell, &view)))
}

fn rotate_view(request: &MemberRequest, key: &RootKey, form: FormState) -> RotateView {
    let expired = key.is_expired(request.now_ms());
    RotateView {
        api: None,
        key: named(key),
        nonce: request.nonce(),
        form,
        leaked: request.query().ticked(LEAKED),
        refused: expired.then(|| text::EXPIRED_BEFORE_ROTATION.to_owned()),
    }
}

/// `POST /root-keys/:id/rotate`: shows the new secret, once.
pub async fn rotate(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    let again =
        |form| Ok(Reply::form_again(page(&request.shell, &rotate_view(&request, &details.key, form))));
    if details.key.is_expired(request.now_ms()) {
        return again(FormState::default());
    }
    let typed = request.form().text("grace_ms");
    let Some(overlap_ms) = GRACE.iter().find(|(ms, _)| *ms == typed).and_then(|(ms, _)| ms.parse().ok())
    else {
        let problem = ("grace_ms".to_owned(), common::CHOOSE_ONE_OF_THE_LIST.to_owned());
        return again(request.form_with(vec![problem]));
    };
    let command = RerollRootKey { id: details.key.id.clone(), overlap_ms: Some(overlap_ms) };
    let (id, plaintext) = match request.app.root_keys.reroll(&request.cx, command).await {
        Ok(made) => made,
        Err(error) => return again(request.refused(error)?),
    };
    let made = request.app.root_keys.get(&request.cx, &id).await?;
    Ok(shown(&request, &made.key, text::ROOT_KEY_ROTATED, &plaintext))
}
