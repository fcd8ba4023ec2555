//! Asking a person whether a program may have a root key.

mod answer;
mod consent;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::get;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route.at("/oauth/authorize", get(member(app, consent::ask)).post(member(app, consent::decide)))
}
