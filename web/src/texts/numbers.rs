//! Plurals of what is counted, how long ago something was, short forms of large numbers and
//! of bytes.
//!
//! Absent: lengths of time as people type them (`90s`), which the server reads back, and
//! symbols of units that are the same everywhere (`ms`).

/// What is counted: the noun as the code has it, one of it, any other number of it.
const NOUNS: [(&str, &str, &str); 28] = [
    ("API", "API", "APIs"),
    ("change", "change", "changes"),
    ("credit", "credit", "credits"),
    ("decision", "decision", "decisions"),
    ("entry", "entry", "entries"),
    ("error", "error", "errors"),
    ("field", "field", "fields"),
    ("identity", "identity", "identities"),
    ("job", "job", "jobs"),
    ("key", "key", "keys"),
    ("namespace", "namespace", "namespaces"),
    ("other session", "other session", "other sessions"),
    ("override", "override", "overrides"),
    ("permission", "permission", "permissions"),
    ("random byte", "random byte", "random bytes"),
    ("recovery code", "recovery code", "recovery codes"),
    ("request", "request", "requests"),
    ("role", "role", "roles"),
    ("root key", "root key", "root keys"),
    ("row", "row", "rows"),
    ("session", "session", "sessions"),
    ("warning", "warning", "warnings"),
    // Of how long ago something was.
    ("second", "second", "seconds"),
    ("minute", "minute", "minutes"),
    ("hour", "hour", "hours"),
    ("day", "day", "days"),
    ("month", "month", "months"),
    ("year", "year", "years"),
];

/// `1 key`, `2,000 keys`; `figure` is the value as it is written. A noun that is not listed
/// shows as the code has it.
pub(crate) fn counted(value: i64, figure: &str, noun: &str) -> String {
    let known = NOUNS.iter().find(|(name, ..)| *name == noun);
    match known {
        Some((_, one, others)) => format!("{figure} {}", if value == 1 { one } else { others }),
        None => format!("{figure} {noun}{}", if value == 1 { "" } else { "s" }),
    }
}

// How long ago

pub(crate) const JUST_NOW: &str = "just now";

pub(crate) fn in_the_future(length: &str) -> String {
    format!("in {length}")
}

pub(crate) fn ago(length: &str) -> String {
    format!("{length} ago")
}

// Short forms of large numbers

pub(crate) const TRILLIONS: &str = "T";
pub(crate) const BILLIONS: &str = "B";
pub(crate) const MILLIONS: &str = "M";
pub(crate) const THOUSANDS: &str = "K";

// Bytes

pub(crate) const TEBIBYTES: &str = "TiB";
pub(crate) const GIBIBYTES: &str = "GiB";
pub(crate) const MEBIBYTES: &str = "MiB";
pub(crate) const KIBIBYTES: &str = "KiB";
pub(crate) const BYTES: &str = "B";
