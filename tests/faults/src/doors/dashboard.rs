//! The dashboard, as somebody without script uses it: signs in, opens a page,
//! fills in one of its forms and sends it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Connection;
use super::change::{Change, Made, NewKey};
use super::page::{Form, Page};
use super::wire::{Reply, Request};
use crate::model::Outcome;

pub const PASSWORD: &str = "correct horse battery";
/// Why a page is refused to somebody without a session.
pub const SIGNED_OUT: &str = "signed out";

/// Somebody's browser.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Accounts, used in turns, because each has a budget of attempts.
    emails: Vec<String>,
    next: usize,
    /// The cookie of the session, once signed in.
    pub session: Option<String>,
}

/// A form of a page, and what to write into it.
struct Entry {
    page: String,
    action: String,
    fields: Vec<(&'static str, String)>,
    /// Boxes of these names are unticked first.
    without: &'static [&'static str],
}

impl Browser {
    pub fn new(emails: Vec<String>) -> Self {
        Self { emails, next: 0, session: None }
    }

    /// The account it signs in with next.
    pub fn email(&self) -> &str {
        &self.emails[self.next % self.emails.len()]
    }

    /// Signs in, which begins a session.
    pub fn sign_in(&mut self, connection: &mut Connection<'_>) -> Outcome<()> {
        let page = match connection.send(&get("/login", None)) {
            Outcome::Done(reply) => reply,
            other => return refused(other),
        };
        let form_cookie = cookie(&page, "unkey_form").map(|value| format!("unkey_form={value}"));
        let parsed = Page::parse(&page.body);
        let Some(form) = parsed.form("/login") else {
            return Outcome::Refused("the page has no form to sign in".to_owned());
        };
        let fields = form.filled(&[("email", self.email().to_owned()), ("password", PASSWORD.to_owned())]);
        self.next += 1;
        let mut request = post("/login", &fields, form_cookie.as_deref());
        request.headers.push(("x-forwarded-for", connection.address()));
        match connection.send(&request) {
            Outcome::Done(reply) => match cookie(&reply, "unkey_session") {
                Some(session) => {
                    self.session = Some(session);
                    Outcome::Done(())
                }
                None => Outcome::Refused(format!("not signed in: {}", reply.status)),
            },
            other => other.map(|_| ()),
        }
    }

    /// A page, signing in first if need be.
    pub fn visit(&mut self, connection: &mut Connection<'_>, path: &str) -> Outcome<Page> {
        if self.session.is_none()
            // Attempts have a budget, which is not for us to waste.
            && let outcome @ (Outcome::Refused(_) | Outcome::Unsure { .. }) =
                connection.politely(|connection| self.sign_in(connection))
        {
            return outcome.map(|()| Page::default());
        }
        let outcome = self.open(connection, path);
        if matches!(&outcome, Outcome::Refused(why) if why == SIGNED_OUT) {
            self.session = None;
        }
        outcome
    }

    /// A page; refused when nobody is signed in.
    pub fn open(&mut self, connection: &mut Connection<'_>, path: &str) -> Outcome<Page> {
        let reply = match connection.send(&get(path, self.cookies().as_deref())) {
            Outcome::Done(reply) => reply,
            other => return other.map(|_| Page::default()),
        };
        match location(&reply) {
            Some(to) if to.starts_with("/login") => Outcome::Refused(SIGNED_OUT.to_owned()),
            Some(to) => Outcome::Refused(format!("sent on to {to}")),
            None => Outcome::Done(Page::parse(&reply.body)),
        }
    }

    /// Sends a form of a page that is open.
    pub fn submit(
        &mut self,
        connection: &mut Connection<'_>,
        form: &Form,
        fields: &[(String, String)],
    ) -> Outcome<Reply> {
        let cookies = self.cookies();
        let request = match form.has_file {
            true => upload(&form.action, fields, cookies.as_deref()),
            false => post(&form.action, fields, cookies.as_deref()),
        };
        let outcome = connection.send(&request);
        let Outcome::Done(reply) = &outcome else { return outcome };
        match (location(reply), problem(reply)) {
            // Where who signs out is sent as well, but not for being so already.
            (Some(to), _) if to.starts_with("/login") && to.contains("ended=1") => {
                Outcome::Refused(SIGNED_OUT.to_owned())
            }
            (Some(_), Some(problem)) => Outcome::Refused(problem),
            _ => outcome,
        }
    }

