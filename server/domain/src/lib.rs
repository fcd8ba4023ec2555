//! What the product is for. Every door is thin because the rules live here.
//!
//! The rooms stand in reading order; each may import those above it. Deliberately
//! absent: HTTP, in any form. Nothing here knows a status code, a header or the
//! names of a contract; this crate cannot even name the library that serves.
//!
//! * Nothing outside a room's `store.rs` knows a table, and each table has one room.
//! * No path of [`verification`] waits for the database on a cache hit, except a
//!   spend of credits.
//! * No plaintext of a key is stored, logged or kept longer than its answer.

pub mod workspaces;

pub mod apis;
pub mod permissions;
pub mod ratelimit;
pub mod users;
pub mod vault;

pub mod idempotency;
pub mod identities;

pub mod keys;

pub mod credits;
pub mod root_keys;

pub mod verification;

pub mod bulk;
pub mod explain;
pub mod leaks;
pub mod portals;
pub mod secret_links;
pub mod session;
pub mod transfer;
pub mod webhooks;

pub mod configuration;
pub mod oauth;
pub mod recovery;

/// Who tells the index of entities what is live of each kind.
pub const ENTITY_FEEDS: insight::search::EntityFeeds = insight::search::EntityFeeds {
    keys: &keys::KeyFeed,
    root_keys: &root_keys::RootKeyFeed,
    identities: &identities::IdentityFeed,
    apis: &apis::ApiFeed,
    roles: &permissions::RoleFeed,
    permissions: &permissions::PermissionFeed,
    namespaces: &ratelimit::NamespaceFeed,
    overrides: &ratelimit::OverrideFeed,
};
