//! Settings: the workspace, its people, the reader's own account, and the server.

use std::sync::Arc;

use poem::Route;

use crate::app::App;

pub fn mount(route: Route, _app: &Arc<App>) -> Route {
    route
}