    /// Makes a change, signing in first if need be; `None` if no form does that.
    pub fn make(&mut self, connection: &mut Connection<'_>, change: &Change) -> Option<Outcome<Made>> {
        let entry = entry(change)?;
        let page = match self.visit(connection, &entry.page) {
            Outcome::Done(page) => page,
            other => return Some(refused(other)),
        };
        let Some(form) = page.form(&entry.action) else {
            return Some(Outcome::Refused(format!("{} has no form to {}", entry.page, entry.action)));
        };
        let mut form = form.clone();
        form.fields.retain(|(name, _)| !entry.without.contains(&name.as_str()));
        let fields = form.filled(&entry.fields);
        Some(self.submit(connection, &form, &fields).map(|reply| made(change, &reply)))
    }

    fn cookies(&self) -> Option<String> {
        self.session.as_ref().map(|session| format!("unkey_session={session}"))
    }
}

pub fn get(path: &str, cookie: Option<&str>) -> Request {
    let headers = cookie.map(|cookie| ("cookie", cookie.to_owned())).into_iter().collect();
    Request { method: "GET", path: path.to_owned(), headers, body: Vec::new() }
}

fn post(path: &str, fields: &[(String, String)], cookie: Option<&str>) -> Request {
    let mut request = get(path, cookie);
    request.method = "POST";
    request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    request.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
    request
}

