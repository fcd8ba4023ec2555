//! The logs: requests, verifications, changes, and why one was refused.
//!
//! Events are asked of the index, which knows no callers: every handler asks
//! for its right first.

mod audit_log;
mod explain;
mod explanation_trace;
mod log_filters;
mod permission_query_tree;
mod request_log;
mod sampling;
mod verification;

use std::collections::HashMap;
use std::sync::Arc;

use poem::Route;
use web::components::{FilterField, FilterKind};

pub use self::log_filters::{audit_filter, request_filter};
pub use self::request_log::{RESPONSES, request_row};
use super::endpoint::member;
use super::member_request::MemberRequest;
use crate::app::App;
use crate::http::methods::{get, post};
use base::error::Result;
use base::events::Stored;

/// What root keys are called, by id.
pub type Names = HashMap<String, String>;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/requests", get(member(app, request_log::list)))
        .at("/requests/:id", get(member(app, request_log::one)))
        .at("/verifications/:id", get(member(app, verification::one)))
        .at("/verifications/:id/explain", get(member(app, verification::explained)))
        .at("/explain", get(member(app, explain::page)).post(member(app, explain::ask)))
        .at("/explain/fix", post(member(app, explain::fix)))
        .at("/audit", get(member(app, audit_log::list)))
        .at("/audit/:id", get(member(app, audit_log::one)))
}

/// What the root keys of these events are called.
pub async fn root_key_names(request: &MemberRequest, events: &[Stored]) -> Result<Names> {
    let mut ids: Vec<&str> = events.iter().filter_map(root_key_of).collect();
    ids.sort_unstable();
    ids.dedup();
    request.app.root_keys.names(&request.cx, &ids).await
}

fn root_key_of(event: &Stored) -> Option<&str> {
    match event {
        Stored::Verification(event) => event.root_key.as_deref(),
        Stored::Ratelimit(event) => event.root_key.as_deref(),
        Stored::Request(event) => event.root_key.as_deref(),
    }
}

fn text_field(name: &str, label: &str, placeholder: &str) -> FilterField {
    let kind = FilterKind::Text { placeholder: placeholder.to_owned() };
    FilterField { name: name.to_owned(), label: label.to_owned(), kind }
}

fn choice_field(name: &str, label: &str, options: Vec<(String, String)>) -> FilterField {
    FilterField { name: name.to_owned(), label: label.to_owned(), kind: FilterKind::AnyOf(options) }
}
