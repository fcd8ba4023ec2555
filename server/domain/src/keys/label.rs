//! How people are shown a key that may have no name: one rule for every page,
//! list and export. What programs are told is not decided here; the contracts say.

use std::fmt::Display;

/// The name of a key, else what is stored of its secret, else its id.
pub fn label(id: &impl Display, name: Option<&str>, start: &str, last4: &str) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None if start.is_empty() && last4.is_empty() => id.to_string(),
        None => format!("{start}…{last4}"),
    }
}
