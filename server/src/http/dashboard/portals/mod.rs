//! Portals: their settings beside an API, and the pages their end users see.

mod branding;
mod end_user_keys;
mod end_user_session;
mod end_user_usage;
mod settings;

use std::sync::Arc;

use poem::Route;

use self::end_user_keys::{keys, reroll};
use super::endpoint::{member, visitor};
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/apis/:id/portal", get(member(app, settings::show)).post(member(app, settings::save)))
        .at("/apis/:id/portal/delete", get(member(app, settings::show)).post(member(app, settings::delete)))
        .at("/apis/:id/portal/preview", get(member(app, settings::preview)))
        .at("/apis/:id/portal/preview.css", get(member(app, settings::preview_style)))
        // The address that `portal.createSession` answers with.
        .at("/portal/", get(visitor(app, end_user_session::enter)))
        .at("/portal", get(visitor(app, end_user_session::enter)))
        .at("/portal/:slug", get(visitor(app, keys)))
        .at("/portal/:slug/usage", get(visitor(app, end_user_usage::usage)))
        .at("/portal/:slug/keys/:id/reroll", get(visitor(app, keys)).post(visitor(app, reroll)))
        .at("/portal/:slug/logout", post(visitor(app, end_user_session::leave)))
        .at("/portal/:slug/brand.css", get(visitor(app, end_user_session::style)))
}
