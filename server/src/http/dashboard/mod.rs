//! The dashboard's door: addresses to handlers, forms to commands, domain values
//! to the views of `web`.
//!
//! A thin door: every rule and right is the domain's. A handler takes a
//! [`member_request::MemberRequest`] and gives a [`reply::Reply`]; who it is, whether a form is
//! to be trusted and how an error looks is settled once, in [`endpoint`]. Nothing is
//! imported from another door.

mod api_reference;
mod apis;
mod assets;
mod bulk;
mod charts;
mod confirmation;
mod cookies;
mod csrf;
mod edit_conflict;
mod endpoint;
mod error_page;
mod event_log;
mod event_query;
mod expiry;
mod fields;
mod flash;
mod form_errors;
mod home;
mod identities;
mod invitation;
mod key_filter;
mod keys;
mod known_ids;
mod limit_fields;
mod lists;
mod live_log;
mod local_time;
mod logs;
mod member_request;
mod metadata;
mod oauth;
mod outcome_counts;
mod page_frame;
mod portals;
mod preferences;
mod presenters;
mod ratelimits;
mod rbac;
mod reply;
mod request_input;
mod root_keys;
mod saved_views;
mod search;
mod settings;
mod setup;
mod sign_in;
mod span_before;
mod sql;
mod time_span;
mod upload;
mod visitor_request;

use std::sync::Arc;

use poem::Route;
use poem::endpoint::make;

use self::endpoint::{member, visitor};
pub use self::error_page::unavailable;
use crate::app::App;
use crate::http::methods::{Methods, get, post};

/// Whether the body of a request to a path is stored as it comes.
pub fn goes_to_disk(path: &str) -> bool {
    path == bulk::IMPORT
}

/// The page of an address that has none.
pub fn unknown_page(app: &Arc<App>) -> Methods {
    get(visitor(app, error_page::not_found))
}

/// Adds the pages of the dashboard to a route table.
pub fn mount(route: Route, app: &Arc<App>) -> Route {
    let route = route
        .at(assets::ROUTE, get(make(assets::serve)))
        .at("/setup/:token", get(visitor(app, setup::setup_page)).post(visitor(app, setup::set_up)))
        .at("/login", get(visitor(app, sign_in::login_page)).post(visitor(app, sign_in::sign_in)))
        .at(
            "/login/second-factor",
            get(visitor(app, sign_in::second_factor_page)).post(visitor(app, sign_in::second_step)),
        )
        .at(
            "/invites/:token",
            get(visitor(app, invitation::invite_page)).post(visitor(app, invitation::accept_invite)),
        )
        .at("/logout", post(member(app, sign_in::sign_out)))
        .at("/theme", post(member(app, preferences::theme)))
        .at("/workspaces/switch", post(member(app, preferences::switch_workspace)))
        .at("/views", post(member(app, saved_views::save_view)))
        .at("/views/:id/delete", post(member(app, saved_views::delete_view)))
        .at("/shortcuts", get(member(app, preferences::shortcuts)));
    let areas = [
        home::mount,
        apis::mount,
        keys::mount,
        portals::mount,
        bulk::mount,
        search::mount,
        sql::mount,
        identities::mount,
        ratelimits::mount,
        rbac::mount,
        root_keys::mount,
        oauth::mount,
        logs::mount,
        settings::mount,
    ];
    areas.into_iter().fold(route, |route, mount| mount(route, app))
}
