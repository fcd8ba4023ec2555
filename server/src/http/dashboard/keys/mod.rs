//! Keys: their lists, forms, pages, and what is done to one.
//!
//! What is done to many at a time is `bulk`'s.

mod activity;
mod changes;
mod create;
mod create_call;
mod edit;
mod key_actions;
mod key_choices;
mod key_form;
mod key_page;
mod key_usage;
mod list;
mod presets;
mod preview;
mod rotate;
mod secret_links;
mod secret_page;
mod verification_log;

use std::sync::Arc;

use poem::Route;

pub use secret_page::made_already;

use super::endpoint::{member, visitor};
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/apis/:id/keys", get(member(app, list::list)))
        .at("/apis/:id/keys/new", get(member(app, create::form)).post(member(app, create::create)))
        .at(presets::PAGE, get(member(app, create::choose)))
        .at("/keys/:id", get(member(app, activity::activity)))
        .at("/keys/:id/log", get(member(app, verification_log::log)))
        .at("/keys/:id/changes", get(member(app, changes::changes)))
        .at("/keys/:id/edit", get(member(app, edit::form)).post(member(app, edit::save)))
        .at("/keys/:id/rotate", get(member(app, rotate::rotate_form)).post(member(app, rotate::rotate)))
        .at("/keys/:id/reveal", post(member(app, secret_page::reveal)))
        .at("/keys/:id/enable", post(member(app, key_actions::enable)))
        .at("/keys/:id/disable", post(member(app, key_actions::disable)))
        .at("/keys/:id/delete", post(member(app, key_actions::delete)))
        .at("/keys/:id/restore", post(member(app, key_actions::restore)))
        .at("/keys/:id/link", post(member(app, secret_links::make)))
        .at("/links/:token", get(visitor(app, secret_links::page)).post(visitor(app, secret_links::reveal)))
}
