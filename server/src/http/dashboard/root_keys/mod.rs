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
        states.push(Chip::new(Tone::Error, "Expired", "Calls with it are refused."));
    } else if key.expires_at.is_some_and(|expires_at| expires_at - now_ms <= SOON_MS) {
        states.push(Chip::new(Tone::Attention, "Expires soon", "It stops working within a week."));
    }
    if !key.enabled {
        states.push(Chip::new(Tone::Caution, "Disabled", "Calls with it are refused until it is enabled."));
    }
    if key.is_stale(now_ms) {
        let (label, reason) = match key.last_used_at {
            Some(_) => (
                format!("Unused {STALE_DAYS} days"),
                "Nobody used it for long. Delete it if nothing needs it any more.",
            ),
            None => ("Never used".to_owned(), "It was made long ago and never used."),
        };
        states.push(Chip::new(Tone::Caution, &label, reason));
    }
    if key.full {
        states.push(Chip::new(
            Tone::Caution,
            "Full rights",
            "It may do everything, whatever it is used for.",
        ));
    }
    if states.is_empty() {
        states.push(Chip::new(Tone::Good, "Active", ""));
    }
    if let Some(client) = &key.client {
        let reason =
            format!("Somebody gave it to a program that calls itself \u{201c}{}\u{201d}.", client.name);
        states.push(Chip::new(Tone::Info, "By OAuth", &reason));
    }
    states
}

fn addresses(details: &RootKeyDetails) -> Vec<String> {
    let list = details.ip_allowlist.as_deref().unwrap_or_default();
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}
