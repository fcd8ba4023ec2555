//! Texts of keys: the list, one key with its log, rotating it, and its secret. The form has a
//! file of its own, [`super::key_form`].

use crate::number::exact;

pub const SET_EXPIRY: &str = "Set expiry";
pub const SET_CREDITS: &str = "Set credits";
pub const ADD_CREDITS: &str = "Add credits";
pub const SET_RATE_LIMITS: &str = "Set rate limits";
pub const ADD_ROLES: &str = "Add roles";
pub const REMOVE_ROLES: &str = "Remove roles";
pub const ADD_PERMISSIONS: &str = "Add permissions";
pub const REMOVE_PERMISSIONS: &str = "Remove permissions";
pub const SET_EXTERNAL_ID: &str = "Set external id";
pub const MERGE_METADATA: &str = "Merge metadata";
pub const IMPORT: &str = "Import";
pub const OLDEST_FIRST: &str = "Oldest first";
pub const NEWEST_FIRST: &str = "Newest first";
pub const NO_MATCH_SO_FAR: &str = "No match so far";
pub const LOOKED_THROUGH_THE_NEWEST: &str = "The newest keys were looked through, and there are more.";
pub const LOOKED_THROUGH_THE_OLDEST: &str = "The oldest keys were looked through, and there are more.";
pub const LOOKED_THROUGH_THE_FIRST: &str =
    "The first keys in this order were looked through, and there are more.";
pub const LOOK_FURTHER: &str = "Look further";
pub const NO_KEY_MATCHES: &str = "No key matches";
pub const NO_KEY_MATCHES_HINT: &str = "Remove a filter to see more keys.";
pub const LAST_36_HOURS: &str = "Last 36 hours";
pub const LOG: &str = "Log";
pub const WITH_THE_CHOSEN_KEYS: &str = "With the chosen keys";
pub const WHAT_TO_DO: &str = "What to do";
pub const MANY_KEYS_AT_ONCE: &str = "Many keys at once";
pub const NO_KEY_YET: &str = "No key yet";
pub const NO_KEY_YET_HINT: &str = "Make a key here, or let your backend make one for each user.";
pub const CREATE_A_KEY: &str = "Create a key";
pub const EXPIRES_WITHIN_A_DAY: &str = "Expires within a day";
pub const OUT_OF_CREDITS: &str = "Out of credits";
pub const SEARCH_HINT: &str = "Name, id, start, external id, or status:expired";
pub const NAME_PLACEHOLDER: &str = "part of it";
pub const EXTERNAL_ID: &str = "External id";
pub const ENVIRONMENT: &str = "Environment";
pub const DIRECT_PERMISSION: &str = "Direct permission";
pub const LAST_USED_PLACEHOLDER: &str = ">90d, <1h or never";
pub const EXPIRES_PLACEHOLDER: &str = "<7d or <2026-12-31";

pub const SPARK_VALID: &str = "valid";
pub const SPARK_DENIED: &str = "denied";
/// What a row of the list is, counted below it.
pub const NOUN_KEY: &str = "key";

/// Of all keys, where their number is known.
pub fn all_that_match(total: Option<i64>) -> String {
    match total {
        Some(total) => format!("All {} that match", exact(total)),
        None => "All that match".to_owned(),
    }
}

pub const ACTIVITY: &str = "Activity";
pub const COPY_KEY_ID: &str = "key id";
pub const RESTORE: &str = "Restore";
pub const REPLACE_IT_LEAKED: &str = "Replace, it leaked";
pub const SHOW_THE_SECRET: &str = "Show the secret";
pub const NO_REQUEST_IN_THIS_SPAN: &str = "No request in this span";
pub const NO_REQUEST_IN_THIS_SPAN_HINT: &str =
    "Each verification shows here with its outcome and the reason of a refusal.";
pub const ALL_REQUESTS_OF_THIS_KEY: &str = "All requests of this key";
pub const OTHER_KEYS_OF_THIS_IDENTITY: &str = "Other keys of this identity";
pub const OTHER_KEYS: &str = "Other keys";
pub const METADATA: &str = "Metadata";
pub const NO_LIMITS: &str = "None: it may be used as often as its callers like.";
pub const USED_NOW: &str = "Used now";
pub const OF_THE_IDENTITY: &str = "of the identity";
pub const ALWAYS: &str = "always";
pub const NO_REQUEST_HERE_HINT: &str = "Change the filters or look at a longer span.";
pub const NOUN_REQUEST: &str = "request";
pub const NO_CHANGE_IS_ON_RECORD: &str = "No change is on record";
pub const NO_CHANGE_IS_ON_RECORD_HINT: &str = "Changes of this key show here.";
pub const NOUN_CHANGE: &str = "change";
pub const REQUEST_ID_TAG_OR_SOURCE: &str = "Request id, tag or source";
pub const TAG: &str = "Tag";

