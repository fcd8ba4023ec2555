//! Texts of the form of a key: to make one and to change one, what it would make, and presets.

use crate::number::{count, exact};

pub const NAME_HELP: &str = "For people. Not part of the secret.";
pub const PREFIX: &str = "Prefix";
pub const PREFIX_HELP: &str =
    "Starts the secret and tells keys apart, such as live. Empty takes the default of the API.";
pub const RANDOM_BYTES: &str = "Random bytes";
pub const RANDOM_BYTES_HELP: &str =
    "16 to 255. Empty takes the default of the API, else 16, which is more than enough.";
pub const BYTES: &str = "bytes";
pub const ENVIRONMENT: &str = "Environment";
pub const ENVIRONMENT_HELP: &str = "A free label such as production.";
pub const ENABLED_HELP: &str = "A disabled key exists but is refused.";
pub const RECOVERABLE: &str = "Recoverable";
pub const RECOVERABLE_HELP: &str = "Keeps the secret encrypted, so that it can be shown again.";
pub const GENERAL_HINT: &str = "What the key is called and whom it belongs to.";
pub const PRESET: &str = "Preset";
pub const PRESET_HINT: &str = "Keeps these settings for the next keys.";
pub const SECRET_IS_SHOWN_ONCE: &str = "The secret is shown once, on the next page.";
pub const CREATE_KEY: &str = "Create key";
pub const NAME_OF_THE_PRESET: &str = "Name of the preset";
pub const NAME_OF_THE_PRESET_HELP: &str =
    "Everything above but the name and the external id of the key. It serves every API.";
pub const SAVE_PRESET: &str = "Save preset";
pub const NEW_API: &str = "New API";
pub const NO_API_YET_HINT: &str = "A key belongs to an API. Make one first.";
pub const NO_API_YET: &str = "No API yet";
pub const FOR_WHICH_API: &str = "For which API?";
pub const DELETE_THIS_KEY: &str = "Delete this key";
pub const DELETE_KEY: &str = "Delete key";
pub const EDIT_KEY: &str = "Edit key";
pub const EXTERNAL_ID: &str = "External id";
pub const EXTERNAL_ID_HELP: &str =
    "Your own id of the user or team. Keys with the same one share an identity; a new one is made if needed.";
pub const RATE_LIMITS_HINT: &str = "How often the key may be used. Several limits hold at once.";
pub const CREDITS_HINT: &str = "How much the key may be used in all.";
pub const EXPIRY_HINT: &str = "When the key stops working by itself.";
pub const ROLES_AND_PERMISSIONS_HINT: &str = "What requests with this key may do.";
pub const METADATA: &str = "Metadata";
pub const METADATA_HINT: &str = "Anything your code wants to know when it verifies the key.";
pub const NEVER: &str = "Never";
pub const EVERY_DAY_AT_MIDNIGHT_UTC: &str = "Every day at midnight UTC";
pub const EVERY_MONTH: &str = "Every month";
pub const EMPTY_FOR_UNLIMITED: &str = "Empty for unlimited.";
pub const REFILL: &str = "Refill";
pub const REFILL_HELP: &str = "Brings a lower balance back up to the amount.";
pub const REFILL_TO: &str = "Refill to";
pub const DAY_OF_THE_MONTH: &str = "Day of the month";
pub const DAY_OF_THE_MONTH_HELP: &str = "1 to 31; shorter months use their last day.";
pub const IN_ONE_DAY: &str = "In one day";
pub const IN_ONE_WEEK: &str = "In one week";
pub const IN_30_DAYS: &str = "In 30 days";
pub const IN_90_DAYS: &str = "In 90 days";
pub const AT_THE_TIME_BELOW: &str = "At the time below";
pub const JSON_OBJECT: &str = "JSON object";
pub const JSON_OBJECT_HELP: &str = "Returned with every verification; never put secrets here.";
pub const KEY_CREATED: &str = "Key created";
pub const SAVE_THE_PRESET_OR_EMPTY_IT: &str = "Save the preset, or empty its name. No key was made.";
pub const ONLY_MONTHLY_REFILLS_HAVE_A_DAY: &str =
    "Only a monthly refill has a day. Empty it, or choose every month.";
pub const CHOOSE_WHEN_IT_IS_REFILLED: &str = "Choose when it is refilled, or empty what it is refilled to.";
pub const SAY_WHAT_IT_IS_REFILLED_TO: &str = "Say how much a refill brings the credits back to.";
pub const SAY_ON_WHICH_DAY: &str = "Say on which day of the month it is refilled.";

