//! Entries of the audit log.

use web::pages::parts::AuditRow;

use crate::http::dashboard::member_request::MemberRequest;
use base::audit::AuditEntry;

pub fn audit_row(request: &MemberRequest, entry: AuditEntry) -> AuditRow {
    AuditRow {
        id: entry.id.to_string(),
        at: request.stamp(entry.time_ms),
        actor_kind: actor_kind(&entry).to_owned(),
        event: entry.event,
        description: entry.description,
        actor: entry.actor_name,
        ip: entry.ip,
    }
}

/// What an actor is, in words.
pub fn actor_kind(entry: &AuditEntry) -> &'static str {
    match (entry.actor_type.as_str(), entry.actor_id.as_str()) {
        ("user", _) => "user",
        ("rootkey", _) => "root key",
        ("portalEndUser", _) => "portal user",
        (_, "cli") => "cli",
        (_, "anonymous") => "nobody signed in",
        _ => "job",
    }
}
