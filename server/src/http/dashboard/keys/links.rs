//! One-time links to secrets: made from the page that shows one, opened by
//! whoever has the link.

use poem::http::StatusCode;
use web::components::ShownOnce;
use web::pages::key_secret::{KeySecretView, secret as secret_page};
use web::pages::secret_link::{SecretLinkView, secret_link};
use web::paths;

use super::super::answer::Answer;
use super::super::visit::{Guest, Visit};
use super::secret::view;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::secret_links::{CreateSecretLink, SECRET_LINK_MS};

const HOUR_MS: i64 = 60 * 60_000;

/// `POST /keys/:id/link`: the page of the secret again, with a link to it.
pub async fn make(visit: Visit) -> Result<Answer> {
    let secret = PlainKey::new(visit.form().text("secret").to_owned());
    let key = visit.app.keys.whoami(&visit.cx, &secret).await?.key;
    // A link says whose secret it holds: nothing else is put behind it.
    if key.id.as_str() != visit.id() {
        return Err(Error::absent(Code::KeyNotFound));
    }
    let command =
        CreateSecretLink { secret: secret.clone(), key_id: key.id.to_string(), key_name: key.name.clone() };
    let link = match visit.app.secret_links.create(&visit.cx, command).await {
        Ok(link) => link,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            let text = "A link was made when this form was sent before. It is shown once, as the secret is.";
            return Ok(Answer::go(paths::key(key.id.as_str())).warning(text));
        }
        Err(error) => return Err(error),
    };
    let base = view(&visit, &key.api, "One-time link", key.id.as_str(), &secret).await?;
    let url = format!("{}{}", visit.app.origin(), paths::secret_link(link.token.reveal()));
    let lifetime = format!("{} hours", SECRET_LINK_MS / HOUR_MS);
    let shown = ShownOnce { made_link: Some((url, lifetime)), link: None, ..base.shown };
    Ok(Answer::page(secret_page(&visit.shell, &KeySecretView { shown, ..base })))
}

/// `GET /links/:token`: spends nothing.
pub async fn page(guest: Guest) -> Result<Answer> {
    let token = guest.sent.param("token").to_owned();
    if !guest.app.secret_links.is_open(&token, guest.cx.now_ms).await? {
        return Ok(gone(&guest));
    }
    Ok(Answer::page(secret_link(&guest.frame, &SecretLinkView::Waiting { token })))
}

/// `POST /links/:token`: shows the secret, once.
pub async fn reveal(guest: Guest) -> Result<Answer> {
    let secret = match guest.app.secret_links.reveal(&guest.cx, guest.sent.param("token")).await {
        Ok(secret) => secret,
        Err(error) if error.code() == Code::LinkNotFound => return Ok(gone(&guest)),
        Err(error) => return Err(error),
    };
    let shown = ShownOnce {
        secret: secret.reveal().to_owned(),
        what: "Secret".to_owned(),
        snippets: vec![],
        link: None,
        nonce: String::new(),
        made_link: None,
    };
    Ok(Answer::page(secret_link(&guest.frame, &SecretLinkView::Revealed(shown))))
}

fn gone(guest: &Guest) -> Answer {
    Answer::page_of(StatusCode::NOT_FOUND, secret_link(&guest.frame, &SecretLinkView::Gone))
}
