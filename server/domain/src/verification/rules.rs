//! Where the two contracts decide differently: values a door passes along, so
//! that there is one verification and not two.

use std::borrow::Cow;

use serde_json::Value;

use crate::permissions::query::{Query, QueryError};
use base::error::{Code, Error, Result};

/// What a door's contract says of verifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The key alone is the credential: whoever calls sees keys of every
    /// workspace.
    pub key_is_credential: bool,
    /// A disabled workspace fails the call instead of being an outcome.
    pub refuses_disabled_workspace: bool,
    /// A limit of the request's own counts for all keys of an identity.
    pub own_limits_per_identity: bool,
    /// A limit that is stored nowhere is a fault of the input, not of the state.
    pub unknown_limit_is_invalid: bool,
}

impl Rules {
    /// Those of docs/contract/v1.md#verify-key.
    pub const V1: Rules = Rules {
        key_is_credential: true,
        refuses_disabled_workspace: true,
        own_limits_per_identity: true,
        unknown_limit_is_invalid: true,
    };

    /// Those of docs/forward-auth.md: of the key as in v1, of everything else as in v2.
    pub const FORWARD_AUTH: Rules = Rules { key_is_credential: true, ..Rules::V2 };

    /// Those of docs/contract/v2.md#verify-key.
    pub const V2: Rules = Rules {
        key_is_credential: false,
        refuses_disabled_workspace: false,
        own_limits_per_identity: false,
        unknown_limit_is_invalid: false,
    };
}

/// A permission query in one of the two languages, which also says when it is
/// read: v2 refuses a malformed one before anything is decided, v1 only when it
/// comes to it.
#[derive(Clone, Debug)]
pub enum PermissionQuery {
    Text(String),
    Json(Value),
}

impl PermissionQuery {
    /// The query, if it has to be sound whatever the key.
    pub(super) fn early(&self) -> Result<Option<Query>> {
        match self {
            PermissionQuery::Text(text) => Query::parse(text).map(Some).map_err(malformed),
            PermissionQuery::Json(_) => Ok(None),
        }
    }

    /// The query, read now if it was not.
    pub(super) fn late<'q>(&self, early: &'q Option<Query>) -> Result<Cow<'q, Query>> {
        match (early, self) {
            (Some(query), _) => Ok(Cow::Borrowed(query)),
            (None, PermissionQuery::Json(value)) => {
                Query::from_json(value).map(Cow::Owned).map_err(malformed)
            }
            (None, PermissionQuery::Text(text)) => Query::parse(text).map(Cow::Owned).map_err(malformed),
        }
    }
}

fn malformed(error: QueryError) -> Error {
    Error::new(Code::QuerySyntax, error.to_string())
}
