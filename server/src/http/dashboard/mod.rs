//! The dashboard's door: addresses to handlers, forms to commands, domain values
//! to the views of `web`.
//!
//! A thin door: every rule and right is the domain's. A handler takes a
//! [`visit::Visit`] and gives an [`answer::Answer`]; who it is, whether a form is
//! to be trusted and how an error looks is settled once, in [`serve`]. Nothing is
//! imported from another door.

mod access;
mod answer;
mod apis;
mod assets;
mod bulk;
mod clash;
mod cookies;
mod duration;
mod entrance;
mod expiry;
mod fields;
mod figures;
mod flash;
mod guard;
mod home;
mod identities;
mod keys;
mod logs;
mod own;
mod portals;
mod query;
mod ratelimits;
mod root_keys;
mod serve;
mod settings;
mod shown;
mod span;
mod tail;
mod upload;
mod visit;

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::{Request, Route};

use self::serve::{guest, member};
use crate::app::App;
use crate::http::methods::{get, post};

/// Whether the body of a request to a path is stored as it comes.
pub fn goes_to_disk(path: &str) -> bool {
    path == bulk::IMPORT
}

/// Adds the pages of the dashboard to a route table.
pub fn mount(route: Route, app: &Arc<App>) -> Route {
    let route = route
        .at(assets::ROUTE, get(make_sync(|request: Request| assets::serve(&request))))
        .at("/setup/:token", get(guest(app, entrance::setup_page)).post(guest(app, entrance::set_up)))
        .at("/login", get(guest(app, entrance::login_page)).post(guest(app, entrance::sign_in)))
        .at(
            "/login/second-factor",
            get(guest(app, entrance::second_factor_page)).post(guest(app, entrance::second_step)),
        )
        .at(
            "/invites/:token",
            get(guest(app, entrance::invite_page)).post(guest(app, entrance::accept_invite)),
        )
        .at("/logout", post(member(app, entrance::sign_out)))
        .at("/theme", post(member(app, own::theme)))
        .at("/workspaces/switch", post(member(app, own::switch_workspace)))
        .at("/views", post(member(app, own::save_view)))
        .at("/views/:id/delete", post(member(app, own::delete_view)))
        .at("/shortcuts", get(member(app, own::shortcuts)))
        // Not `/*path`: that would take `/` itself.
        .at("/:first", get(guest(app, own::nothing)))
        .at("/:first/*rest", get(guest(app, own::nothing)));
    let areas = [
        home::mount,
        apis::mount,
        keys::mount,
        portals::mount,
        bulk::mount,
        query::mount,
        identities::mount,
        ratelimits::mount,
        access::mount,
        root_keys::mount,
        logs::mount,
        settings::mount,
    ];
    areas.into_iter().fold(route, |route, mount| mount(route, app))
}
