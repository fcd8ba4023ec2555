//! Who is told of what the audit log gets, in the transaction that writes it.
//!
//! The log stands left of whoever wants to know, so the composition root names them.
//! They are told what entries are called and are about, nothing else: what they keep
//! refers to the log.

use std::pin::Pin;

use super::Tx;
use crate::error::Result;
use crate::ids::{AuditId, WorkspaceId};

/// An entry that was just written.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub id: AuditId,
    pub event: &'static str,
}

/// Hears of every entry. What it writes is there exactly if the entry is; a failure
/// fails the change.
pub trait EntryFeed: Send + Sync {
    fn written<'a>(
        &'a self,
        tx: &'a Tx,
        workspace: &'a WorkspaceId,
        now_ms: i64,
        entries: &'a [NewEntry],
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}
