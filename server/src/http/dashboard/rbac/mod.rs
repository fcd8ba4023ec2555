//! Roles and permissions, and what their pages share with those of identities:
//! keys as lines, acts that are confirmed by typing, places in lists.

mod permissions;
mod roles;

use std::sync::Arc;

use poem::Route;
use web::components::{Filters, Sorting};
use web::form::CONFIRM;
use web::pages::parts::{KEYS, KeyLine};
use web::paths::{Href, SORT};

use super::endpoint::member;
use super::member_request::MemberRequest;
use crate::app::App;
use crate::http::methods::{get, post};
use base::error::{Code, Error, Result};
use base::store::{BoundedCount, Page};
use domain::keys::SharedBy;

/// Rows of a list.
pub(super) const ROWS: u64 = 50;
/// Keys on a page about something else.
const FEW: u64 = 20;

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

impl MemberRequest {
    /// A list that is searched and whose choices can be kept.
    pub(super) async fn searched(&self, searches: &str) -> Result<Filters> {
        let saved = self.saved_views().await?;
        Ok(Filters { saved, can_save: true, ..Filters::search_only(self.here(), searches) })
    }

    /// The order that the address asks for: one of these columns, else `default`.
    pub(super) fn sorting(&self, columns: &[&str], default: &str) -> Sorting {
        let asked = self.query().text(SORT);
        let known = columns.contains(&asked.trim_start_matches('-'));
        let chosen = if known { asked } else { default };
        Sorting { column: chosen.trim_start_matches('-').to_owned(), descending: chosen.starts_with('-') }
    }

    /// Whether what has to be typed was; else the problem, at the act.
    pub(super) fn confirmed(&self, act: &Href, name: &str) -> std::result::Result<(), (String, String)> {
        match self.form().text(CONFIRM) == name.trim() {
            true => Ok(()),
            false => Err((act.as_str().to_owned(), format!("Type {name} exactly as it stands here."))),
        }
    }

    /// Keys that have something in common, and the cursor of the next.
    pub(super) async fn sharing(&self, shared: &SharedBy) -> Result<(Vec<KeyLine>, Option<String>)> {
        let page = Page { limit: FEW, cursor: self.query().given(KEYS).map(ToOwned::to_owned) };
        let found = self.app.keys.sharing(&self.cx, shared, &page).await?;
        Ok((found.items.iter().map(|key| self.key_line(key)).collect(), found.next))
    }
}

pub(super) fn tally(tally: BoundedCount) -> web::components::Tally {
    web::components::Tally { count: tally.count, more: tally.more }
}

/// The field that a refusal is about: the one it names, or that of a name taken.
pub(super) fn field_of<'a>(error: &Error, fields: &[&'a str]) -> &'a str {
    let taken = match error.code() {
        Code::IdentityExists => "external_id",
        Code::RoleExists => "name",
        Code::PermissionExists => "slug",
        _ => "",
    };
    let named = |field: &&&str| **field == taken || error.detail().starts_with(&format!("The {field} "));
    fields.iter().find(named).copied().unwrap_or_default()
}
