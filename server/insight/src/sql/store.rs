//! How a query asks the room that owns APIs for the keyspaces that events name.

use async_trait::async_trait;

use base::error::Result;
use base::ids::WorkspaceId;
use base::store::Reader;

/// An API and the keyspace behind it.
pub struct ApiKeyspace {
    pub id: String,
    pub keyspace: String,
    pub is_live: bool,
}

/// Keyspaces, told by the room that owns APIs.
#[async_trait]
pub trait KeyspaceFeed: Send + Sync {
    /// Of every API of a workspace, also of those whose rows wait to be swept.
    async fn keyspaces(&self, db: &Reader, workspace: &WorkspaceId) -> Result<Vec<ApiKeyspace>>;
}
