//! The dashboard's door: addresses to handlers, forms to commands, domain values
//! to the views of `web`.
//!
//! A thin door: every rule and right is the domain's. A handler takes a
//! [`member_request::MemberRequest`] and gives a [`reply::Reply`]; who it is, whether a form is
//! to be trusted and how an error looks is settled once, in [`endpoint`]. Nothing is
//! imported from another door.

mod apis;
mod assets;
mod bulk;
mod charts;
mod cookies;
mod csrf;
mod duration;
mod edit_conflict;
mod endpoint;
mod expiry;
mod fields;
mod flash;
mod home;
mod identities;
mod keys;
mod live_log;
mod logs;
mod member_request;
mod portals;
mod preferences;
mod presenters;
mod query;
mod ratelimits;
mod rbac;
mod reply;
mod root_keys;
mod settings;
mod sign_in;
mod time_span;
mod upload;

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::{Request, Route};

use self::endpoint::{member, visitor};
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
        .at("/setup/:token", get(visitor(app, sign_in::setup_page)).post(visitor(app, sign_in::set_up)))
        .at("/login", get(visitor(app, sign_in::login_page)).post(visitor(app, sign_in::sign_in)))
        .at(
            "/login/second-factor",
            get(visitor(app, sign_in::second_factor_page)).post(visitor(app, sign_in::second_step)),
        )
        .at(
            "/invites/:token",
            get(visitor(app, sign_in::invite_page)).post(visitor(app, sign_in::accept_invite)),
        )
        .at("/logout", post(member(app, sign_in::sign_out)))
        .at("/theme", post(member(app, preferences::theme)))
        .at("/workspaces/switch", post(member(app, preferences::switch_workspace)))
        .at("/views", post(member(app, preferences::save_view)))
        .at("/views/:id/delete", post(member(app, preferences::delete_view)))
        .at("/shortcuts", get(member(app, preferences::shortcuts)))
        // Not `/*path`: that would take `/` itself.
        .at("/:first", get(visitor(app, preferences::nothing)))
        .at("/:first/*rest", get(visitor(app, preferences::nothing)));
    let areas = [
        home::mount,
        apis::mount,
        keys::mount,
        portals::mount,
        bulk::mount,
        query::mount,
        identities::mount,
        ratelimits::mount,
        rbac::mount,
        root_keys::mount,
        logs::mount,
        settings::mount,
    ];
    areas.into_iter().fold(route, |route, mount| mount(route, app))
}
