//! Texts of the pages of permissions. Absent: slugs, which are data.

use std::fmt::Display;

// Permissions

pub const NEW_PERMISSION: &str = "New permission";
pub const NO_PERMISSION_YET_HINT: &str =
    "A permission is a slug such as documents.read. Your backend asks for it when it verifies a key.";
pub const NO_PERMISSION_YET: &str = "No permission yet";
pub const NO_PERMISSION_MATCHES: &str = "No permission matches";
pub const NO_PERMISSION_MATCHES_HINT: &str = "Search by slug, name or description.";
pub const SLUG_HINT: &str = "Letters, digits and . _ : - *";
pub const SLUGS: &str = "Slugs";

pub fn one_a_line(slug_help: impl Display) -> String {
    format!("One a line. {slug_help}")
}

pub const NEW_PERMISSIONS: &str = "New permissions";
pub const PERMISSION: &str = "Permission";
pub const WHO_HAS_IT: &str = "Who has it";
pub const DELETE_THIS_PERMISSION: &str = "Delete this permission";
pub const QUERIES_ARE_NO_LONGER_MET: &str = "Queries that ask for it are no longer met.";
pub const DELETE_PERMISSION: &str = "Delete permission";
pub const EDIT_PERMISSION: &str = "Edit permission";
pub const KEYS_WITH_THIS_PERMISSION: &str = "Keys with this permission";

pub fn directly_and_through(keys: impl Display, through: impl Display) -> String {
    format!("{keys} directly, and through {through}.")
}

// Notices

pub const SEARCH_HINT: &str = "Slug, name, description or id";

pub fn created_permission(slug: impl Display) -> String {
    format!("Created permission {slug}.")
}

pub fn created_permissions(count: impl Display) -> String {
    format!("Created {count} permissions.")
}

pub fn saved_permission(slug: impl Display) -> String {
    format!("Saved permission {slug}.")
}

pub fn deleted_permission(slug: impl Display) -> String {
    format!("Deleted permission {slug}.")
}