/// A form with a file: of one identity, whose name nothing else has.
fn upload(path: &str, fields: &[(String, String)], cookie: Option<&str>) -> Request {
    const EDGE: &str = "edge-of-a-part";
    let nonce = fields.iter().find(|(name, _)| name == "nonce");
    let person = nonce.map_or("imported", |(_, value)| value);
    let part = |(name, value): &(String, String)| {
        format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body: String = fields.iter().map(part).collect();
    body += &format!(
        "--{EDGE}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\
         content-type: application/octet-stream\r\n\r\nexternal_id,meta\n{person},\n\r\n--{EDGE}--\r\n"
    );
    let mut request = get(path, cookie);
    request.method = "POST";
    request.headers.push(("content-type", format!("multipart/form-data; boundary={EDGE}")));
    request.body = body.into_bytes();
    request
}

/// Whatever kept a form from being sent has changed nothing.
fn refused<T, U>(outcome: Outcome<T>) -> Outcome<U> {
    match outcome {
        Outcome::Done(_) => Outcome::Refused("done, but not what was wanted".to_owned()),
        Outcome::Refused(why) | Outcome::Unsure { why, .. } => Outcome::Refused(why),
    }
}

fn location(reply: &Reply) -> Option<&str> {
    reply.headers.get("location").and_then(|to| to.to_str().ok())
}

fn cookie(reply: &Reply, name: &str) -> Option<String> {
    let set = reply.headers.get_all("set-cookie");
    let mut pairs = set.iter().filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='));
    pairs.find(|(own, value)| *own == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// What the next page would complain of.
fn problem(reply: &Reply) -> Option<String> {
    let carried = URL_SAFE_NO_PAD.decode(cookie(reply, "unkey_flash")?).ok()?;
    let carried: Value = serde_json::from_slice(&carried).ok()?;
    (carried["problem"] == true).then(|| carried["text"].as_str().unwrap_or_default().to_owned())
}

fn made(change: &Change, reply: &Reply) -> Made {
    let page = Page::parse(&reply.body);
    let prefix = match change {
        Change::CreateKey(_) | Change::RerollKey { .. } => "/keys/",
        Change::CreateRootKey { .. } => "/root-keys/",
        Change::CreateRole { .. } => "/roles/",
        Change::CreateIdentity { .. } => "/identities/",
        _ => return Made::default(),
    };
    // Either a page with the secret, or the way to the page of what was made.
    let gone_to = location(reply).and_then(|to| to.strip_prefix(prefix));
    let id = gone_to.and_then(|rest| rest.split(['/', '?']).next()).filter(|id| id.contains('_'));
    Made { id: id.map(ToOwned::to_owned).or_else(|| page.id_after(prefix)), secret: page.secret }
}

/// The form that makes this change.
fn entry(change: &Change) -> Option<Entry> {
    let form = |page: String, action: String, fields| Some(Entry { page, action, fields, without: &[] });
    let own = |path: String, fields| form(path.clone(), path, fields);
    match change {
        Change::CreateKey(key) => own(format!("/apis/{}/keys/new", key.api), new_key(key)),
        Change::RenameKey { id, name } => own(format!("/keys/{id}/edit"), vec![("name", name.clone())]),
        Change::SwitchKey { id, enabled } => {
            let act = if *enabled { "enable" } else { "disable" };
            form(format!("/keys/{id}"), format!("/keys/{id}/{act}"), vec![])
        }
        Change::DeleteKey { id } => form(format!("/keys/{id}/edit"), format!("/keys/{id}/delete"), vec![]),
        Change::RestoreKey { id } => form(format!("/keys/{id}"), format!("/keys/{id}/restore"), vec![]),
        Change::RerollKey { id } => own(format!("/keys/{id}/rotate"), vec![("grace_ms", "0".to_owned())]),
        Change::SetCredits { id, credits } => {
            own(format!("/keys/{id}/edit"), vec![("credits", credits.to_string())])
        }
        Change::CreateRootKey { name } => {
            let fields = vec![("name", name.clone()), ("permissions", "api.*.read_api".to_owned())];
            own("/root-keys/new".to_owned(), fields)
        }
        Change::SwitchRootKey { id, enabled } => {
            let act = if *enabled { "enable" } else { "disable" };
            form("/root-keys".to_owned(), format!("/root-keys/{id}/{act}"), vec![])
        }
        Change::RevokeRootKey { id, name } => {
            let confirm = vec![("confirm", name.clone())];
            form(format!("/root-keys/{id}/edit"), format!("/root-keys/{id}/delete"), confirm)
        }
        Change::SetAllowlist { api, addresses } => {
            let fields = vec![("ip_allowlist", (*addresses).to_owned())];
            form(format!("/apis/{api}/settings"), format!("/apis/{api}/settings/allowlist"), fields)
        }
        _ => entry_of_access(change),
    }
}

fn entry_of_access(change: &Change) -> Option<Entry> {
    let form = |page: String, action: String, fields| Entry { page, action, fields, without: &[] };
    let confirmed = |path: String, name: &str| {
        form(format!("{path}/edit"), format!("{path}/delete"), vec![("confirm", name.to_owned())])
    };
    let own = |path: String, fields| form(path.clone(), path, fields);
    let meta = |plan: &u32| format!("{{\"plan\":{plan}}}");
    Some(match change {
        Change::CreateRole { name, slugs } => {
            own("/roles/new".to_owned(), vec![("name", name.clone()), ("slugs", slugs.join("\n"))])
        }
        Change::DeleteRole { id, name } => confirmed(format!("/roles/{id}"), name),
        Change::SetRolePermissions { id, slugs } => {
            let entry = own(format!("/roles/{id}/edit"), vec![("slugs", slugs.join("\n"))]);
            Entry { without: &["permissions"], ..entry }
        }
        Change::CreateIdentity { external_id, plan } => {
            let fields = vec![("external_id", external_id.clone()), ("meta", meta(plan))];
            own("/identities/new".to_owned(), fields)
        }
        Change::SetIdentityMeta { id, plan, .. } => {
            own(format!("/identities/{id}/edit"), vec![("meta", meta(plan))])
        }
        Change::DeleteIdentity { id, external_id } => confirmed(format!("/identities/{id}"), external_id),
        Change::SetOverride { place, .. } | Change::DeleteOverride { place }
            if place.namespace_id.is_empty() =>
        {
            // Whose page it is on is not known yet.
            return None;
        }
        Change::SetOverride { place, limit } => {
            let fields = vec![
                ("identifier", place.identifier.clone()),
                ("limit", limit.to_string()),
                ("duration", "60s".to_owned()),
            ];
            let path = format!("/ratelimits/{}/overrides", place.namespace_id);
            own(format!("{path}/{}", place.override_id.as_deref().unwrap_or("new")), fields)
        }
        Change::DeleteOverride { place } => {
            let id = place.override_id.as_ref()?;
            let path = format!("/ratelimits/{}/overrides/{id}", place.namespace_id);
            form(path.clone(), format!("{path}/delete"), vec![("confirm", place.identifier.clone())])
        }
        _ => return None,
    })
}

fn new_key(key: &NewKey) -> Vec<(&'static str, String)> {
    let mut fields = vec![("name", key.name.clone())];
    fields.extend(key.credits.map(|credits| ("credits", credits.to_string())));
    if let Some(amount) = key.refill {
        fields.extend([("refill", "daily".to_owned()), ("refill_amount", amount.to_string())]);
    }
    if let Some(limit) = key.daily_limit {
        fields.extend([
            ("limits.0.name", "default".to_owned()),
            ("limits.0.limit", limit.to_string()),
            ("limits.0.duration", "1d".to_owned()),
            ("limits.0.auto_apply", "on".to_owned()),
        ]);
    }
    fields.extend(key.external_id.as_ref().map(|id| ("external_id", id.clone())));
    fields.extend(key.recoverable.then(|| ("recoverable", "on".to_owned())));
    fields
}