pub fn credits_left(number: i64) -> String {
    format!("{} left", exact(number))
}

pub fn refilled_every_month(amount: i64, day: i64) -> String {
    format!("back to {} every month on day {day}", exact(amount))
}

pub fn refilled_every_day(amount: i64) -> String {
    format!("back to {} every day", exact(amount))
}

pub fn effective_permissions(number: usize) -> String {
    format!("Effective permissions ({number})")
}

/// In a time zone, by its name.
pub fn requests_by_hour(zone: &str) -> String {
    format!("Requests by hour of the day ({zone})")
}

pub fn enabled_the_key(name: &str) -> String {
    format!("Enabled the key {name}.")
}

pub fn disabled_the_key(name: &str) -> String {
    format!("Disabled the key {name}.")
}

pub fn deleted_the_key(name: &str) -> String {
    format!("Deleted the key {name}.")
}

pub fn restored_the_key(name: &str) -> String {
    format!("Restored the key {name}.")
}

pub const NOT_AT_ALL: &str = "Not at all";
pub const GRACE_15_MINUTES: &str = "15 minutes";
pub const GRACE_1_HOUR: &str = "1 hour";
pub const GRACE_6_HOURS: &str = "6 hours";
pub const GRACE_24_HOURS: &str = "24 hours";
pub const GRACE_7_DAYS: &str = "7 days";
pub const ROTATE_KEY: &str = "Rotate key";
pub const ROTATE_ROOT_KEY: &str = "Rotate root key";
pub const SET_A_LATER_EXPIRY: &str = "Set a later expiry";
pub const BACK: &str = "Back";
pub const GRACE: &str = "The old secret goes on working for";
pub const GRACE_HELP: &str = "Long enough to deploy the new one everywhere.";
pub const NEW_SECRET_IS_SHOWN_ONCE: &str = "The new secret is shown once, on the next page.";
pub const THE_NEW_KEY_SHARES_CREDITS: &str =
    "The new key has the same settings and shares the credits. Both are counted as one.";
pub const THE_NEW_ROOT_KEY_IS_THE_SAME: &str =
    "The new root key has the same name, permissions and bounds, and an id of its own.";
pub const LEAKED_LET_IT_END: &str =
    "Whoever found the old secret can use it for as long as it works: let it end at once.";
pub const IT_EXPIRED: &str =
    "It expired, and so would the key that takes its place. Set a later expiry first.";
pub const CHOOSE_THE_GRACE: &str = "Choose how long the old secret goes on working.";
pub const KEY_ROTATED: &str = "Key rotated";

pub const VERIFY_IT: &str = "Verify it";
pub const GO_TO_THE_KEY: &str = "Go to the key";
pub const MADE_ALREADY: &str = "This form was sent before, and its key was made then: it is the newest one. A secret is shown once. If you did not copy it, rotate that key.";
pub const SECRET_IS_NOT_KEPT: &str =
    "The secret of this key is not kept, or cannot be read: see the log of the server.";

pub fn secret_of(name: &str) -> String {
    format!("Secret of {name}")
}

pub const REVEAL: &str = "Reveal";
pub const THIS_WORKS_ONCE: &str = "This works once. Be ready to store it in a safe place.";
pub const SOMEBODY_SENT_YOU_A_SECRET: &str = "Somebody sent you a secret";
pub const YOUR_SECRET: &str = "Your secret";
pub const NOTHING_HERE: &str = "Nothing here";
pub const LINK_DOES_NOT_WORK_ANY_MORE: &str = "This link does not work any more";
pub const LINK_DOES_NOT_WORK_HINT: &str = "It was used already, or its time is over. Ask for another.";
pub const LINK_WAS_MADE_ALREADY: &str =
    "A link was made when this form was sent before. It is shown once, as the secret is.";

/// How long a link works.
pub fn hours(number: i64) -> String {
    format!("{number} hours")
}
