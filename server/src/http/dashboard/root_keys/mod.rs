//! Root keys: finding, making, changing, replacing and ending them.

mod form;
mod list;
mod permission_picker;
mod root_key_actions;
mod root_key_page;
mod rotate;
mod task;

pub use self::form::{RootKeyFields, with_others};
pub use self::permission_picker::{place_names, scopes, template, templates};

use std::sync::Arc;

use base::ids::RootKeyId;
use poem::Route;
use web::components::{Chip, Tone};
use web::pages::parts::Named;
use web::texts::{common, root_keys as text};

use super::endpoint::member;
use super::member_request::MemberRequest;
use crate::app::App;
use crate::http::methods::{get, post};
use domain::root_keys::{RootKey, RootKeyDetails, STALE_DAYS};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/root-keys", get(member(app, list::list)))
        .at("/root-keys/new", get(member(app, form::new)).post(member(app, form::create)))
        .at("/root-keys/:id", get(member(app, root_key_page::show)))
        .at("/root-keys/:id/edit", get(member(app, form::edit)).post(member(app, form::save)))
        .at("/root-keys/:id/rotate", get(member(app, rotate::rotate_page)).post(member(app, rotate::rotate)))
        .at("/root-keys/:id/enable", post(member(app, root_key_actions::enable)))
        .at("/root-keys/:id/disable", post(member(app, root_key_actions::disable)))
        .at("/root-keys/:id/delete", post(member(app, root_key_actions::delete)))
}

const SOON_MS: i64 = 7 * 24 * 60 * 60_000;

fn named(key: &RootKey) -> Named {
    Named::new(key.id.as_str(), &key.label())
}

fn id_of(request: &MemberRequest) -> RootKeyId {
    RootKeyId::from(request.id())
}

/// The states of a root key, the most urgent first.
fn states(key: &RootKey, now_ms: i64) -> Vec<Chip> {
    let mut states = Vec::new();
    if key.is_expired(now_ms) {
        states.push(Chip::new(Tone::Error, common::EXPIRED, text::EXPIRED_REASON));
    } else if key.expires_at.is_some_and(|expires_at| expires_at - now_ms <= SOON_MS) {
        states.push(Chip::new(Tone::Attention, common::EXPIRES_SOON, text::EXPIRES_SOON_REASON));
    }
    if !key.enabled {
        states.push(Chip::new(Tone::Caution, common::DISABLED, text::DISABLED_REASON));
    }
    if key.is_stale(now_ms) {
        let (label, reason) = match key.last_used_at {
            Some(_) => (text::unused_days(STALE_DAYS), text::UNUSED_REASON),
            None => (text::NEVER_USED.to_owned(), text::NEVER_USED_REASON),
        };
        states.push(Chip::new(Tone::Caution, &label, reason));
    }
    if key.full {
        states.push(Chip::new(Tone::Caution, text::FULL_RIGHTS, text::FULL_RIGHTS_REASON));
    }
    if states.is_empty() {
        states.push(Chip::new(Tone::Good, common::ACTIVE, ""));
    }
    if let Some(client) = &key.client {
        let reason = text::by_oauth_reason(&client.name);
        states.push(Chip::new(Tone::Info, text::BY_OAUTH, &reason));
    }
    states
}

fn addresses(details: &RootKeyDetails) -> Vec<String> {
    let list = details.ip_allowlist.as_deref().unwrap_or_default();
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}
