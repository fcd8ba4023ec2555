//! Texts of the pages of roles.

use std::fmt::Display;

// Roles

pub const NEW_ROLE: &str = "New role";
pub const NO_ROLE_YET_HINT: &str =
    "A role bundles permissions. Give a key the role instead of each permission.";
pub const NO_ROLE_YET: &str = "No role yet";
pub const NO_ROLE_MATCHES: &str = "No role matches";
pub const NO_ROLE_MATCHES_HINT: &str = "Search by name or description.";
pub const NO_KEY_HAS_THIS_ROLE: &str = "No key has this role";
pub const NO_KEY_HAS_THIS_ROLE_HINT: &str = "Give it to a key on the key's edit page.";
pub const KEYS_WITH_THIS_ROLE: &str = "Keys with this role";

pub fn permissions_counted(count: impl Display) -> String {
    format!("Permissions ({count})")
}

pub fn keys_counted(count: impl Display) -> String {
    format!("Keys ({count})")
}

pub const AS_JSON: &str = "As JSON";
pub const ROLE_ID_TO_COPY: &str = "role id";
pub const EDIT_ROLE: &str = "Edit role";
pub const CREATE_ROLE: &str = "Create role";
pub const OTHER_PERMISSIONS: &str = "Other permissions";
pub const OTHER_PERMISSIONS_HINT: &str = "Slugs, one a line. Those that do not exist yet are made.";
pub const PERMISSIONS_HINT: &str = "What every key with this role may do.";
pub const DELETE_THIS_ROLE: &str = "Delete this role";

pub fn lose_its_permissions(keys: impl Display) -> String {
    format!("{keys} lose its permissions with the next request.")
}

pub const DELETE_ROLE: &str = "Delete role";

// Notices

pub const SEARCH_HINT: &str = "Name, description or id";

pub fn created_role(name: impl Display) -> String {
    format!("Created role {name}.")
}

pub fn saved_role(name: impl Display) -> String {
    format!("Saved role {name}.")
}

pub fn deleted_role(name: impl Display) -> String {
    format!("Deleted role {name}.")
}
