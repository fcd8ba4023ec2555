//! Identities: the list, one of them, and the form.

mod form;
mod identity_page;
mod list;
mod usage;
mod verification_rows;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/identities", get(member(app, list::list)))
        .at("/identities/new", get(member(app, form::new)).post(member(app, form::create)))
        .at("/identities/:id", get(member(app, identity_page::show)))
        .at("/identities/:id/usage", get(member(app, usage::show)))
        .at("/identities/:id/edit", get(member(app, form::edit)).post(member(app, form::save)))
        .at("/identities/:id/delete", post(member(app, form::delete)))
}
