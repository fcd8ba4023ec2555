//! One-time links to secrets: made from the page that shows one, opened by
//! whoever has the link.

use poem::http::StatusCode;
use web::components::ShownOnce;
use web::pages::key_secret::{KeySecretView, secret as secret_page};
use web::pages::secret_link::{SecretLinkView, secret_link};
use web::paths;
use web::texts::{common, keys as text};

use super::secret_page::view;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::visitor_request::VisitorRequest;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::secret_links::{CreateSecretLink, SECRET_LINK_MS};

const HOUR_MS: i64 = 60 * 60_000;

/// `POST /keys/:id/link`: the page of the secret again, with a link to it.
pub async fn make(request: MemberRequest) -> Result<Reply> {
    let secret = PlainKey::new(request.form().text("secret").to_owned());
    let key = request.app.keys.whoami(&request.cx, &secret).await?.key;
    // A link says whose secret it holds: nothing else is put behind it.
    if key.id.as_str() != request.id() {
        return Err(Error::absent(Code::KeyNotFound));
    }
    let command =
        CreateSecretLink { secret: secret.clone(), key_id: key.id.to_string(), key_name: key.name.clone() };
    let link = match request.app.secret_links.create(&request.cx, command).await {
        Ok(link) => link,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            return Ok(Reply::redirect(paths::key(key.id.as_str())).warning(text::LINK_WAS_MADE_ALREADY));
        }
        Err(error) => return Err(error),
    };
    let base = view(&request, &key.api, common::ONE_TIME_LINK, key.id.as_str(), &secret).await?;
    let url = format!("{}{}", request.app.origin(), paths::secret_link(link.token.reveal()));
    let lifetime = text::hours(SECRET_LINK_MS / HOUR_MS);
    let shown = ShownOnce { made_link: Some((url, lifetime)), link: None, ..base.shown };
    Ok(Reply::page(secret_page(&request.shell, &KeySecretView { shown, ..base })))
}

/// `GET /links/:token`: spends nothing.
pub async fn page(request: VisitorRequest) -> Result<Reply> {
    let token = request.input.param("token").to_owned();
    if !request.app.secret_links.is_open(&token, request.cx.now_ms).await? {
        return Ok(gone(&request));
    }
    Ok(Reply::page(secret_link(&request.frame, &SecretLinkView::Waiting { token })))
}

/// `POST /links/:token`: shows the secret, once.
pub async fn reveal(request: VisitorRequest) -> Result<Reply> {
    let secret = match request.app.secret_links.reveal(&request.cx, request.input.param("token")).await {
        Ok(secret) => secret,
        Err(error) if error.code() == Code::LinkNotFound => return Ok(gone(&request)),
        Err(error) => return Err(error),
    };
    let shown = ShownOnce {
        secret: secret.reveal().to_owned(),
        what: common::SECRET.to_owned(),
        snippets: vec![],
        link: None,
        nonce: String::new(),
        made_link: None,
    };
    Ok(Reply::page(secret_link(&request.frame, &SecretLinkView::Revealed(shown))))
}

fn gone(request: &VisitorRequest) -> Reply {
    Reply::page_with_status(StatusCode::NOT_FOUND, secret_link(&request.frame, &SecretLinkView::Gone))
}
