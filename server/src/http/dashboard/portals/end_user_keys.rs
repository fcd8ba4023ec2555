//! The keys of an end user, and replacing one.
//!
//! What they may is in their session; it is asked for by the domain, and what it
//! would refuse is not offered. Times are in UTC: nothing is known of the reader.

use std::sync::Arc;

use base::ids::KeyId;
use web::components::{Chip, Pager, ShownOnce, Tone};
use web::form::NONCE;
use web::pages::portal::{GRACES, PortalKey, PortalKeysView, keys as keys_page};
use web::paths::{self, CURSOR, Here};
use web::texts::{common, portal as text};
use web::time::{Stamp, Zone};

use super::branding::page_of;
use super::end_user_session::{EndUser, no_session};
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::visitor_request::VisitorRequest;
use base::access::{Claimant, IdempotencyKey, OpCtx, Scope};
use base::error::{Error, Result};
use base::secret::KeyHash;
use base::store::Page;
use domain::keys::{KeyDetails, RerollKey};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Keys of a page.
const ROWS: u64 = 50;
/// How long before its end a key is said to end soon.
const SOON_MS: i64 = 7 * DAY_MS;

/// `GET /portal/:slug`.
pub async fn keys(request: VisitorRequest) -> Result<Reply> {
    let Some(user) = EndUser::of(&request).await? else { return Ok(no_session(&request)) };
    show(&request, &user, None).await
}

async fn show(request: &VisitorRequest, user: &EndUser, shown: Option<ShownOnce>) -> Result<Reply> {
    let cursor = request.input.query.given(CURSOR).map(ToOwned::to_owned);
    let page = request.app.portals.own_keys(&user.cx, Page { limit: ROWS, cursor }).await?;
    let keys: Vec<PortalKey> = page.items.into_iter().map(|key| line(key, request.cx.now_ms)).collect();
    let view = PortalKeysView {
        here: Here::new(paths::portal(&user.portal.slug), request.input.query.pairs().to_vec()),
        pager: Pager { shown: keys.len() as i64, total: None, next: page.next, rows: None },
        nonce: request.app.entropy.token(),
        keys,
        may_reroll: user.may(Scope::KeysReroll),
        shown,
    };
    Ok(page_of(&user.portal, keys_page(&user.frame(request), &view)))
}

fn line(details: KeyDetails, now_ms: i64) -> PortalKey {
    let key = details.key;
    let at = |time_ms: i64| Stamp::new(time_ms, now_ms, &Zone::utc());
    PortalKey {
        id: key.id.to_string(),
        label: key.name.filter(|name| !name.is_empty()).unwrap_or_else(|| common::KEY.to_owned()),
        states: vec![state(key.enabled, key.expires_at, now_ms)],
        start: key.start,
        last4: key.last4,
        created: at(key.created_at),
        last_used: key.last_used_at.map(at),
        expires: key.expires_at.map(at),
    }
}

fn state(enabled: bool, expires_at: Option<i64>, now_ms: i64) -> Chip {
    let left_ms = expires_at.map(|time_ms| time_ms - now_ms);
    match left_ms {
        _ if !enabled => Chip::new(Tone::Error, text::SWITCHED_OFF, text::SWITCHED_OFF_REASON),
        Some(left) if left < 0 => Chip::new(Tone::Attention, common::EXPIRED, text::EXPIRED_REASON),
        Some(left) if left < SOON_MS => {
            Chip::new(Tone::Caution, common::EXPIRES_SOON, text::EXPIRES_SOON_REASON)
        }
        _ => Chip::new(Tone::Good, common::ACTIVE, ""),
    }
}

/// `POST /portal/:slug/keys/:id/reroll`: shows the new secret once.
pub async fn reroll(request: VisitorRequest) -> Result<Reply> {
    let Some(user) = EndUser::of(&request).await? else { return Ok(no_session(&request)) };
    let cx = OpCtx { idempotency: idempotency(&request, &user), ..user.cx.clone() };
    let command =
        RerollKey { key_id: KeyId::from(request.input.param("id")), overlap_ms: Some(grace_ms(&request)?) };
    let act = async {
        let created = request.app.portals.reroll_own(&cx, command).await?;
        Ok(created.plaintext.reveal().to_owned())
    };
    let shown = ShownOnce {
        secret: request.app.idempotency.once_text(&cx, act).await?,
        what: common::NEW_KEY.to_owned(),
        snippets: Vec::new(),
        link: None,
        nonce: String::new(),
        made_link: None,
    };
    show(&request, &user, Some(shown)).await
}

fn grace_ms(request: &VisitorRequest) -> Result<i64> {
    let asked = request.form().text("grace");
    let known = GRACES.iter().find(|(minutes, _)| minutes.to_string() == asked);
    let (minutes, _) = known.ok_or_else(|| Error::invalid(text::CHOOSE_WHEN_OLD_SECRET_STOPS))?;
    Ok(minutes * MINUTE_MS)
}

/// Names the replacement a form is, within its session.
fn idempotency(request: &VisitorRequest, user: &EndUser) -> Option<Arc<IdempotencyKey>> {
    let nonce = request.form().given(NONCE)?;
    Some(Arc::new(IdempotencyKey {
        claimant: Claimant::PortalSession(user.session.id.clone()),
        key_hash: KeyHash::of(nonce).to_base64(),
        request_hash: KeyHash::of(&request.input.path).to_base64(),
    }))
}
