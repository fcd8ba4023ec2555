//! The audit log: what changed, who changed it and from where, recorded in the
//! transaction of the change itself.
//!
//! Nothing here updates or deletes an entry. Secrets never appear in one.

mod event;
mod read;
mod record;
mod store;

pub use event::Event;
pub use read::{AuditEntry, AuditFilter, AuditLog, AuditTarget, TextIndex};
pub use record::{Group, Target, changes};
pub use store::{
    AuditRow, AuditTargetRow, Beyond, beyond, entries_after, entry_at, find, last_entry, last_entry_time,
    newest_of_copy, targets_beyond, targets_of,
};
