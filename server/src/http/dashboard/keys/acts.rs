//! Acts of one press: switching a key on and off, deleting it, taking that back.

use web::paths::{self, Href};

use super::super::answer::Answer;
use super::super::shown::key_label;
use super::super::visit::Visit;
use base::error::Result;
use domain::keys::{DeleteKey, UpdateKey};

/// `POST /keys/:id/enable`.
pub async fn enable(visit: Visit) -> Result<Answer> {
    switch(visit, true).await
}

/// `POST /keys/:id/disable`.
pub async fn disable(visit: Visit) -> Result<Answer> {
    switch(visit, false).await
}

async fn switch(visit: Visit, enabled: bool) -> Result<Answer> {
    let command = UpdateKey { enabled: Some(enabled), ..UpdateKey::new(visit.id().into()) };
    visit.app.keys.update(&visit.cx, command).await?;
    let label = key_label(&visit.key().await?.key);
    let word = if enabled { "Enabled" } else { "Disabled" };
    Ok(Answer::go(back(&visit)).saying(format!("{word} the key {label}.")))
}

/// `POST /keys/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let key = visit.key().await?.key;
    visit.app.keys.delete(&visit.cx, DeleteKey { key_id: key.id.clone(), permanent: false }).await?;
    let text = format!("Deleted the key {}.", key_label(&key));
    Ok(Answer::go(paths::api_keys(key.api.id.as_str()))
        .saying_with_undo(text, paths::restore_key(key.id.as_str())))
}

/// `POST /keys/:id/restore`.
pub async fn restore(visit: Visit) -> Result<Answer> {
    visit.app.keys.restore(&visit.cx, &visit.id().into()).await?;
    let label = key_label(&visit.key().await?.key);
    Ok(Answer::go(paths::key(visit.id())).saying(format!("Restored the key {label}.")))
}

/// To the list or page that the act was chosen on.
fn back(visit: &Visit) -> Href {
    visit.sent.referer.clone().unwrap_or_else(|| paths::key(visit.id()))
}
