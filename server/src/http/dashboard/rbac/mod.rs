//! Roles and permissions of keys.

mod permissions;
mod roles;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/roles", get(member(app, roles::list)))
        .at("/roles/new", get(member(app, roles::new)).post(member(app, roles::create)))
        .at("/roles/:id", get(member(app, roles::show)))
        .at("/roles/:id/edit", get(member(app, roles::edit)).post(member(app, roles::save)))
        .at("/roles/:id/delete", post(member(app, roles::delete)))
        .at("/permissions", get(member(app, permissions::list)))
        .at("/permissions/new", get(member(app, permissions::new)).post(member(app, permissions::create)))
        .at("/permissions/:id/edit", get(member(app, permissions::edit)).post(member(app, permissions::save)))
        .at("/permissions/:id/delete", post(member(app, permissions::delete)))
}
