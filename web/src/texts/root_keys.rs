//! Texts of the list of root keys and of the page of one. Its form is in `root_key_form`.

use std::fmt::Display;

// Root keys

pub const NO_ROOT_KEY_YET_HINT: &str =
    "A root key lets your backend call the API. Give each service its own, with no more than it needs.";
pub const NO_ROOT_KEY_YET: &str = "No root key yet";
pub const NO_ROOT_KEY_MATCHES: &str = "No root key matches";
pub const NO_ROOT_KEY_MATCHES_HINT: &str = "Search by name, start or permission.";
pub const UNNAMED: &str = "Unnamed";
pub const FULL: &str = "all";
pub const SEARCH_HINT: &str = "Name, start or permission";

// One root key

pub const WHAT_IT_CALLED: &str = "What it called";
pub const ROOT_KEY_ID_TO_COPY: &str = "root key id";
pub const USED_FROM: &str = "Used from";
pub const ANYWHERE: &str = "anywhere";
pub const GIVEN_TO: &str = "Given to";
pub const FULL_PERMISSIONS: &str = "Everything, and what later versions add.";
pub const NO_PERMISSIONS: &str = "None: every call is refused.";
pub const CALLED_NOTHING: &str = "Nothing is in the request log for this span.";
pub const LOG_HOLDS_A_SAMPLE: &str =
    "Of requests that succeed often, such as verifications, the log holds a sample.";
pub const NO_REQUEST_ON_RECORD: &str = "No request on record";
pub const NO_REQUEST_ON_RECORD_HINT: &str = "Calls with this root key show here.";
pub const ALL_OF_ITS_REQUESTS: &str = "All of its requests";
pub const GO_TO_THE_ROOT_KEY: &str = "Go to the root key";

// States of a root key, each with its reason

pub const EXPIRED_REASON: &str = "Calls with it are refused.";
pub const EXPIRES_SOON_REASON: &str = "It stops working within a week.";
pub const DISABLED_REASON: &str = "Calls with it are refused until it is enabled.";

pub fn unused_days(stale_days: impl Display) -> String {
    format!("Unused {stale_days} days")
}

pub const UNUSED_REASON: &str = "Nobody used it for long. Delete it if nothing needs it any more.";
pub const NEVER_USED: &str = "Never used";
pub const NEVER_USED_REASON: &str = "It was made long ago and never used.";
pub const FULL_RIGHTS: &str = "Full rights";
pub const FULL_RIGHTS_REASON: &str = "It may do everything, whatever it is used for.";

pub fn by_oauth_reason(client: impl Display) -> String {
    format!("Somebody gave it to a program that calls itself \u{201c}{client}\u{201d}.")
}

pub const BY_OAUTH: &str = "By OAuth";

// Who made it

pub const THE_COMMAND_LINE: &str = "the command line";

pub fn root_key_named(name: impl Display) -> String {
    format!("root key {name}")
}

// Notices

pub const ENABLED_THE_ROOT_KEY: &str = "Enabled the root key.";
pub const DISABLED_THE_ROOT_KEY: &str = "Disabled the root key. Calls with it are refused.";

pub fn type_name_to_delete(name: impl Display) -> String {
    format!("Type {name} to delete it.")
}

pub fn deleted_the_root_key(name: impl Display) -> String {
    format!("Deleted the root key {name}.")
}

// Rotating

pub const EXPIRED_BEFORE_ROTATION: &str = "The root key expired. Set a later expiry first.";
pub const ROOT_KEY_ROTATED: &str = "Root key rotated";
