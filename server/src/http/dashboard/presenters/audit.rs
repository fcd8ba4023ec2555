//! Entries of the audit log.

use web::pages::parts::{AuditRow, AuditSubject};
use web::paths::{self, Href};
use web::texts::{audit as text, common};

use super::changes::in_words;
use super::direction_marks::marks_shown;
use crate::http::dashboard::known_ids::KnownIds;
use crate::http::dashboard::member_request::MemberRequest;
use base::audit::AuditEntry;
use base::error::Result;

/// Entries in the order of a list; those of one act that follow each other say so.
pub async fn audit_rows(request: &MemberRequest, entries: Vec<AuditEntry>) -> Result<Vec<AuditRow>> {
    let known = KnownIds::of(request, &entries).await?;
    let mut before: Option<String> = None;
    let row = |entry: AuditEntry| {
        let act = entry.correlation_id.clone();
        let goes_on = act.is_some() && act == before;
        before = act;
        AuditRow { goes_on, ..audit_row(request, &known, entry) }
    };
    Ok(entries.into_iter().map(row).collect())
}

fn audit_row(request: &MemberRequest, known: &KnownIds, entry: AuditEntry) -> AuditRow {
    let about = entry.targets.iter().find_map(|target| {
        let href = way_to(&entry.event, &target.kind, &target.id)?;
        Some(AuditSubject { name: target.name.clone().unwrap_or_else(|| target.id.clone()), href })
    });
    AuditRow {
        id: entry.id.to_string(),
        at: request.stamp(entry.time_ms),
        actor_kind: actor_kind(&entry).to_owned(),
        actor_href: actor_href(&entry),
        about,
        changes: in_words(request, known, &entry.event, entry.changes.as_ref()),
        goes_on: false,
        event: entry.event,
        description: marks_shown(&entry.description),
        actor: entry.actor_name,
        ip: entry.ip,
    }
}

/// The page of who acted: a root key's, else what else they did.
pub fn actor_href(entry: &AuditEntry) -> Option<Href> {
    match entry.actor_type.as_str() {
        "rootkey" => Some(paths::root_key(&entry.actor_id)),
        "user" => Some(paths::audit().with("actor", &entry.actor_id)),
        _ => None,
    }
}

/// The page of a resource, else everything that was done to it: of what was deleted by
/// the event, and of what has no page.
pub fn way_to(event: &str, kind: &str, id: &str) -> Option<Href> {
    let is_gone = event == "rootkey.revoke" || event.strip_suffix(".delete") == Some(kind);
    let has_no_page = matches!(kind, "permission" | "portal" | "ratelimitOverride" | "webhook");
    match is_gone || has_no_page {
        true => Some(paths::audit().with("target", id)),
        false => page_of(event, kind, id),
    }
}

/// The page of a resource. Root keys and keys are of one kind in the contract.
fn page_of(event: &str, kind: &str, id: &str) -> Option<Href> {
    Some(match kind {
        "key" if event.starts_with("rootkey.") => paths::root_key(id),
        "key" => paths::key(id),
        "api" => paths::api(id),
        "identity" => paths::identity(id),
        "role" => paths::role(id),
        "ratelimitNamespace" => paths::namespace(id),
        _ => return None,
    })
}

/// What an actor is, in words.
pub fn actor_kind(entry: &AuditEntry) -> &'static str {
    match (entry.actor_type.as_str(), entry.actor_id.as_str()) {
        ("user", _) => text::ACTOR_USER,
        ("rootkey", _) => common::ROOT_KEY_AS_ACTOR,
        ("portalEndUser", _) => text::PORTAL_USER,
        (_, "cli") => text::ACTOR_CLI,
        (_, "anonymous") => text::NOBODY_SIGNED_IN,
        _ => text::ACTOR_JOB,
    }
}
