//! What is said about forms of any page: input that was refused, files that are sent,
//! fields that somebody else changed meanwhile. Absent: labels, which are in the file of
//! each area, and errors of the domain, which say themselves what is wrong.

use std::fmt::Display;

// Confirmations

pub fn type_name_exactly(name: impl Display) -> String {
    format!("Type {name} exactly as it stands here.")
}

// Forms and addresses that cannot be read

pub fn too_many_fields(max_fields: impl Display) -> String {
    format!("A form has at most {max_fields} fields.")
}

pub const FIELD_HAS_NUL: &str = "A field has the character U+0000.";
pub const THIS_IS_NO_WHOLE_NUMBER: &str = "This is no whole number.";

pub const ADDRESS_HAS_NUL: &str = "The address has the character U+0000.";

pub fn query_too_long(query_bytes: impl Display) -> String {
    format!("The query of an address has at most {query_bytes} bytes.")
}

pub const FORM_TAKES_NO_FILE: &str = "This form is not one that takes a file.";

// Rate limits

pub const NAME_THE_LIMIT: &str = "Name the limit, or empty its row.";
pub const LIMIT_ADMITS_AT_LEAST_ONE: &str = "A limit admits at least 1.";
pub const WRITE_A_DURATION: &str = "Write a duration of one second or more, such as 10s, 5m, 1h or 1d.";
pub const ANOTHER_LIMIT_HAS_THIS_NAME: &str = "Another limit has this name.";

pub fn too_many_limits(max_limits: impl Display) -> String {
    format!("There are {max_limits} limits at most, from limits.0 on.")
}

// Expiry

pub const CHOOSE_AT_THE_TIME_BELOW: &str =
    "Choose \u{201c}At the time below\u{201d} for the time to count, or empty the time.";
pub const CHOOSE_A_DAY_AND_A_TIME: &str = "Choose a day and a time.";
pub const EXPIRY_MUST_LIE_IN_FUTURE: &str = "This time is over: an expiry must lie in the future.";

// Metadata

pub const JSON_IS_NO_OBJECT: &str = "This is JSON, but no object: { \"name\": value }.";

pub fn error_in_json(error: impl Display) -> String {
    format!("In this JSON, {error}.")
}

pub fn no_json(error: impl Display) -> String {
    format!("This is no JSON: {error}.")
}

// Files that are sent

pub const TOO_MANY_FILES_AT_ONCE: &str = "Too many files are being sent at once. Try again in a minute.";
pub const FILE_HAS_TO_BE_LAST: &str = "The file has to be the last field of its form.";
pub const FILE_CANNOT_BE_STORED: &str = "The file cannot be stored. Try again.";
pub const FORM_COULD_NOT_BE_READ: &str = "The form could not be read.";

pub fn form_too_large(most_mib: impl Display) -> String {
    format!("The form is too large: its file may have {most_mib} MiB.")
}

// Saved views

pub fn saved_the_view(name: impl Display) -> String {
    format!("Saved the view {name}.")
}

pub const DELETED_THE_VIEW: &str = "Deleted the view.";

// Fields that somebody else changed meanwhile

pub const ONLY_WHEN_NAMED: &str = ", only when named";

/// Fields of forms by name, and nearly what the forms call them.
pub const FIELDS: [(&str, &str); 32] = [
    ("credits", "Credits"),
    ("default_bytes", "Default bytes"),
    ("default_prefix", "Default prefix"),
    ("description", "Description"),
    ("display_name", "Display name"),
    ("duration", "Duration"),
    ("enabled", "Enabled"),
    ("environment", "Environment"),
    ("expires", "Expires"),
    ("expires_at", "Expires at"),
    ("external_id", "External id"),
    ("full", "Full"),
    ("identifier", "Identifier"),
    ("ip_allowlist", "Addresses and networks"),
    ("limit", "Limit"),
    ("limit_per_minute", "Requests a minute"),
    ("logo_url", "Logo url"),
    ("meta", "Metadata"),
    ("monthly_credits", "Monthly credits"),
    ("name", "Name"),
    ("other", "Permissions"),
    ("permissions", "Permissions"),
    ("primary_color", "Primary color"),
    ("recoverable", "Recoverable"),
    ("refill", "Refill"),
    ("refill_amount", "Refill amount"),
    ("refill_day", "Refill day"),
    ("roles", "Roles"),
    ("slug", "Slug"),
    ("slugs", "Permissions"),
    ("unlimited", "Unlimited"),
    ("zone", "Time zone"),
];
