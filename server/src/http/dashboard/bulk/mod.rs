//! Many rows at once: bulk changes, imports, exports, and the jobs that carry
//! them out.
//!
//! What a job may do to a row, and what a file may hold, is said in the rooms
//! `bulk` and `transfer`; here are forms, lists and streams.

mod export;
mod export_fields;
mod import;
mod import_formats;
mod job_form;
mod jobs;
mod key_changes;
mod key_selection;
mod streamed_file;

use std::sync::Arc;

use poem::Route;

use super::endpoint::{member, member_with_file};
use crate::app::App;
use crate::http::methods::{get, post};

/// Where files are sent to.
pub const IMPORT: &str = "/import";

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at(
            "/apis/:id/keys/bulk",
            get(member(app, key_changes::back)).post(member(app, key_changes::change_keys)),
        )
        .at("/jobs", get(member(app, jobs::list)))
        .at("/jobs/:id", get(member(app, jobs::show)))
        .at("/jobs/:id/cancel", post(member(app, jobs::cancel)))
        .at("/jobs/:id/undo", post(member(app, jobs::undo)))
        .at("/jobs/:id/result.csv", get(member(app, jobs::results)))
        .at(IMPORT, get(member(app, import::page)).post(member_with_file(app, import::import)))
        .at("/export", get(member(app, export::export)))
}
