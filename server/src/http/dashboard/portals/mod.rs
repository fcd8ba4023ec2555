//! Portals: their settings beside an API, and the pages their end users see.

mod end_user;
mod look;
mod own;
mod settings;

use std::sync::Arc;

use poem::Route;

use super::serve::{guest, member};
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/apis/:id/portal", get(member(app, settings::show)).post(member(app, settings::save)))
        .at("/apis/:id/portal/delete", get(member(app, settings::show)).post(member(app, settings::delete)))
        .at("/apis/:id/portal/preview", get(member(app, settings::preview)))
        .at("/apis/:id/portal/preview.css", get(member(app, settings::preview_style)))
        // The address that `portal.createSession` answers with.
        .at("/portal/", get(guest(app, end_user::enter)))
        .at("/portal", get(guest(app, end_user::enter)))
        .at("/portal/:slug", get(guest(app, own::keys)))
        .at("/portal/:slug/usage", get(guest(app, own::usage)))
        .at("/portal/:slug/keys/:id/reroll", get(guest(app, own::keys)).post(guest(app, own::reroll)))
        .at("/portal/:slug/logout", post(guest(app, end_user::leave)))
        .at("/portal/:slug/brand.css", get(guest(app, end_user::style)))
}
