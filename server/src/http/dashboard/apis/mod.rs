//! The APIs of a workspace: their list, making one, what they were used for, settings.
//!
//! The keys of an API have an area of their own.

mod list;
mod overview;
mod settings;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::get;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    use settings::{delete, set_allowlist, set_defaults, set_protection, set_recovery, show};
    // A refused form stays at the path it was posted to; loading that again shows the settings.
    route
        .at("/apis", get(member(app, list::list)))
        .at("/apis/new", get(member(app, list::new)).post(member(app, list::create)))
        .at("/apis/:id", get(member(app, overview::overview)))
        .at("/apis/:id/settings", get(member(app, show)))
        .at("/apis/:id/settings/defaults", get(member(app, show)).post(member(app, set_defaults)))
        .at("/apis/:id/settings/allowlist", get(member(app, show)).post(member(app, set_allowlist)))
        .at("/apis/:id/settings/recovery", get(member(app, show)).post(member(app, set_recovery)))
        .at("/apis/:id/settings/protection", get(member(app, show)).post(member(app, set_protection)))
        .at("/apis/:id/delete", get(member(app, show)).post(member(app, delete)))
}
