//! Actions on one root key: switching it off and on, deleting it.

use web::form::{CONFIRM, FormState};
use web::paths;
use web::texts::root_keys as text;

use super::form::{again, stored};
use super::{id_of, named};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::Result;
use domain::root_keys::UpdateRootKey;

/// `POST /root-keys/:id/enable`.
pub async fn enable(request: MemberRequest) -> Result<Reply> {
    switch(request, true, text::ENABLED_THE_ROOT_KEY).await
}

/// `POST /root-keys/:id/disable`.
pub async fn disable(request: MemberRequest) -> Result<Reply> {
    switch(request, false, text::DISABLED_THE_ROOT_KEY).await
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
        let errors = vec![(at, text::type_name_to_delete(&name))];
        let form = FormState { errors, ..stored(&request, &details) };
        return again(&request, &details.key, form).await;
    }
    request.app.root_keys.revoke(&request.cx, &id).await?;
    Ok(Reply::redirect(paths::root_keys()).notice(text::deleted_the_root_key(&name)))
}
