//! Texts of the audit log. Absent: names of events, which are names of the API, and
//! descriptions, which are stored as they were written.

use std::fmt::Display;

// The audit log

pub const NO_CHANGE_HERE: &str = "No change here";
pub const CHANGE_FILTERS_OR_SPAN: &str = "Change the filters or look at a longer span.";
pub const CHANGED_NO_FIELD: &str = "This act changed no field of what existed.";
pub const CHANGED_FIELDS: &str = "Changed fields";
pub const BEFORE_AND_AFTER: &str = "Before and after";
pub const WHAT_IT_WAS_ABOUT: &str = "What it was about";
pub const OF_THE_SAME_ACT: &str = "Of the same act";
pub const ENTRY_ID_TO_COPY: &str = "entry id";
pub const RESOURCES: &str = "Resources";

// Its filters

pub const EVENT_EXAMPLE: &str = "key.update, or key.*";
pub const ID_OF_ACTOR: &str = "Id of who acted";
pub const ACTOR_EXAMPLE: &str = "user_... or key_...";
pub const ID_OF_TARGET: &str = "Id of what it was about";
pub const SEARCH_HINT: &str = "Description, actor, target or value";

// Who acted

pub const ACTOR_USER: &str = "user";
pub const PORTAL_USER: &str = "portal user";
pub const ACTOR_CLI: &str = "cli";
pub const NOBODY_SIGNED_IN: &str = "nobody signed in";
pub const ACTOR_JOB: &str = "job";

// What fields are called

/// Fields of changed things as the log has them, and what people call them.
pub const FIELDS: [(&str, &str); 36] = [
    ("afterwards", "Afterwards"),
    ("apiLimitPerMinute", "Requests a minute"),
    ("async", "Asynchronous"),
    ("autoApply", "Auto apply"),
    ("defaultBytes", "Default length in bytes"),
    ("defaultPrefix", "Default prefix"),
    ("deleteProtection", "Delete protection"),
    ("description", "Description"),
    ("displayName", "Display name"),
    ("duration", "Duration"),
    ("enabled", "Enabled"),
    ("environment", "Environment"),
    ("expires", "Expires"),
    ("externalId", "External id"),
    ("full", "Everything"),
    ("identityId", "Identity"),
    ("ipAllowlist", "Allowed addresses"),
    ("keyspaceId", "Keyspace"),
    ("limit", "Limit"),
    ("limitPerMinute", "Requests a minute"),
    ("logoUrl", "Logo url"),
    ("meta", "Metadata"),
    ("monthlyCredits", "Credits a month"),
    ("name", "Name"),
    ("ownerId", "Owner"),
    ("permissions", "Permissions"),
    ("primaryColor", "Primary color"),
    ("ratelimits", "Ratelimits"),
    ("recoverable", "Recoverable"),
    ("refill", "Refill"),
    ("remaining", "Credits left"),
    ("role", "Role"),
    ("roles", "Roles"),
    ("slug", "Slug"),
    ("theme", "Theme"),
    ("timeZone", "Time zone"),
];

pub fn on_day(day: impl Display) -> String {
    format!("on day {day}")
}
