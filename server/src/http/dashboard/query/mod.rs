//! Questions in SQL, and the search over everything.

mod exact_match;
mod search;
mod sql;
mod sql_chart;
mod sql_examples;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::get;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/sql", get(member(app, sql::page)).post(member(app, sql::ask)))
        .at("/search", get(member(app, search::linked)).post(member(app, search::pasted)))
}
