//! Actions on one root key: switching it off and on, deleting it.

use web::form::{CONFIRM, FormState};
use web::paths;

use super::form::{again, stored};
use super::{id_of, named};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::Result;
use domain::root_keys::UpdateRootKey;

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
