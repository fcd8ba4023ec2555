//! Keys: their lists, forms, pages, and what is done to one.
//!
//! What is done to many at a time is `bulk`'s.

mod access;
mod acts;
mod create;
mod edit;
mod fields;
mod links;
mod list;
mod log;
mod secret;
mod seen;
mod show;

use std::sync::Arc;

use poem::Route;

use super::serve::{guest, member};
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/apis/:id/keys", get(member(app, list::list)))
        .at("/apis/:id/keys/new", get(member(app, create::form)).post(member(app, create::create)))
        .at("/keys/:id", get(member(app, show::activity)))
        .at("/keys/:id/log", get(member(app, log::log)))
        .at("/keys/:id/changes", get(member(app, show::changes)))
        .at("/keys/:id/edit", get(member(app, edit::form)).post(member(app, edit::save)))
        .at("/keys/:id/rotate", get(member(app, secret::rotate_form)).post(member(app, secret::rotate)))
        .at("/keys/:id/reveal", post(member(app, secret::reveal)))
        .at("/keys/:id/enable", post(member(app, acts::enable)))
        .at("/keys/:id/disable", post(member(app, acts::disable)))
        .at("/keys/:id/delete", post(member(app, acts::delete)))
        .at("/keys/:id/restore", post(member(app, acts::restore)))
        .at("/keys/:id/link", post(member(app, links::make)))
        .at("/links/:token", get(guest(app, links::page)).post(guest(app, links::reveal)))
}
