//! Namespaces of rate limits, their decisions and overrides.
//!
//! A namespace is in addresses by its id; its name works as well.

mod decision_log;
mod namespace_traffic;
mod namespaces;
mod overrides;

use std::sync::Arc;

use poem::Route;
use web::components::{FilterField, FilterKind, Outcome};
use web::pages::parts::{Named, NamespaceRef};
use web::texts::{common, ratelimits as text};

use super::endpoint::member;
use super::member_request::MemberRequest;
use crate::app::App;
use crate::http::methods::{get, post};
use base::error::Result;
use base::store::Page;
use domain::ratelimit::namespace_admin::Namespace;

/// Namespaces that the menu beside the name offers.
const SIBLINGS: u64 = 20;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/ratelimits", get(member(app, namespaces::list)))
        .at("/ratelimits/new", get(member(app, namespaces::new)).post(member(app, namespaces::create)))
        .at("/ratelimits/:id", get(member(app, namespace_traffic::show)))
        .at("/ratelimits/:id/logs", get(member(app, decision_log::show)))
        .at(
            "/ratelimits/:id/settings",
            get(member(app, namespaces::settings)).post(member(app, namespaces::rename)),
        )
        .at("/ratelimits/:id/delete", post(member(app, namespaces::delete)))
        .at("/ratelimits/:id/overrides", get(member(app, overrides::list)))
        .at(
            "/ratelimits/:id/overrides/new",
            get(member(app, overrides::new)).post(member(app, overrides::create)),
        )
        .at(
            "/ratelimits/:id/overrides/:override",
            get(member(app, overrides::edit)).post(member(app, overrides::save)),
        )
        .at("/ratelimits/:id/overrides/:override/delete", post(member(app, overrides::delete)))
}

/// The namespace the path names, and those one can hop to from it.
async fn namespace_of_path(request: &MemberRequest) -> Result<(Namespace, NamespaceRef)> {
    let namespace = request.app.namespaces.get(&request.cx, request.id()).await?;
    let first = Page { limit: SIBLINGS, cursor: None };
    let siblings = request.app.namespaces.browse(&request.cx, "", &first).await?.items;
    let siblings = siblings.iter().map(|one| Named::new(one.id.as_str(), &one.name)).collect();
    let reference = NamespaceRef { id: namespace.id.to_string(), name: namespace.name.clone(), siblings };
    Ok((namespace, reference))
}

/// Passed or blocked, as a choice.
fn outcome_field() -> FilterField {
    let options = Outcome::DECISIONS.map(|outcome| (outcome.code().to_owned(), outcome.label().to_owned()));
    FilterField {
        name: "outcome".to_owned(),
        label: common::OUTCOME.to_owned(),
        kind: FilterKind::AnyOf(options.to_vec()),
    }
}

fn identifier_field() -> FilterField {
    FilterField {
        name: "identifier".to_owned(),
        label: text::IDENTIFIER.to_owned(),
        kind: FilterKind::Text { placeholder: text::IDENTIFIER_PLACEHOLDER.to_owned() },
    }
}

/// The outcomes that are asked for, as events name them; none for both.
pub fn decisions(request: &MemberRequest) -> Vec<String> {
    let name = |code: &str| match code {
        "PASSED" => Some("passed".to_owned()),
        "BLOCKED" => Some("denied".to_owned()),
        _ => None,
    };
    request.query().all("outcome").filter_map(name).collect()
}
