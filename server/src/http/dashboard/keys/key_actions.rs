//! Actions of one press: switching a key on and off, deleting it, taking that back.

use web::paths::{self, Href};
use web::texts::keys as text;

use super::key_page::key_of_path;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_label;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use domain::keys::{DeleteKey, UpdateKey};

/// `POST /keys/:id/enable`.
pub async fn enable(request: MemberRequest) -> Result<Reply> {
    switch(request, true).await
}

/// `POST /keys/:id/disable`.
pub async fn disable(request: MemberRequest) -> Result<Reply> {
    switch(request, false).await
}

async fn switch(request: MemberRequest, enabled: bool) -> Result<Reply> {
    let command = UpdateKey { enabled: Some(enabled), ..UpdateKey::new(request.id().into()) };
    request.app.keys.update(&request.cx, command).await?;
    let label = key_label(&key_of_path(&request).await?.key);
    let told = if enabled { text::enabled_the_key(&label) } else { text::disabled_the_key(&label) };
    Ok(Reply::redirect(back(&request)).notice(told))
}

/// `POST /keys/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let key = key_of_path(&request).await?.key;
    request.app.keys.delete(&request.cx, DeleteKey { key_id: key.id.clone(), permanent: false }).await?;
    let told = text::deleted_the_key(&key_label(&key));
    Ok(Reply::redirect(paths::api_keys(key.api.id.as_str()))
        .notice_with_undo(told, paths::restore_key(key.id.as_str())))
}

/// `POST /keys/:id/restore`.
pub async fn restore(request: MemberRequest) -> Result<Reply> {
    request.app.keys.restore(&request.cx, &request.id().into()).await?;
    let label = key_label(&key_of_path(&request).await?.key);
    Ok(Reply::redirect(paths::key(request.id())).notice(text::restored_the_key(&label)))
}

/// To the list or page that the action was chosen on.
fn back(request: &MemberRequest) -> Href {
    request.input.referer.clone().unwrap_or_else(|| paths::key(request.id()))
}
