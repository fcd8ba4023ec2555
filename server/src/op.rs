//! Who acts, when, from where and through which door: the first argument of
//! every domain call.
//!
//! Carries facts only. What the principal may do is decided in [`crate::grants`].

use std::net::IpAddr;
use std::sync::Arc;

use entity::ids::{RequestId, RootKeyId, WorkspaceId};

use crate::grants::Grants;

/// The context of one operation.
#[derive(Clone)]
pub struct OpCtx {
    pub principal: Principal,
    /// The workspace the principal acts in; every query is scoped to it.
    pub workspace: WorkspaceId,
    /// Unix milliseconds; the only "now" of this operation.
    pub now_ms: i64,
    pub request_id: RequestId,
    pub door: Door,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// Who acts.
#[derive(Clone)]
pub enum Principal {
    RootKey(Arc<RootKeyPrincipal>),
    /// The operator at the command line; may do everything.
    Cli,
    /// The server itself: a scheduled task or the bootstrap.
    Job(&'static str),
}

/// An authenticated root key.
#[derive(Debug)]
pub struct RootKeyPrincipal {
    pub id: RootKeyId,
    pub name: Option<String>,
    pub grants: Grants,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
}

/// Where a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    V1,
    V2,
    Cli,
    Job,
}

impl Door {
    pub fn as_str(self) -> &'static str {
        match self {
            Door::V1 => "v1",
            Door::V2 => "v2",
            Door::Cli => "cli",
            Door::Job => "job",
        }
    }
}

impl Principal {
    /// The root key, if it is one.
    pub fn root_key(&self) -> Option<&RootKeyPrincipal> {
        match self {
            Principal::RootKey(key) => Some(key),
            Principal::Cli | Principal::Job(_) => None,
        }
    }

    /// Id of the actor, as audit rows and `created_by` columns keep it.
    pub fn id(&self) -> &str {
        match self {
            Principal::RootKey(key) => key.id.as_str(),
            Principal::Cli => "cli",
            Principal::Job(name) => name,
        }
    }
}
