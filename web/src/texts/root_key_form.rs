//! Texts of the form that makes and changes root keys. Absent: the labels of single
//! permissions, which are the domain's.

use std::fmt::Display;

// The form

pub const EDIT_ROOT_KEY: &str = "Edit root key";
pub const CREATE_ROOT_KEY: &str = "Create root key";
pub const TAKES_EFFECT_WITH_NEXT_CALL: &str = "Takes effect with the next call.";
pub const SECRET_IS_SHOWN_ONCE: &str = "The secret is shown once, on the next page.";
pub const NAME_HINT: &str = "The service that uses it.";
pub const PERMISSIONS_HINT: &str = "What calls with this key may do. Give no more than the service needs.";
pub const EXPIRY_HINT: &str = "When it stops working by itself.";
pub const DELETE_THIS_ROOT_KEY: &str = "Delete this root key";
pub const DELETE_CONSEQUENCE: &str = "Calls with it are refused at once. This cannot be undone.";
pub const DELETE_ROOT_KEY: &str = "Delete root key";
pub const SHOW_THE_RIGHTS: &str = "Show the rights";
pub const TASK_OF: &str = "Of";
pub const TASK_OF_HINT: &str = "An API or a namespace, by name or id; empty for all.";
pub const TASK: &str = "What it is for";
pub const TASK_HINT: &str = "Of one API or namespace: what can be of one.";
pub const ADD_RIGHTS: &str = "Add rights";
pub const FULL_HINT: &str = "All permissions, and those of later versions. For bootstrap and emergencies.";
pub const OTHER_PERMISSIONS: &str = "Others";
pub const OTHER_PERMISSIONS_HINT: &str =
    "Further permissions, one a line: tuples such as api.ID.verify_key, or URNs.";

pub fn chosen_of(chosen: impl Display, all: impl Display) -> String {
    format!("{chosen} of {all}")
}

pub fn everything_of_in(group: impl Display, scope: impl Display) -> String {
    format!("Everything of {group} in {scope}")
}

pub fn in_scope(scope: impl Display) -> String {
    format!(" in {scope}")
}

pub const ADDRESSES_HINT: &str = "One a line; empty for anywhere.";

// Answers to the form

pub const ROOT_KEY_CREATED: &str = "Root key created";
pub const VERIFY_A_KEY_WITH_IT: &str = "Verify a key with it";
pub const SAVED_THE_ROOT_KEY: &str = "Saved the root key.";
pub const NO_ADDRESS_IN_IT: &str = "There is no address in it.";

// Permissions and templates

pub const WHOLE_WORKSPACE: &str = "Whole workspace";
pub const NAMESPACE_OF_PLACE: &str = "namespace";
pub const PORTALS: &str = "Portals";
pub const WEBHOOKS: &str = "Webhooks";
pub const VERIFY_ONLY: &str = "Verify only";
pub const VERIFY_ONLY_ABOUT: &str = "For services that check the keys of their callers.";
pub const RATE_LIMITS_ABOUT: &str = "For services that limit requests and make namespaces as they go.";
pub const ISSUER: &str = "Issuer";
pub const ISSUER_ABOUT: &str = "For the backend that makes, changes and ends keys of users.";
pub const CI: &str = "CI";
pub const CI_ABOUT: &str = "For pipelines that set up APIs, namespaces, roles and permissions.";
pub const READ_ONLY: &str = "Read only";
pub const READ_ONLY_ABOUT: &str = "For reports: reads settings and analytics, changes nothing.";

// Rights for a task

pub const CHOOSE_WHAT_IT_IS_FOR: &str = "Choose what it is for, to add its rights.";
pub const CHOOSE_WHAT_IT_MAY_DO: &str = "Choose what it may do there.";
pub const NO_SUCH_API_OR_NAMESPACE: &str = "There is no API or namespace of this name or id.";
pub const SEVERAL_ARE_CALLED_SO: &str = "Several are called so: give the id.";

pub fn has_nothing_to_do_there(name: impl Display) -> String {
    format!("\u{201c}{name}\u{201d} has nothing to do there.")
}
