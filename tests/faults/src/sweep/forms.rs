//! Every form of the dashboard, found as somebody finds it who follows links.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::objects::Objects;
use crate::doors::Connection;
use crate::doors::dashboard::{Browser, PASSWORD, SIGNED_OUT};
use crate::doors::page::Form;
use crate::model::Outcome;

/// A form by its action and the page it is on. Ids of objects are written as
/// [`Objects::fill`] reads them; in an action, those of anything else as `:id`.
#[derive(Clone, Debug)]
pub struct Route {
    pub action: String,
    page: String,
}

/// Pages that are not reached by links alone, because lists show but the newest.
const ALSO: &[&str] = &[
    "/apis/<api>",
    "/apis/<api>/settings",
    "/apis/<api>/portal",
    "/apis/<api>/keys/new",
    "/keys/<key>",
    "/keys/<key>/edit",
    "/keys/<key>/rotate",
    "/keys/<gone>",
    "/keys/<off>",
    "/keys/<kept>",
    "/identities/<identity>",
    "/identities/<identity>/edit",
    "/roles/<role>",
    "/roles/<role>/edit",
    "/permissions/<permission>",
    "/permissions/<permission>/edit",
    "/root-keys/<root>/edit",
    "/root-keys/<root>/rotate",
    "/root-keys?q=<root_name>",
    "/ratelimits/<namespace_id>",
    "/ratelimits/<namespace_id>/settings",
    "/ratelimits/<namespace_id>/overrides/new",
    "/ratelimits/<namespace_id>/overrides/<override>",
];
/// What all objects of a server have in common.
const SHARED: &str = "<kept_api>";
/// More than the dashboard has.
const MOST_PAGES: usize = 400;

/// Forms that end what sends them: the session, the account's ways in, the workspace.
/// They are left for the end.
const LAST: &[&str] = &[
    "/settings/team/:id/role",
    "/settings/team/:id/end-sessions",
    "/settings/team/:id/remove",
    "/settings/sessions/:id/end",
    "/settings/sessions/end-others",
    "/settings/security/totp",
    "/settings/security/password",
    "/logout",
    "/settings/danger/delete",
];

/// What to write into fields that must be filled in, or without which nothing changes.
/// The last that fits counts.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("*", "name", "<new>"),
    ("*", "slug", "<new>"),
    ("*", "external_id", "<new>"),
    ("*", "email", "<new>@example.com"),
    ("*", "identifier", "<new>"),
    ("*", "limit", "7"),
    ("*", "duration", "60s"),
    ("*", "display_name", "<new>"),
    ("*", "slugs", "<new>"),
    ("*", "credits", "55"),
    ("/apis/<api>/keys/bulk", "id", "<key>"),
    ("/explain", "key", "<secret>"),
    ("/settings/configuration", "document", "version: 1"),
    ("/theme", "theme", "dark"),
    ("/workspaces/switch", "workspace", "<workspace>"),
    ("/import", "what", "identities"),
    ("/settings/security/totp", "password", PASSWORD),
    ("/settings/security/password", "current", PASSWORD),
    ("/settings/security/password", "password", "another long pass phrase"),
];

/// All forms that are found, of pages about these objects and of those about none.
pub fn find(connection: &mut Connection<'_>, browser: &mut Browser, objects: &Objects) -> Vec<Route> {
    // Home comes first: what is on every page is sent from there, which outlasts the rest.
    let mut waiting: VecDeque<String> = ["/"].iter().chain(ALSO).map(|page| (*page).to_owned()).collect();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut routes = BTreeMap::new();
    for _ in 0..MOST_PAGES {
        let Some(pattern) = waiting.pop_front() else { break };
        let Outcome::Done(page) = browser.visit(connection, &objects.fill(&pattern)) else { continue };
        for form in page.forms.iter().filter(|form| form.is_post) {
            let action = shape(&form.action, objects);
            // One of each kind, and nothing that is not theirs alone.
            if !action.contains(SHARED) {
                let route = Route { page: pattern.clone(), action };
                routes.entry(route.kind()).or_insert(route);
            }
        }
        for link in &page.links {
            let path = link.split(['?', '#']).next().unwrap_or_default();
            let is_page = path.starts_with('/') && !path.starts_with("/docs");
            // Of pages about something else, one of each kind.
            if is_page && known.insert(shape(path, objects)) {
                waiting.push_back(objects.pattern(path));
            }
        }
    }
    routes.into_values().collect()
}

impl fmt::Display for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.action, self.page)
    }
}

impl Route {
    /// The same for actions on other objects, of which only the first is found: ours.
    fn kind(&self) -> String {
        let segments = self.action.split('/');
        let kinds = segments.map(|segment| if segment.starts_with('<') { ":id" } else { segment });
        kinds.collect::<Vec<_>>().join("/")
    }

    pub fn is_last(&self) -> bool {
        self.place() > 0
    }

    /// When it is sent: those that are left for the end in their order, after all others.
    pub fn place(&self) -> usize {
        LAST.iter().position(|action| *action == self.action).map_or(0, |place| place + 1)
    }

    /// Opens its page and sends it, filled in.
    pub fn submit(
        &self,
        connection: &mut Connection<'_>,
        browser: &mut Browser,
        objects: &Objects,
    ) -> Outcome<()> {
        let path = objects.fill(&self.page);
        let page = match browser.visit(connection, &path) {
            Outcome::Refused(why) if why == SIGNED_OUT => browser.visit(connection, &path),
            other => other,
        };
        let page = match page {
            Outcome::Done(page) => page,
            Outcome::Refused(why) | Outcome::Unsure { why, .. } => return Outcome::Refused(why),
        };
        let mut forms = page.forms.iter().filter(|form| form.is_post);
        let Some(form) = forms.find(|form| shape(&form.action, objects) == self.action) else {
            return Outcome::Refused(format!("{} has no such form any more", self.page));
        };
        browser.submit(connection, form, &self.filled(form, objects)).map(|_| ())
    }

    fn filled(&self, form: &Form, objects: &Objects) -> Vec<(String, String)> {
        let mut changes: BTreeMap<&str, String> = BTreeMap::new();
        for (action, field, value) in WRITTEN {
            if *action == self.action || *action == "*" && form.value(field).is_some() {
                changes.insert(field, objects.fill(value));
            }
        }
        if let Some(confirm) = &form.confirm {
            changes.insert("confirm", confirm.clone());
        }
        let changes: Vec<_> = changes.into_iter().collect();
        form.filled(&changes)
    }
}

/// A path, whatever it is about.
fn shape(path: &str, objects: &Objects) -> String {
    let pattern = objects.pattern(path);
    let segments = pattern.split('/').map(|segment| if is_id(segment) { ":id" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether it looks like the id of something.
fn is_id(segment: &str) -> bool {
    let id = segment.split_once('_').map_or("", |(_, id)| id);
    !segment.starts_with('<') && id.len() >= 12
}