/// Of the field with a time, in a zone by its name.
pub fn time_in(zone: &str) -> String {
    format!("Time ({zone})")
}

/// Under the name of what there could be, such as [`super::common::ROLES`].
pub fn there_are_none_yet(legend: &str) -> String {
    format!("There are no {} yet.", legend.to_lowercase())
}

pub fn chosen_of(chosen: usize, all: usize) -> String {
    format!("{chosen} of {all} chosen")
}

/// Slugs with commas between, and how many more there are.
pub fn and_more(slugs: &str, more: usize) -> String {
    format!("{slugs} and {more} more")
}

pub fn through_the_role(name: &str) -> String {
    format!("through {name}")
}

pub fn saved_the_key(name: &str) -> String {
    format!("Saved the key {name}.")
}

/// How long a deleted key can be restored.
pub fn days(number: i64) -> String {
    format!("{number} days")
}

/// For how long it can be undone: nothing if it cannot.
pub fn delete_consequence(undo_for: &str) -> String {
    let undo = match undo_for {
        "" => "This cannot be undone.".to_owned(),
        time => format!("It can be restored for {time}."),
    };
    format!("Requests with it are refused at once. Its history stays. {undo}")
}

pub const THIS_KEY: &str = "This key";
pub const CALL_IS_SHOWN_WHEN_READABLE: &str = "The call is shown when every step can be read.";
pub const CALL_IS_WITHOUT_ENVIRONMENT: &str = "Without the environment, which v2 does not set.";
pub const V2_MAY_BE_NARROWER: &str =
    "v2 says so where it does not take what the form does, such as an external id with an @.";
pub const THE_SAME_BY_THE_API: &str = "The same by the API";
pub const SHARED: &str = "shared";
pub const PRESETS: &str = "Presets";
pub const NONE: &str = "None";
pub const DISABLED_UNTIL_ENABLED: &str = "Disabled: refused until it is enabled";
pub const ITS_SECRET_CAN_BE_SHOWN_AGAIN: &str = "Its secret can be shown again";
pub const UNLIMITED: &str = "Unlimited";

pub fn random_bytes(number: i64) -> String {
    count(number, "random byte")
}

pub fn of_external_id(id: &str) -> String {
    format!("Of {id}")
}

/// How long its window is: `1m`.
pub fn limit(name: &str, limit: i64, window: &str) -> String {
    format!("{name}: {} every {window}", exact(limit))
}

pub fn limit_of_those_that_name_it(name: &str, limit: i64, window: &str) -> String {
    format!("{name}: {} every {window}, only for requests that name it", exact(limit))
}

pub fn refilled_every_day(amount: i64) -> String {
    format!("Back to {} every day", exact(amount))
}

pub fn refilled_on_day(amount: i64, day: i64) -> String {
    format!("Back to {} on day {day} of every month", exact(amount))
}

pub fn refilled_every_month(amount: i64) -> String {
    format!("Back to {} every month", exact(amount))
}

/// `in 30 days`, and the time of the clock.
pub fn expires_at(relative: &str, local: &str) -> String {
    format!("{relative}, at {local}")
}

pub fn roles(number: i64) -> String {
    count(number, "role")
}

pub fn permissions(number: i64) -> String {
    count(number, "permission")
}

/// Of metadata.
pub fn fields(number: i64) -> String {
    count(number, "field")
}

pub const TRIAL: &str = "Trial";
pub const PRODUCTION: &str = "Production";

pub fn delete_preset(name: &str) -> String {
    format!("Delete preset {name}")
}

pub fn saved_the_preset(name: &str) -> String {
    format!("Saved the preset {name}. No key was made yet.")
}

/// Names of fields, with commas between.
pub fn address_has_what_the_form_does_not(names: &str) -> String {
    format!("This address has what the form does not: {names}.")
}

pub fn address_says_more_than_once(names: &str) -> String {
    format!("This address says more than once, of which the first counts: {names}.")
}

pub fn address_says_neither_on_nor_off(names: &str) -> String {
    format!("This address says neither on nor off of: {names}.")
}

/// Fields and their values, with commas between.
pub fn key_would_not_have(fields: &str) -> String {
    format!("The key would not have what the form does not offer: {fields}.")
}
