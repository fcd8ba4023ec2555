//! Lists as files: exports part by part, so that none holds the database or the
//! memory for long.
//!
//! An export shows what its list shows, to whoever may see the list; secrets
//! are never in one. It is audited when it begins
//! (docs/decisions.md#events-of-our-own). Reading files back is the business of
//! `bulk`.

mod export;
mod rows;
mod sheet;

use base::ids::{ApiId, NamespaceId};

use crate::identities::Identities;
use crate::keys::Keys;
use crate::permissions::Permissions;
use crate::ratelimit::overrides::Overrides;
use base::audit::{AuditFilter, AuditLog};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::Store;
use insight::analytics::{Analytics, PageOf};

pub use sheet::csv_lines;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header line; times as RFC 3339, lists and objects as JSON.
    Csv,
    /// An object a line; times as Unix milliseconds.
    JsonLines,
}

impl Format {
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "csv" => Ok(Format::Csv),
            "jsonl" => Ok(Format::JsonLines),
            _ => Err(Error::invalid("A format is csv or jsonl.")),
        }
    }

    /// The end of a file name.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
        }
    }
}

/// A list to export.
#[derive(Clone, Debug)]
pub enum List {
    Keys {
        api: Option<ApiId>,
        /// In the language of [`base::filter`].
        filter: String,
    },
    Identities {
        search: Option<String>,
    },
    Permissions,
    Roles,
    Overrides {
        namespace: NamespaceId,
    },
    Audit(Box<AuditFilter>),
    /// Verifications, rate-limit decisions or requests; its limit and cursor are ignored.
    Events(Box<PageOf>),
}

/// What to export, and how.
#[derive(Clone, Debug)]
pub struct Export {
    pub list: List,
    pub format: Format,
}

/// A part of a file, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    pub next: Option<String>,
}

/// Writes exports. Cheap to clone.
#[derive(Clone)]
pub struct Transfer {
    store: Store,
    entropy: Entropy,
    keys: Keys,
    identities: Identities,
    permissions: Permissions,
    overrides: Overrides,
    audit_log: AuditLog,
    analytics: Analytics,
}

/// The rooms whose lists are exported.
pub struct Sources {
    pub keys: Keys,
    pub identities: Identities,
    pub permissions: Permissions,
    pub overrides: Overrides,
    pub audit_log: AuditLog,
    pub analytics: Analytics,
}

impl Transfer {
    pub fn new(store: Store, entropy: Entropy, sources: Sources) -> Self {
        let Sources { keys, identities, permissions, overrides, audit_log, analytics } = sources;
        Self { store, entropy, keys, identities, permissions, overrides, audit_log, analytics }
    }
}

impl List {
    /// Its name in file names and audit entries.
    pub fn as_str(&self) -> &'static str {
        match self {
            List::Keys { .. } => "keys",
            List::Identities { .. } => "identities",
            List::Permissions => "permissions",
            List::Roles => "roles",
            List::Overrides { .. } => "overrides",
            List::Audit(_) => "audit",
            List::Events(of) => of.kind.as_str(),
        }
    }
}
