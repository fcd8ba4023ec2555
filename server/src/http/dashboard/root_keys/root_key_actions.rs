//! Acts on one root key: replacing, pausing and ending it.

use web::form::{CONFIRM, FormState};
use web::pages::key_rotate::{GRACE, RotateView, rotate as page};
use web::paths;

use super::form::{again, editable, shown, stored};
use super::{id_of, named};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::root_keys::{RerollRootKey, RootKey, UpdateRootKey};

/// What the form offers at first: a day.
const GRACE_MS: &str = "86400000";

/// `GET /root-keys/:id/rotate`.
pub async fn rotate_page(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    let form = FormState::new(vec![("grace_ms".to_owned(), GRACE_MS.to_owned())]);
    Ok(Reply::page(page(&request.shell, &rotate_view(&request, &details.key, form))))
}

fn rotate_view(request: &MemberRequest, key: &RootKey, form: FormState) -> RotateView {
    let expired = key.is_expired(request.now_ms());
    RotateView {
        api: None,
        key: named(key),
        nonce: request.nonce(),
        form,
        refused: expired.then(|| "The root key expired. Set a later expiry first.".to_owned()),
    }
}

/// `POST /root-keys/:id/rotate`: shows the new secret, once.
pub async fn rotate(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    if details.key.is_expired(request.now_ms()) {
        return Ok(Reply::form_again(page(
            &request.shell,
            &rotate_view(&request, &details.key, FormState::default()),
        )));
    }
    let typed = request.form().text("grace_ms");
    let Some(overlap_ms) = GRACE.iter().find(|(ms, _)| *ms == typed).and_then(|(ms, _)| ms.parse().ok())
    else {
        let problem = ("grace_ms".to_owned(), "Choose one of the list.".to_owned());
        let form = request.form_with(vec![problem]);
        return Ok(Reply::form_again(page(&request.shell, &rotate_view(&request, &details.key, form))));
    };
    let command = RerollRootKey { id: details.key.id.clone(), overlap_ms: Some(overlap_ms) };
    let (id, plaintext) = match request.app.root_keys.reroll(&request.cx, command).await {
        Ok(made) => made,
        Err(error) => {
            let form = request.refused(error)?;
            return Ok(Reply::form_again(page(&request.shell, &rotate_view(&request, &details.key, form))));
        }
    };
    let made = request.app.root_keys.get(&request.cx, &id).await?;
    Ok(shown(&request, &made.key, "Root key rotated", &plaintext))
}

/// `POST /root-keys/:id/enable`.
pub async fn enable(request: MemberRequest) -> Result<Reply> {
    switch(request, true, "Enabled the root key.").await
}

/// `POST /root-keys/:id/disable`.
pub async fn disable(request: MemberRequest) -> Result<Reply> {
    switch(request, false, "Disabled the root key. Calls with it are refused.").await
}

async fn switch(request: MemberRequest, enabled: bool, said: &str) -> Result<Reply> {
    let id = id_of(&request);
    let back = request.input.referer.clone().unwrap_or_else(|| paths::root_key(id.as_str()));
    let command = UpdateRootKey { enabled: Some(enabled), ..UpdateRootKey::new(id) };
    request.app.root_keys.update(&request.cx, command).await?;
    Ok(Reply::redirect(back).notice(said))
}

/// `POST /root-keys/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let id = id_of(&request);
    request.cx.require(Operation::RootKeyDelete, Target::root_key(&id))?;
    let details = request.app.root_keys.get(&request.cx, &id).await?;
    let name = named(&details.key).name;
    if request.form().text(CONFIRM) != name {
        let at = paths::delete_root_key(id.as_str()).to_string();
        let errors = vec![(at, format!("Type {name} to delete it."))];
        let form = FormState { errors, ..stored(&request, &details) };
        return again(&request, &details.key, form).await;
    }
    request.app.root_keys.revoke(&request.cx, &id).await?;
    Ok(Reply::redirect(paths::root_keys()).notice(format!("Deleted the root key {name}.")))
}
