//! Acts on one root key: replacing, pausing and ending it.

use web::form::{CONFIRM, FormState};
use web::pages::key_rotate::{GRACE, RotateView, rotate as page};
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::form::{again, editable, shown, stored};
use super::{id_of, named};
use base::error::Result;
use base::grants::{Operation, Target};
use domain::root_keys::{RerollRootKey, RootKey, UpdateRootKey};

/// What the form offers at first: a day.
const GRACE_MS: &str = "86400000";

/// `GET /root-keys/:id/rotate`.
pub async fn rotate_page(visit: Visit) -> Result<Answer> {
    let details = editable(&visit).await?;
    let form = FormState::new(vec![("grace_ms".to_owned(), GRACE_MS.to_owned())]);
    Ok(Answer::page(page(&visit.shell, &rotate_view(&visit, &details.key, form))))
}

fn rotate_view(visit: &Visit, key: &RootKey, form: FormState) -> RotateView {
    let expired = key.is_expired(visit.now_ms());
    RotateView {
        api: None,
        key: named(key),
        nonce: visit.nonce(),
        form,
        refused: expired.then(|| "The root key expired. Set a later expiry first.".to_owned()),
    }
}

/// `POST /root-keys/:id/rotate`: shows the new secret, once.
pub async fn rotate(visit: Visit) -> Result<Answer> {
    let details = editable(&visit).await?;
    if details.key.is_expired(visit.now_ms()) {
        return Ok(Answer::again(page(
            &visit.shell,
            &rotate_view(&visit, &details.key, FormState::default()),
        )));
    }
    let typed = visit.form().text("grace_ms");
    let Some(overlap_ms) = GRACE.iter().find(|(ms, _)| *ms == typed).and_then(|(ms, _)| ms.parse().ok())
    else {
        let problem = ("grace_ms".to_owned(), "Choose one of the list.".to_owned());
        let form = visit.form_with(vec![problem]);
        return Ok(Answer::again(page(&visit.shell, &rotate_view(&visit, &details.key, form))));
    };
    let command = RerollRootKey { id: details.key.id.clone(), overlap_ms: Some(overlap_ms) };
    let (id, plaintext) = match visit.app.root_keys.reroll(&visit.cx, command).await {
        Ok(made) => made,
        Err(error) => {
            let form = visit.refused(error)?;
            return Ok(Answer::again(page(&visit.shell, &rotate_view(&visit, &details.key, form))));
        }
    };
    let made = visit.app.root_keys.get(&visit.cx, &id).await?;
    Ok(shown(&visit, &made.key, "Root key rotated", &plaintext))
}

/// `POST /root-keys/:id/enable`.
pub async fn enable(visit: Visit) -> Result<Answer> {
    switch(visit, true, "Enabled the root key.").await
}

/// `POST /root-keys/:id/disable`.
pub async fn disable(visit: Visit) -> Result<Answer> {
    switch(visit, false, "Disabled the root key. Calls with it are refused.").await
}

async fn switch(visit: Visit, enabled: bool, said: &str) -> Result<Answer> {
    let id = id_of(&visit);
    let back = visit.sent.referer.clone().unwrap_or_else(|| paths::root_key(id.as_str()));
    let command = UpdateRootKey { enabled: Some(enabled), ..UpdateRootKey::new(id) };
    visit.app.root_keys.update(&visit.cx, command).await?;
    Ok(Answer::go(back).saying(said))
}

/// `POST /root-keys/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let id = id_of(&visit);
    visit.cx.require(Operation::RootKeyDelete, Target::root_key(&id))?;
    let details = visit.app.root_keys.get(&visit.cx, &id).await?;
    let name = named(&details.key).name;
    if visit.form().text(CONFIRM) != name {
        let at = paths::delete_root_key(id.as_str()).to_string();
        let errors = vec![(at, format!("Type {name} to delete it."))];
        let form = FormState { errors, ..stored(&visit, &details) };
        return again(&visit, &details.key, form).await;
    }
    visit.app.root_keys.revoke(&visit.cx, &id).await?;
    Ok(Answer::go(paths::root_keys()).saying(format!("Deleted the root key {name}.")))
}
