//! What end users see and do: their keys, replacing one, their usage.
//!
//! What they may is in their session; it is asked for by the domain, and what it
//! would refuse is not offered. Times are in UTC: nothing is known of the reader.

use std::sync::Arc;

use base::ids::KeyId;
use chrono_tz::Tz;
use web::charts::{Bars, Bucket};
use web::components::{Chip, Outcome, Pager, ShownOnce, Tone};
use web::form::NONCE;
use web::pages::portal::{
    GRACES, PortalKey, PortalKeysView, PortalUsageView, keys as keys_page, usage as usage_page,
};
use web::paths::{self, CURSOR, Here};
use web::time::{Stamp, Zone, local};

use super::branding::page_of;
use super::end_user_session::{EndUser, no_session};
use crate::http::dashboard::charts::{count_of, zoom};
use crate::http::dashboard::member_request::VisitorRequest;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::time_span_of;
use base::error::{Error, Result};
use base::op::{Claimant, IdempotencyKey, OpCtx, Scope};
use base::secret::KeyHash;
use base::store::Page;
use domain::keys::{KeyDetails, RerollKey};
use insight::analytics::Series;

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
        pager: Pager { shown: keys.len() as i64, total: None, next: page.next },
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
        label: key.name.filter(|name| !name.is_empty()).unwrap_or_else(|| "Key".to_owned()),
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
        _ if !enabled => {
            Chip::new(Tone::Error, "Switched off", "It is refused until it is switched on again.")
        }
        Some(left) if left < 0 => Chip::new(Tone::Attention, "Expired", "It is refused since then."),
        Some(left) if left < SOON_MS => Chip::new(Tone::Caution, "Expires soon", "Replace it in time."),
        _ => Chip::new(Tone::Good, "Active", ""),
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
        what: "New key".to_owned(),
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
    let (minutes, _) = known.ok_or_else(|| Error::invalid("Choose when the old secret stops working."))?;
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

/// `GET /portal/:slug/usage`.
pub async fn usage(request: VisitorRequest) -> Result<Reply> {
    let Some(user) = EndUser::of(&request).await? else { return Ok(no_session(&request)) };
    let span = time_span_of(&request.input.query, Tz::UTC, request.cx.now_ms, "7d");
    let series = request.app.portals.own_series(&user.cx, None, span.start_ms, span.end_ms).await?;
    let here = Here::new(paths::portal_usage(&user.portal.slug), request.input.query.pairs().to_vec());
    let view = PortalUsageView { requests: bars(&here, &series), here, range: span.range };
    Ok(page_of(&user.portal, usage_page(&user.frame(&request), &view)))
}

fn bars(here: &Here, series: &Series) -> Bars {
    let outcomes: Vec<Outcome> =
        Outcome::VERIFICATIONS.into_iter().filter(|outcome| *outcome != Outcome::NotFound).collect();
    let form = if series.bucket_ms < DAY_MS { "%b %d %H:%M" } else { "%b %d" };
    let bucket = |bucket: &insight::analytics::Bucket| {
        let end_ms = bucket.time_ms + series.bucket_ms;
        Bucket {
            label: local(bucket.time_ms, &Zone::utc(), form),
            counts: outcomes.iter().map(|outcome| count_of(&bucket.counts, *outcome)).collect(),
            zoom: (bucket.counts.total() > 0).then(|| zoom(here, bucket.time_ms, end_ms)),
            start_ms: bucket.time_ms,
            end_ms,
        }
    };
    let buckets = series.total.iter().map(bucket).collect();
    Bars { id: "requests", title: "Requests (UTC)".to_owned(), outcomes, buckets }
}
